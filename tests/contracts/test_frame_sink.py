"""What every sink promises: it takes frames and sound in order, changes neither, and closes as often as one likes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mini_live.sinks import CallbackSink, QueuedSink, VideoFileSink
from talkingface.records import AudioChunk, VideoFrame
from talkingface.seams import FrameSink
from talkingface.timing import frame_time_s
from talkingface.video_files import VideoWriter
from tests.mini_live.fakes import KeepingSink, babble

FRAMES = 12
Open = Callable[[Path], FrameSink]


def video_file(folder: Path) -> FrameSink:
    return VideoFileSink(VideoWriter(folder / "out.mp4", 64, 48, audio_sample_rate_hz=16_000))


SINKS: dict[str, Open] = {
    "fake": lambda folder: KeepingSink(),
    "callback": lambda folder: CallbackSink(lambda frame: None),
    "video file": video_file,
    "queue": lambda folder: QueuedSink(KeepingSink(), 4, drop_when_full=False),
    "queue that drops": lambda folder: QueuedSink(KeepingSink(), 2, drop_when_full=True),
    "queued video file": lambda folder: QueuedSink(video_file(folder), 4, drop_when_full=False),
}
each_sink = pytest.mark.parametrize("open_sink", SINKS.values(), ids=SINKS.keys())


def feed(sink: FrameSink) -> tuple[list[VideoFrame], list[AudioChunk]]:
    sound = babble(FRAMES / 25)
    frames, chunks = [], []
    for index in range(FRAMES):
        chunk = AudioChunk(sound[index * 640 : (index + 1) * 640].copy(), index * 640)
        frame = VideoFrame(np.full((48, 64, 3), 10 * index, np.uint8), index, frame_time_s(index))
        sink.write_audio(chunk)
        sink.write(frame)
        frames.append(frame)
        chunks.append(chunk)
    return frames, chunks


@each_sink
def test_frames_and_sound_are_left_as_they_were(open_sink: Open, tmp_path: Path) -> None:
    sink = open_sink(tmp_path)
    frames, chunks = feed(sink)
    sink.close()
    sound = babble(FRAMES / 25)
    for index, (frame, chunk) in enumerate(zip(frames, chunks, strict=True)):
        assert (frame.rgb == 10 * index).all()
        np.testing.assert_array_equal(chunk.samples, sound[index * 640 : (index + 1) * 640])


@each_sink
def test_closing_twice_is_fine(open_sink: Open, tmp_path: Path) -> None:
    sink = open_sink(tmp_path)
    feed(sink)
    sink.close()
    sink.close()


@each_sink
def test_nothing_half_written_remains(open_sink: Open, tmp_path: Path) -> None:
    sink = open_sink(tmp_path)
    feed(sink)
    sink.close()
    assert {path.name for path in tmp_path.iterdir()} <= {"out.mp4"}
