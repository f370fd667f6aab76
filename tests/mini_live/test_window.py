"""The window without a screen: its words fit, its knobs reach the worker, its states follow the worker's signals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from mini_live.microphone import MicrophoneInfo
from mini_live.monitor import SpeakerInfo
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

    def set_controls(self, controls: MouthControls) -> None:
        self.asked.append(("controls", controls))

    def set_muted(self, muted: bool) -> None:
        self.asked.append(("muted", muted))

    def show_character(self, folder: Path | None) -> None:
        self.asked.append(("character", folder))

    def set_monitor(self, speaker: SpeakerInfo | None) -> None:
        self.asked.append(("monitor", speaker))

    def start_recording(self, path: Path) -> None:
        self.asked.append(("record", path))

    def look_for_microphones(self) -> None:
        self.asked.append(("look", None))


@pytest.fixture
def store(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def window(application: QApplication, store: QSettings, tmp_path: Path) -> Iterator[MainWindow]:
    store.setValue("language", "en")
    window = MainWindow(
        IdleWorker(), WindowSettings(store), [("Mira", tmp_path), ("Otto", tmp_path / "b")], tmp_path
    )
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
        window.panel.mute.setChecked(True)
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
    window.panel.devices.setCurrentIndex(1)
    QTest.mouseClick(window.action_bar.start, Qt.MouseButton.LeftButton)
    assert worker.asked[-1] == ("microphone", MICROPHONES[1].name)
    worker.source_changed.emit("microphone", MICROPHONES[1].name)
    assert window.action_bar.start.text() == "Stop"
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert worker.asked[-1] == ("silent", None)


def test_a_file_is_played_and_its_end_is_told(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window.panel.set_file(tmp_path / "speech.wav")
    window.action_bar.start.click()
    assert worker.asked[-1] == ("file", tmp_path / "speech.wav")
    worker.source_changed.emit("file", "speech.wav")
    worker.source_changed.emit("ended", "speech.wav")
    assert window.action_bar.start.text() == "Start speaking"


def test_the_knobs_reach_the_worker_and_are_remembered(window: MainWindow, store: QSettings) -> None:
    worker = made_ready(window)
    window.panel.rows["gain"].set_value(1.4)
    window.panel.rows["gate"].set_value(-30)
    kind, controls = worker.asked[-1]
    assert kind == "controls" and isinstance(controls, MouthControls)
    assert (controls.gain, controls.noise_gate_dbfs) == (1.4, -30.0)
    assert WindowSettings(store).controls == controls
    window.panel.rows["gate"].reset()
    assert window.panel.controls.noise_gate_dbfs == -120.0


def test_stored_nonsense_gives_the_defaults(store: QSettings) -> None:
    store.setValue("mouth/gain", "99")
    assert WindowSettings(store).controls == MouthControls()
    store.setValue("mouth/gain", "loud")
    assert WindowSettings(store).controls == MouthControls()


def test_mute_and_character_reach_the_worker(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window.panel.mute.click()
    assert worker.asked[-1] == ("muted", True)
    window.panel.characters.setCurrentIndex(1)
    window.panel.characters.activated.emit(1)
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
    assert "gone" in window._notice.text() and window.action_bar.start.text() == "Stop"
    worker.source_changed.emit("microphone", "Headset")
    assert "back" in window._notice.text()


def test_a_failure_to_load_is_shown_and_nothing_can_be_started(window: MainWindow) -> None:
    worker_of(window).failed.emit("expected tracks.npz with sha256 1, found 2")
    assert "tracks.npz" in window._notice.text() and not window.action_bar.record.isEnabled()


def test_after_a_failure_another_try_can_be_made(window: MainWindow, tmp_path: Path) -> None:
    worker = worker_of(window)
    worker.failed.emit("expected tracks.npz, found none")
    assert window.action_bar.start.text() == "Try again"
    window.action_bar.start.click()
    assert worker.asked[-1] == ("character", tmp_path)
    worker.character_ready.emit("Mira", 80)
    assert window.action_bar.start.text() == "Start speaking"


def test_companion_mode_shows_only_the_character_and_escape_comes_back(
    window: MainWindow, application: QApplication
) -> None:
    made_ready(window)
    window.top_bar.companion.click()
    application.processEvents()
    assert window.windowFlags() & Qt.WindowType.WindowStaysOnTopHint
    assert window.stage.isVisible() and not window.panel.isVisible() and not window.action_bar.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    application.processEvents()
    assert window.panel.isVisible() and window.action_bar.isVisible()
    assert not window.windowFlags() & Qt.WindowType.FramelessWindowHint


def test_a_speaker_is_chosen_and_one_that_fails_is_given_up(window: MainWindow) -> None:
    worker = made_ready(window)
    speaker = SpeakerInfo(4, "Headphones", True)
    worker.speakers_found.emit([SpeakerInfo(2, "HDMI", False), speaker])
    window.panel.speakers.setCurrentIndex(2)
    window.panel.speakers.activated.emit(2)
    assert worker.asked[-1] == ("monitor", speaker)
    worker.speakers_found.emit([speaker])
    assert window.panel.speakers.currentData() == speaker
    worker.monitor_changed.emit(False)
    assert window.panel.speakers.currentData() is None


def test_language_and_theme_are_remembered(window: MainWindow, store: QSettings) -> None:
    window.top_bar.language.click()
    window.top_bar.theme.click()
    assert (store.value("language"), store.value("theme")) == ("zh", "dark")
    assert window.action_bar.start.text() == "开始说话"


def test_everything_a_person_touches_has_a_name_for_screen_readers(window: MainWindow) -> None:
    made_ready(window)
    panel = window.panel
    touched = [panel.devices, panel.characters, panel.refresh, panel.meter, window.stage]
    touched += [row._slider for row in panel.rows.values()]
    assert all(widget.accessibleName() for widget in touched)


def test_closing_the_window_ends_the_worker_within_a_second(window: MainWindow) -> None:
    window.close()
    assert worker_of(window).asked[-1] == ("close", 1.0)


def test_a_finished_preparation_becomes_a_character(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window._preparing.progress.emit("track", 42)
    assert "42" in window._notice.text()
    window._preparing.done.emit(str(tmp_path / "Ann"))
    assert worker.asked[-1] == ("character", tmp_path / "Ann")
    assert window.panel.characters.currentData() == tmp_path / "Ann"


def test_a_snapshot_is_saved_as_it_was_when_asked(window: MainWindow, tmp_path: Path) -> None:
    made_ready(window)
    window.stage.show_frame(np.full((12, 8, 3), 200, np.uint8))
    window._dialogs.snapshot = lambda: tmp_path / "a.png"  # type: ignore[method-assign]
    window.action_bar.snapshot.click()
    assert QImage(str(tmp_path / "a.png")).pixelColor(3, 3).red() == 200
    window._dialogs.snapshot = lambda: tmp_path / "none" / "a.png"  # type: ignore[method-assign]
    window.action_bar.snapshot.click()
    assert "cannot be saved" in window._notice.text()


def test_record_asks_for_a_file_and_a_second_press_ends_it(window: MainWindow, tmp_path: Path) -> None:
    worker = made_ready(window)
    window._dialogs.recording = lambda: tmp_path / "a.mp4"  # type: ignore[method-assign]
    window.action_bar.record.click()
    assert worker.asked[-1] == ("record", tmp_path / "a.mp4")
    worker.recording_changed.emit(True, "")
    assert window.action_bar.record.text() == "Stop recording"
    worker.recording_changed.emit(False, str(tmp_path / "a.mp4"))
    assert window.action_bar.record.text() == "Record" and "a.mp4" in window._notice.text()
