"""Cubic sampling between frame and patch, beside OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.patch_warping import FINE, lay_change, warped

TILTED = np.array([[1.21, 0.05, 90.3], [-0.05, 1.21, 60.7]])
FLAGS = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP


def picture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 1.2), None, 0, 255, cv2.NORM_MINMAX)


@pytest.mark.parametrize("shift", [(0, 0), (-150, 0), (260, 200), (2000, 0)])
def test_a_patch_is_that_of_opencv(shift: tuple[int, int]) -> None:
    image, place = picture(), TILTED.copy()
    place[:, 2] += shift
    expected = cv2.warpAffine(image, place, (128, 128), flags=FLAGS, borderMode=cv2.BORDER_REPLICATE)
    difference = np.abs(warped(image, place, 128).astype(int) - expected)
    assert difference.max() <= 3
    assert difference.mean() < 0.3


def test_whole_pixels_stay_as_they_are() -> None:
    image = picture(1)
    place = np.array([[1, 0, 20], [0, 1, 30]], float)
    np.testing.assert_array_equal(warped(image, place, 64), image[30:94, 20:84])


def test_extremes_do_not_run_over() -> None:
    board = np.zeros((60, 60, 3), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = 255
    place = np.array([[0.9, 0.1, 3], [-0.1, 0.9, 9]])
    expected = cv2.warpAffine(board, place, (48, 48), flags=FLAGS, borderMode=cv2.BORDER_REPLICATE)
    assert np.abs(warped(board, place, 48).astype(int) - expected).mean() < 4


@pytest.mark.parametrize("is_linear", [False, True])
def test_a_change_is_laid_where_it_belongs(is_linear: bool) -> None:
    random = np.random.default_rng(2)
    change, out = np.zeros((60, 90, 3), np.int16), np.zeros((60, 90), np.uint8)
    change[2:-2, 2:-2] = cv2.GaussianBlur(random.normal(0, 90, (56, 86, 3)), (0, 0), 1.0) * FINE
    out[20:40, 30:60] = 200
    face = picture(3)
    expected = face.astype(float)
    sampling = cv2.INTER_LINEAR if is_linear else cv2.INTER_CUBIC
    carried = cv2.warpAffine(change.astype(np.float32) / FINE, TILTED, (400, 300), flags=sampling)
    taken = cv2.warpAffine(out, TILTED, (400, 300), flags=cv2.INTER_LINEAR)
    expected = np.clip(expected * (1 - taken[..., None] / 255) + carried, 0, 255)
    before = face.copy()
    lay_change(face, change, out, TILTED, is_linear)
    assert np.abs(face - before.astype(int)).max() > 20
    assert np.abs(face - expected).max() < 5
    assert np.abs(face - expected)[70:130, 100:200].mean() < 0.6


def test_what_lies_outside_the_face_is_left_out() -> None:
    change, out = np.full((20, 20, 3), 40, np.int16), np.zeros((20, 20), np.uint8)
    face = picture(4)
    before = face.copy()
    away = TILTED.copy()
    away[:, 2] += 5000
    lay_change(face, change, out, away, False)
    np.testing.assert_array_equal(face, before)
