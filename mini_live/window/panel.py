"""The side panel: the cards of voice, character and mouth, one below the other."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mini_live.messages import Messages
from mini_live.window.character_card import CharacterCard
from mini_live.window.mouth_card import MouthCard
from mini_live.window.theme import Theme
from mini_live.window.voice_card import VoiceCard


class Panel(QWidget):
    """Everything a person turns; it knows nothing of threads or models."""

    def __init__(self, messages: Messages) -> None:
        """Lay the cards out."""
        super().__init__()
        self.voice = VoiceCard(messages)
        self.character = CharacterCard(messages)
        self.mouth = MouthCard(messages)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(12)
        for card in (self.voice, self.character, self.mouth):
            layout.addWidget(card)
        layout.addStretch(1)
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours that no style sheet reaches."""
        self.voice.set_theme(theme)

    def retranslate(self) -> None:
        """Write every word again."""
        for card in (self.voice, self.character, self.mouth):
            card.retranslate()
