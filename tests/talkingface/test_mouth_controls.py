"""A user's settings of the mouth: gain, smoothing, attack, hold and their limits."""

from __future__ import annotations

import numpy as np
import pytest

from talkingface.errors import BadInputError
from talkingface.mouth_controls import ControlledMouth, MouthControls


def shown(controls: MouthControls, openings: list[float]) -> np.ndarray:
    mouth = np.array(openings, np.float32)[:, None] * np.array([1.0, -0.5], np.float32)
    return ControlledMouth(controls).apply(mouth)[:, 0]


STEP = [0.0] * 3 + [1.0] * 10 + [0.0] * 15


def test_defaults_change_nothing() -> None:
    np.testing.assert_array_equal(shown(MouthControls(), STEP), np.array(STEP, np.float32))


@pytest.mark.parametrize("gain", [0.0, 0.5, 2.0])
def test_gain_scales_every_coefficient(gain: float) -> None:
    np.testing.assert_allclose(shown(MouthControls(gain=gain), STEP), gain * np.array(STEP))


def test_smoothing_takes_the_corners_off_and_ends_at_rest() -> None:
    curve = shown(MouthControls(smoothing=0.6), STEP)
    assert np.abs(np.diff(curve)).max() < 0.5
    assert curve[12] > 0.95
    assert curve[-1] == 0.0


def test_attack_opens_slowly_and_closes_at_once() -> None:
    curve = shown(MouthControls(attack_ms=200), STEP)
    assert 0 < curve[3] < 0.5 < curve[8] < 1.0
    assert curve[13] == 0.0


def test_hold_keeps_a_wide_mouth() -> None:
    curve = shown(MouthControls(hold_ms=120), STEP)
    np.testing.assert_allclose(curve[3:16], 1.0)
    assert curve[16] == 0.0


def test_chunks_make_no_difference() -> None:
    controls = MouthControls(gain=1.3, smoothing=0.4, attack_ms=80, hold_ms=80)
    mouth = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    whole = ControlledMouth(controls).apply(mouth)
    stream = ControlledMouth(controls)
    parts = [stream.apply(mouth[i : i + 7]) for i in range(0, 40, 7)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gain", 2.1),
        ("gain", -0.1),
        ("smoothing", 1.0),
        ("hold_ms", -1),
        ("sound_offset_ms", 301),
        ("gain", np.nan),
    ],
)
def test_settings_outside_their_limits_are_refused(name: str, value: float) -> None:
    with pytest.raises(BadInputError, match=name.split("_")[0]):
        MouthControls(**{name: value})


def test_smoothing_begins_where_the_mouth_is_and_not_where_it_was_smoothed_last() -> None:
    controlled = ControlledMouth(MouthControls(smoothing=0.9))
    controlled.apply(np.full((50, 2), 5.0, np.float32))
    controlled.set_controls(MouthControls())
    controlled.apply(np.zeros((50, 2), np.float32))
    controlled.set_controls(MouthControls(smoothing=0.9))
    np.testing.assert_array_equal(controlled.apply(np.zeros((5, 2), np.float32)), 0.0)
