"""Skin moved with a mesh: from the right place, without blur, and no trace of the frame before."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.skin_painting import ROWS, SkinPainter
from tests.talkingface.test_triangle_painting import ONE_TRIANGLE, grid


@pytest.mark.parametrize("seed", range(3))
def test_skin_is_sampled_where_it_comes_from_and_held_at_the_crops_edge(seed: int) -> None:
    vertices, triangles = grid(9, 7, 80, 60, seed)
    noise = np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    crop = cv2.GaussianBlur(noise, (0, 0), 1.5)
    sources = vertices + np.array([3.5, -2.25], np.float32)
    full = np.full(len(vertices), 255, np.float32)
    picture = SkinPainter().paint(crop, vertices, sources, full, triangles)
    away = np.array([[1, 0, 3.5], [0, 1, -2.25]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    wanted = cv2.warpAffine(crop, away, (80, 60), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    assert (picture[..., 3] == 255).all()
    difference = np.abs(picture[..., :3].astype(int) - wanted)
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) <= 8


def test_coverage_is_linear_and_nothing_is_painted_where_it_is_nothing() -> None:
    points = np.array([[0, 0], [200, 0], [0, 200]], np.float32)
    opacity = np.array([-50, 150, -50], np.float32)
    grey = np.full((50, 100, 3), 128, np.uint8)
    picture = SkinPainter().paint(grey, points, points, opacity, ONE_TRIANGLE)
    expected = np.clip(np.arange(100) - 50, 0, None)
    assert np.abs(picture[..., 3] - expected).max() <= 1
    assert picture[:, :50].max() == 0


def test_a_pixel_of_the_crop_s_last_row_or_column_is_its_own() -> None:
    crop = np.random.default_rng(5).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    points = np.array([[-1, -1], [30, -1], [-1, 30]], np.float32)
    picture = SkinPainter().paint(crop, points, points, np.full(3, 255, np.float32), ONE_TRIANGLE)
    np.testing.assert_array_equal(picture[..., :3], crop)


def test_nothing_is_left_of_the_frame_before() -> None:
    painter, full = SkinPainter(), np.full(3, 255, np.float32)
    random = np.random.default_rng(6)
    crops = random.integers(0, 256, (3, 40, 50, 3), dtype=np.uint8)
    places = random.uniform(-5, 50, (3, 3, 2)).astype(np.float32)
    for crop, points in zip(crops, places, strict=True):
        again = painter.paint(crop, points, points, full, ONE_TRIANGLE)
        alone = SkinPainter().paint(crop, points, points, full, ONE_TRIANGLE)
        np.testing.assert_array_equal(again, alone)
        assert (again[again[..., 3] == 0] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (2, 2)])
def test_a_crop_may_be_a_pixel_wide(shape: tuple[int, int]) -> None:
    crop = np.random.default_rng(7).integers(0, 256, (*shape, 3), dtype=np.uint8)
    points = np.array([[-1, -1], [30, -1], [-1, 30]], np.float32)
    picture = SkinPainter().paint(crop, points, points + 0.25, np.full(3, 255, np.float32), ONE_TRIANGLE)
    assert picture.shape == (*shape, 4)
    assert picture[..., 3].min() == 255


def test_rows_that_are_painted_apart_fit_together() -> None:
    height = 2 * ROWS + 7
    crop = np.random.default_rng(9).integers(0, 256, (height, 40, 3), dtype=np.uint8)
    points = np.array([[-9, -9], [99, -9], [-9, 3 * height], [99, 3 * height]], np.float32)
    triangles = np.array([[0, 1, 2], [1, 3, 2]], np.int32)
    moved = points + np.array([3, -5], np.float32)
    picture = SkinPainter().paint(crop, points, moved, np.full(4, 255, np.float32), triangles)
    np.testing.assert_array_equal(picture[5:, :-3, :3], crop[:-5, 3:])
    assert picture[..., 3].min() == 255
