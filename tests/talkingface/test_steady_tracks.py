"""Steady tracks: less jitter, no lag, holes closed, leaps mended, and what the mouth really did kept."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from talkingface.landmarks import lip_opening
from talkingface.preparation.steady_tracks import _savgol, analyse, close_lips, mend
from talkingface.tracking import FaceTrack
from tests.made_faces import face_track, head_pose, mouth_space, opening_coefficients, swaying

JITTER_PX = 0.35


def shaken(track: FaceTrack, seed: int = 0) -> FaceTrack:
    """Add the jitter of a tracker, which is alike in neighbouring landmarks."""
    random = np.random.default_rng(seed)
    own = random.normal(0, JITTER_PX, track.points.shape)
    shared = random.normal(0, JITTER_PX, (len(track.points), 1, 3))
    return FaceTrack((track.points + 0.6 * own + 0.6 * shared).astype(np.float32), track.found, 25.0)


def plosives(frames: int) -> NDArray[np.float64]:
    """Return a talking mouth: syllables of 200 ms with full closures of 80 ms between some."""
    time_s = np.arange(frames) / 25
    opening = 0.05 * np.abs(np.sin(2 * np.pi * 2.5 * time_s)) ** 0.7
    opening[np.arange(frames) % 25 < 2] = 0
    return opening


def test_a_shut_mouth_stays_shut() -> None:
    analysis = analyse(shaken(face_track(swaying(120))), mouth_space())
    assert analysis.opening.std() <= 0.002
    assert lip_opening(analysis.points_px).std() <= 0.002


def test_jitter_is_halved_and_nothing_lags() -> None:
    truth = face_track(swaying(120))
    raw = shaken(truth)
    steady = analyse(raw, mouth_space()).points_px
    inside = slice(8, -8)
    error = [
        np.abs(points[inside, :, :2] - truth.points[inside, :, :2]).mean() for points in (raw.points, steady)
    ]
    assert error[1] < 0.6 * error[0]
    head = truth.points[:, 1, 0]
    found = steady[:, 1, 0]
    mismatch = [np.abs(found[10 + lag : 110 + lag] - head[10:110]).mean() for lag in (-2, -1, 0, 1, 2)]
    assert int(np.argmin(mismatch)) == 2


def test_a_talking_mouth_keeps_its_closures_and_its_width() -> None:
    opened = plosives(150)
    truth = face_track(swaying(150), opened)
    real = lip_opening(truth.points)
    found = lip_opening(analyse(shaken(truth), mouth_space()).points_px)
    assert np.corrcoef(real, found)[0, 1] > 0.95
    assert found.std() == pytest.approx(real.std(), rel=0.15)
    shut = opened == 0
    assert found[shut].mean() < real[shut].mean() + 0.012


def test_missing_faces_are_interpolated_and_marked() -> None:
    track = face_track(swaying(60))
    found = track.found.copy()
    found[[0, 20, 21, 22, 23, 24, 59]] = False
    points = np.where(found[:, None, None], track.points, 0)
    whole, mended = mend(points, found)
    np.testing.assert_array_equal(mended, ~found)
    np.testing.assert_allclose(whole[20:25], track.points[20:25], atol=2.0)
    np.testing.assert_array_equal(whole[0], whole[1])
    np.testing.assert_array_equal(whole[59], whole[58])


def test_a_leap_to_somewhere_else_and_back_is_mended() -> None:
    track = face_track(swaying(60))
    points = track.points.copy()
    points[30] += 60
    whole, mended = mend(points, track.found)
    assert np.flatnonzero(mended).tolist() == [30]
    np.testing.assert_allclose(whole[30], track.points[30], atol=2.0)


def test_a_fast_head_is_no_leap() -> None:
    poses = [head_pose(100 + 8 * k) for k in range(20)]
    _, mended = mend(face_track(poses).points, np.ones(20, bool))
    assert not mended.any()


def test_rest_is_found_below_a_talking_mouth() -> None:
    analysis = analyse(face_track(swaying(100), plosives(100)), mouth_space())
    expected = float(lip_opening(mouth_space().neutral))
    assert float(lip_opening(analysis.neutral)) == pytest.approx(expected, abs=0.006)
    for pose, points in zip(analysis.poses, analysis.points_px, strict=True):
        rebuilt = pose.to_head(points) - analysis.neutral
        assert np.abs(rebuilt[[10, 33, 263]]).max() < 0.02


def test_lips_that_never_shut_are_shut() -> None:
    space = mouth_space()
    smiling = space.neutral + space.displacement(opening_coefficients(0.06))
    assert float(lip_opening(smiling)) > 0.04
    shut = close_lips(smiling, space)
    assert float(lip_opening(shut)) == pytest.approx(0.004, abs=0.004)
    np.testing.assert_array_equal(close_lips(space.neutral, space), space.neutral)


@pytest.mark.parametrize("frames", [1, 2, 3, 6])
def test_very_short_tracks(frames: int) -> None:
    track = face_track(swaying(frames))
    analysis = analyse(track, mouth_space())
    np.testing.assert_allclose(analysis.points_px[..., :2], track.points[..., :2], atol=3.0)


@pytest.mark.parametrize(("window", "order"), [(17, 1), (7, 2), (3, 1)])
@pytest.mark.parametrize("rows", [3, 4, 7, 40])
def test_the_smoothing_is_that_of_savitzky_and_golay(window: int, order: int, rows: int) -> None:
    from scipy.signal import savgol_filter

    signal = np.random.default_rng(1).normal(size=(rows, 5))
    fitting = min(window, rows - (rows + 1) % 2)
    if fitting > order:
        expected = savgol_filter(signal, fitting, order, axis=0, mode="interp")
        np.testing.assert_allclose(_savgol(signal, window, order), expected, atol=1e-9)
