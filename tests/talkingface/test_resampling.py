"""The stream resampler: no seams between chunks, tones in their place, nothing folded back."""

from __future__ import annotations

import numpy as np
import pytest

from talkingface.errors import BadAudioError
from talkingface.resampling import StreamResampler


def resampled(samples: np.ndarray, rate: int, chunk: int) -> np.ndarray:
    resampler = StreamResampler(rate)
    parts = [resampler.push(samples[i : i + chunk]) for i in range(0, len(samples), chunk)]
    return np.concatenate([*parts, resampler.finish()])


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("chunk", [1, 441, 4096])
def test_chunks_make_no_difference(rate: int, chunk: int) -> None:
    samples = np.random.default_rng(0).normal(0, 0.1, rate // 10).astype(np.float32)
    np.testing.assert_array_equal(resampled(samples, rate, chunk), resampled(samples, rate, len(samples)))


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_a_tone_stays_a_tone_in_its_place(rate: int) -> None:
    time_s = np.arange(rate) / rate
    out = resampled((0.5 * np.sin(2 * np.pi * 300 * time_s)).astype(np.float32), rate, 480)
    assert abs(len(out) - 16_000) <= 2
    expected = 0.5 * np.sin(2 * np.pi * 300 * np.arange(len(out)) / 16_000)
    np.testing.assert_allclose(out[1000:-1000], expected[1000:-1000], atol=0.003)


def test_what_lies_above_8_khz_does_not_fold_back() -> None:
    time_s = np.arange(48_000) / 48_000
    out = resampled(np.sin(2 * np.pi * 11_000 * time_s).astype(np.float32), 48_000, 480)
    assert np.abs(out[500:-500]).max() < 0.003


@pytest.mark.parametrize("rate", [0, -1, 3_999, 1_000_000])
def test_impossible_rates_are_refused(rate: int) -> None:
    with pytest.raises(BadAudioError, match="sample rate"):
        StreamResampler(rate)
