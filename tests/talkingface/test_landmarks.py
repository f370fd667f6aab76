"""The index lists and the measures of lips that every figure of the project is based on."""

from __future__ import annotations

import numpy as np
import pytest

from talkingface import landmarks
from talkingface.landmarks import face_height_px, lip_opening, lip_width


def face() -> np.ndarray:
    points = np.zeros((478, 3), np.float32)
    points[10] = (100, 50, 3)
    points[152] = (100, 250, -4)
    points[13] = (100, 190, 0)
    points[14] = (106, 198, 50)
    points[61] = (70, 195, 0)
    points[291] = (130, 195, 20)
    return points


def test_lip_opening_is_landmarks_13_to_14_over_10_to_152_in_the_picture() -> None:
    assert face_height_px(face()) == 200
    assert lip_opening(face()) == pytest.approx(10 / 200)
    assert lip_width(face()) == pytest.approx(60 / 200)


def test_depth_does_not_count() -> None:
    deep = face()
    deep[:, 2] += np.linspace(-90, 90, 478)
    assert lip_opening(deep) == lip_opening(face())
    assert lip_opening(face()[:, :2]) == lip_opening(face())


@pytest.mark.parametrize("scale", [0.1, 1.0, 7.5])
def test_measures_do_not_depend_on_size_place_or_tilt(scale: float) -> None:
    tilt = np.array([[np.cos(0.4), -np.sin(0.4), 0], [np.sin(0.4), np.cos(0.4), 0], [0, 0, 1]])
    moved = face() @ tilt.T * scale + np.array([31, -7, 0])
    assert lip_opening(moved) == pytest.approx(lip_opening(face()), rel=1e-4)
    assert lip_width(moved) == pytest.approx(lip_width(face()), rel=1e-4)


def test_many_frames_at_once() -> None:
    frames = np.stack([face(), face() * 2])
    assert lip_opening(frames).shape == (2,)
    assert lip_opening(frames).dtype == np.float32
    assert lip_opening(np.zeros((0, 478, 3), np.float32)).shape == (0,)


def test_a_face_that_was_not_found_measures_zero() -> None:
    assert lip_opening(np.zeros((478, 3), np.float32)) == 0


@pytest.mark.parametrize(
    "ring", [landmarks.LIPS_OUTER, landmarks.LIPS_INNER, landmarks.FACE_OVAL], ids=["outer", "inner", "oval"]
)
def test_rings_are_the_connections_of_mediapipe(ring: tuple[int, ...]) -> None:
    connections = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")
    known = connections.FACEMESH_LIPS | connections.FACEMESH_FACE_OVAL
    edges = {frozenset(edge) for edge in known}
    steps = [frozenset(pair) for pair in zip(ring, (*ring[1:], ring[0]), strict=True)]
    assert all(step in edges for step in steps)
    assert len(set(ring)) == len(ring)


def test_stable_points_are_away_from_the_mouth() -> None:
    assert not set(landmarks.STABLE) & set(landmarks.LIPS)
    assert landmarks.CHIN_BOTTOM not in landmarks.STABLE
    assert len(set(landmarks.STABLE)) == len(landmarks.STABLE)
