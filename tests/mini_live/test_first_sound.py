"""The picture moves while a microphone has not yet given its first sound."""

from __future__ import annotations

import numpy as np
import pytest

from mini_live.audio_file_source import SilenceSource
from mini_live.first_sound import SilentUntilHeard
from talkingface.errors import DeviceError
from talkingface.records import AudioChunk
from tests.mini_live.fakes import FakeClock

BLOCK = 320


class SlowMicrophone:
    """Gives nothing for a while, then blocks of ones, then is gone."""

    lost_samples = 7

    def __init__(self, clock: FakeClock, silent_s: float, blocks: int = 3) -> None:
        self._clock, self._heard_s, self._left = clock, clock.now_s() + silent_s, blocks
        self._position = 0
        self.closed = False

    def read(self, timeout_s: float) -> AudioChunk | None:
        if self._clock.now_s() < self._heard_s:
            self._clock.sleep_s(timeout_s)
            return AudioChunk(np.zeros(0, np.float32), self._position)
        if not self._left:
            raise DeviceError("it is gone")
        self._left -= 1
        self._position += BLOCK
        return AudioChunk(np.ones(BLOCK, np.float32), self._position - BLOCK)

    def close(self) -> None:
        self.closed = True


def test_silence_at_the_pace_of_real_time_then_the_microphone_alone() -> None:
    clock, told = FakeClock(), []
    microphone = SlowMicrophone(clock, silent_s=0.5)
    source = SilentUntilHeard(microphone, SilenceSource(BLOCK, clock), lambda: told.append(clock.now_s()))
    chunks = []
    while not told:
        chunks.append(source.read(0.1))
    silent, heard = chunks[:-1], chunks[-1]
    assert not any(chunk.samples.any() for chunk in silent) and heard.samples.all()
    assert sum(len(chunk.samples) for chunk in silent) == pytest.approx(0.5 * 16_000, abs=BLOCK)
    chunks += [source.read(0.1), source.read(0.1)]
    positions = np.cumsum([0] + [len(chunk.samples) for chunk in chunks[:-1]])
    assert [chunk.start_sample for chunk in chunks] == positions.tolist()
    assert len(told) == 1 and source.lost_samples == 7
    with pytest.raises(DeviceError):
        source.read(0.1)


def test_a_microphone_that_goes_before_its_first_sound_says_so() -> None:
    clock = FakeClock()
    source = SilentUntilHeard(SlowMicrophone(clock, 0.0, blocks=0), SilenceSource(BLOCK, clock), lambda: None)
    with pytest.raises(DeviceError):
        source.read(0.1)


def test_closing_closes_the_microphone() -> None:
    clock = FakeClock()
    microphone = SlowMicrophone(clock, 1.0)
    SilentUntilHeard(microphone, SilenceSource(BLOCK, clock), lambda: None).close()
    assert microphone.closed
