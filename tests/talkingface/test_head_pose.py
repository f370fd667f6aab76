"""Head pose: a known similarity is found again, speech does not move it, a resting face is found among talk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.head_pose import average_head, fit_pose, fit_poses, personal_neutral, to_head, unit_height
from talkingface.landmarks import LIPS, STABLE, face_height_px, lip_opening
from talkingface.mouth_space import MouthSpace
from talkingface.records import HeadPose
from tests.talkingface.test_records import turned


@pytest.fixture(scope="module")
def space(project: Path) -> MouthSpace:
    return MouthSpace.load(project / "checkpoint" / "mouth_space.npz")


def known_pose(seed: int = 0) -> HeadPose:
    rng = np.random.default_rng(seed)
    angles = rng.uniform(-0.5, 0.5, 3)
    return HeadPose(turned(*angles), float(rng.uniform(60, 500)), rng.uniform(0, 700, 3).astype(np.float32))


@pytest.mark.parametrize("seed", range(6))
def test_a_known_similarity_is_found_again(space: MouthSpace, seed: int) -> None:
    pose = known_pose(seed)
    found = fit_pose(pose.to_pixels(space.neutral), space.neutral)
    np.testing.assert_allclose(found.rotation, pose.rotation, atol=1e-5)
    assert found.scale_px == pytest.approx(pose.scale_px, rel=1e-5)
    np.testing.assert_allclose(found.translation_px, pose.translation_px, atol=2e-2)
    assert np.linalg.det(found.rotation) == pytest.approx(1, abs=1e-5)


def test_an_open_mouth_does_not_move_the_head(space: MouthSpace) -> None:
    coefficients = np.zeros(space.coefficient_count, np.float32)
    coefficients[:3] = (2.5, -1.0, 1.0)
    head = space.neutral + space.displacement(coefficients)
    assert lip_opening(head) > lip_opening(space.neutral) + 0.03
    pose = known_pose()
    found = fit_pose(pose.to_pixels(head), space.neutral)
    np.testing.assert_allclose(found.rotation, pose.rotation, atol=1e-3)
    assert found.scale_px == pytest.approx(pose.scale_px, rel=1e-3)


def test_noise_is_averaged_out(space: MouthSpace) -> None:
    pose = known_pose(3)
    noise = np.random.default_rng(1).normal(0, 0.005 * pose.scale_px, (478, 3))
    found = fit_pose((pose.to_pixels(space.neutral) + noise).astype(np.float32), space.neutral)
    angle = np.arccos(np.clip((np.trace(found.rotation @ pose.rotation.T) - 1) / 2, -1, 1))
    assert np.degrees(angle) < 1.0
    assert found.scale_px == pytest.approx(pose.scale_px, rel=0.02)


def test_a_mirrored_face_never_becomes_a_mirroring_rotation(space: MouthSpace) -> None:
    mirrored = space.neutral * np.array([-1, 1, 1], np.float32) * 100
    assert np.linalg.det(fit_pose(mirrored, space.neutral).rotation) == pytest.approx(1, abs=1e-5)


def test_head_coordinates_have_face_height_one_and_their_origin_at_the_stable_points(
    space: MouthSpace,
) -> None:
    mesh = unit_height(known_pose().to_pixels(space.neutral))
    assert face_height_px(mesh) == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(mesh[list(STABLE)].mean(0), 0, atol=1e-5)


def test_the_average_of_one_head_in_many_poses_is_that_head(space: MouthSpace) -> None:
    meshes = np.stack([known_pose(seed).to_pixels(space.neutral) for seed in range(8)])
    mean = average_head(meshes)
    own = to_head(mean[None] * 100, fit_poses(mean[None] * 100, space.neutral))[0]
    np.testing.assert_allclose(own, space.neutral, atol=1e-4)


def test_the_resting_face_is_found_among_talk(space: MouthSpace) -> None:
    rng = np.random.default_rng(2)
    coefficients = np.zeros((200, space.coefficient_count), np.float32)
    talking = rng.random(200) > 0.3
    opening = space.displacement(np.eye(space.coefficient_count, dtype=np.float32))
    widest = int(np.argmax(lip_opening(space.neutral + opening)))
    coefficients[talking, widest] = rng.uniform(0.5, 2.5, talking.sum())
    pixels = np.stack(
        [known_pose(i).to_pixels(space.neutral + space.displacement(c)) for i, c in enumerate(coefficients)]
    )
    neutral = personal_neutral(pixels, space.neutral)
    error = np.linalg.norm((neutral - space.neutral)[list(LIPS)], axis=1)
    assert error.max() < 0.004
