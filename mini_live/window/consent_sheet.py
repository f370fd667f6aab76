"""The question before a character is made of a video: who is shown, who permits it, and what."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from mini_live.messages import Messages
from mini_live.window.settings import WindowSettings

OWN_NAME = "own_name"
LONGEST_NAME, LONGEST_PERMISSION = 120, 400
FIELD_PX = 32


class ConsentSheet(QDialog):
    """A sheet over the window; :attr:`agreed` gives the sentence that the character keeps."""

    agreed = Signal(str)

    def __init__(self, parent: QWidget, messages: Messages, settings: WindowSettings, video: Path) -> None:
        """Ask about a video.

        Args:
            parent: the window.
            messages: gives the words.
            settings: remember the name of whoever makes a character of themself.
            video: of which a character is to be made.
        """
        super().__init__(parent)
        self._text = messages.text
        self._settings = settings
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self._text("consent"))
        self.setMinimumWidth(520)
        self.me = QRadioButton(self._text("consent_me"))
        self.other = QRadioButton(self._text("consent_other"))
        kinds = QButtonGroup(self)
        kinds.addButton(self.me)
        kinds.addButton(self.other)
        self.name = QLineEdit(maxLength=LONGEST_NAME)
        self.permission = QLineEdit(maxLength=LONGEST_PERMISSION)
        self.make = QPushButton(self._text("consent_make"), objectName="primary")
        self.cancel = QPushButton(self._text("break_off"), autoDefault=False)
        self._lay_out(video.name)
        self.me.toggled.connect(self._kind_changed)
        for field in (self.name, self.permission):
            field.textChanged.connect(self._changed)
        self.make.clicked.connect(self._agree)
        self.cancel.clicked.connect(self.reject)
        self.me.setChecked(True)
        self.name.setFocus()

    @property
    def consent(self) -> str:
        """Who gave the video and the permission, and what is permitted; empty while a part is missing."""
        name, permission = (" ".join(field.text().split()) for field in (self.name, self.permission))
        return f"{name}: {permission}" if name and permission else ""

    def _lay_out(self, video: str) -> None:
        heading = QLabel(self._text("consent_heading", name=video), objectName="heading", wordWrap=True)
        reason = QLabel(self._text("consent_reason"), wordWrap=True)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setHorizontalSpacing(12)
        for key, field in (("consent_name", self.name), ("consent_permission", self.permission)):
            field.setAccessibleName(self._text(key))
            field.setMinimumHeight(FIELD_PX)
            form.addRow(QLabel(self._text(key)), field)
        kept = QLabel(self._text("consent_kept"), objectName="faint", wordWrap=True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.make)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        for part in (heading, reason, self.me, self.other):
            layout.addWidget(part)
        layout.addLayout(form)
        layout.addWidget(kept)
        layout.addLayout(buttons)

    def _kind_changed(self) -> None:
        own = self.me.isChecked()
        self.name.setText(self._settings.text(OWN_NAME) if own else "")
        self.permission.setText(self._text("consent_own_permission") if own else "")
        self.permission.setPlaceholderText(self._text("consent_permission_hint"))
        self._changed()

    def _changed(self) -> None:
        self.make.setEnabled(bool(self.consent))

    def _agree(self) -> None:
        consent = self.consent
        if not consent:
            return
        if self.me.isChecked():
            self._settings.remember(OWN_NAME, " ".join(self.name.text().split()))
        self.accept()
        self.agreed.emit(consent)
