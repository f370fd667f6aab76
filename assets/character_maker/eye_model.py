"""Eyeballs as spheres with a gentle cornea, and lashes along the upper lid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.topology import Triangles

FloatArray = NDArray[np.float32]


def eyeball(rows: int = 48, columns: int = 64) -> tuple[FloatArray, Triangles]:
    """Return a unit sphere's front half and more, looking along -z: vertices (V, 3), triangles (F, 3)."""
    polar, turn = np.meshgrid(np.linspace(0, 2.2, rows), np.linspace(0, 2 * np.pi, columns), indexing="ij")
    vertices = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), -np.cos(polar)], -1)
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    triangles = np.concatenate(
        [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    )
    return vertices.reshape(-1, 3).astype(np.float32), triangles.astype(np.int32)


def gaze_rotation(yaw_deg: float, pitch_deg: float) -> FloatArray:
    """Return the float32 (3, 3) rotation of an eye or head: yaw to the picture's right, pitch downward."""
    yaw, pitch = np.deg2rad(yaw_deg), np.deg2rad(pitch_deg)
    about_y = np.array([[np.cos(yaw), 0, -np.sin(yaw)], [0, 1, 0], [np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return (about_y @ about_x).astype(np.float32)
