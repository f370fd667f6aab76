"""What every source of sound promises, run on each of them: order, no gaps, one end, a close that may come twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mini_live.audio_file_source import AudioFileSource, LimitedSource, SilenceSource
from mini_live.samples_source import SamplesSource
from talkingface.seams import AudioSource
from tests.mini_live.fakes import FakeClock, babble, write_wav

SECONDS = 1.7
Open = Callable[[Path], AudioSource]


def speech(folder: Path) -> Path:
    return write_wav(folder / "speech.wav", babble(SECONDS))


SOURCES: dict[str, Open] = {
    "file": lambda folder: AudioFileSource(speech(folder), 320),
    "file, odd blocks": lambda folder: AudioFileSource(speech(folder), 441),
    "file in real time": lambda folder: AudioFileSource(speech(folder), 320, FakeClock()),
    "samples": lambda folder: SamplesSource(babble(SECONDS), 441),
    "limited": lambda folder: LimitedSource(AudioFileSource(speech(folder), 320), 10_000),
    "limited silence": lambda folder: LimitedSource(SilenceSource(320, FakeClock()), 9_999),
}
each_source = pytest.mark.parametrize("open_source", SOURCES.values(), ids=SOURCES.keys())


@each_source
def test_chunks_are_float32_mono_in_order_without_gaps(open_source: Open, tmp_path: Path) -> None:
    source = open_source(tmp_path)
    position = 0
    while (chunk := source.read(0.1)) is not None:
        assert chunk.samples.dtype == np.float32
        assert chunk.samples.ndim == 1
        assert chunk.start_sample == position
        assert np.abs(chunk.samples).max(initial=0) <= 1
        position += len(chunk.samples)
    assert position > 0
    source.close()


@each_source
def test_the_end_is_told_for_ever_after(open_source: Open, tmp_path: Path) -> None:
    source = open_source(tmp_path)
    while source.read(0.1) is not None:
        pass
    assert source.read(0.1) is None
    assert source.read(0.0) is None
    source.close()


@each_source
def test_closing_twice_is_fine(open_source: Open, tmp_path: Path) -> None:
    source = open_source(tmp_path)
    source.read(0.1)
    source.close()
    source.close()


def test_a_paced_file_comes_at_the_speed_of_speech(tmp_path: Path) -> None:
    clock = FakeClock()
    source = AudioFileSource(speech(tmp_path), 320, clock)
    begin_s = clock.now_s()
    while source.read(1.0) is not None:
        pass
    assert clock.now_s() - begin_s == pytest.approx(SECONDS, abs=0.021)


def test_a_short_timeout_gives_an_empty_chunk_and_loses_nothing(tmp_path: Path) -> None:
    source = AudioFileSource(speech(tmp_path), 1600, FakeClock())
    empty, heard = 0, []
    while (chunk := source.read(0.03)) is not None:
        empty += len(chunk.samples) == 0
        heard.append(chunk.samples)
    assert empty > 10
    np.testing.assert_allclose(np.concatenate(heard), babble(SECONDS), atol=1e-4)
