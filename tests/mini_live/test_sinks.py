"""Sinks: aligned recordings with left-out frames repeated, bounded queues, errors that reach the caller."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from mini_live.sinks import QueuedSink, VideoFileSink
from talkingface.audio_files import read_audio
from talkingface.errors import AvatarError, OutputError
from talkingface.records import AudioChunk, VideoFrame
from talkingface.video_files import VideoWriter, read_frames
from tests.made_videos import number_in, numbered_picture
from tests.mini_live.fakes import KeepingSink, babble


def picture(index: int) -> VideoFrame:
    return VideoFrame(numbered_picture(index), index, index / 25)


def file_sink(path: Path) -> VideoFileSink:
    return VideoFileSink(VideoWriter(path, 128, 48, 25, audio_sample_rate_hz=16_000))


def numbers(path: Path) -> list[int]:
    return [number_in(frame) for frame in read_frames(path)]


def test_left_out_frames_repeat_the_one_before(tmp_path: Path) -> None:
    sink = file_sink(tmp_path / "a.mp4")
    sink.write_audio(AudioChunk(babble(0.4), 0))
    for index in (1, 2, 5, 6):
        sink.write(picture(index))
    sink.close()
    assert numbers(tmp_path / "a.mp4") == [1, 1, 2, 2, 2, 5, 6, 6, 6, 6]


def test_a_recording_that_begins_in_the_middle_of_a_stream_is_aligned(tmp_path: Path) -> None:
    sound = babble(2.0)
    sink = file_sink(tmp_path / "a.mp4")
    sink.write(picture(20))
    sink.write_audio(AudioChunk(sound[16_100:], 16_100))
    for index in range(21, 50):
        sink.write(picture(index))
    sink.close()
    first = 26
    assert numbers(tmp_path / "a.mp4") == list(range(first, 50))
    recorded = read_audio(tmp_path / "a.mp4")
    assert np.corrcoef(recorded[:8000], sound[first * 640 : first * 640 + 8000])[0, 1] > 0.97


def test_a_recording_without_a_frame_leaves_no_file(tmp_path: Path) -> None:
    sink = file_sink(tmp_path / "a.mp4")
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_an_aborted_recording_leaves_no_file(tmp_path: Path) -> None:
    sink = file_sink(tmp_path / "a.mp4")
    sink.write_audio(AudioChunk(babble(0.1), 0))
    sink.write(picture(0))
    sink.abort()
    sink.close()
    assert list(tmp_path.iterdir()) == []


class SlowSink(KeepingSink):
    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, frame: VideoFrame) -> None:
        self.go_on.wait(5)
        super().write(frame)


def test_a_full_queue_drops_frames_but_never_sound() -> None:
    slow = SlowSink()
    queued = QueuedSink(slow, 3, drop_when_full=True)
    for index in range(10):
        queued.write_audio(AudioChunk(np.zeros(640, np.float32), index * 640))
        queued.write(picture(index))
    assert queued.dropped_frames >= 6
    slow.go_on.set()
    queued.close()
    assert len(slow.frames) == 10 - queued.dropped_frames
    assert len(slow.sound()) == 6400 and slow.closed == 1


def test_a_queue_that_waits_loses_nothing_and_keeps_the_order() -> None:
    slow = SlowSink()
    queued = QueuedSink(slow, 2, drop_when_full=False)
    threading.Timer(0.1, slow.go_on.set).start()
    for index in range(12):
        queued.write(picture(index))
    queued.close()
    assert [frame.index for frame in slow.frames] == list(range(12))


class BrokenSink(KeepingSink):
    def write(self, frame: VideoFrame) -> None:
        raise OutputError("disk full")


def test_what_goes_wrong_in_the_thread_reaches_the_caller() -> None:
    told: list[AvatarError | None] = []
    queued = QueuedSink(BrokenSink(), 2, drop_when_full=False, on_finished=told.append)
    with pytest.raises(OutputError, match="disk full"):
        for index in range(100):
            queued.write(picture(index))
    with pytest.raises(OutputError, match="disk full"):
        queued.close()
    assert [str(error) for error in told] == ["disk full"]


def test_stopping_throws_away_what_waits_and_does_not_finish() -> None:
    slow = SlowSink()
    queued = QueuedSink(slow, 5, drop_when_full=False)
    queued.write(picture(0))
    slow.go_on.set()
    queued.stop()
    assert slow.closed == 0


@pytest.mark.parametrize(("samples", "frames"), [(2879, 1), (4801, 3), (48_959, 25), (110_400, 57)])
def test_a_file_has_the_frames_of_its_own_sound(samples: int, frames: int, tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 128, 48, 25, audio_sample_rate_hz=48_000)
    sink = VideoFileSink(writer, 48_000)
    sink.write_audio(AudioChunk(np.zeros(samples, np.float32), 0))
    sink.write(picture(0))
    sink.close()
    assert sink.frames_written == len(numbers(tmp_path / "out.mp4")) == frames
