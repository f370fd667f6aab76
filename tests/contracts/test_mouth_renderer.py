"""The contract of MouthRenderer, run on every implementation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from mini_live.gl.mouth_renderer import GlMouthRenderer
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.errors import BadInputError, GraphicsError
from talkingface.seams import MouthRenderer
from talkingface.wrap_mesh import load_meshes
from tests.contracts.mouth_scene import LOOK, closed, hole, scene, skin


@pytest.fixture(scope="module", params=["gl", "cpu"])
def renderer(request: pytest.FixtureRequest) -> Iterator[MouthRenderer]:
    built = build(request.param)
    yield built
    built.close()


def build(kind: str) -> MouthRenderer:
    if kind == "cpu":
        return CpuMouthRenderer(load_meshes(), LOOK)
    try:
        return GlMouthRenderer(load_meshes(), LOOK)
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")


def test_a_picture_of_the_crops_size_with_coverage(renderer: MouthRenderer) -> None:
    mouth = scene(240, opening=2)
    drawn = renderer.render(mouth.crop, mouth.geometry)
    assert drawn.shape == (240, 240, 4)
    assert drawn.dtype == np.uint8
    assert drawn.flags.writeable


def test_a_still_mouth_gives_the_skin_back(renderer: MouthRenderer) -> None:
    mouth = scene(240, is_still=True)
    drawn = renderer.render(mouth.crop, mouth.geometry)
    inside = (drawn[..., 3] == 255) & ~hole(mouth, -2)
    assert inside.mean() > 0.3
    difference = np.abs(drawn[..., :3].astype(int) - mouth.crop)[inside]
    assert difference.max() <= 2
    assert difference.mean() < 0.5


def test_skin_moves_by_whole_pixels_without_change(renderer: MouthRenderer) -> None:
    mouth = scene(240, is_still=True)
    moved = replace(mouth.geometry, target_px=mouth.geometry.target_px + np.array([5, -3, 0], np.float32))
    drawn = renderer.render(mouth.crop, moved)
    expected = np.roll(mouth.crop, (-3, 5), axis=(0, 1))
    inside = drawn[..., 3] == 255
    inside &= ~np.roll(hole(mouth, -2), (-3, 5), axis=(0, 1))
    inside[-4:], inside[:, :6] = False, False
    assert np.abs(drawn[..., :3].astype(int) - expected)[inside].max() <= 2


@pytest.mark.parametrize("shift", [(0.5, 0.5), (0.0, 0.5), (0.3, -0.2)])
def test_skin_that_moves_by_part_of_a_pixel_stays_sharp(
    renderer: MouthRenderer, shift: tuple[float, float]
) -> None:
    mouth = scene(240, is_still=True)
    noise = np.random.default_rng(3).integers(60, 200, (240, 240, 3), dtype=np.uint8)
    crop = cv2.GaussianBlur(noise, (0, 0), 1.1)
    moved = replace(mouth.geometry, target_px=mouth.geometry.target_px + np.array([*shift, 0], np.float32))
    drawn = renderer.render(crop, moved)
    away = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    linear = cv2.warpAffine(crop, away, (240, 240), flags=cv2.INTER_LINEAR)
    cubic = cv2.warpAffine(crop, away, (240, 240), flags=cv2.INTER_CUBIC)
    inside = cv2.erode((drawn[..., 3] == 255).astype(np.uint8), np.ones((9, 9))).astype(bool) & ~hole(
        mouth, -6
    )
    assert 0.9 < sharpness(drawn, inside) / sharpness(cubic, inside) < 1.15
    assert sharpness(drawn, inside) > 1.1 * sharpness(linear, inside)
    assert np.abs(drawn[..., :3].astype(int) - cubic)[inside].mean() < 2


def sharpness(picture: np.ndarray, inside: np.ndarray) -> float:
    grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[inside].var())


def test_input_is_not_changed(renderer: MouthRenderer) -> None:
    mouth = scene(200, opening=2)
    crop, target = mouth.crop.copy(), mouth.geometry.target_px.copy()
    mouth.crop.flags.writeable = False
    renderer.render(mouth.crop, mouth.geometry)
    assert np.array_equal(mouth.crop, crop)
    assert np.array_equal(mouth.geometry.target_px, target)


def test_a_part_of_a_frame_is_taken_as_it_lies(renderer: MouthRenderer) -> None:
    mouth = scene(200, opening=2)
    frame = skin(320, 400)
    view = frame[50:250, 100:300]
    whole = renderer.render(np.ascontiguousarray(view), mouth.geometry)
    assert np.array_equal(renderer.render(view, mouth.geometry), whole)


def test_coverage_is_zero_outside_and_full_inside(renderer: MouthRenderer) -> None:
    mouth = scene(240, opening=1)
    coverage = renderer.render(mouth.crop, mouth.geometry)[..., 3]
    points = mouth.geometry.target_px
    rows, columns = np.mgrid[:240, :240]
    outside = (columns < points[:, 0].min() - 1) | (columns > points[:, 0].max() + 1)
    outside |= (rows < points[:, 1].min() - 1) | (rows > points[:, 1].max() + 1)
    assert outside.any()
    assert coverage[outside].max() == 0
    assert coverage[hole(mouth, -6)].min() == 255


def test_closed_lips_show_no_cavity(renderer: MouthRenderer) -> None:
    mouth = closed(scene(240, is_still=True))
    drawn = renderer.render(mouth.crop, mouth.geometry)
    near = hole(mouth, -4)
    assert drawn[near][:, 3].min() == 255
    assert drawn[near][:, :3].min() >= 85, (
        "the skin is nowhere darker than 90, the cavity nowhere brighter than 77"
    )


def test_open_lips_show_teeth_and_cavity_and_no_skin(renderer: MouthRenderer) -> None:
    mouth = scene(300, opening=3)
    drawn = renderer.render(mouth.crop, mouth.geometry).astype(int)
    inside = drawn[hole(mouth, 1)]
    assert len(inside) > 300
    is_cavity = (inside[:, :3] <= np.round(LOOK.cavity * 255) + 2).all(1)
    grey = np.ptp(inside[:, :3], axis=1) <= 40
    is_teeth = grey & ~is_cavity & (inside[:, 0] > 60)
    assert is_cavity.mean() > 0.1
    assert is_teeth.mean() > 0.05
    assert inside[:, 3].min() == 255


def test_teeth_and_cavity_are_never_drawn_over_skin(renderer: MouthRenderer) -> None:
    mouth = scene(300, opening=3, is_still=True)
    drawn = renderer.render(mouth.crop, mouth.geometry)
    skin_only = (drawn[..., 3] == 255) & ~hole(mouth, -2)
    assert np.abs(drawn[..., :3].astype(int) - mouth.crop)[skin_only].max() <= 2


def test_upper_teeth_hide_lower_teeth_that_lie_behind(renderer: MouthRenderer) -> None:
    mouth = scene(300, opening=3)
    geometry = mouth.geometry
    shift = np.array([0, 0, 1000], np.float32)
    without_lower = replace(
        geometry, lower_teeth_px=geometry.lower_teeth_px + np.array([0, 5000, 0], np.float32)
    )
    over_upper = geometry.upper_teeth_px[:, 1].mean() - geometry.lower_teeth_px[:, 1].mean()
    behind = geometry.lower_teeth_px + np.array([0, over_upper, 0], np.float32) + shift
    upper_alone = renderer.render(mouth.crop, without_lower)
    both = renderer.render(mouth.crop, replace(geometry, lower_teeth_px=behind))
    is_upper = (upper_alone[..., :3].min(-1) > 100) & hole(mouth, 2)
    assert is_upper.sum() > 30
    assert np.abs(both.astype(int) - upper_alone)[is_upper].mean() < 6


@pytest.mark.parametrize("side", [64, 257, 120])
def test_crops_of_any_size_one_after_the_other(renderer: MouthRenderer, side: int) -> None:
    mouth = scene(side, opening=2, roll_rad=0.3)
    assert renderer.render(mouth.crop, mouth.geometry).shape == (side, side, 4)


def test_the_same_input_gives_the_same_picture(renderer: MouthRenderer) -> None:
    mouth, other = scene(240, opening=2), scene(240, opening=0, yaw_rad=0.5)
    first = renderer.render(mouth.crop, mouth.geometry)
    renderer.render(other.crop, other.geometry)
    assert np.array_equal(renderer.render(mouth.crop, mouth.geometry), first)


def test_a_face_outside_the_crop_draws_nothing(renderer: MouthRenderer) -> None:
    mouth = scene(160, opening=2)
    away = np.array([4000, 0, 0], np.float32)
    geometry = replace(
        mouth.geometry,
        target_px=mouth.geometry.target_px + away,
        upper_teeth_px=mouth.geometry.upper_teeth_px + away,
        lower_teeth_px=mouth.geometry.lower_teeth_px + away,
    )
    assert renderer.render(mouth.crop, geometry)[..., 3].max() == 0


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((64, 64), np.uint8),
        np.zeros((64, 64, 3), np.float32),
        np.zeros((0, 64, 3), np.uint8),
    ],
)
def test_wrong_crops_are_named(renderer: MouthRenderer, crop: np.ndarray) -> None:
    with pytest.raises(BadInputError, match=r"expected a crop .* found"):
        renderer.render(crop, scene(64).geometry)


@pytest.mark.parametrize("name", ["source_px", "target_px", "upper_teeth_px", "lower_teeth_px"])
def test_wrong_geometry_is_named(renderer: MouthRenderer, name: str) -> None:
    mouth = scene(64)
    right = getattr(mouth.geometry, name)
    holed = right.copy()
    holed[3, 1] = np.nan
    for wrong in (right[:-1], right.astype(int), holed):
        with pytest.raises(BadInputError, match=f"expected .*{name}.* found"):
            renderer.render(mouth.crop, replace(mouth.geometry, **{name: wrong}))


@pytest.mark.parametrize("kind", ["gl", "cpu"])
def test_close_twice_and_never_draw_again(kind: str) -> None:
    mouth, renderer = scene(64), build(kind)
    renderer.render(mouth.crop, mouth.geometry)
    renderer.close()
    renderer.close()
    with pytest.raises(GraphicsError, match="closed"):
        renderer.render(mouth.crop, mouth.geometry)


def test_it_wears_another_persons_teeth(renderer: MouthRenderer) -> None:
    mouth = scene(240, opening=24)
    first = renderer.render(mouth.crop, mouth.geometry)
    renderer.wear(replace(LOOK, teeth=np.array([0.1, 0.9, 0.1], np.float32)))
    other = renderer.render(mouth.crop, mouth.geometry)
    renderer.wear(LOOK)
    again = renderer.render(mouth.crop, mouth.geometry)
    assert (other[..., 1].astype(int) - other[..., 0]).max() > 60
    np.testing.assert_array_equal(first, again)
