"""Triangles to pixels: every pixel once, values linear, skin moved without blur."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.mouth_drawing import with_curvature
from talkingface.triangle_painting import paint_skin, paint_values, seen_far_to_near

ONE_TRIANGLE = np.array([[0, 1, 2]], np.int32)


def grid(columns: int, rows: int, width: int, height: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A crumpled sheet that covers the picture and more: vertices (n, 2) and triangles (t, 3)."""
    random = np.random.default_rng(seed)
    x, y = np.meshgrid(np.linspace(-7, width + 7, columns), np.linspace(-7, height + 7, rows))
    step = min(width / columns, height / rows)
    vertices = np.stack([x, y], -1).reshape(-1, 2) + random.uniform(-0.3, 0.3, (columns * rows, 2)) * step
    triangles = []
    for r in range(rows - 1):
        for c in range(columns - 1):
            a = r * columns + c
            triangles += [(a, a + 1, a + columns), (a + 1, a + columns + 1, a + columns)]
    return vertices.astype(np.float32), np.array(triangles, np.int32)


@pytest.mark.parametrize("seed", range(4))
def test_a_mesh_covers_every_pixel_exactly_once(seed: int) -> None:
    vertices, triangles = grid(9, 7, 61, 47, seed)
    times = np.zeros((47, 61), int)
    for triangle in triangles:
        painted = np.zeros((47, 61), np.float32)
        paint_values(painted, vertices, triangle[None], np.ones(len(vertices), np.float32))
        times += painted > 0
    assert (times == 1).all()


def test_values_are_linear() -> None:
    vertices, triangles = grid(6, 5, 40, 30, 2)
    picture = np.zeros((30, 40), np.float32)
    paint_values(picture, vertices, triangles, vertices[:, 0] * 2 + vertices[:, 1] * 7)
    y, x = np.mgrid[:30, :40]
    assert np.abs(picture - (2 * x + 7 * y)).max() < 1e-3


def test_pixels_are_those_whose_middle_lies_inside() -> None:
    triangle = np.array([[2.3, 1.2], [17.8, 6.1], [6.4, 18.9]], np.float32)
    picture = np.zeros((20, 20), np.float32)
    paint_values(picture, triangle, ONE_TRIANGLE, np.ones(3, np.float32))
    for y in range(20):
        for x in range(20):
            assert picture[y, x] == (cv2.pointPolygonTest(triangle, (x, y), False) > 0)


def test_later_triangles_lie_over_earlier_ones() -> None:
    points = np.array([[0, 0], [20, 0], [0, 20], [0, 0], [10, 0], [0, 10]], np.float32)
    values = np.array([1, 1, 1, 2, 2, 2], np.float32)
    picture = np.zeros((12, 12), np.float32)
    paint_values(picture, points, np.array([[0, 1, 2], [3, 4, 5]], np.int32), values)
    assert picture[2, 2] == 2
    assert picture[9, 9] == 1


@pytest.mark.parametrize(
    "corners",
    [
        [[3, 3], [3, 3], [3, 3]],
        [[0, 5], [9, 5], [4, 5]],
        [[-9, 0], [-3, 0], [-5, 8]],
        [[3, 40], [9, 40], [3, 50]],
        [[1e9, 1e9], [-1e9, 1e9], [0, 1e9]],
    ],
)
def test_triangles_without_area_or_outside_paint_nothing(corners: list[list[float]]) -> None:
    points = np.array(corners, np.float32)
    picture, skin = np.zeros((10, 10), np.float32), np.zeros((10, 10, 4), np.uint8)
    paint_values(picture, points, ONE_TRIANGLE, np.ones(3, np.float32))
    full = np.full(3, 255, np.float32)
    paint_skin(skin, np.full((10, 10, 4), 99, np.uint8), points, points, full, ONE_TRIANGLE)
    assert picture.max() == skin.max() == 0


@pytest.mark.parametrize("seed", range(3))
def test_skin_is_sampled_where_it_comes_from_and_held_at_the_crops_edge(seed: int) -> None:
    vertices, triangles = grid(9, 7, 80, 60, seed)
    noise = np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8)
    crop = cv2.GaussianBlur(noise, (0, 0), 1.5)
    sources = vertices + np.array([3.5, -2.25], np.float32)
    picture = np.zeros((60, 80, 4), np.uint8)
    full = np.full(len(vertices), 255, np.float32)
    paint_skin(picture, with_curvature(crop), vertices, sources, full, triangles)
    away = np.array([[1, 0, 3.5], [0, 1, -2.25]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    wanted = cv2.warpAffine(crop, away, (80, 60), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    assert (picture[..., 3] == 255).all()
    difference = np.abs(picture[..., :3].astype(int) - wanted)
    assert difference.mean() < 1.5
    assert np.percentile(difference, 99) <= 8


def test_coverage_is_linear_and_nothing_is_painted_where_it_is_nothing() -> None:
    points = np.array([[0, 0], [200, 0], [0, 200]], np.float32)
    picture = np.zeros((50, 100, 4), np.uint8)
    opacity = np.array([-50, 150, -50], np.float32)
    paint_skin(picture, np.full((50, 100, 4), 128, np.uint8), points, points, opacity, ONE_TRIANGLE)
    expected = np.clip(np.arange(100) - 50, 0, None)
    assert np.abs(picture[..., 3] - expected).max() <= 1
    assert picture[:, :50].max() == 0


def test_the_hidden_and_the_far_come_last_not_at_all() -> None:
    near = [[0, 0, 5], [9, 0, 5], [0, 9, 5], [9, 9, 1]]
    points = np.array([*near, [30, 30, 0], [39, 30, 0], [30, 39, 0]], np.float32)
    triangles = np.array([[1, 3, 2], [0, 1, 2], [0, 2, 1], [4, 5, 6]], np.int32)
    seen = seen_far_to_near(points, triangles, (0, 0, 20, 20))
    assert seen.tolist() == [[0, 1, 2], [1, 3, 2]], (
        "the far one first; neither a back nor what lies beside the box"
    )
