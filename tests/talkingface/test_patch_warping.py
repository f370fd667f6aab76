"""Cubic sampling between frame and patch, beside OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.patch_warping import lay_change, warp_into

TILTED = np.array([[1.21, 0.05, 90.3], [-0.05, 1.21, 60.7]])
FLAGS = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP


def picture(seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 1.2), None, 0, 255, cv2.NORM_MINMAX)


def warped(image: np.ndarray, place: np.ndarray, side_px: int) -> np.ndarray:
    square = np.zeros((side_px, side_px, 4), np.uint8)
    warp_into(square, image, place)
    return square[..., :3]


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


def patch(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What was painted, what was drawn, how much counts and how much is taken out."""
    random = np.random.default_rng(seed)
    noise = random.integers(0, 256, (2, 128, 128, 4), dtype=np.uint8)
    painted, drawn = (
        cv2.normalize(cv2.GaussianBlur(n, (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX) for n in noise
    )
    mask, out = np.zeros((128, 128), np.uint8), np.zeros((128, 128), np.uint8)
    cv2.ellipse(mask, (60, 70), (45, 25), 12, 0, 360, 255, -1)
    cv2.ellipse(out, (60, 72), (25, 9), 12, 0, 360, 200, -1)
    mask, out = cv2.GaussianBlur(mask, (0, 0), 2), cv2.GaussianBlur(out, (0, 0), 1)
    return np.ascontiguousarray(painted[..., :3]), drawn, mask, out


@pytest.mark.parametrize("is_linear", [False, True])
@pytest.mark.parametrize("place", [TILTED, TILTED * 0.55, np.array([[2.3, 0.4, 40.2], [-0.4, 2.3, 30.8]])])
def test_a_change_is_laid_where_it_belongs(is_linear: bool, place: np.ndarray) -> None:
    painted, drawn, mask, out = patch(2)
    left, top, width, height = cv2.boundingRect(mask)
    face = picture(3)
    share, taken = mask[..., None] / 255, out[..., None] / 255
    change = (painted.astype(np.float32) - drawn[..., :3]) * share + drawn[..., :3] * taken
    sampling = cv2.INTER_LINEAR if is_linear else cv2.INTER_CUBIC
    carried = cv2.warpAffine(change.astype(np.float32), place, (400, 300), flags=sampling)
    kept = 1 - cv2.warpAffine(taken.astype(np.float32), place, (400, 300), flags=cv2.INTER_LINEAR)
    expected = np.clip(face * kept[..., None] + carried, 0, 255)
    before = face.copy()
    around = (left - 1, top - 1, width + 2, height + 2)
    lay_change(face, painted, drawn, mask, out, around, place, is_linear)
    is_meant = np.abs(expected - before).max(2) > 1
    assert is_meant.mean() > 0.005
    assert (face[~is_meant].astype(int) - before[~is_meant]).max() <= 2
    assert np.abs(face - expected).max() < 6, "OpenCV rounds places of linear sampling, too, but elsewhere"
    assert np.abs(face - expected)[is_meant].mean() < 0.6


def test_where_nothing_counts_nothing_changes() -> None:
    painted, drawn, mask, out = patch(3)
    face = picture(4)
    before = face.copy()
    lay_change(face, painted, drawn, np.zeros_like(mask), np.zeros_like(out), (0, 0, 128, 128), TILTED, False)
    lay_change(face, drawn[..., :3].copy(), drawn, mask, np.zeros_like(out), (0, 0, 128, 128), TILTED, False)
    lay_change(face, painted, drawn, mask, out, (50, 50, 3, 2), TILTED, False)
    np.testing.assert_array_equal(face, before)


@pytest.mark.parametrize("turn_rad", [0.0, 0.7, 1.6, 3.1, -2.2])
def test_faces_lie_at_any_angle_and_partly_outside(turn_rad: float) -> None:
    painted, drawn, mask, out = patch(4)
    c, s = 1.3 * np.cos(turn_rad), 1.3 * np.sin(turn_rad)
    place = np.array([[c, -s, 30 - 60 * c + 70 * s], [s, c, 150 - 60 * s - 70 * c]])
    change = (painted.astype(np.float32) - drawn[..., :3]) * (mask[..., None] / 255)
    change += drawn[..., :3] * (out[..., None] / 255)
    carried = cv2.warpAffine(change.astype(np.float32), place, (400, 300), flags=cv2.INTER_CUBIC)
    kept = 1 - cv2.warpAffine(out.astype(np.float32) / 255, place, (400, 300), flags=cv2.INTER_LINEAR)
    face = picture(5)
    expected = np.clip(face * kept[..., None] + carried, 0, 255)
    lay_change(face, painted, drawn, mask, out, (0, 0, 128, 128), place, False)
    assert np.abs(face - expected).max() < 6
    assert np.abs(face - expected).mean() < 0.4


def test_what_lies_outside_the_face_is_left_out() -> None:
    painted, drawn, mask, out = patch(6)
    face = picture(4)
    before = face.copy()
    away = TILTED.copy()
    away[:, 2] += 5000
    lay_change(face, painted, drawn, mask, out, (0, 0, 128, 128), away, False)
    np.testing.assert_array_equal(face, before)
