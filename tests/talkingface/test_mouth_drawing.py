"""Where the mouth lies, how light falls into it, and the turn of the models' triangles."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.mouth_drawing import (
    inner_lip_vertices,
    mouth_box,
    mouth_oval,
    teeth_light,
    triangles_in_box,
    with_curvature,
)
from talkingface.triangle_painting import seen_far_to_near
from talkingface.wrap_mesh import load_meshes
from tests.contracts.mouth_scene import scene


def ring(half_width: float, half_height: float, angle_rad: float = 0.0) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    x, y = half_width * np.cos(turn), half_height * np.sin(turn) * np.abs(np.sin(turn))  # corners are pointed
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.stack([100 + x * c - y * s, 80 + x * s + y * c, np.zeros(20)], -1).astype(np.float32)


@pytest.mark.parametrize("angle_rad", [0.0, 0.4, -0.4])
def test_the_oval_lies_on_the_lips_however_tilted(angle_rad: float) -> None:
    lips = ring(40, 15, angle_rad)
    oval = mouth_oval(lips)
    assert oval.centre_px == pytest.approx([100, 80], abs=0.01)
    assert (oval.half_width_px, oval.half_height_px) == pytest.approx((40, 15), abs=0.01)
    assert oval.axis * 40 + oval.centre_px == pytest.approx(lips[0, :2], abs=0.01)
    assert oval.centre_px - oval.axis * 40 == pytest.approx(lips[10, :2], abs=0.01)


def test_less_light_gets_into_a_slit() -> None:
    lights = [mouth_oval(ring(40, height)).slit_light for height in (0.0, 1, 3, 6, 20)]
    assert lights == sorted(lights)
    assert lights[0] < 0.3
    assert lights[-1] == 1


def test_lips_on_one_point_make_an_oval_all_the_same() -> None:
    oval = mouth_oval(np.zeros((20, 3), np.float32))
    assert oval.half_width_px > 0
    assert oval.half_height_px > 0
    assert np.isfinite([*oval.centre_px, *oval.axis]).all()


def test_the_box_holds_the_lips_and_stays_in_the_crop() -> None:
    assert mouth_box(ring(40, 15), 300, 300) == (58, 63, 143, 98)
    assert mouth_box(ring(40, 15), 110, 90) == (58, 63, 110, 90)
    assert mouth_box(ring(40, 15), 50, 300) is None


def test_triangles_in_the_box() -> None:
    points = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [50, 50, 0], [60, 50, 0], [50, 60, 0]], np.float32)
    triangles = np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    assert triangles_in_box(points, triangles, (40, 40, 70, 70)).tolist() == [[3, 4, 5]]
    assert triangles_in_box(points, triangles, (2, 2, 3, 3)).tolist() == [[0, 1, 2]]


def test_teeth_further_back_are_darker() -> None:
    teeth = np.array([[0, 0, 5], [0, 0, 15], [0, 0, 500]], np.float32)
    light = teeth_light(teeth, np.ones(3, np.float32), 40)
    assert light[0] == 1
    assert light[0] > light[1] > light[2] >= 0
    assert len(teeth_light(np.zeros((0, 3), np.float32), np.zeros(0, np.float32), 40)) == 0


def test_the_models_turn_their_outside_to_the_viewer() -> None:
    mouth, meshes = scene(300, opening=1), load_meshes()
    geometry = mouth.geometry
    for points, triangles in (
        (geometry.target_px, meshes.wrap.triangles),
        (geometry.target_px, meshes.wrap.mouth_triangles),
        (geometry.upper_teeth_px, meshes.upper_teeth.triangles),
        (geometry.lower_teeth_px, meshes.lower_teeth.triangles),
    ):
        assert len(seen_far_to_near(points, triangles, (-999, -999, 999, 999))) >= 0.99 * len(triangles)


def test_the_hole_is_bounded_by_the_inner_lips() -> None:
    wrap = load_meshes().wrap
    assert inner_lip_vertices(wrap.mouth_triangles).tolist() == sorted(wrap.inner_lip_rows.tolist())


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (2, 2), (3, 3), (37, 41)])
def test_curvature_is_the_laplacian_of_the_grey_picture(shape: tuple[int, int]) -> None:
    crop = np.random.default_rng(8).integers(0, 256, (*shape, 3), dtype=np.uint8)
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    padded = cv2.copyMakeBorder(grey, 1, 1, 1, 1, cv2.BORDER_REFLECT_101).astype(int)
    around = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:]
    with_it = with_curvature(crop)
    np.testing.assert_array_equal(with_it[..., :3], crop)
    np.testing.assert_array_equal(with_it[..., 3], np.clip(around - 4 * grey.astype(int) + 128, 0, 255))
