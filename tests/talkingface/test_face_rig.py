"""The face rig and the models it moves."""

from pathlib import Path

import numpy as np
import pytest

from talkingface.errors import BadInputError, CheckpointError
from talkingface.face_rig import PATCH_FACE_HEIGHTS, PATCH_PX, FaceRig
from talkingface.fold_guard import outward_edges
from talkingface.landmarks import LIPS_INNER, lip_opening
from talkingface.mesh_motion import relieved
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, HeadPose
from talkingface.wrap_mesh import FaceMeshes, load_meshes

CHECKPOINT = Path(__file__).parents[2] / "checkpoint" / "mouth_space.npz"
SCALE_PX = 300.0
CROP = CropRectangle(20, 40, 360, 360)


@pytest.fixture(scope="module")
def space() -> MouthSpace:
    return MouthSpace.load(CHECKPOINT)


@pytest.fixture(scope="module")
def meshes() -> FaceMeshes:
    return load_meshes()


@pytest.fixture(scope="module")
def rig(space: MouthSpace, meshes: FaceMeshes) -> FaceRig:
    return FaceRig(space, meshes, space.neutral)


def turned(roll_rad: float = 0.0, yaw_rad: float = 0.0) -> HeadPose:
    roll = np.array(
        [[np.cos(roll_rad), -np.sin(roll_rad), 0], [np.sin(roll_rad), np.cos(roll_rad), 0], [0, 0, 1]]
    )
    yaw = np.array([[np.cos(yaw_rad), 0, np.sin(yaw_rad)], [0, 1, 0], [-np.sin(yaw_rad), 0, np.cos(yaw_rad)]])
    return HeadPose((roll @ yaw).astype(np.float32), SCALE_PX, np.array([200, 90, 0], np.float32))


def drawn_face(
    rig: FaceRig, space: MouthSpace, pose: HeadPose, base: np.ndarray, wanted: np.ndarray
) -> np.ndarray:
    """Return the (478, 3) landmarks, in frame pixels, of a frame whose mouth is ``base`` drawn as ``wanted``."""
    points = pose.to_pixels(space.neutral + space.displacement(base))
    geometry = rig.geometry(points, pose, wanted, CROP)
    landmarks = rig.meshes.wrap.landmarks
    points = points.copy()
    points[landmarks] = geometry.target_px[: len(landmarks)] + np.array([CROP.x, CROP.y, 0], np.float32)
    return points


@pytest.mark.parametrize("pose", [turned(), turned(roll_rad=0.3), turned(roll_rad=-0.2, yaw_rad=0.35)])
def test_wanted_mouth_is_drawn_whatever_the_base_mouth(
    rig: FaceRig, space: MouthSpace, pose: HeadPose
) -> None:
    random = np.random.default_rng(3)
    for _ in range(5):
        base, wanted = random.normal(0, 0.8, (2, space.coefficient_count)).astype(np.float32)
        drawn = drawn_face(rig, space, pose, base, wanted)
        truth = pose.to_pixels(space.neutral + space.displacement(wanted))
        inner = list(LIPS_INNER)
        assert np.abs(drawn[inner] - truth[inner]).max() < 0.01 * SCALE_PX


def test_rest_closes_a_talking_base(rig: FaceRig, space: MouthSpace) -> None:
    base = np.zeros(space.coefficient_count, np.float32)
    base[0] = 2.5
    rest = np.zeros_like(base)
    talking = space.neutral + space.displacement(base)
    assert lip_opening(talking) > 0.05
    drawn = drawn_face(rig, space, turned(), base, rest)
    assert abs(lip_opening(drawn) - lip_opening(space.neutral)) < 0.002


def test_nothing_moves_when_the_base_is_what_is_wanted(rig: FaceRig, space: MouthSpace) -> None:
    pose = turned(roll_rad=0.1)
    points = pose.to_pixels(space.neutral)
    geometry = rig.geometry(points, pose, np.zeros(space.coefficient_count, np.float32), CROP)
    np.testing.assert_allclose(geometry.target_px[:, :2], geometry.source_px, atol=1e-3)


@pytest.mark.parametrize(("landmarks", "coefficients"), [(468, 12), (478, 11), (478, 13)])
def test_landmarks_and_mouths_of_other_shapes_are_refused(
    rig: FaceRig, landmarks: int, coefficients: int
) -> None:
    points, mouth = np.zeros((landmarks, 3), np.float32), np.zeros(coefficients, np.float32)
    with pytest.raises(BadInputError, match="expected landmarks"):
        rig.geometry(points, turned(), mouth, CROP)


def test_outline_never_moves(rig: FaceRig, space: MouthSpace) -> None:
    pose = turned()
    wide = np.zeros(space.coefficient_count, np.float32)
    wide[0] = 3
    geometry = rig.geometry(pose.to_pixels(space.neutral), pose, wide, CROP)
    outline = rig.meshes.wrap.coverage == 0
    moved = np.linalg.norm(geometry.target_px[:, :2] - geometry.source_px, axis=1)
    assert moved[outline].max() < 0.5
    assert moved.max() > 0.05 * SCALE_PX


def test_upper_teeth_stay_on_the_skull_and_lower_teeth_follow_the_jaw(
    rig: FaceRig, space: MouthSpace
) -> None:
    pose = turned()
    points = pose.to_pixels(space.neutral)
    closed, opened = np.zeros((2, space.coefficient_count), np.float32)
    opened[0] = 3
    before = rig.geometry(points, pose, closed, CROP)
    after = rig.geometry(points, pose, opened, CROP)
    np.testing.assert_allclose(before.upper_teeth_px, after.upper_teeth_px, atol=1e-4)
    drop = (after.lower_teeth_px - before.lower_teeth_px)[:, 1]
    assert drop.min() > 0.02 * SCALE_PX
    assert np.ptp(drop) < 1e-3, "the row moves as one piece"
    assert after.openness > before.openness + 0.05


def test_patch_is_centred_on_the_mouth_and_turns_with_the_head(rig: FaceRig, space: MouthSpace) -> None:
    for roll_rad in (0.0, 0.25):
        pose = turned(roll_rad=roll_rad)
        affine = rig.patch_to_frame(pose)
        assert np.hypot(affine[0, 0], affine[1, 0]) == pytest.approx(SCALE_PX * PATCH_FACE_HEIGHTS / PATCH_PX)
        assert np.arctan2(affine[1, 0], affine[0, 0]) == pytest.approx(roll_rad, abs=1e-4)
        mouth = pose.to_pixels(space.neutral[list(LIPS_INNER)]).mean(0)[:2]
        in_patch = np.linalg.solve(affine[:, :2], mouth - affine[:, 2])
        assert abs(in_patch[0] - PATCH_PX / 2) < 2
        assert 0.3 * PATCH_PX < in_patch[1] < 0.5 * PATCH_PX


def test_wrap_is_a_surface_with_one_mouth(meshes: FaceMeshes) -> None:
    wrap = meshes.wrap
    faces = np.sort(np.concatenate([wrap.triangles, wrap.mouth_triangles]), axis=1)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [0, 2]]])
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert uses.max() == 2, "no edge borders more than two triangles"
    assert len(np.unique(faces, axis=0)) == len(faces)
    assert set(np.unique(wrap.mouth_triangles)) == set(wrap.inner_lip_rows.tolist())
    assert (wrap.coverage[wrap.outer_lip_rows] == 1).all()
    assert (wrap.absolute[np.searchsorted(wrap.landmarks, [13, 14, 61, 291])] == 1).all()


def test_damaged_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="expected wrap and teeth models"):
        load_meshes(tmp_path)


def test_a_lip_pushed_down_pushes_the_chin_on_instead_of_folding_over_it(
    meshes: FaceMeshes, space: MouthSpace
) -> None:
    wrap = meshes.wrap
    outward = outward_edges(wrap, space.neutral)
    source = (space.neutral * SCALE_PX)[wrap.landmarks]
    shift = np.zeros_like(source)
    rows = {landmark: row for row, landmark in enumerate(wrap.landmarks.tolist())}
    lower_lip, below, upper_lip = rows[17], rows[18], rows[0]
    gap = source[below, 1] - source[lower_lip, 1]
    shift[wrap.outer_lip_rows[1:10], 1] = 1.5 * gap
    held = relieved(source, shift, outward)
    assert (source + shift)[below, 1] < (source + shift)[lower_lip, 1], "without help it would fold"
    assert (source + held)[below, 1] > (source + held)[lower_lip, 1]
    np.testing.assert_array_equal(held[wrap.outer_lip_rows], shift[wrap.outer_lip_rows])
    assert held[upper_lip, 1] == 0
    small = shift * 0.05
    np.testing.assert_array_equal(relieved(source, small, outward), small)
