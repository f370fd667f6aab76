"""The window without a screen: its words fit, its knobs reach the worker, its states follow the worker's signals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollBar,
)

from mini_live.backdrop import Backdrop
from mini_live.clock import SystemClock
from mini_live.microphone import MicrophoneInfo
from mini_live.monitor import SpeakerInfo
from mini_live.played_sound import played_samples
from mini_live.window.known_characters import KnownCharacters
from mini_live.window.main_window import MainWindow
from mini_live.window.settings import WindowSettings
from mini_live.window.worker import Worker
from talkingface.mouth_controls import MouthControls

MICROPHONES = [
    MicrophoneInfo(0, "Built-in Audio", 2, 48_000, True),
    MicrophoneInfo(3, "A headset with a remarkably long name, as they have them", 1, 16_000, False),
]


class IdleWorker(Worker):
    """A worker that never starts and writes down what it is asked for."""

    def __init__(self) -> None:
        super().__init__(None, "cpu", MouthControls())
        self.asked: list[tuple[str, object]] = []

    def start(self) -> None:
        self.asked.append(("start", None))

    def close(self, timeout_s: float) -> bool:
        self.asked.append(("close", timeout_s))
        return True

    def listen_to_microphone(self, device: str | None) -> None:
        self.asked.append(("microphone", device))

    def play_file(self, path: Path) -> None:
        self.asked.append(("file", path))

    def fall_silent(self) -> None:
        self.asked.append(("silent", None))

    def say(self, text: str) -> None:
        self.asked.append(("say", text))

    def pause(self, paused: bool) -> None:
        self.asked.append(("pause", paused))

    def seek(self, position_s: float) -> None:
        self.asked.append(("seek", position_s))

    def set_controls(self, controls: MouthControls) -> None:
        self.asked.append(("controls", controls))

    def set_muted(self, muted: bool) -> None:
        self.asked.append(("muted", muted))

    def show_character(self, folder: Path | None) -> None:
        self.asked.append(("character", folder))

    def set_monitor(self, speaker: SpeakerInfo | None) -> None:
        self.asked.append(("monitor", speaker))

    def set_backdrop(self, backdrop: Backdrop) -> None:
        self.backdrop = backdrop

    def start_recording(self, path: Path) -> None:
        self.asked.append(("record", path))

    def look_for_microphones(self) -> None:
        self.asked.append(("look", None))


class PretendedCast(KnownCharacters):
    """Two characters that are folders in name alone."""

    def __init__(self, folder: Path) -> None:
        self._pretended = [("Mira", folder), ("Otto", folder / "b")]
        super().__init__(own=folder)

    def look(self) -> None:
        self.all = [*self._pretended, *((path.name, path) for path in self._opened)]


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def window(
    application: QApplication, store: QSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    store.setValue("language", "en")
    window = MainWindow(IdleWorker(), WindowSettings(store), PretendedCast(tmp_path), tmp_path)
    monkeypatch.setattr(QApplication, "quit", lambda: None)
    window.show()
    application.processEvents()
    yield window
    window.close()


def worker_of(window: MainWindow) -> IdleWorker:
    worker = window._worker
    assert isinstance(worker, IdleWorker)
    return worker


def made_ready(window: MainWindow) -> IdleWorker:
    worker = worker_of(window)
    worker.character_ready.emit("Mira", 80)
    worker.microphones_found.emit(MICROPHONES)
    return worker


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("speaking", [False, True])
def test_every_word_fits(
    window: MainWindow, application: QApplication, language: str, speaking: bool
) -> None:
    worker = made_ready(window)
    if window._messages.language != language:
        window.top_bar.language.click()
    if speaking:
        worker.source_changed.emit("microphone", "Built-in Audio")
        worker.recording_changed.emit(True, "")
        window.panel.voice.mute.setChecked(True)
    application.processEvents()
    seen = 0
    for widget in window.findChildren(QPushButton) + window.findChildren(QLabel):
        if widget.isVisible() and widget.text() and not (isinstance(widget, QLabel) and widget.wordWrap()):
            needed = widget.fontMetrics().horizontalAdvance(widget.text())
            assert needed <= widget.width(), (widget.text(), needed, widget.width())
            seen += 1
    assert seen > 15


def test_nothing_can_be_started_before_the_character_is_ready(window: MainWindow) -> None:
    assert not window.action_bar.start.isEnabled() and not window.action_bar.record.isEnabled()
    made_ready(window)
    assert window.action_bar.start.isEnabled() and window.action_bar.record.isEnabled()


def test_start_listens_to_the_chosen_microphone_and_stop_ends_it(window: MainWindow) -> None:
    worker = made_ready(window)
    window.panel.voice.devices.setCurrentIndex(1)
    QTest.mouseClick(window.action_bar.start, Qt.MouseButton.LeftButton)
    assert worker.asked[-1] == ("microphone", MICROPHONES[1].name)
    worker.source_changed.emit("microphone", MICROPHONES[1].name)
    assert window.action_bar.start.text() == "Stop"
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert worker.asked[-1] == ("silent", None)


def test_a_file_is_played_and_its_end_is_told(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window.panel.voice.set_file(tmp_path / "speech.wav")
    window.action_bar.start.click()
    assert worker.asked[-1] == ("file", tmp_path / "speech.wav")
    worker.source_changed.emit("file", "speech.wav")
    worker.source_changed.emit("ended", "speech.wav")
    assert window.action_bar.start.text() == "Start speaking"


def test_the_knobs_reach_the_worker_and_are_remembered(window: MainWindow, store: QSettings) -> None:
    worker = made_ready(window)
    window.panel.mouth.rows["gain"].set_value(1.4)
    window.panel.mouth.rows["gate"].set_value(-30)
    kind, controls = worker.asked[-1]
    assert kind == "controls" and isinstance(controls, MouthControls)
    assert (controls.gain, controls.noise_gate_dbfs) == (1.4, -30.0)
    assert WindowSettings(store).controls == controls
    window.panel.mouth.rows["gate"].reset()
    assert window.panel.mouth.controls.noise_gate_dbfs == -120.0


def test_stored_nonsense_gives_the_defaults(store: QSettings) -> None:
    store.setValue("mouth/gain", "99")
    assert WindowSettings(store).controls == MouthControls()
    store.setValue("mouth/gain", "loud")
    assert WindowSettings(store).controls == MouthControls()


def test_mute_and_character_reach_the_worker(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window.panel.voice.mute.click()
    assert worker.asked[-1] == ("muted", True)
    strip = window.panel.character.characters
    QTest.mouseClick(
        strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.visualItemRect(strip.item(1)).center()
    )
    assert worker.asked[-1] == ("character", tmp_path / "b")


def test_the_newest_frame_is_shown_in_its_own_aspect(window: MainWindow, application: QApplication) -> None:
    rgb = np.zeros((108, 72, 3), np.uint8)
    rgb[:, :36] = (250, 10, 20)
    window.stage.show_frame(rgb[:, ::1])
    application.processEvents()
    target = window.stage.picture_rectangle()
    assert target.width() / target.height() == pytest.approx(72 / 108, rel=0.01)
    shot = window.stage.grab().toImage()
    scale = shot.width() / window.stage.width()
    left = shot.pixelColor(int((target.x() + target.width() / 4) * scale), int(target.center().y() * scale))
    right = shot.pixelColor(
        int((target.x() + target.width() * 3 / 4) * scale), int(target.center().y() * scale)
    )
    assert (left.red(), right.red()) == (250, 0)


def test_a_lost_microphone_is_told_and_goes_on_when_it_is_back(window: MainWindow) -> None:
    worker = made_ready(window)
    worker.source_changed.emit("microphone", "Headset")
    worker.source_changed.emit("lost", "Headset")
    assert "gone" in window.notices.text() and window.action_bar.start.text() == "Stop"
    worker.source_changed.emit("microphone", "Headset")
    assert "back" in window.notices.text()


def test_a_failure_to_load_is_shown_and_nothing_can_be_started(window: MainWindow) -> None:
    worker_of(window).failed.emit("expected tracks.npz with sha256 1, found 2")
    assert "tracks.npz" in window.notices.text() and not window.action_bar.record.isEnabled()


def test_after_a_failure_another_try_can_be_made(window: MainWindow, tmp_path: Path) -> None:
    worker = worker_of(window)
    worker.failed.emit("expected tracks.npz, found none")
    assert window.action_bar.start.text() == "Try again"
    window.action_bar.start.click()
    assert worker.asked[-1] == ("character", tmp_path)
    worker.character_ready.emit("Mira", 80)
    assert window.action_bar.start.text() == "Start speaking"


def test_a_speaker_is_chosen_and_one_that_fails_is_given_up(window: MainWindow) -> None:
    worker = made_ready(window)
    speaker = SpeakerInfo(4, "Headphones", True)
    worker.speakers_found.emit([SpeakerInfo(2, "HDMI", False), speaker])
    window.panel.voice.speakers.setCurrentIndex(2)
    window.panel.voice.speakers.activated.emit(2)
    assert worker.asked[-1] == ("monitor", speaker)
    worker.speakers_found.emit([speaker])
    assert window.panel.voice.speakers.currentData() == speaker
    worker.monitor_changed.emit(False)
    assert window.panel.voice.speakers.currentData() is None


def test_language_and_theme_are_remembered(window: MainWindow, store: QSettings) -> None:
    window.top_bar.language.click()
    window.top_bar.theme.click()
    assert (store.value("language"), store.value("theme")) == ("zh", "dark")
    assert window.action_bar.start.text() == "开始说话"


def test_everything_a_person_touches_has_a_name_for_screen_readers(window: MainWindow) -> None:
    made_ready(window)
    nameless = [
        widget
        for kind in (QAbstractButton, QAbstractSlider, QComboBox, QAbstractItemView, QPlainTextEdit)
        for widget in window.findChildren(kind)
        if widget.isVisibleTo(window)
        and not isinstance(widget, QScrollBar)
        and not isinstance(widget.parent(), QComboBox)
        and not isinstance(widget.parentWidget(), QComboBox)
        and type(widget.parentWidget()).__name__ != "QComboBoxPrivateContainer"
        and not widget.accessibleName()
        and not (isinstance(widget, QAbstractButton) and any(sign.isalpha() for sign in widget.text()))
    ]
    assert nameless == []
    assert window.stage.accessibleName() and window.panel.voice.meter.accessibleName()


def test_closing_the_window_ends_the_worker_within_a_second(window: MainWindow) -> None:
    window.close()
    assert worker_of(window).asked[-1] == ("close", 1.0)


def test_a_finished_preparation_becomes_a_character(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    strip = window.preparation
    strip.preparing.progress.emit("track", 42)
    assert strip.bar.value() == 42
    strip.preparing.done.emit(str(tmp_path / "Ann"))
    assert worker.asked[-1] == ("character", tmp_path / "Ann")
    assert window.panel.character.chosen == tmp_path / "Ann"


def test_a_failed_preparation_offers_another_try(window: MainWindow, tmp_path: Path) -> None:
    made_ready(window)
    strip, started = window.preparation, []
    strip.preparing.start = lambda video, consent: started.append((video, consent))  # type: ignore[method-assign, assignment, misc]
    strip.start(tmp_path / "ann.mp4", "Ann: my face")
    strip.preparing.failed.emit("expected a face, found none")
    assert strip.isVisible() and "ann.mp4" in strip.title.text() and "face" in strip.detail.text()
    assert strip.first.text() == "Try again"
    strip.first.click()
    assert started == [(tmp_path / "ann.mp4", "Ann: my face")] * 2


def test_the_companion_is_the_character_alone_and_escape_comes_back(
    window: MainWindow, application: QApplication
) -> None:
    made_ready(window)
    window.stage.show_frame(np.full((120, 80, 3), 90, np.uint8))
    window.top_bar.companion.click()
    application.processEvents()
    companion = window.companion
    assert companion.isVisible() and not window.isVisible()
    flags = companion.windowFlags()
    assert flags & Qt.WindowType.FramelessWindowHint and flags & Qt.WindowType.WindowStaysOnTopHint
    worker_of(window)._newest = (np.full((120, 80, 3), 200, np.uint8), None)
    window._show_frame()
    application.processEvents()
    shot = companion.grab().toImage()
    assert shot.pixelColor(0, 0).alpha() == 0, "the corners let the desktop through"
    assert shot.pixelColor(shot.width() // 2, shot.height() // 2).red() == 200
    QTest.keyClick(companion, Qt.Key.Key_Escape)
    application.processEvents()
    assert window.isVisible() and not companion.isVisible()


def test_a_character_with_a_matte_stands_before_a_colour_or_before_the_desktop(
    window: MainWindow, application: QApplication, store: QSettings
) -> None:
    worker = made_ready(window)
    backgrounds = window.panel.character.backgrounds
    assert not backgrounds.isEnabled()
    worker.matte_known.emit(True)
    backgrounds.setCurrentIndex(1)
    backgrounds.activated.emit(1)
    assert worker.backdrop == Backdrop((0, 177, 64)) and store.value("background") == "green"
    backgrounds.setCurrentIndex(0)
    backgrounds.activated.emit(0)
    window.modes.toggle_companion()
    assert worker.backdrop == Backdrop(cut_out=True)
    coverage = np.zeros((120, 80), np.uint8)
    coverage[60:] = 255
    worker._newest = (np.full((120, 80, 3), 200, np.uint8), coverage)
    window._show_frame()
    application.processEvents()
    shot = window.companion.grab().toImage()
    middle = shot.width() // 2
    assert shot.pixelColor(middle, shot.height() // 8).alpha() == 0
    assert shot.pixelColor(middle, shot.height() * 3 // 4).alpha() == 255
    window.modes.leave()
    assert worker.backdrop == Backdrop()


def test_the_companion_is_dragged_and_scaled_and_remembers_both(
    window: MainWindow, application: QApplication, store: QSettings
) -> None:
    made_ready(window)
    window.top_bar.companion.click()
    companion = window.companion
    companion.move(100, 100)
    before = companion.height()
    QTest.keyClick(companion, Qt.Key.Key_Plus)
    assert companion.height() == pytest.approx(before * 1.08, abs=1)
    assert companion.width() / companion.height() == pytest.approx(2 / 3, abs=0.01)
    begin = companion.pos()
    QTest.mousePress(companion, Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    QTest.mouseMove(companion, QPoint(70, 60))
    QTest.mouseRelease(companion, Qt.MouseButton.LeftButton, pos=QPoint(40, 40))
    assert companion.pos() != begin
    assert store.value("companion/place") == f"{companion.x()},{companion.y()}"
    assert int(str(store.value("companion/height"))) == companion.height()
    words = [action.text() for action in companion.menu().actions() if action.text()]
    assert {"Mute", "Bigger", "Quit", "Back to the window"} <= set(words)


def test_full_screen_is_the_character_alone_and_comes_back_as_it_was(
    window: MainWindow, application: QApplication
) -> None:
    made_ready(window)
    QTest.keyClick(window, Qt.Key.Key_F11)
    application.processEvents()
    assert window.isFullScreen() and not window.panel.isVisible() and not window.action_bar.isVisible()
    assert window.stage.size() == window.size()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    application.processEvents()
    assert not window.isFullScreen() and window.panel.isVisible() and window.action_bar.isVisible()
    assert not window.preparation.isVisible() and not window.notices.isVisible()


def test_a_text_is_spoken_and_an_empty_one_is_asked_for(window: MainWindow) -> None:
    worker = made_ready(window)
    QTest.mouseClick(window.panel.voice.buttons["text"], Qt.MouseButton.LeftButton)
    window.action_bar.start.click()
    assert not [it for it in worker.asked if it[0] == "say"]
    QTest.keyClicks(window.panel.voice.editor, "Good morning")
    window.action_bar.start.click()
    assert worker.asked[-1] == ("say", "Good morning")
    assert window.action_bar.start.text() == "Stop"


def test_a_played_file_is_paused_and_moved_about_in(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window.panel.voice.set_file(tmp_path / "speech.wav")
    worker._sources.played = played_samples(np.zeros(160_000, np.float32), 320, SystemClock())
    worker._sources.played.position_s = 3.0
    window.speaking.show_position()
    transport = window.panel.voice.transport
    assert transport._time.text() == "0:03 / 0:10"
    transport.play.click()
    assert worker.asked[-1] == ("pause", True)
    width = transport.slider.width()
    QTest.mouseClick(
        transport.slider, Qt.MouseButton.LeftButton, pos=QPoint(width // 2, transport.slider.height() // 2)
    )
    kind, place_s = worker.asked[-1]
    assert kind == "seek" and place_s == pytest.approx(5.0, abs=0.4)


def test_a_microphone_is_heard_by_nobody_and_a_file_by_the_speakers_until_told_otherwise(
    window: MainWindow, tmp_path: Path
) -> None:
    worker = made_ready(window)
    headphones, speakers = SpeakerInfo(4, "Headphones", False), SpeakerInfo(2, "Speakers", True)
    worker.speakers_found.emit([speakers, headphones])
    assert window.panel.voice.speaker is None
    window.speaking.choose_file(tmp_path / "speech.wav")
    assert ("monitor", speakers) in worker.asked
    window.panel.voice.speakers.setCurrentIndex(2)
    window.panel.voice.speakers.activated.emit(2)
    QTest.mouseClick(window.panel.voice.buttons["microphone"], Qt.MouseButton.LeftButton)
    assert ("monitor", None) in worker.asked and window.panel.voice.speaker is None
    QTest.mouseClick(window.panel.voice.buttons["file"], Qt.MouseButton.LeftButton)
    assert window.panel.voice.speaker == headphones


def test_a_dropped_file_goes_where_it_belongs(window: MainWindow, tmp_path: Path) -> None:
    made_ready(window)
    taken: list[Path] = []
    window.casting.take_in = taken.append  # type: ignore[method-assign, assignment]
    for name in ("ann.mp4", "ann.zip", "hello.wav"):
        (tmp_path / name).write_bytes(b"")
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
        event = QDropEvent(
            QPointF(5, 5),
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(event)
    assert taken == [tmp_path / "ann.mp4", tmp_path / "ann.zip"]
    assert window.panel.voice.file == tmp_path / "hello.wav"


def test_the_place_of_the_window_is_remembered_on_the_disk(window: MainWindow, store: QSettings) -> None:
    window.resize(1200, 860)
    window.close()
    kept = WindowSettings(QSettings(store.fileName(), QSettings.Format.IniFormat))
    assert not kept.place.isEmpty()


def test_the_keys_are_the_persons_own(window: MainWindow, application: QApplication) -> None:
    worker = made_ready(window)
    window.top_bar.keys.click()
    window.keys.edits["mute"].setKeySequence(QKeySequence("F5"))
    window.keys.edits["record"].setKeySequence(QKeySequence("F5"))  # taken already
    window.keys.reject()
    window.activateWindow()
    application.processEvents()
    QTest.keyClick(window, Qt.Key.Key_F5)
    assert worker.asked[-1] == ("muted", True)
    assert window.shortcuts.name("record") == "Ctrl+R"


def test_a_character_damaged_while_shown_is_told_and_the_default_is_marked(window: MainWindow) -> None:
    worker = made_ready(window)
    worker.character_lost.emit("Mira", "expected 100 frames, found 5")
    assert "Mira" in window.notices.text() and "Import it again" in window.notices.text()
    assert "found 5" in window.notices.toolTip()
    assert window.action_bar.record.isEnabled()


def test_a_snapshot_is_saved_as_it_was_when_asked(window: MainWindow, tmp_path: Path) -> None:
    made_ready(window)
    window.stage.show_frame(np.full((120, 80, 3), 200, np.uint8))
    window.filming.dialogs.snapshot = lambda: tmp_path / "a.png"  # type: ignore[method-assign]
    window.action_bar.snapshot.click()
    assert QImage(str(tmp_path / "a.png")).pixelColor(3, 3).red() == 200
    window.filming.dialogs.snapshot = lambda: tmp_path / "none" / "a.png"  # type: ignore[method-assign]
    window.action_bar.snapshot.click()
    assert "cannot be saved" in window.notices.text()


def test_record_asks_for_a_file_and_a_second_press_ends_it(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window.filming.dialogs.recording = lambda: tmp_path / "a.mp4"  # type: ignore[method-assign]
    window.action_bar.record.click()
    assert worker.asked[-1] == ("record", tmp_path / "a.mp4")
    worker.recording_changed.emit(True, "")
    assert window.action_bar.record.text() == "Stop recording"
    worker.recording_changed.emit(False, str(tmp_path / "a.mp4"))
    assert window.action_bar.record.text() == "Record" and "a.mp4" in window.notices.text()
