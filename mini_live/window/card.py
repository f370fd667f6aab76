"""A card of the panel: a heading and what belongs to it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from mini_live.messages import Messages


class Card(QFrame):
    """The frame; what a card holds is added to :attr:`body`."""

    def __init__(self, messages: Messages, heading: str) -> None:
        """Make an empty one.

        Args:
            messages: gives the words.
            heading: the key of its heading.
        """
        super().__init__(objectName="card")
        self._messages = messages
        self._text = messages.text
        self._heading_key = heading
        self._heading = QLabel(objectName="heading")
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 14)
        self.body.setSpacing(9)
        self.body.addWidget(self._heading, alignment=Qt.AlignmentFlag.AlignLeft)

    def retranslate(self) -> None:
        """Write every word again."""
        self._heading.setText(self._text(self._heading_key))
