"""The bar above the stage (how the window looks) and the one below it (what the character does)."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from mini_live.messages import Messages
from mini_live.window.transport import clock_time


class TopBar(QWidget):
    """Title, companion, full screen, check-up, keys, theme and language."""

    def __init__(self, messages: Messages) -> None:
        """Lay it out; :meth:`retranslate` writes the words."""
        super().__init__()
        self._messages = messages
        self._title = QLabel(objectName="title")
        names = ("companion", "full_screen", "doctor", "keys", "theme", "language")
        self._buttons = {name: QPushButton(objectName="quiet") for name in names}
        self.companion, self.full_screen = self._buttons["companion"], self._buttons["full_screen"]
        self.doctor, self.keys = self._buttons["doctor"], self._buttons["keys"]
        self.theme, self.language = self._buttons["theme"], self._buttons["language"]
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._title)
        layout.addStretch(1)
        for button in self._buttons.values():
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            layout.addWidget(button)

    def retranslate(self, *, dark: bool) -> None:
        """Write every word again."""
        text = self._messages.text
        self._title.setText(text("title"))
        for name in ("companion", "full_screen", "doctor", "keys"):
            self._buttons[name].setText(text(name))
        self.companion.setToolTip(text("companion_hint"))
        self.theme.setText(text("light") if dark else text("dark"))
        self.theme.setToolTip(text("theme_hint"))
        self.language.setText(text("language"))
        self.language.setAccessibleName(text("language_hint"))


class ActionBar(QWidget):
    """Start or stop, record, snapshot, virtual camera, and the sign that they carry."""

    def __init__(self, messages: Messages) -> None:
        """Lay it out; nothing can be pressed yet."""
        super().__init__()
        self._messages = messages
        self.failed = False
        self.start = QPushButton(objectName="primary", enabled=False)
        self.record = QPushButton(objectName="danger", checkable=True, enabled=False)
        self.snapshot = QPushButton(enabled=False)
        self.camera = QPushButton(checkable=True, enabled=False)
        self.sign = QPushButton(objectName="segment", checkable=True, checked=True)
        self._speaking = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.start, 2)
        for button in (self.record, self.snapshot, self.camera):
            layout.addWidget(button, 1)
        self.sign.setMinimumWidth(76)
        layout.addWidget(self.sign)

    def set_state(self, *, ready: bool, failed: bool) -> None:
        """Allow what makes sense: everything when ready, another try after a failure."""
        self.failed = failed
        self.start.setEnabled(ready or failed)
        for button in (self.record, self.snapshot, self.camera):
            button.setEnabled(ready)

    def show_recording(self, recording: bool) -> None:
        """Show whether a recording runs."""
        self.record.setChecked(recording)
        self.retranslate(speaking=self._speaking)

    def show_recorded(self, seconds: float) -> None:
        """Show for how long a recording has been running."""
        if self.record.isChecked():
            self.record.setText(self._messages.text("recording_for", time=clock_time(seconds)))

    def retranslate(self, *, speaking: bool) -> None:
        """Write every word again."""
        self._speaking = speaking
        text = self._messages.text
        word = "try_again" if self.failed else ("stop" if speaking else "start")
        self.start.setText(text(word))
        self.record.setText(text("stop_recording") if self.record.isChecked() else text("record"))
        self.record.setAccessibleName(text("stop_recording") if self.record.isChecked() else text("record"))
        self.snapshot.setText(text("snapshot"))
        self.camera.setText(text("camera"))
        self.sign.setText(text("ai_sign"))
        self.sign.setToolTip(text("ai_sign_hint"))
