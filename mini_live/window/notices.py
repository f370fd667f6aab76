"""What the window has to tell: one sentence at a time, gone by itself or closed by the person."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from mini_live.messages import Messages

SHOWN_MS = 9000


class Notices(QFrame):
    """A line above the buttons; hidden while there is nothing to tell."""

    def __init__(self, messages: Messages) -> None:
        """Start hidden."""
        super().__init__(objectName="notice", visible=False)
        self._messages = messages
        self._label = QLabel(wordWrap=True)
        self._action = QPushButton(objectName="link")
        self._close = QPushButton("✕", objectName="quiet")
        self._act: Callable[[], object] | None = None
        self._timer = QTimer(self, interval=SHOWN_MS, singleShot=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 6)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._close)
        self._timer.timeout.connect(self.hide)
        self._close.clicked.connect(self.hide)
        self._action.clicked.connect(self._acted)
        self.retranslate()

    def text(self) -> str:
        """Return the sentence told last."""
        return self._label.text()

    def tell(
        self, sentence: str, *, stays: bool = False, action: tuple[str, Callable[[], object]] | None = None
    ) -> None:
        """Tell a sentence.

        Args:
            sentence: plain text.
            stays: whether it stays until it is closed or replaced.
            action: the word of a button beside it, and what it does.
        """
        self._label.setText(sentence)
        self.setAccessibleName(sentence)
        self._act = None if action is None else action[1]
        self._action.setVisible(action is not None)
        if action is not None:
            self._action.setText(action[0])
        self.show()
        if stays or action is not None:
            self._timer.stop()
        else:
            self._timer.start()

    def retranslate(self) -> None:
        """Write every word again."""
        self._close.setToolTip(self._messages.text("close"))
        self._close.setAccessibleName(self._messages.text("close"))

    def _acted(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()
