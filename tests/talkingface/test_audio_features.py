"""Log-mel features: a stream gives what the whole gives, each column hears its own samples, memory stays."""

from __future__ import annotations

import numpy as np
import pytest

from talkingface.audio_features import LOG_MEL_FLOOR, FeatureStream, features_of
from talkingface.timing import HOP_SAMPLES, MEL_BINS, WINDOW_SAMPLES


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32)


@pytest.mark.parametrize("chunk", [1, 160, 441, 640, 4096])
def test_chunks_make_no_difference(sound: np.ndarray, chunk: int) -> None:
    stream = FeatureStream()
    parts = [stream.push(sound[i : i + chunk]) for i in range(0, len(sound), chunk)]
    np.testing.assert_array_equal(np.concatenate(parts), features_of(sound))


def test_a_column_comes_as_soon_as_its_window_has() -> None:
    stream = FeatureStream()
    assert len(stream.push(np.zeros(WINDOW_SAMPLES - HOP_SAMPLES - 1, np.float32))) == 0
    assert stream.push(np.zeros(1, np.float32)).shape == (1, MEL_BINS)
    assert len(stream.push(np.zeros(HOP_SAMPLES - 1, np.float32))) == 0
    assert len(stream.push(np.zeros(1, np.float32))) == 1


def test_a_column_hears_its_own_samples_only(sound: np.ndarray) -> None:
    """Column j covers real samples (j - 1) * 320 to (j - 1) * 320 + 800."""
    changed = sound.copy()
    changed[10 * HOP_SAMPLES] += 0.5
    differs = np.flatnonzero((features_of(changed) != features_of(sound)).any(1))
    # Windows fall to zero at their edges, so the outermost column may not feel it.
    assert set(differs) <= {9, 10, 11}
    assert 10 in differs


def test_digital_silence_is_the_floor() -> None:
    columns = features_of(np.zeros(8000, np.float32))
    assert (columns == np.float32(LOG_MEL_FLOOR)).all()


def test_a_tone_lights_its_own_band() -> None:
    def brightest(hertz: float) -> int:
        wave = 0.1 * np.sin(2 * np.pi * hertz * np.arange(8000) / 16_000)
        return int(features_of(wave.astype(np.float32)).mean(0).argmax())

    bands = [brightest(hertz) for hertz in (200, 500, 1000, 2000, 4000, 7000)]
    assert bands == sorted(set(bands))


def test_long_sound_is_forgotten(sound: np.ndarray) -> None:
    """Ten minutes in small and large pieces give as many columns as there are windows."""
    stream = FeatureStream()
    total = sum(len(stream.push(sound)) for _ in range(400))
    assert total == (400 * len(sound) + HOP_SAMPLES - WINDOW_SAMPLES) // HOP_SAMPLES + 1
