"""Who speaks: the characters as a strip of pictures, and the ways to more of them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListView, QListWidget, QListWidgetItem, QPushButton

from mini_live.messages import Messages
from mini_live.window.card import Card
from mini_live.window.choice import Choice
from mini_live.window.portraits import portrait

PICTURE_PX = QSize(56, 70)
ROW_PX = 112
OWN = "own"
# Those that keying expects: the green and the blue of studios, and a magenta that no face has.
COLOURS: dict[str, tuple[int, int, int] | None] = {
    OWN: None, "green": (0, 177, 64), "blue": (0, 71, 187), "magenta": (255, 0, 255), "white": (255, 255, 255),
    "black": (0, 0, 0),
}  # fmt: skip


class CharacterCard(Card):
    """The card; a click on a picture asks for that character."""

    character_picked = Signal(object)
    video_wanted = Signal()
    gallery_wanted = Signal()
    background_picked = Signal(object)

    def __init__(self, messages: Messages) -> None:
        """Lay it out without characters."""
        super().__init__(messages, "character")
        self.characters = QListWidget(objectName="strip")
        self.characters.setViewMode(QListView.ViewMode.IconMode)
        self.characters.setFlow(QListView.Flow.LeftToRight)
        self.characters.setWrapping(False)
        self.characters.setMovement(QListView.Movement.Static)
        self.characters.setIconSize(PICTURE_PX)
        self.characters.setSpacing(2)
        self.characters.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.characters.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.characters.setFixedHeight(ROW_PX)
        self.body.addWidget(self.characters)
        self.new_character = QPushButton()
        self.gallery = QPushButton()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.new_character, 1)
        row.addWidget(self.gallery, 1)
        self.body.addLayout(row)
        self.backgrounds = Choice()
        for _ in range(len(COLOURS)):
            self.backgrounds.addItem("")
        self.backgrounds.setEnabled(False)
        self.body.addWidget(self.backgrounds)
        self.backgrounds.activated.connect(
            lambda row: self.background_picked.emit(list(COLOURS.values())[row])
        )
        self.characters.itemClicked.connect(self._picked)
        self.characters.itemActivated.connect(self._picked)
        self.new_character.clicked.connect(self.video_wanted)
        self.gallery.clicked.connect(self.gallery_wanted)

    @property
    def chosen(self) -> Path | None:
        """The folder of the character that is marked."""
        item = self.characters.currentItem()
        return None if item is None else item.data(Qt.ItemDataRole.UserRole)

    def set_characters(self, characters: list[tuple[str, Path]], chosen: Path | None) -> None:
        """Show the characters as (name, folder)."""
        self.characters.clear()
        for name, folder in characters:
            item = QListWidgetItem(portrait(folder, PICTURE_PX), name)
            item.setData(Qt.ItemDataRole.UserRole, folder)
            item.setToolTip(name)
            item.setSizeHint(QSize(PICTURE_PX.width() + 16, ROW_PX - 16))
            self.characters.addItem(item)
        self.mark(chosen)

    def mark(self, folder: Path | None) -> None:
        """Mark a character without asking for it."""
        for row in range(self.characters.count()):
            item = self.characters.item(row)
            if item.data(Qt.ItemDataRole.UserRole) == folder:
                self.characters.setCurrentItem(item)
                self.characters.scrollToItem(item)

    def set_matte(self, known: bool) -> None:
        """Offer colours for a character whose outline is known."""
        self.backgrounds.setEnabled(known)
        self.backgrounds.setToolTip(self._text("background" if known else "no_matte"))

    def choose_background(self, name: str) -> tuple[int, int, int] | None:
        """Choose a background by its name, a key of ``COLOURS``; returns its colour."""
        name = name if name in COLOURS else OWN
        self.backgrounds.setCurrentIndex(list(COLOURS).index(name))
        return COLOURS[name]

    @property
    def background(self) -> str:
        """The chosen background, a key of ``COLOURS``."""
        return list(COLOURS)[self.backgrounds.currentIndex()]

    def retranslate(self) -> None:
        """Write every word again."""
        super().retranslate()
        self.characters.setAccessibleName(self._text("character"))
        self.new_character.setText(self._text("new_character"))
        self.new_character.setToolTip(self._text("new_character_hint"))
        for row, name in enumerate(COLOURS):
            self.backgrounds.setItemText(row, self._text(f"background_{name}"))
        self.backgrounds.setAccessibleName(self._text("background"))
        self.set_matte(self.backgrounds.isEnabled())
        self.gallery.setText(self._text("manage"))
        self.gallery.setToolTip(self._text("gallery_hint"))

    def _picked(self, item: QListWidgetItem) -> None:
        self.character_picked.emit(item.data(Qt.ItemDataRole.UserRole))
