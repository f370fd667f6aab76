"""Whether the character hears: mute, and the key that is held to talk."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from mini_live.window.key_states import KeyStates, key_states

LOOK_PERIOD_MS = 30
DEFAULT_KEY = Qt.Key.Key_Space


class Hearing(QObject):
    """Joins mute, push-to-talk and the source; ``changed`` tells whether the sound is taken away."""

    changed = Signal(bool)
    talking = Signal(bool)

    def __init__(self, parent: QObject | None = None, states: KeyStates | None = None) -> None:
        """Start hearing everything.

        Args:
            parent: whose end ends this.
            states: asked about keys outside the window; None is the system's own.
        """
        super().__init__(parent)
        self.key: int = DEFAULT_KEY
        self._states = key_states() if states is None else states
        self._muted = False
        self._push_to_talk = False
        self._microphone = True
        self._pressed = False
        self._held = False
        self._told = False
        self._timer = QTimer(self, interval=LOOK_PERIOD_MS)
        self._timer.timeout.connect(self._look)

    @property
    def deaf(self) -> bool:
        """Whether the sound is taken away now."""
        waiting = self._push_to_talk and self._microphone and not self._held
        return self._muted or waiting

    def set_muted(self, muted: bool) -> None:
        """Mute, or not."""
        self._muted = muted
        self._tell()

    def set_source(self, *, microphone: bool) -> None:
        """Take note of the source; a file or text needs no key."""
        self._microphone = microphone
        self._tell()

    def set_push_to_talk(self, wanted: bool) -> None:
        """Hear only while the key is held, or always."""
        self._push_to_talk = wanted
        self._pressed = self._held = False
        application = QApplication.instance()
        assert application is not None
        if wanted:
            application.installEventFilter(self)
            self._timer.start()
        else:
            application.removeEventFilter(self)
            self._timer.stop()
        self._tell()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the key in the window's own events, and keep it from doing anything else."""
        if not isinstance(event, QKeyEvent) or event.key() != self.key or self._typing():
            return False
        if event.type() not in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease, QEvent.Type.ShortcutOverride):
            return False
        if not event.isAutoRepeat():
            self._pressed = event.type() != QEvent.Type.KeyRelease
            self._look()
        return event.type() != QEvent.Type.ShortcutOverride

    def _look(self) -> None:
        elsewhere = QApplication.activeWindow() is None
        if elsewhere:
            self._pressed = False
        held = self._pressed or (elsewhere and self._states.held(self.key))
        if held != self._held:
            self._held = held
            self.talking.emit(held)
            self._tell()

    def _typing(self) -> bool:
        """Tell whether the key is a sign that somebody writes."""
        return isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit)

    def _tell(self) -> None:
        if self.deaf != self._told:
            self._told = self.deaf
            self.changed.emit(self.deaf)
