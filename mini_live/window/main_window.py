"""The window itself: stage, panel, buttons and status line, put together and wired by signals."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from mini_live.log_file import log_folder
from mini_live.messages import Messages
from mini_live.window.arrangement import arrange
from mini_live.window.bars import ActionBar, TopBar
from mini_live.window.casting import Casting
from mini_live.window.companion import Companion
from mini_live.window.dialogs import ARCHIVE_SUFFIX, VIDEO_SUFFIXES, Dialogs, dropped_file
from mini_live.window.filming import Filming
from mini_live.window.hearing import Hearing
from mini_live.window.known_characters import KnownCharacters
from mini_live.window.notices import Notices
from mini_live.window.panel import Panel
from mini_live.window.portraits import preview
from mini_live.window.preparation_strip import PreparationStrip
from mini_live.window.scenery import Scenery
from mini_live.window.settings import WindowSettings
from mini_live.window.shortcuts import TALK, Shortcuts, ShortcutsSheet
from mini_live.window.speaking import Speaking
from mini_live.window.stage import Stage
from mini_live.window.status_line import StatusLine
from mini_live.window.theme import THEMES, style_sheet
from mini_live.window.view_modes import ViewModes
from mini_live.window.voice_card import MICROPHONE
from mini_live.window.worker import Worker
from talkingface.mouth_controls import MouthControls

STATUS_PERIOD_MS = 100
REOPEN_PERIOD_MS = 2000
CLOSE_WITHIN_S = 1.0
# What the stage says in each state of the source.
CAPTIONS = {
    "ended": "file_ended", "lost": "microphone_gone", "idle": "ready", "making": "making", "text_needed": "text_needed",
}  # fmt: skip
LOGGER = logging.getLogger(__name__)


class MainWindow(QWidget):
    """What a person sees; the worker does the work."""

    def __init__(
        self,
        worker: Worker,
        settings: WindowSettings,
        known: KnownCharacters,
        chosen: Path,
        controls: MouthControls | None = None,
    ) -> None:
        """Build the window.

        Args:
            worker: not started yet.
            settings: what is remembered.
            known: the characters that can be chosen.
            chosen: the folder of the one the worker opens.
            controls: the mouth's settings to begin with; None is as remembered.
        """
        super().__init__()
        self.setObjectName("window")
        self._worker = worker
        self._settings = settings
        self._messages = Messages(settings.language)
        self._theme = THEMES.get(settings.text("theme", "light"), THEMES["light"])
        self.ended = False
        self._close_after_s: float | None = None
        self._caption: tuple[str, dict[str, object]] = ("loading", {})
        self._dialogs = Dialogs(self, self._messages, settings)
        self.setAcceptDrops(True)
        self._build()
        self.companion = Companion(self._messages, settings, self._companion_actions())
        beside = [self.top_bar, self.action_bar, self.preparation, self.notices, self._scroll, self._status]
        self.modes = ViewModes(self, self.stage, self.companion, beside)
        self.hearing = Hearing(self)
        self.speaking = Speaking(worker, self.panel.voice, settings, self)
        self.casting = Casting(
            self, worker, self.panel.character, self.preparation, self._messages, settings, known, chosen
        )
        self.scenery = Scenery(self, worker, self.panel.character, self.modes, settings)
        self.filming = Filming(
            self, worker, self.action_bar, self.stage, self.notices, self._messages, self._dialogs, settings
        )
        self.panel.mouth.set_controls(settings.controls if controls is None else controls)
        self.stage.show_image(preview(chosen))
        self._connect()
        self._apply_theme()
        self.retranslate()
        self.resize(QSize(1120, 890).boundedTo(self.screen().availableSize()))
        self.restoreGeometry(settings.place)

    @property
    def figures(self) -> dict[str, Any]:
        """The figures of the live session that ended last, under the names of ``live``'s result."""
        return self._worker.figures

    def begin(self) -> None:
        """Start the worker; call it when the window is shown."""
        self.filming.rescue()
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
            self.panel.voice.set_file(file)

    def retranslate(self) -> None:
        """Write every word again."""
        text = self._messages.text
        self.setWindowTitle(text("title"))
        self.top_bar.retranslate(dark=self._theme.name == "dark")
        self.panel.voice.set_talk_key(self.shortcuts.name(TALK))
        self.panel.retranslate()
        self.preparation.retranslate()
        self.notices.retranslate()
        self.action_bar.retranslate(speaking=self.speaking.active)
        self.stage.setAccessibleName(text("stage"))
        self._status.retranslate()
        self._say(*self._caption)

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the worker within a second."""
        self._timer.stop()
        self._reopen_timer.stop()
        self._settings.remember_place(self.saveGeometry())
        self._settings.save()
        self.hearing.set_push_to_talk(False)
        self.setUpdatesEnabled(False)
        self.companion.hide()
        self.hide()
        self.casting.close(200)
        self.ended = self._worker.close(CLOSE_WITHIN_S)
        event.accept()
        QApplication.quit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome a video, a character in one file, or a sound."""
        if dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Make a character of a video, take one in, or speak a sound."""
        path = dropped_file(event)
        if path is None:
            return
        event.acceptProposedAction()
        if path.suffix.lower() in (*VIDEO_SUFFIXES, ARCHIVE_SUFFIX):
            self.casting.take_in(path)
        else:
            self.speaking.choose_file(path)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go to the full screen and back by a double click on the character."""
        if self.stage.geometry().contains(event.position().toPoint()):
            self.modes.toggle_full_screen()

    def _build(self) -> None:
        self.stage = Stage()
        self.panel = Panel(self._messages)
        self.top_bar = TopBar(self._messages)
        self.action_bar = ActionBar(self._messages)
        self.preparation = PreparationStrip(self._messages, self)
        self.notices = Notices(self._messages)
        self._status = StatusLine(self._messages)
        below: list[QWidget] = [self.preparation, self.notices, self.action_bar]
        self._scroll = arrange(self, self.top_bar, self.stage, below, self.panel, self._status)
        self._timer = QTimer(self, interval=STATUS_PERIOD_MS)
        self._reopen_timer = QTimer(self, interval=REOPEN_PERIOD_MS)

    def _companion_actions(self) -> dict[str, QAction]:
        """Return the menu of the companion: the buttons that it has not."""
        bar = self.action_bar
        buttons = {"start_or_stop": bar.start, "mute": self.panel.voice.mute, "record": bar.record}
        actions = {}
        for key, button in buttons.items():
            actions[key] = QAction(self)
            actions[key].triggered.connect(lambda _=False, button=button: button.click())
        return actions

    def _connect(self) -> None:
        worker, voice = self._worker, self.panel.voice
        worker.frame_waiting.connect(self._show_frame)
        worker.character_ready.connect(self._character_ready)
        worker.character_lost.connect(
            lambda name, detail: self.tell(
                self._messages.text("lost_character", name=name), stays=True, hint=detail
            )
        )
        worker.failed.connect(self._failed)
        worker.notice.connect(self._trouble)
        self.speaking.changed.connect(self._source_changed)
        self.speaking.file_wanted.connect(self._choose_file)
        voice.file_wanted.connect(self._choose_file)
        voice.mute_changed.connect(self.hearing.set_muted)
        voice.push_to_talk_changed.connect(self._push_to_talk)
        voice.source_picked.connect(lambda: self.hearing.set_source(microphone=voice.kind == MICROPHONE))
        self.hearing.changed.connect(worker.set_muted)
        self.panel.mouth.controls_changed.connect(self._controls_changed)
        bar, top = self.action_bar, self.top_bar
        bar.start.clicked.connect(self._start_clicked)
        top.companion.clicked.connect(self.modes.toggle_companion)
        top.full_screen.clicked.connect(self.modes.toggle_full_screen)
        top.doctor.clicked.connect(self._open_doctor)
        top.keys.clicked.connect(self._open_shortcuts)
        top.language.clicked.connect(self._switch_language)
        top.theme.clicked.connect(self._switch_theme)
        self.companion.quit_wanted.connect(self.close)
        self._timer.timeout.connect(self._show_status)
        self._reopen_timer.timeout.connect(worker.reopen_lost_microphone_if_lost)
        actions = {
            "start": bar.start.click, "mute": voice.mute.toggle, "record": bar.record.click,
            "snapshot": bar.snapshot.click, "companion": self.modes.toggle_companion,
            "full_screen": self.modes.toggle_full_screen,
        }  # fmt: skip
        self.shortcuts = Shortcuts(self, self._settings, actions)
        self.shortcuts.talk_key_changed.connect(self._talk_key_changed)
        self.hearing.key = self.shortcuts.talk_key
        escape = QAction(self, shortcut="Escape")
        escape.triggered.connect(self.modes.leave)
        self.addAction(escape)
        voice.push_to_talk.setChecked(self._settings.flag("push_to_talk"))

    def _show_frame(self) -> None:
        newest = self._worker.take_frame()
        if newest is None:
            return
        rgb, coverage = newest
        if self.companion.isVisible():
            self.companion.set_aspect(rgb.shape[1], rgb.shape[0])
            self.companion.stage.show_frame(rgb, coverage)
        else:
            self.stage.show_frame(rgb)

    def _character_ready(self) -> None:
        first = not self.action_bar.start.isEnabled()
        self.action_bar.set_state(ready=True, failed=False)
        self.action_bar.retranslate(speaking=self.speaking.active)
        if first:
            self.action_bar.start.setFocus()
        if not self.speaking.active:
            self._say("ready", {})

    def _start_clicked(self) -> None:
        if not self.action_bar.failed:
            self.speaking.toggle()
            return
        self.action_bar.set_state(ready=False, failed=False)
        self.notices.hide()
        self._say("loading", {})
        self._worker.show_character(self.casting.chosen)

    def _failed(self, sentence: str) -> None:
        self.action_bar.set_state(ready=False, failed=True)
        self.retranslate()
        self._say("failed", {})
        self.tell(self._messages.text("trouble_character", detail=sentence), stays=True)

    def _trouble(self, kind: str, detail: str) -> None:
        stays = kind in ("recording", "camera")
        self.tell(self._messages.text(f"trouble_{kind}", detail=detail), stays=stays, hint=detail)

    def tell(self, sentence: str, *, stays: bool = False, hint: str = "") -> None:
        """Tell the person a sentence, and the log too."""
        LOGGER.info("told: %s %s", sentence, hint if hint != sentence else "")
        self.notices.tell(sentence, stays=stays)
        shown = self._messages.detail(hint)
        self.notices.setToolTip(shown if shown != sentence else "")

    def _say(self, key: str, values: dict[str, object]) -> None:
        self._caption = (key, values)
        caption = self._messages.text(key, **values) if key else ""
        self.stage.set_caption(caption)
        self.companion.stage.set_caption("" if key == "ready" else caption)

    def _source_changed(self, kind: str, name: str) -> None:
        if kind == "lost":
            self.tell(self._messages.text("microphone_gone"), stays=True)
        elif kind == "back":
            self.tell(self._messages.text("microphone_back"))
        self._say(CAPTIONS.get(kind, ""), {"name": name})
        self.action_bar.retranslate(speaking=self.speaking.active)

    def _controls_changed(self, controls: MouthControls) -> None:
        self._settings.remember_controls(controls)
        self._worker.set_controls(controls)

    def _push_to_talk(self, wanted: bool) -> None:
        self._settings.remember_flag("push_to_talk", wanted)
        self.hearing.set_push_to_talk(wanted)
        if wanted and self.isVisible():
            self.tell(self._messages.text("hold_key", talk_key=self.shortcuts.name(TALK)))

    def _talk_key_changed(self, key: int) -> None:
        self.hearing.key = key
        self.panel.voice.set_talk_key(self.shortcuts.name(TALK))

    def _choose_file(self) -> None:
        path = self._dialogs.sound_file()
        if path is not None:
            self.speaking.choose_file(path)

    def _open_doctor(self) -> None:
        # Here, because the window starts sooner without it.
        from mini_live.window.doctor_sheet import DoctorSheet

        self.doctor = DoctorSheet(self, self._messages, str(log_folder()))
        self.doctor.open()

    def _open_shortcuts(self) -> None:
        self.keys = ShortcutsSheet(self, self._messages, self.shortcuts)
        self.keys.open()

    def _show_status(self) -> None:
        status = self._worker.status
        self.panel.voice.meter.set_level(status.level_dbfs)
        self.speaking.show_position()
        self._status.show_figures(status)
        self.filming.show_time()
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
        self.companion.setStyleSheet(style_sheet(self._theme))
        self.stage.set_theme(self._theme)
        self.companion.stage.set_theme(self._theme)
        self.panel.set_theme(self._theme)
