"""What goes out of the window: recording, snapshot, virtual camera, and whether they carry the AI sign."""

from __future__ import annotations

import logging
import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from mini_live.cut_off_recordings import rescue_recording
from mini_live.messages import Messages
from mini_live.window.ai_sign import AiSign
from mini_live.window.bars import ActionBar
from mini_live.window.dialogs import Dialogs
from mini_live.window.notices import Notices
from mini_live.window.settings import WindowSettings
from mini_live.window.stage import Stage
from mini_live.window.worker import Worker

RESCUE_AFTER_MS = 3000
UNFINISHED = "unfinished_recording"
LOGGER = logging.getLogger(__name__)


class Filming(QObject):
    """Joins the buttons below the stage to the worker's outputs."""

    def __init__(
        self,
        parent: QWidget,
        worker: Worker,
        bar: ActionBar,
        stage: Stage,
        notices: Notices,
        messages: Messages,
        dialogs: Dialogs,
        settings: WindowSettings,
    ) -> None:
        """Film nothing yet."""
        super().__init__(parent)
        self._worker = worker
        self._bar = bar
        self._stage = stage
        self._notices = notices
        self._messages = messages
        self.dialogs = dialogs
        self._settings = settings
        self._since_s: float | None = None
        self.sign = AiSign(parent, worker, bar.sign, messages, settings)
        bar.record.clicked.connect(self._record_clicked)
        bar.camera.clicked.connect(worker.set_camera)
        bar.snapshot.clicked.connect(self._snapshot)
        worker.recording_changed.connect(self._recording_changed)
        worker.camera_changed.connect(self._camera_changed)

    def record_to(self, path: Path) -> None:
        """Start a recording into a file."""
        # Written down at once, so that the next start knows what a crash has cut off.
        self._settings.remember(UNFINISHED, str(path))
        self._settings.save()
        self._worker.start_recording(path)

    def rescue(self) -> None:
        """Bring back what there is of a recording that ended with the program, as soon as it is surely not written."""
        kept = self._settings.text(UNFINISHED)
        self._settings.remember(UNFINISHED, "")
        if kept:
            QTimer.singleShot(RESCUE_AFTER_MS, self, lambda: self._rescue(Path(kept)))

    def _rescue(self, path: Path) -> None:
        if rescue_recording(path):
            sentence = self._messages.text("unfinished_kept", path=path)
            LOGGER.info("told: %s", sentence)
            self._notices.tell(sentence, stays=True)

    def show_time(self) -> None:
        """Show for how long a recording has been running."""
        if self._since_s is not None:
            self._bar.show_recorded(time.monotonic() - self._since_s)

    def _record_clicked(self) -> None:
        if not self._bar.record.isChecked():
            self._worker.stop_recording()
            return
        self._bar.record.setChecked(False)
        path = self.dialogs.recording()
        if path is not None:
            self.record_to(path)

    def _recording_changed(self, recording: bool, path: str) -> None:
        self._since_s = time.monotonic() if recording else None
        self._bar.show_recording(recording)
        if not recording:
            self._settings.remember(UNFINISHED, "")
        if path:
            text = self._messages.text
            LOGGER.info("recorded: %s", path)
            self._notices.tell(
                text("recorded", path=path), action=(text("open"), lambda: _show_folder(Path(path)))
            )

    def _camera_changed(self, shown: bool, name: str) -> None:
        self._bar.camera.setChecked(shown)
        self._bar.camera.setToolTip(name)

    def _snapshot(self) -> None:
        picture = self._stage.image.copy()
        path = self.dialogs.snapshot()
        if path is not None:
            saved = self.sign.signed(picture).save(str(path))
            self._notices.tell(self._messages.text("saved" if saved else "not_saved", path=path))


def _show_folder(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
