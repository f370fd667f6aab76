"""The window's worker on pretended characters: it loads, speaks, records, changes characters, fails and recovers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from mini_live.window import on_stage, sources, utterances
from mini_live.window import worker as under_test
from mini_live.window.worker import Worker
from talkingface.audio_files import read_audio
from talkingface.errors import CharacterError, DeviceError
from talkingface.mouth_controls import MouthControls
from talkingface.records import AudioChunk, FloatArray, VideoFrame
from talkingface.video_files import probe_video
from tests.end_to_end.watching import frame_count_of
from tests.mini_live.fakes import LoudnessMouth, PaintedComposer, babble, write_wav

PATIENCE_S = 20.0


class PretendedAvatar:
    """Paints small frames; "broken" fails while it is shown, "missing" cannot be opened."""

    opened: int = 0
    closed: int = 0

    renderer_name = "cpu"

    def __init__(self, folder: Path | None) -> None:
        folder = folder or Path("default")
        if folder.name == "missing":
            raise CharacterError("expected a character folder, found nothing at missing")
        self.character = SimpleNamespace(
            name=folder.name, folder=folder, width=48, height=32, matte_path=None
        )
        PretendedAvatar.opened += 1

    def warm_up(self) -> None:
        """Nothing to warm."""

    def live_composer(self) -> PaintedComposer:
        return BreakingComposer() if self.character.name == "broken" else PaintedComposer()

    def close(self) -> None:
        PretendedAvatar.closed += 1


def changed(before: PretendedAvatar, parts: PretendedAvatar, space: object) -> PretendedAvatar:
    before.close()
    return parts


class BreakingComposer(PaintedComposer):
    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        if len(self.composed) == 5:
            raise CharacterError("expected 100 frames, found frame 5 damaged")
        return super().compose(index, coefficients)


class UnpluggedMicrophone:
    """A microphone that goes away after some sound; the second one stays."""

    made = 0

    def __init__(self, info: object) -> None:
        UnpluggedMicrophone.made += 1
        self.blocks_left = 15 if UnpluggedMicrophone.made == 1 else 100_000

    def read(self, timeout_s: float) -> AudioChunk:
        time.sleep(0.02)
        self.blocks_left -= 1
        if self.blocks_left < 0:
            raise DeviceError("the microphone 'Headset' is gone: plug it in again or choose another")
        return AudioChunk(np.full(320, 0.1, np.float32), 0)

    def close(self) -> None:
        """Nothing to free."""


class Told:
    """Writes down what the worker tells."""

    def __init__(self, worker: Worker) -> None:
        self.all: list[tuple[object, ...]] = []
        direct = Qt.ConnectionType.DirectConnection
        for name in (
            "character_ready",
            "character_lost",
            "failed",
            "notice",
            "source_changed",
            "recording_changed",
        ):
            signal = getattr(worker, name)
            signal.connect(lambda *values, name=name: self.all.append((name, *values)), direct)

    def wait_for(self, fits: Callable[[tuple[object, ...]], bool]) -> tuple[object, ...]:
        limit_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < limit_s:
            for told in list(self.all):
                if fits(told):
                    return told
            time.sleep(0.01)
        raise AssertionError(f"not told: {self.all}")


@pytest.fixture
def worker(application: QApplication, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    mouth = SimpleNamespace(model=LoudnessMouth(), space=None)
    monkeypatch.setattr(under_test, "open_mouth", lambda: mouth)
    monkeypatch.setattr(on_stage, "open_avatar", lambda folder, *more: PretendedAvatar(folder))
    monkeypatch.setattr(on_stage, "load_parts", lambda folder, *more: PretendedAvatar(folder))
    monkeypatch.setattr(on_stage, "change_character", changed)
    monkeypatch.setattr(sources, "find_microphone", lambda wanted: SimpleNamespace(name="Headset"))
    monkeypatch.setattr(sources, "list_microphones", lambda refresh=False: [])
    monkeypatch.setattr(sources, "Microphone", UnpluggedMicrophone)
    UnpluggedMicrophone.made = PretendedAvatar.opened = PretendedAvatar.closed = 0
    worker = Worker(Path("mira"), "cpu", MouthControls())
    yield worker
    assert worker.close(5.0), "the worker did not end"
    assert not [thread for thread in threading.enumerate() if thread.name == "avatar"]
    assert PretendedAvatar.opened == PretendedAvatar.closed


def ready(worker: Worker) -> Told:
    told = Told(worker)
    worker.start()
    told.wait_for(lambda it: it[0] == "character_ready")
    return told


def next_frame(worker: Worker) -> np.ndarray:
    limit_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < limit_s:
        newest = worker.take_frame()
        if newest is not None:
            return newest[0]
        time.sleep(0.005)
    raise AssertionError("no frame")


def test_the_character_moves_before_anybody_speaks(worker: Worker) -> None:
    ready(worker)
    first = next_frame(worker)
    assert first.shape == (32, 48, 3)
    assert any((next_frame(worker) != first).any() for _ in range(10))


def test_a_file_is_spoken_to_its_end_and_recorded_with_its_sound(worker: Worker, tmp_path: Path) -> None:
    told = ready(worker)
    sound = babble(1.2)
    worker.start_recording(tmp_path / "a.mp4")
    silence = np.zeros(4_800, np.float32)
    worker.play_file(write_wav(tmp_path / "voice.wav", np.concatenate([silence, sound])))
    told.wait_for(lambda it: it == ("source_changed", "ended", "voice.wav"))
    worker.stop_recording()
    told.wait_for(lambda it: it == ("recording_changed", False, str(tmp_path / "a.mp4")))
    recorded = read_audio(tmp_path / "a.mp4")
    assert abs(frame_count_of(tmp_path / "a.mp4") - len(recorded) / 640) <= 1
    size = 1 << 17
    product = np.fft.irfft(np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(sound, size)), size)
    begin = int(np.argmax(product))
    assert np.corrcoef(recorded[begin : begin + len(sound)], sound)[0, 1] > 0.95


def test_closing_finishes_a_recording(worker: Worker, tmp_path: Path) -> None:
    told = ready(worker)
    worker.start_recording(tmp_path / "a.mp4")
    told.wait_for(lambda it: it[:2] == ("recording_changed", True))
    time.sleep(0.6)
    assert worker.close(5.0)
    assert probe_video(tmp_path / "a.mp4").has_audio
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_recording_that_cannot_be_written_is_told_and_the_app_lives_on(
    worker: Worker, tmp_path: Path
) -> None:
    told = ready(worker)
    worker.start_recording(tmp_path / "none" / "a.mp4")
    told.wait_for(lambda it: it[0] == "notice" and "a.mp4" in str(it))
    assert told.all[-1] == ("recording_changed", False, "")
    next_frame(worker)


def test_a_bad_sound_file_is_told_and_the_app_lives_on(worker: Worker, tmp_path: Path) -> None:
    told = ready(worker)
    worker.play_file(tmp_path / "none.wav")
    told.wait_for(lambda it: it[0] == "notice" and "none.wav" in str(it))
    told.wait_for(lambda it: it == ("source_changed", "idle", ""))
    next_frame(worker)


def test_an_unplugged_microphone_is_told_and_found_again(worker: Worker) -> None:
    told = ready(worker)
    worker.listen_to_microphone(None)
    told.wait_for(lambda it: it == ("source_changed", "lost", "Headset"))
    assert any(it[0] == "notice" and "plug it in" in str(it) for it in told.all)
    next_frame(worker)
    before = len(told.all)
    worker.reopen_lost_microphone_if_lost()
    told.wait_for(lambda it: ("source_changed", "microphone", "Headset") in told.all[before:])
    worker.fall_silent()
    told.wait_for(lambda it: it == ("source_changed", "idle", ""))


def test_a_hundred_quick_changes_of_character_end_with_the_last_and_lose_no_sound(
    worker: Worker, tmp_path: Path
) -> None:
    told = ready(worker)
    worker.start_recording(tmp_path / "a.mp4")
    silence = np.zeros(4_800, np.float32)
    worker.play_file(write_wav(tmp_path / "voice.wav", np.concatenate([silence, babble(1.5)])))
    for number in range(100):
        worker.show_character(Path(f"person{number}"))
        time.sleep(0.01)
    told.wait_for(lambda it: it[:2] == ("character_ready", "person99"))
    told.wait_for(lambda it: it == ("source_changed", "ended", "voice.wav"))
    worker.stop_recording()
    told.wait_for(lambda it: it == ("recording_changed", False, str(tmp_path / "a.mp4")))
    recorded, sound = read_audio(tmp_path / "a.mp4"), babble(1.5)
    size = 1 << 17
    product = np.fft.irfft(np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(sound, size)), size)
    begin = int(np.argmax(product))
    assert np.corrcoef(recorded[begin : begin + len(sound)], sound)[0, 1] > 0.95


def test_a_character_that_cannot_be_opened_leaves_the_one_before(worker: Worker) -> None:
    told = ready(worker)
    worker.show_character(Path("missing"))
    told.wait_for(lambda it: it[0] == "notice" and "missing" in str(it))
    next_frame(worker)


def test_a_character_damaged_while_shown_gives_way_to_the_default_and_the_recording_goes_on(
    worker: Worker, tmp_path: Path
) -> None:
    told = ready(worker)
    worker.start_recording(tmp_path / "kept.mp4")
    told.wait_for(lambda it: it[:2] == ("recording_changed", True))
    time.sleep(0.4)
    worker.show_character(Path("broken"))
    told.wait_for(lambda it: it[:2] == ("character_lost", "broken") and "damaged" in str(it[2]))
    told.wait_for(lambda it: it[:2] == ("character_ready", "default"))
    time.sleep(0.4)
    assert not [it for it in told.all if it[0] == "failed" or it[:2] == ("recording_changed", False)]
    worker.stop_recording()
    told.wait_for(lambda it: it == ("recording_changed", False, str(tmp_path / "kept.mp4")))
    assert frame_count_of(tmp_path / "kept.mp4") > 15


def test_where_the_default_is_damaged_its_last_picture_stays(worker: Worker) -> None:
    told = ready(worker)
    composer = BreakingComposer()
    worker._orders.put(lambda: setattr(worker._live(), "composer", composer))
    worker._stage.avatar.character.folder = under_test.DEFAULT_CHARACTER
    told.wait_for(lambda it: it[0] == "character_lost")
    first = next_frame(worker)
    np.testing.assert_array_equal(first, next_frame(worker))
    worker.show_character(Path("otto"))
    told.wait_for(lambda it: it[:2] == ("character_ready", "otto"))


def test_a_text_is_spoken_and_only_the_newest(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    def speak(text: str, rate_hz: int) -> FloatArray:
        time.sleep(0.5 if "first" in text else 0.05)
        return babble(0.4)

    monkeypatch.setattr(utterances, "installed_synthesiser", lambda: SimpleNamespace(speak=speak))
    told = ready(worker)
    worker.say("the first, which comes too late")
    worker.say("second")
    told.wait_for(lambda it: it == ("source_changed", "text", "second"))
    told.wait_for(lambda it: it == ("source_changed", "ended", "second"))
    time.sleep(0.6)
    assert not [it for it in told.all if "first" in str(it)]


def test_a_file_is_paused_and_moved_about_in(worker: Worker, tmp_path: Path) -> None:
    told = ready(worker)
    worker.play_file(write_wav(tmp_path / "voice.wav", babble(9.0)))
    told.wait_for(lambda it: it == ("source_changed", "file", "voice.wav"))
    worker.pause(True)
    time.sleep(0.3)
    played = worker.played
    assert played is not None and played.seconds == pytest.approx(9.0, abs=0.05)
    before_s = played.position_s
    time.sleep(0.3)
    assert played.position_s == before_s < 1.5
    worker.seek(8.7)
    worker.pause(False)
    told.wait_for(lambda it: it == ("source_changed", "ended", "voice.wav"))
    assert worker.played is None


def test_a_character_picked_while_the_first_one_loads_is_shown(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(folder: Path | None, *more: object) -> PretendedAvatar:
        if PretendedAvatar.opened == 0:
            worker.show_character(Path("otto"))
        return PretendedAvatar(folder)

    monkeypatch.setattr(on_stage, "open_avatar", slow)
    ready(worker).wait_for(lambda it: it[:2] == ("character_ready", "otto"))


def test_the_figures_of_a_session_stay_when_it_has_ended(worker: Worker) -> None:
    assert worker.figures["frames"] == 0
    ready(worker)
    next_frame(worker)
    assert worker.close(5.0)
    assert worker.figures["frames"] > 0
    assert {"late_frames", "dropped_frames", "stages", "latency_ms"} <= set(worker.figures)


def test_figures_are_told(worker: Worker) -> None:
    ready(worker)
    limit_s = time.monotonic() + PATIENCE_S
    while worker.status.frames < 10 and time.monotonic() < limit_s:
        time.sleep(0.05)
    assert worker.status.frames >= 10 and worker.status.latency_ms >= 130
