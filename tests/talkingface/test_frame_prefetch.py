"""Frames decoded ahead: the same frames, in order or after a jump, and errors where they belong."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from talkingface.errors import CharacterError
from talkingface.frame_prefetch import AHEAD_FRAMES, PrefetchedFrames
from talkingface.records import ImageArray


class CountedFrames:
    """Frames that carry their number; frame 50 is damaged."""

    def __init__(self, *, seconds_each: float = 0.0) -> None:
        self.given: list[int] = []
        self.closed = 0
        self._seconds_each = seconds_each

    def frame(self, index: int) -> ImageArray:
        time.sleep(self._seconds_each)
        self.given.append(index)
        if index == 50:
            raise CharacterError("frame 50 is damaged")
        return np.full((2, 2, 3), index % 256, np.uint8)

    def close(self) -> None:
        self.closed += 1


def test_frames_in_order_and_after_jumps() -> None:
    source = CountedFrames()
    frames = PrefetchedFrames(source)
    wanted = [0, 1, 2, 3, 10, 11, 12, 4, 5, 5, 6, 300]
    assert [int(frames.frame(index)[0, 0, 0]) for index in wanted] == [index % 256 for index in wanted]
    frames.close()
    frames.close()
    assert source.closed == 2
    assert "base-frames" not in [thread.name for thread in threading.enumerate()]


def test_it_runs_ahead_a_little_and_no_further() -> None:
    source = CountedFrames()
    frames = PrefetchedFrames(source)
    frames.frame(0)
    deadline = time.monotonic() + 5
    while len(source.given) < AHEAD_FRAMES + 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert source.given == list(range(AHEAD_FRAMES + 2))
    frames.close()


def test_an_error_comes_with_its_frame_and_again() -> None:
    frames = PrefetchedFrames(CountedFrames())
    for index in range(47, 50):
        frames.frame(index)
    for _ in range(2):
        with pytest.raises(CharacterError, match="frame 50"):
            frames.frame(50)
    assert int(frames.frame(51)[0, 0, 0]) == 51
    frames.close()


def test_an_unforeseen_error_does_not_leave_the_caller_waiting() -> None:
    class Broken(CountedFrames):
        def frame(self, index: int) -> ImageArray:
            raise MemoryError("no room")

    frames = PrefetchedFrames(Broken())
    with pytest.raises(MemoryError, match="no room"):
        frames.frame(0)
    frames.close()


def test_waiting_is_taken_off_the_caller() -> None:
    frames = PrefetchedFrames(CountedFrames(seconds_each=0.02))
    frames.frame(0)
    waited = 0.0
    for index in range(1, 12):
        time.sleep(0.03)
        began = time.perf_counter()
        frames.frame(index)
        waited += time.perf_counter() - began
    frames.close()
    assert waited < 11 * 0.02 * 0.7
