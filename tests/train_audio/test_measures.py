"""The measures of audio accuracy, against what is known of made curves."""

from __future__ import annotations

import numpy as np
import pytest

from train_audio.measures import agreement, correlation, lagged_correlation, mean_agreement


@pytest.fixture(scope="module")
def curve() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.convolve(rng.normal(size=300), np.ones(4) / 4, "same").astype(np.float32)


def test_the_same_curve_agrees_wholly(curve: np.ndarray) -> None:
    found = agreement(curve, curve)
    assert found.r0 == pytest.approx(1.0)
    assert found.best_lag == 0
    assert found.amplitude_ratio == pytest.approx(1.0)


@pytest.mark.parametrize("lag", [-5, -2, 1, 3])
def test_lips_that_lead_have_a_positive_lag(curve: np.ndarray, lag: int) -> None:
    tracked = np.roll(curve, -lag)
    found = agreement(curve, tracked)
    assert found.best_lag == lag
    assert lagged_correlation(curve, tracked, lag) > 0.99
    assert found.r0 < 0.9
    assert found.best_r > 0.99


def test_amplitude_is_prediction_over_truth(curve: np.ndarray) -> None:
    assert agreement(0.5 * curve + 3, curve).amplitude_ratio == pytest.approx(0.5, abs=1e-5)
    assert agreement(0.5 * curve + 3, curve).r0 == pytest.approx(1.0)


def test_r_is_that_of_numpy(curve: np.ndarray) -> None:
    other = np.random.default_rng(1).normal(size=len(curve)) + curve
    assert correlation(curve, other) == pytest.approx(np.corrcoef(curve, other)[0, 1])


def test_a_still_curve_agrees_with_nothing(curve: np.ndarray) -> None:
    found = agreement(np.zeros_like(curve), curve)
    assert (found.r0, found.best_r, found.amplitude_ratio) == (0.0, 0.0, 0.0)
    assert agreement(curve, np.zeros_like(curve)).amplitude_ratio == 0.0


def test_lengths_may_differ_and_be_tiny(curve: np.ndarray) -> None:
    assert agreement(curve[:200], curve).r0 == pytest.approx(1.0)
    assert agreement(curve[:2], curve[:2]).r0 == 0.0


def test_means_count_their_clips(curve: np.ndarray) -> None:
    means = mean_agreement([agreement(curve, curve), agreement(-curve, curve)])
    assert means["clips"] == 2
    assert means["r0"] == pytest.approx(0.0, abs=1e-6)
    assert mean_agreement([]) == {"clips": 0}
