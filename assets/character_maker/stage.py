"""Where things are: framing, the moved head and breathing body, and their way into pixels and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.eye_model import gaze_rotation
from assets.character_maker.idle_motion import Idle

FloatArray = NDArray[np.float32]
HEAD_PIVOT = np.array([0.0, 0.72, 0.50], np.float32)
CAMERA_DISTANCE = 7.0
IRIS_RADIUS, IRIS_FRONT, CONVERGENCE_DEG = 0.56, 0.83, 1.2  # the first two in radii of the eye


@dataclass(frozen=True)
class Framing:
    """Picture size in pixels and where the head stands in it."""

    width: int = 720
    height: int = 960
    face_height_px: float = 366.0
    centre_x_px: float = 360.0
    eyes_y_px: float = 366.0
    supersample: int = 2


def head_rotation(idle: Idle) -> FloatArray:
    """Return the float32 (3, 3) rotation of the head at a moment."""
    turn = np.deg2rad(idle.roll)
    roll = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return (roll @ gaze_rotation(idle.yaw, idle.pitch)).astype(np.float32)


class Stage:
    """Carries points of one character into the picture."""

    def __init__(self, framing: Framing, eye_centres: FloatArray, eye_radius: float) -> None:
        """Keep the framing, and where the eyes lie, float32 (2, 3)."""
        self.framing, self._eye_centres, self._eye_radius = framing, eye_centres, eye_radius

    def landmarks(self, skin: FloatArray, idle: Idle) -> FloatArray:
        """Return float32 (478, 3) pixels of all landmarks for those of the skin, (468, 3) in head coordinates."""
        ring = IRIS_RADIUS * self._eye_radius * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
        front = np.full((5, 1), -IRIS_FRONT * self._eye_radius)
        irises = []
        for inward, centre in zip((CONVERGENCE_DEG, -CONVERGENCE_DEG), self._eye_centres, strict=True):
            turned = np.hstack([ring, front]) @ gaze_rotation(idle.gaze_yaw + inward, idle.gaze_pitch).T
            irises.append(centre + turned)
        points = np.concatenate([skin, *irises]).astype(np.float32)
        return self.projected(self.moved(points, np.ones(len(points), np.float32), idle))

    def moved(self, points: FloatArray, share: FloatArray, idle: Idle) -> FloatArray:
        """Return points (..., 3) in head coordinates where a moment has them; share (...,) is of the head's motion."""
        shift = HEAD_PIVOT + np.array([idle.sway_x, idle.sway_y, 0.0], np.float32)
        head = (points - HEAD_PIVOT) @ head_rotation(idle).T + shift
        own = share[..., None]
        chest = np.clip((points[..., 1:2] - 0.95) / 0.55, 0, 1)
        chest = chest * chest * (3 - 2 * chest) * (1 - own) * np.float32(idle.breath)
        body = points * (1 + chest * np.array([0.006, 0, 0], np.float32))
        body = body + chest * np.array([0.0, -0.014, -0.010], np.float32)
        return body + (head - body) * own

    def projected(self, points: FloatArray) -> FloatArray:
        """Return (..., 3) pixels of points in head coordinates, z in the scale of x."""
        framing, scale = self.framing, np.float32(self.framing.face_height_px)
        depth = 1 + points[..., 2] / np.float32(CAMERA_DISTANCE)
        x = points[..., 0] * scale / depth + np.float32(framing.centre_x_px - 0.5)
        y = points[..., 1] * scale / depth + np.float32(
            framing.eyes_y_px - 0.1 * framing.face_height_px - 0.5
        )
        return np.stack([x, y, points[..., 2] * scale], -1).astype(np.float32)

    def placed(self, x_px: FloatArray, y_px: FloatArray, z: FloatArray) -> FloatArray:
        """Return the points (..., 3) in head coordinates that are seen at pixels with a depth."""
        framing, scale = self.framing, np.float32(self.framing.face_height_px)
        depth = 1 + z / np.float32(CAMERA_DISTANCE)
        x = (x_px + np.float32(0.5 - framing.centre_x_px)) * depth / scale
        y = (y_px + np.float32(0.5 - framing.eyes_y_px + 0.1 * framing.face_height_px)) * depth / scale
        return np.stack([x, y, z], -1).astype(np.float32)
