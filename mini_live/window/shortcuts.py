"""The keys of the window: what each does, the person's own choice, and the sheet where it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mini_live.messages import Messages
from mini_live.window.settings import WindowSettings

TALK = "talk"
DEFAULTS = {
    "start": "Ctrl+Return",
    "mute": "Ctrl+M",
    TALK: "Space",
    "record": "Ctrl+R",
    "snapshot": "Ctrl+S",
    "companion": "F10",
    "full_screen": "F11",
}


class Shortcuts(QObject):
    """Binds actions to keys. The key that is held to talk is only named here; ``talk_key_changed`` tells it."""

    talk_key_changed = Signal(int)

    def __init__(
        self, parent: QWidget, settings: WindowSettings, actions: dict[str, Callable[[], object]]
    ) -> None:
        """Bind the keys.

        Args:
            parent: the window they count in.
            settings: where the person's choice is kept.
            actions: what to do, by a key of ``DEFAULTS``; without :data:`TALK`.
        """
        super().__init__(parent)
        self._settings = settings
        self._shortcuts: dict[str, QShortcut] = {}
        for name, action in actions.items():
            self._shortcuts[name] = QShortcut(self.sequence(name), parent, activated=action)

    def sequence(self, name: str) -> QKeySequence:
        """Return the keys of an action."""
        kept = QKeySequence(self._settings.text(f"keys/{name}", DEFAULTS[name]))
        return QKeySequence(DEFAULTS[name]) if kept.isEmpty() else kept

    def name(self, name: str) -> str:
        """Return the keys of an action as people write them."""
        return self.sequence(name).toString(QKeySequence.SequenceFormat.NativeText)

    @property
    def talk_key(self) -> int:
        """The key that is held to talk, one of ``Qt.Key``."""
        keys: Any = self.sequence(TALK)
        return int(keys[0].key())

    def choose(self, name: str, sequence: QKeySequence) -> None:
        """Bind an action to other keys and remember them; none is the default."""
        self._settings.remember(f"keys/{name}", sequence.toString(QKeySequence.SequenceFormat.PortableText))
        if name == TALK:
            self.talk_key_changed.emit(self.talk_key)
        else:
            self._shortcuts[name].setKey(self.sequence(name))


class ShortcutsSheet(QDialog):
    """A row for each action; what is typed counts at once, and a key counts once."""

    def __init__(self, parent: QWidget, messages: Messages, shortcuts: Shortcuts) -> None:
        """Lay it out."""
        super().__init__(parent)
        self._shortcuts = shortcuts
        text = messages.text
        self.setWindowTitle(text("shortcuts"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(14)
        layout.addWidget(QLabel(text("shortcuts_hint"), objectName="faint", wordWrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 1)
        self.edits: dict[str, QKeySequenceEdit] = {}
        for row, name in enumerate(DEFAULTS):
            edit = QKeySequenceEdit(shortcuts.sequence(name))
            edit.setMaximumSequenceLength(1)
            edit.setAccessibleName(text(f"do_{name}"))
            edit.setMinimumWidth(150)
            reset = QPushButton("↺", objectName="quiet")
            reset.setToolTip(text("reset", value=QKeySequence(DEFAULTS[name]).toString()))
            reset.setAccessibleName(f"{text(f'do_{name}')}: {reset.toolTip()}")
            edit.keySequenceChanged.connect(lambda keys, name=name: self._chosen(name, keys))
            reset.clicked.connect(
                lambda _, name=name: self.edits[name].setKeySequence(QKeySequence(DEFAULTS[name]))
            )
            grid.addWidget(QLabel(text(f"do_{name}")), row, 0)
            grid.addWidget(edit, row, 1)
            grid.addWidget(reset, row, 2)
            self.edits[name] = edit
        layout.addLayout(grid)
        buttons = QDialogButtonBox()
        buttons.addButton(text("close"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _chosen(self, name: str, keys: QKeySequence) -> None:
        taken = next(
            (other for other in DEFAULTS if other != name and self._shortcuts.sequence(other) == keys), None
        )
        if taken is not None:
            self.edits[name].setKeySequence(self._shortcuts.sequence(name))
            return
        self._shortcuts.choose(name, keys)
