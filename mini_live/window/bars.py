"""The bar above the stage (how the window looks) and the one below it (what the character does)."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from mini_live.messages import Messages


class TopBar(QWidget):
    """Title, companion mode, full screen, theme and language."""

    def __init__(self, messages: Messages) -> None:
        """Lay it out; :meth:`retranslate` writes the words."""
        super().__init__()
        self._messages = messages
        self._title = QLabel(objectName="heading")
        self.companion = QPushButton(objectName="quiet")
        self.full_screen = QPushButton(objectName="quiet")
        self.theme = QPushButton(objectName="quiet")
        self.language = QPushButton(objectName="quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._title)
        layout.addStretch(1)
        for button in (self.companion, self.full_screen, self.theme, self.language):
            layout.addWidget(button)

    def retranslate(self, *, dark: bool) -> None:
        """Write every word again."""
        text = self._messages.text
        self._title.setText(text("title"))
        self.companion.setText(text("companion"))
        self.companion.setToolTip(text("companion_hint"))
        self.full_screen.setText(text("full_screen"))
        self.theme.setText(text("light") if dark else text("dark"))
        self.theme.setToolTip(text("theme_hint"))
        self.language.setText(text("language"))
        self.language.setAccessibleName(text("language_hint"))


class ActionBar(QWidget):
    """Start or stop, record, snapshot, virtual camera."""

    def __init__(self, messages: Messages) -> None:
        """Lay it out; nothing can be pressed yet."""
        super().__init__()
        self._messages = messages
        self.failed = False
        self.start = QPushButton(objectName="primary", enabled=False)
        self.record = QPushButton(objectName="danger", checkable=True, enabled=False)
        self.snapshot = QPushButton(enabled=False)
        self.camera = QPushButton(checkable=True, enabled=False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.start, 2)
        for button in (self.record, self.snapshot, self.camera):
            layout.addWidget(button, 1)

    def set_state(self, *, ready: bool, failed: bool) -> None:
        """Allow what makes sense: everything when ready, another try after a failure."""
        self.failed = failed
        self.start.setEnabled(ready or failed)
        for button in (self.record, self.snapshot, self.camera):
            button.setEnabled(ready)

    def retranslate(self, *, speaking: bool) -> None:
        """Write every word again."""
        text = self._messages.text
        word = "try_again" if self.failed else ("stop" if speaking else "start")
        self.start.setText(text(word))
        self.record.setText(text("stop_recording") if self.record.isChecked() else text("record"))
        self.snapshot.setText(text("snapshot"))
        self.camera.setText(text("camera"))
