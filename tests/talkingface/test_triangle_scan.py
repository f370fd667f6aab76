"""Triangles to pixels: every pixel once, values linear."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface import triangle_scan
from talkingface.triangle_scan import scan_triangles


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
    return vertices.astype(np.float32), np.array(triangles)


@pytest.mark.parametrize("seed", range(4))
def test_a_mesh_covers_every_pixel_exactly_once(seed: int) -> None:
    vertices, triangles = grid(9, 7, 61, 47, seed)
    scan = scan_triangles(vertices[triangles], 47, 61)
    assert scan.length.sum() == 47 * 61
    painted = np.zeros(47 * 61, np.uint8)
    scan.paint((painted, 1))
    assert painted.all()


def test_values_are_linear_and_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    vertices, triangles = grid(6, 5, 40, 30, 2)
    corners = vertices[triangles]
    values = (corners[..., 0] * 2 + corners[..., 1] * 1j).astype(np.complex64)
    pictures = []
    for chunk in (7, 12_000):
        monkeypatch.setattr(triangle_scan, "CHUNK_PIXELS", chunk)
        picture = np.zeros((30, 40), np.complex64)
        scan_triangles(corners, 30, 40).paint((picture.reshape(-1), values))
        pictures.append(picture)
    y, x = np.mgrid[:30, :40]
    assert np.abs(pictures[0] - (2 * x + 1j * y)).max() < 1e-3
    assert np.array_equal(*pictures)


def test_pixels_are_those_whose_middle_lies_inside() -> None:
    triangle = np.array([[[2.3, 1.2], [17.8, 6.1], [6.4, 18.9]]], np.float32)
    picture = np.zeros((20, 20), np.uint8)
    scan_triangles(triangle, 20, 20).paint((picture.reshape(-1), 1))
    for y in range(20):
        for x in range(20):
            assert picture[y, x] == (cv2.pointPolygonTest(triangle[0], (x, y), False) > 0)


def test_later_triangles_lie_over_earlier_ones() -> None:
    corners = np.array([[[0, 0], [20, 0], [0, 20]], [[0, 0], [10, 0], [0, 10]]], np.float32)
    values = np.array([[1, 1, 1], [2, 2, 2]], np.float32)
    picture = np.zeros((12, 12), np.float32)
    scan_triangles(corners, 12, 12).paint((picture.reshape(-1), values))
    assert picture[2, 2] == 2
    assert picture[9, 9] == 1


def test_triangles_without_area_or_outside_paint_nothing() -> None:
    corners = np.array(
        [
            [[3, 3], [3, 3], [3, 3]],
            [[0, 5], [9, 5], [4, 5]],
            [[-9, 0], [-3, 0], [-5, 8]],
            [[3, 40], [9, 40], [3, 50]],
        ],
        np.float32,
    )
    picture = np.zeros((10, 10), np.float32)
    scan_triangles(corners, 10, 10).paint((picture.reshape(-1), np.ones((4, 3), np.float32)))
    assert picture.max() == 0
    scan_triangles(np.zeros((0, 3, 2), np.float32), 10, 10).paint((picture.reshape(-1), 1.0))
    assert picture.max() == 0
