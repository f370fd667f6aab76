"""Triangles to pixels: every pixel once, values linear."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.triangle_painting import paint_places, paint_values, seen_far_to_near

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


def whole(picture: np.ndarray) -> np.ndarray:
    """Spans of all rows of a picture, (h, 2)."""
    return np.tile(np.array([0, picture.shape[1]]), (len(picture), 1))


@pytest.mark.parametrize("seed", range(4))
def test_a_mesh_covers_every_pixel_exactly_once(seed: int) -> None:
    vertices, triangles = grid(9, 7, 61, 47, seed)
    times = np.zeros((47, 61), int)
    for triangle in triangles:
        painted = np.zeros((47, 61), np.float32)
        paint_values(painted, whole(painted), vertices, triangle[None], np.ones(len(vertices), np.float32))
        times += painted > 0
    assert (times == 1).all()


def test_values_are_linear() -> None:
    vertices, triangles = grid(6, 5, 40, 30, 2)
    picture = np.zeros((30, 40), np.float32)
    paint_values(picture, whole(picture), vertices, triangles, vertices[:, 0] * 2 + vertices[:, 1] * 7)
    y, x = np.mgrid[:30, :40]
    assert np.abs(picture - (2 * x + 7 * y)).max() < 1e-3


def test_pixels_are_those_whose_middle_lies_inside() -> None:
    triangle = np.array([[2.3, 1.2], [17.8, 6.1], [6.4, 18.9]], np.float32)
    picture = np.zeros((20, 20), np.float32)
    paint_values(picture, whole(picture), triangle, ONE_TRIANGLE, np.ones(3, np.float32))
    for y in range(20):
        for x in range(20):
            assert picture[y, x] == (cv2.pointPolygonTest(triangle, (x, y), False) > 0)


def test_nothing_is_painted_beyond_the_spans() -> None:
    points = np.array([[0, 0], [40, 0], [0, 40]], np.float32)
    picture = np.zeros((3, 12), np.float32)
    paint_values(picture, np.array([[2, 5], [12, 0], [0, 1]]), points, ONE_TRIANGLE, np.ones(3, np.float32))
    assert [np.flatnonzero(row).tolist() for row in picture] == [[2, 3, 4], [], [0]]


def test_later_triangles_lie_over_earlier_ones() -> None:
    points = np.array([[0, 0], [20, 0], [0, 20], [0, 0], [10, 0], [0, 10]], np.float32)
    values = np.array([1, 1, 1, 2, 2, 2], np.float32)
    picture = np.zeros((12, 12), np.float32)
    paint_values(picture, whole(picture), points, np.array([[0, 1, 2], [3, 4, 5]], np.int32), values)
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
    picture, places = np.zeros((10, 10), np.float32), np.zeros((10, 10), np.uint64)
    paint_values(picture, whole(picture), points, ONE_TRIANGLE, np.ones(3, np.float32))
    spans = np.tile(np.array([10, 0]), (10, 1))
    paint_places(places, spans, points, points[:, :2], np.full(3, 255, np.float32), ONE_TRIANGLE, 10, 0)
    assert picture.max() == places.max() == 0


def test_the_hidden_and_the_far_come_last_not_at_all() -> None:
    near = [[0, 0, 5], [9, 0, 5], [0, 9, 5], [9, 9, 1]]
    points = np.array([*near, [30, 30, 0], [39, 30, 0], [30, 39, 0]], np.float32)
    triangles = np.array([[1, 3, 2], [0, 1, 2], [0, 2, 1], [4, 5, 6]], np.int32)
    seen = seen_far_to_near(points, triangles, (0, 0, 20, 20))
    assert seen.tolist() == [[0, 1, 2], [1, 3, 2]], (
        "the far one first; neither a back nor what lies beside the box"
    )
