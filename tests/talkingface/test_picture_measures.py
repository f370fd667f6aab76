"""The picture measures give known values on known pictures."""

from pathlib import Path

import numpy as np
import pytest

from talkingface.errors import BadInputError
from talkingface.landmarks import LIPS
from talkingface.mouth_space import MouthSpace
from talkingface.picture_measures import (
    cut,
    frame_change,
    lip_landmark_distance,
    lower_face_box,
    mouth_box,
    psnr,
    sharpness,
    ssim,
    still_steps,
)

SPACE = MouthSpace.load(Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz")


def face_points(scale: float = 200.0) -> np.ndarray:
    return (SPACE.neutral * scale + np.array([150, 120, 0])).astype(np.float32)


def picture(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (60, 80, 3)).astype(np.uint8)


def test_psnr_of_a_constant_error_of_ten_levels() -> None:
    truth = np.full((20, 20, 3), 100, np.uint8)
    assert psnr(truth + 10, truth) == pytest.approx(20 * np.log10(255 / 10))
    assert psnr(truth, truth) == 100.0


def test_ssim_is_one_for_itself_and_falls_with_noise_and_blur() -> None:
    truth = picture()
    noisy = np.clip(truth + np.random.default_rng(1).normal(0, 40, truth.shape), 0, 255).astype(np.uint8)
    assert ssim(truth, truth) == pytest.approx(1.0)
    assert ssim(noisy, truth) < 0.95
    assert abs(ssim(picture(1), truth)) < 0.1


def test_ssim_of_constant_pictures_follows_the_formula() -> None:
    a, b = 100.0, 150.0
    c1 = (0.01 * 255) ** 2
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    flat = np.full((30, 30, 3), 1, np.uint8)
    assert ssim(flat * 100, flat * 150) == pytest.approx(expected, abs=1e-4)


def test_lmd_of_a_shift_is_the_shift_over_face_height() -> None:
    points = face_points(200.0)
    moved = points.copy()
    moved[list(LIPS), 0] += 3
    assert lip_landmark_distance(moved, points) == pytest.approx(3 / 200, rel=1e-3)
    assert lip_landmark_distance(points, points) == 0


def test_sharpness_falls_with_blur() -> None:
    import cv2

    sharp = picture()
    assert sharpness(cv2.GaussianBlur(sharp, (0, 0), 2.0)) < 0.1 * sharpness(sharp)
    assert sharpness(np.full((9, 9, 3), 7, np.uint8)) == 0


def test_still_steps_are_those_without_motion() -> None:
    track = np.repeat(face_points()[None], 4, 0)
    track[2, 14, 1] += 5
    assert still_steps(track).tolist() == [True, False, False]


def test_frame_change_is_the_mean_difference() -> None:
    before = np.full((8, 8, 3), 10, np.uint8)
    assert frame_change(before, before + 4) == 4.0


def test_boxes_hold_the_mouth_and_stay_inside_the_picture() -> None:
    points = face_points()
    lower, mouth = lower_face_box(points, 300, 280), mouth_box(points, 300, 280)
    lips = points[list(LIPS), :2]
    for box in (lower, mouth):
        assert box.x <= lips[:, 0].min() and box.x + box.width >= lips[:, 0].max()
        assert box.y <= lips[:, 1].min() and box.y + box.height >= lips[:, 1].max()
    clipped = lower_face_box(points, 300, 200)
    assert clipped.y + clipped.height <= 200
    assert cut(np.zeros((280, 300, 3), np.uint8), mouth).shape == (mouth.height, mouth.width, 3)


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(BadInputError, match="one size"):
        psnr(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8))
