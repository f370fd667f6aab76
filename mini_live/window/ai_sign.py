"""The switch for the small AI sign on all that leaves the window; it is on, and turned off knowingly."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from mini_live.messages import Messages
from mini_live.window.settings import WindowSettings
from mini_live.window.worker import Worker
from talkingface.badge import Badge
from talkingface.video_writer import SYNTHETIC_MEDIA

REMEMBERED = "ai_sign"


class AiSign(QObject):
    """Joins the button to the worker; a person who turns it off is told what that means, and asked once more."""

    def __init__(
        self,
        window: QWidget,
        worker: Worker,
        button: QPushButton,
        messages: Messages,
        settings: WindowSettings,
    ) -> None:
        """Start as remembered."""
        super().__init__(window)
        self._window = window
        self._worker = worker
        self._button = button
        self._text = messages.text
        self._settings = settings
        self.question: QMessageBox | None = None
        self._show(settings.flag(REMEMBERED, default=True))
        button.clicked.connect(self._clicked)

    @property
    def shown(self) -> bool:
        """Whether recordings, snapshots and the camera carry the sign."""
        return self._button.isChecked()

    def leave_out(self) -> None:
        """Leave the sign out this time, as the command line asks; that is not remembered."""
        self._show(False)

    def signed(self, picture: QImage) -> QImage:
        """Return a snapshot as it is saved: a copy that says that it is synthetic, with the sign if that is wanted."""
        saved = picture.convertToFormat(QImage.Format.Format_RGBA8888)
        width, height = saved.width(), saved.height()
        if self.shown and width > 1 and height > 1:
            rows = np.frombuffer(saved.bits(), np.uint8).reshape(height, saved.bytesPerLine() // 4, 4)
            pixels = rows[:, :width]
            badge = Badge(width // 2 * 2, height // 2 * 2)
            rgb, coverage = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), pixels[..., 3].copy()
            badge.lay_rgb(rgb)
            badge.cover(coverage)
            pixels[..., :3], pixels[..., 3] = rgb, coverage
        if not picture.hasAlphaChannel():
            saved = saved.convertToFormat(QImage.Format.Format_RGB888)
        saved.setText("Comment", SYNTHETIC_MEDIA["comment"])
        return saved

    def _show(self, shown: bool) -> None:
        self._button.setChecked(shown)
        self._worker.set_badge(shown)

    def _clicked(self, wanted: bool) -> None:
        if wanted:
            self._decide(True)
            return
        self._button.setChecked(True)  # until the answer is there
        question = QMessageBox(self._window)
        question.setIcon(QMessageBox.Icon.Question)
        question.setWindowTitle(self._text("ai_sign"))
        question.setText(self._text("leave_sign_out"))
        question.setInformativeText(self._text("leave_sign_out_hint"))
        leave = question.addButton(self._text("without_sign"), QMessageBox.ButtonRole.DestructiveRole)
        keep = question.addButton(self._text("with_sign"), QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(keep)
        question.setEscapeButton(keep)
        question.buttonClicked.connect(lambda button: self._decide(button is not leave))
        question.finished.connect(question.deleteLater)
        self.question = question
        question.open()

    def _decide(self, shown: bool) -> None:
        self._settings.remember_flag(REMEMBERED, shown)
        self._show(shown)
