"""The arithmetic of samples, features and frames, against the equations of its documentation."""

from __future__ import annotations

import numpy as np
import pytest

from talkingface import timing
from talkingface.errors import BadInputError

LENGTHS = sorted({1, 319, 320, 321, 640, 800, 801, 16_000, 40_000, *range(1, 200_000, 7919)})
LOOK_AHEADS_MS = (0, 40, 80, 160)


def test_units_fit_together() -> None:
    assert timing.SAMPLES_PER_FRAME == timing.FEATURES_PER_FRAME * timing.HOP_SAMPLES == 640
    assert timing.FRAME_MS == 40
    assert timing.WINDOW_MS == 50
    assert timing.frame_time_s(25) == 1.0


@pytest.mark.parametrize(
    ("seconds", "frames"),
    [(1.0, 25), (2.5, 62), (3.5, 88), (0.0625, 2), (0.01, 0), (0.0, 0), (3600.0, 90_000)],
)
def test_frame_count_is_round_of_seconds_times_25(seconds: float, frames: int) -> None:
    assert timing.frame_count(int(seconds * 16_000)) == frames


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 48_000])
def test_frame_count_is_the_formula_to_the_last_bit(rate_hz: int) -> None:
    for half_frame in range(1, 3000):
        samples = round(rate_hz * half_frame / 50)
        seconds = samples / rate_hz
        assert timing.frame_count(samples, rate_hz) == round(seconds * 25)
    assert timing.frame_count(36_800) == 57


@pytest.mark.parametrize("samples", LENGTHS)
def test_the_video_is_never_more_than_half_a_frame_off_the_sound(samples: int) -> None:
    assert abs(timing.frame_count(samples) * 640 - samples) <= 320


@pytest.mark.parametrize("look_ahead_ms", LOOK_AHEADS_MS)
def test_a_frame_waits_for_look_ahead_and_window_and_no_longer(look_ahead_ms: int) -> None:
    for frame in (0, 1, 24, 1000):
        wait_samples = timing.samples_needed(frame, look_ahead_ms) - frame * timing.SAMPLES_PER_FRAME
        assert wait_samples * 1000 == (look_ahead_ms + timing.WINDOW_MS) * timing.SAMPLE_RATE


@pytest.mark.parametrize("look_ahead_ms", LOOK_AHEADS_MS)
@pytest.mark.parametrize("samples", LENGTHS)
def test_flushing_brings_out_the_last_frame_and_not_more(samples: int, look_ahead_ms: int) -> None:
    total = samples + timing.flush_samples(samples, look_ahead_ms)
    last = timing.frame_count(samples) - 1
    assert timing.samples_needed(last, look_ahead_ms) <= total
    assert total == samples or timing.samples_needed(last, look_ahead_ms) == total


@pytest.mark.parametrize("look_ahead_ms", LOOK_AHEADS_MS)
def test_samples_needed_agrees_with_counted_features(look_ahead_ms: int) -> None:
    """Count windows over the led-in stream by brute force and compare with the closed form."""
    for frame in (0, 1, 7, 33):
        step = frame + timing.look_ahead_frames(look_ahead_ms)
        last_feature = timing.FEATURES_PER_FRAME * step + 1
        starts = np.arange(last_feature + 1) * timing.HOP_SAMPLES - timing.LEAD_IN_SAMPLES
        assert starts[-1] == step * timing.SAMPLES_PER_FRAME
        assert timing.samples_needed(frame, look_ahead_ms) == starts[-1] + timing.WINDOW_SAMPLES


def test_frames_tile_the_samples() -> None:
    shown = [timing.frame_at_sample(sample) for sample in range(10 * 640)]
    assert shown == sorted(list(range(10)) * 640)


@pytest.mark.parametrize("look_ahead_ms", [-40, 30, 81])
def test_look_ahead_is_a_multiple_of_the_frame(look_ahead_ms: int) -> None:
    with pytest.raises(BadInputError, match=f"multiples of 40 ms, found {look_ahead_ms} ms"):
        timing.look_ahead_frames(look_ahead_ms)
