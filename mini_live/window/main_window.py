"""The window itself: stage, panel, buttons and status line, wired to the worker by signals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeySequence,
    QMouseEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mini_live.messages import Messages
from mini_live.microphone import MicrophoneInfo
from mini_live.window.bars import ActionBar, TopBar
from mini_live.window.dialogs import Dialogs, dropped_video
from mini_live.window.panel import Panel
from mini_live.window.preparing import Preparing
from mini_live.window.settings import WindowSettings
from mini_live.window.stage import Stage
from mini_live.window.status_line import status_line
from mini_live.window.theme import THEMES, style_sheet
from mini_live.window.worker import Worker
from talkingface.mouth_controls import MouthControls
from talkingface.timing import WINDOW_MS

PANEL_PX = 320
STATUS_PERIOD_MS = 100
REOPEN_PERIOD_MS = 2000
NOTICE_MS = 8000
CLOSE_WITHIN_S = 1.0


class MainWindow(QWidget):
    """What a person sees; the worker does the work."""

    def __init__(
        self,
        worker: Worker,
        settings: WindowSettings,
        characters: list[tuple[str, Path]],
        chosen: Path,
        controls: MouthControls | None = None,
    ) -> None:
        """Build the window.

        Args:
            worker: not started yet.
            settings: what is remembered.
            characters: (name, folder) of those that can be chosen.
            chosen: the folder of the one the worker opens.
            controls: the mouth's settings to begin with; None is as remembered.
        """
        super().__init__()
        self.setObjectName("window")
        self._worker = worker
        self._settings = settings
        self._messages = Messages(settings.language)
        self._theme = THEMES.get(settings.text("theme", "light"), THEMES["light"])
        self._speaking = False
        self._lost = False
        self._ready = False
        self._companion = False
        self.ended = False
        self._close_after_s: float | None = None
        self._characters = characters
        self._chosen = chosen
        self._picked: Path | None = None
        self._caption: tuple[str, dict[str, object]] = ("loading", {})
        self.panel = Panel(self._messages)
        self.stage = Stage()
        self._preparing = Preparing(self)
        self._dialogs = Dialogs(self, self._messages, settings)
        self.setAcceptDrops(True)
        self._build()
        self.panel.set_characters(characters, chosen)
        self.panel.set_controls(settings.controls if controls is None else controls)
        self.stage.show_image(QImage(str(chosen / "preview.jpg")))
        self._connect()
        self._apply_theme()
        self.retranslate()
        self.resize(1100, 790)

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of the live session that ended last, under the names of ``live``'s result."""
        return self._worker.figures

    def begin(self) -> None:
        """Start the worker; call it when the window is shown."""
        self._worker.start()
        self._worker.look_for_microphones()
        self._timer.start()
        self._reopen_timer.start()

    def close_after(self, seconds: float) -> None:
        """Close by itself after that much sound, silence included."""
        self._close_after_s = seconds

    def choose_source(self, *, file: Path | None, device: str | None) -> None:
        """Set the source before the start, as the command line asks."""
        if device is not None:
            self._settings.remember("device", device)
        if file is not None:
            self.panel.set_file(file)

    def toggle_speaking(self) -> None:
        """Start or stop."""
        if self.action_bar.failed:
            self._try_again()
        elif self._speaking:
            self._worker.fall_silent()
        elif self.panel.uses_microphone:
            self._worker.listen_to_microphone(self.panel.device)
        elif self.panel.file is not None:
            self._worker.play_file(self.panel.file)
        else:
            self._choose_file()

    def retranslate(self) -> None:
        """Write every word again."""
        text = self._messages.text
        self.setWindowTitle(text("title"))
        self.top_bar.retranslate(dark=self._theme.name == "dark")
        self.panel.retranslate()
        self.action_bar.retranslate(speaking=self._speaking)
        self.stage.setAccessibleName(text("stage"))
        self._say(*self._caption)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the worker within a second."""
        self._timer.stop()
        self._reopen_timer.stop()
        self.setUpdatesEnabled(False)
        self.hide()
        self._preparing.stop()
        self.ended = self._worker.close(CLOSE_WITHIN_S)
        event.accept()

    def _build(self) -> None:
        self.top_bar = TopBar(self._messages)
        self.action_bar = ActionBar(self._messages)
        self._notice = QLabel(objectName="notice", visible=False, wordWrap=True)
        self._status = QLabel(objectName="status")
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self.stage, 1)
        left.addWidget(self._notice)
        left.addWidget(self.action_bar)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFixedWidth(PANEL_PX)
        scroll.setWidget(self.panel)
        self._scroll = scroll
        middle = QHBoxLayout()
        middle.setSpacing(18)
        middle.addLayout(left, 1)
        middle.addWidget(scroll)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 12, 18, 10)
        layout.setSpacing(10)
        layout.addWidget(self.top_bar)
        layout.addLayout(middle, 1)
        layout.addWidget(self._status)
        self._timer = QTimer(self, interval=STATUS_PERIOD_MS)
        self._reopen_timer = QTimer(self, interval=REOPEN_PERIOD_MS)
        self._notice_timer = QTimer(self, interval=NOTICE_MS, singleShot=True)

    def _connect(self) -> None:
        worker, panel = self._worker, self.panel
        worker.frame_waiting.connect(self._show_frame)
        worker.character_ready.connect(self._character_ready)
        worker.failed.connect(self._failed)
        worker.notice.connect(self._tell)
        worker.source_changed.connect(self._source_changed)
        worker.recording_changed.connect(self._recording_changed)
        worker.camera_changed.connect(self._camera_changed)
        worker.microphones_found.connect(self._microphones_found)
        worker.speakers_found.connect(panel.set_speakers)
        worker.monitor_changed.connect(panel.show_monitor)
        panel.monitor_picked.connect(worker.set_monitor)
        panel.controls_changed.connect(self._controls_changed)
        panel.refresh_wanted.connect(worker.look_for_microphones)
        panel.file_wanted.connect(self._choose_file)
        panel.source_picked.connect(self._source_picked)
        panel.character_picked.connect(self._show_character)
        panel.folder_wanted.connect(self._choose_folder)
        panel.video_wanted.connect(self._choose_video)
        self._preparing.progress.connect(self._preparation_goes_on)
        self._preparing.done.connect(self._prepared)
        self._preparing.failed.connect(self._tell)
        panel.mute_changed.connect(worker.set_muted)
        self.action_bar.start.clicked.connect(self.toggle_speaking)
        self.action_bar.record.clicked.connect(self._record_clicked)
        self.action_bar.camera.clicked.connect(worker.set_camera)
        self.action_bar.snapshot.clicked.connect(self._choose_snapshot)
        self.top_bar.companion.clicked.connect(self.toggle_companion)
        self.top_bar.full_screen.clicked.connect(self.toggle_full_screen)
        self.top_bar.language.clicked.connect(self._switch_language)
        self.top_bar.theme.clicked.connect(self._switch_theme)
        self._timer.timeout.connect(self._show_status)
        self._reopen_timer.timeout.connect(worker.reopen_lost_microphone_if_lost)
        self._notice_timer.timeout.connect(self._notice.hide)
        for keys, action in (
            ("Ctrl+Return", self.action_bar.start.click),
            ("Ctrl+M", self.panel.mute.toggle),
            ("Ctrl+R", self.action_bar.record.click),
            ("F11", self.toggle_full_screen),
            ("F10", self.toggle_companion),
            ("Escape", self._leave_special_modes),
        ):
            QShortcut(QKeySequence(keys), self, activated=action)

    def toggle_full_screen(self) -> None:
        """Fill the screen with the stage, or go back."""
        if self.isFullScreen():
            self._leave_full_screen()
        else:
            self._scroll.hide()
            self.showFullScreen()

    def toggle_companion(self) -> None:
        """Show only the character, frameless and above all other windows, or go back."""
        self._companion = not self._companion
        if self._companion:
            self._leave_full_screen()
        for part in (self.top_bar, self.action_bar, self._scroll, self._status):
            part.setVisible(not self._companion)
        self.setWindowFlag(Qt.WindowType.FramelessWindowHint, self._companion)
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint, self._companion)
        self.show()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Move the window by the character in companion mode."""
        handle = self.windowHandle()
        if self._companion and event.button() == Qt.MouseButton.LeftButton and handle is not None:
            handle.startSystemMove()

    def _choose_snapshot(self) -> None:
        picture = self.stage.image.copy()
        path = self._dialogs.snapshot()
        if path is not None:
            saved = picture.save(str(path))
            self._tell(self._messages.text("saved" if saved else "not_saved", path=path))

    def _leave_special_modes(self) -> None:
        if self._companion:
            self.toggle_companion()
        self._leave_full_screen()

    def _leave_full_screen(self) -> None:
        if self.isFullScreen():
            self._scroll.show()
            self.showNormal()

    def _show_frame(self) -> None:
        rgb = self._worker.take_frame()
        if rgb is not None:
            self.stage.show_frame(rgb)

    def _character_ready(self, name: str, look_ahead_ms: int) -> None:
        self._ready = True
        if self._picked is not None:  # only one that can be opened is remembered
            self._settings.remember("character", str(self._picked))
        self.action_bar.set_state(ready=True, failed=False)
        self.retranslate()
        self._status.setToolTip(
            self._messages.text("latency_hint", window=WINDOW_MS, look_ahead=look_ahead_ms)
        )
        if not self._speaking:
            self._say("ready", {})

    def _try_again(self) -> None:
        self.action_bar.set_state(ready=False, failed=False)
        self._notice.hide()
        self._say("loading", {})
        self._worker.show_character(self._chosen)

    def _failed(self, sentence: str) -> None:
        self._ready = False
        self.action_bar.set_state(ready=False, failed=True)
        self.retranslate()
        self._say("failed", {})
        self._tell(sentence, stays=True)

    def _tell(self, sentence: str, *, stays: bool = False) -> None:
        self._notice.setText(sentence)
        self._notice.show()
        if stays:
            self._notice_timer.stop()
        else:
            self._notice_timer.start()

    def _say(self, key: str, values: dict[str, object]) -> None:
        self._caption = (key, values)
        hidden = key in ("listening", "file", "speaking_file")
        self.stage.set_caption("" if hidden else self._messages.text(key, **values))

    def _source_changed(self, kind: str, name: str) -> None:
        self._speaking = kind in ("microphone", "file", "lost")
        back = self._lost and kind == "microphone"
        self._lost = kind == "lost"
        if kind == "lost":
            self._tell(self._messages.text("microphone_gone"), stays=True)
        elif back:
            self._tell(self._messages.text("microphone_back"))
        captions = {
            "microphone": "listening",
            "file": "speaking_file",
            "ended": "file_ended",
            "lost": "microphone_gone",
        }
        self._say(captions.get(kind, "ready"), {"name": name})
        self.retranslate()

    def _source_picked(self) -> None:
        if self.panel.uses_microphone and self.panel.device:
            self._settings.remember("device", self.panel.device)
        if self._speaking:
            self._speaking = False
            self.toggle_speaking()

    def _recording_changed(self, recording: bool, path: str) -> None:
        self.action_bar.record.setChecked(recording)
        if path:
            self._tell(self._messages.text("recorded", path=path))
        self.retranslate()

    def _camera_changed(self, shown: bool, name: str) -> None:
        self.action_bar.camera.setChecked(shown)
        self.action_bar.camera.setToolTip(name)

    def _microphones_found(self, microphones: list[MicrophoneInfo]) -> None:
        self.panel.set_microphones(microphones, self._settings.text("device"))

    def _controls_changed(self, controls: MouthControls) -> None:
        self._settings.remember_controls(controls)
        self._worker.set_controls(controls)

    def _choose_file(self) -> None:
        path = self._dialogs.sound_file()
        if path is not None:
            self.panel.set_file(path)
            self._source_picked()

    def _choose_folder(self) -> None:
        path = self._dialogs.character_folder()
        if path is not None:
            self._add_character(path)

    def _choose_video(self) -> None:
        video = self._dialogs.video_file()
        if video is not None:
            self._preparing.start(video)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a video."""
        if dropped_video(event) is not None and not self._preparing.busy:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Make a character from a video."""
        video = dropped_video(event)
        if video is not None:
            self._preparing.start(video)

    def _preparation_goes_on(self, stage: str, percent: int) -> None:
        self._tell(self._messages.text("preparing", percent=percent), stays=True)
        self._notice.setToolTip(stage)

    def _prepared(self, folder: str) -> None:
        path = Path(folder)
        self._tell(self._messages.text("prepared", name=path.name))
        self._add_character(path)

    def _add_character(self, folder: Path) -> None:
        if folder not in [known for _, known in self._characters]:
            self._characters.append((folder.name, folder))
        self.panel.set_characters(self._characters, folder)
        self._show_character(folder)

    def _show_character(self, folder: Path) -> None:
        self._chosen = self._picked = folder
        self._worker.show_character(folder)

    def _record_clicked(self) -> None:
        if not self.action_bar.record.isChecked():
            self._worker.stop_recording()
            return
        self.action_bar.record.setChecked(False)
        path = self._dialogs.recording()
        if path is not None:
            self.record_to(path)

    def record_to(self, path: Path) -> None:
        """Start a recording into a file."""
        self._worker.start_recording(path)

    def _show_status(self) -> None:
        status = self._worker.status
        self.panel.meter.set_level(status.level_dbfs)
        self._status.setText(status_line(status, self._messages))
        if self._close_after_s is not None and status.seconds >= self._close_after_s:
            self.close()

    def _switch_language(self) -> None:
        self._messages.language = "en" if self._messages.language == "zh" else "zh"
        self._settings.remember("language", self._messages.language)
        self.retranslate()

    def _switch_theme(self) -> None:
        self._theme = THEMES["light" if self._theme.name == "dark" else "dark"]
        self._settings.remember("theme", self._theme.name)
        self._apply_theme()
        self.retranslate()

    def _apply_theme(self) -> None:
        self.setStyleSheet(style_sheet(self._theme))
        self.stage.set_theme(self._theme)
        self.panel.set_theme(self._theme)
