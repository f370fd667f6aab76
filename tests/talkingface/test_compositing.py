"""Laying drawn and painted mouths onto frames."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from talkingface.compositing import (
    FEATHER_PX,
    LIP_MARGIN_PX,
    blend_drawn,
    cut_patch,
    guide_patch,
    lay_patch,
    mouth_mask,
    paint_mask,
)
from talkingface.face_rig import PATCH_PX, FaceRig
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, HeadPose, MouthGeometry
from talkingface.wrap_mesh import load_meshes

CHECKPOINT = Path(__file__).parents[2] / "checkpoint" / "mouth_space.npz"


def rig_and_geometry(opening: float, scale_px: float = 300.0) -> tuple[FaceRig, MouthGeometry]:
    space = MouthSpace.load(CHECKPOINT)
    rig = FaceRig(space, load_meshes(), space.neutral)
    pose = HeadPose(np.eye(3, dtype=np.float32), scale_px, np.array([200, 60, 0], np.float32))
    wanted = np.zeros(space.coefficient_count, np.float32)
    wanted[0] = opening
    crop = CropRectangle(0, 0, 400, 400)
    return rig, rig.geometry(pose.to_pixels(space.neutral), pose, wanted, crop)


def smooth_image(seed: int, height: int = 400, width: int = 400) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height // 20, width // 20, 3), np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)


def test_blend_follows_coverage() -> None:
    crop, over = smooth_image(1), smooth_image(2)
    alpha = np.zeros((400, 400, 1), np.uint8)
    alpha[100:200], alpha[200:300] = 128, 255
    before = crop.copy()
    result = blend_drawn(crop, np.concatenate([over, alpha], -1)).astype(int)
    np.testing.assert_array_equal(crop, before)
    np.testing.assert_array_equal(result[:100], crop[:100])
    np.testing.assert_array_equal(result[200:300], over[200:300])
    mixed = crop[100:200] * (127 / 255) + over[100:200] * (128 / 255)
    assert np.abs(result[100:200] - mixed).max() <= 1


def test_guide_mask_grows_with_the_mouth_and_is_empty_when_closed() -> None:
    face = smooth_image(3)
    areas = []
    for opening in (0.0, 1.5, 3.0):
        rig, geometry = rig_and_geometry(opening)
        guide = guide_patch(face, geometry, rig.meshes.wrap)
        assert guide.shape == (PATCH_PX, PATCH_PX, 4)
        areas.append(float((guide[..., 3] / 255).sum()))
    assert areas[0] < 0.02 * PATCH_PX**2 < areas[1] < areas[2]


def test_unchanged_patch_leaves_the_face_alone() -> None:
    rig, geometry = rig_and_geometry(2.0)
    face = smooth_image(4)
    before = face.copy()
    guide = guide_patch(face, geometry, rig.meshes.wrap)
    lay_patch(face, guide, guide[..., :3].copy(), paint_mask(geometry, rig.meshes.wrap), geometry)
    np.testing.assert_array_equal(face, before)


@pytest.mark.parametrize("scale_px", [150.0, 300.0])
def test_painted_colour_arrives_at_the_mouth_and_nowhere_else(scale_px: float) -> None:
    rig, geometry = rig_and_geometry(2.0, scale_px)
    face = np.full((400, 400, 3), 90, np.uint8)
    guide = guide_patch(face, geometry, rig.meshes.wrap)
    painted = np.full((PATCH_PX, PATCH_PX, 3), 150, np.uint8)
    lay_patch(face, guide, painted, paint_mask(geometry, rig.meshes.wrap), geometry)
    x, y = geometry.target_px[rig.meshes.wrap.inner_lip_rows, :2].mean(0).round().astype(int)
    assert np.abs(face[y, x].astype(int) - 150).max() <= 2
    corners = geometry.patch_to_crop @ np.array([[-2, 130], [-2, 130], [1, 1]])
    outside = np.ones(face.shape[:2], bool)
    (x0, x1), (y0, y1) = corners[0].astype(int), corners[1].astype(int)
    outside[y0:y1, x0:x1] = False
    assert (face[outside] == 90).all()
    edge = np.abs(np.diff(face[y0 - 5 : y1 + 5].astype(int), axis=0)).max()
    assert edge < 30, "the paste is feathered"


def test_patch_partly_outside_the_crop_is_accepted() -> None:
    rig, geometry = rig_and_geometry(1.0)
    shifted = geometry.patch_to_crop.copy()
    shifted[:, 2] = -60
    moved = MouthGeometry(
        geometry.source_px,
        geometry.target_px - 250,
        geometry.upper_teeth_px,
        geometry.lower_teeth_px,
        shifted,
        0.0,
    )
    face = smooth_image(5)
    guide = guide_patch(face, moved, rig.meshes.wrap)
    lay_patch(face, guide, 255 - guide[..., :3], paint_mask(moved, rig.meshes.wrap), moved)
    gone = shifted.copy()
    gone[:, 2] = 5000
    far = MouthGeometry(
        moved.source_px, moved.target_px, moved.upper_teeth_px, moved.lower_teeth_px, gone, 0.0
    )
    before = face.copy()
    lay_patch(face, guide, 255 - guide[..., :3], paint_mask(geometry, rig.meshes.wrap), far)
    np.testing.assert_array_equal(face, before)


def test_large_faces_are_sampled_without_aliasing() -> None:
    checker = (np.indices((1200, 1200)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, 2)
    patch = cut_patch(checker, np.array([[4.3, 0, 300], [0, 4.3, 300]], np.float32))
    assert patch.std() < 12


@pytest.mark.parametrize("opening", [0.0, 1.5, 3.0])
def test_the_paint_mask_is_the_lips_grown_and_feathered(opening: float) -> None:
    rig, geometry = rig_and_geometry(opening)
    wrap = rig.meshes.wrap
    reach = 2 * LIP_MARGIN_PX + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    grown = cv2.dilate(mouth_mask(geometry, wrap.outer_lip_rows), disc)
    plain = cv2.GaussianBlur(grown, (0, 0), FEATHER_PX / 2).astype(int)
    mask = paint_mask(geometry, wrap).astype(int)
    inside = slice(12, -12)
    assert np.abs(mask - plain)[inside, inside].max() <= 24
    assert np.abs(mask - plain).mean() < 4
    assert mask[:3].max() == mask[:, :3].max() == mask[-3:].max() == mask[:, -3:].max() == 0
    assert np.abs(np.diff(mask, axis=1)).max() < 50, "the patch's border fades, too"


def test_repainted_teeth_take_the_drawn_lines_out() -> None:
    rig, geometry = rig_and_geometry(3.0)
    wrap = rig.meshes.wrap
    face = np.full((400, 400, 3), 120, np.uint8)
    face[:, ::3] = 200
    guide = guide_patch(face, geometry, wrap)
    guide[..., :3] = cv2.blur(guide[..., :3], (7, 7))
    painted = np.full((PATCH_PX, PATCH_PX, 3), 60, np.uint8)
    lay_patch(face, guide, painted, paint_mask(geometry, wrap), geometry)
    x, y = geometry.target_px[wrap.inner_lip_rows, :2].mean(0).round().astype(int)
    middle = face[y - 4 : y + 5, x - 12 : x + 13].astype(int)
    assert np.abs(middle - 60).max() <= 6
