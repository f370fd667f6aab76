"""Neck base, shoulders and chest with the clothes upon them, as one surface over (angle, height)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from assets.default_character_maker.topology import Triangles, VertexNormals

FloatArray = NDArray[np.float32]

# Rings from the neck down: half width, depth before and behind the centre, centre z, height at side, front and back.
_RINGS = np.array([
    [0.190, 0.195, 0.20, 0.485, 0.94, 0.98, 0.85],
    [0.228, 0.228, 0.25, 0.500, 1.05, 1.12, 0.98],
    [0.300, 0.266, 0.29, 0.515, 1.125, 1.215, 1.07],
    [0.430, 0.288, 0.33, 0.535, 1.19, 1.285, 1.14],
    [0.600, 0.330, 0.36, 0.555, 1.25, 1.37, 1.20],
    [0.790, 0.375, 0.39, 0.565, 1.32, 1.49, 1.30],
    [0.935, 0.415, 0.41, 0.575, 1.42, 1.64, 1.45],
    [1.020, 0.455, 0.43, 0.580, 1.56, 1.83, 1.65],
    [1.060, 0.490, 0.44, 0.580, 1.76, 2.05, 1.90],
    [1.080, 0.500, 0.45, 0.580, 2.05, 2.30, 2.20],
    [1.090, 0.500, 0.45, 0.580, 2.45, 2.60, 2.50],
])  # fmt: skip
SKIN, TOP, JACKET = 0, 1, 2


class BodyModel:
    """Shoulders and clothes in head coordinates at rest.

    Attributes:
        rest: float32 (V, 3).
        triangles: int32 (F, 3).
        chart: float32 (V, 2) texture coordinates 0..1: angle about the neck (0.5 is the front), ring.
        chest: float32 (V,) 0..1, how far the breath moves a vertex.
    """

    def __init__(self, *, columns: int, rows: int) -> None:
        """Build the surface."""
        even = np.linspace(-np.pi, np.pi, columns)
        angle = even - 0.55 * np.sin(even)  # denser in front
        ring = np.linspace(0, 1, rows)
        grid_angle, grid_ring = np.meshgrid(angle, ring)
        bare = body_surface(grid_angle, grid_ring)
        index = np.arange(rows * columns).reshape(rows, columns)
        a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
        self.triangles: Triangles = np.stack([a, c, b, a, d, c], -1).reshape(-1, 3).astype(np.int32)
        self.normals = VertexNormals(self.triangles, rows * columns)
        flat = bare.reshape(-1, 3).astype(np.float32)
        outward = self.normals(flat)
        if (outward * (flat - np.array([0, 1.5, 0.55]))).sum() < 0:
            self.triangles = self.triangles[:, ::-1].copy()
            self.normals = VertexNormals(self.triangles, rows * columns)
            outward = self.normals(flat)
        thickness, _ = clothes(grid_angle.ravel(), bare.reshape(-1, 3))
        self.rest = (flat + outward * thickness[:, None]).astype(np.float32)
        self._rest_normals = self.normals(self.rest)
        shown = (outward[self.triangles, 2].min(1) < 0.35) & (flat[self.triangles, 1].min(1) < 2.25)
        self.triangles = self.triangles[shown]
        self.chart = np.stack([(grid_angle.ravel() + np.pi) / (2 * np.pi), grid_ring.ravel()], 1).astype(
            np.float32
        )
        self.chest = np.clip(grid_ring.ravel() * 3 - 0.35, 0, 1).astype(np.float32)

    def posed(self, breath: float) -> tuple[FloatArray, FloatArray]:
        """Return vertices and (nearly unchanged) normals with the chest lifted by ``breath`` (0..1)."""
        shift = self.chest[:, None] * np.array([0, -0.012, -0.008], np.float32) * breath
        widen = 1 + 0.006 * breath * self.chest
        vertices = self.rest + shift
        vertices[:, 0] *= widen
        return vertices, self._rest_normals


def body_surface(angle: NDArray[np.float64], ring: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., 3) points of the bare body for an angle (0 front, radians) and a ring (0 neck .. 1 chest)."""
    knots = np.linspace(0, 1, len(_RINGS))
    width, front, back, centre, side_y, front_y, back_y = np.moveaxis(
        PchipInterpolator(knots, _RINGS)(ring), -1, 0
    )
    power = 2 / (2.0 + 0.5 * ring)
    sine, cosine = np.sin(angle), np.cos(angle)
    across = np.sign(sine) * np.abs(sine) ** power
    along = np.sign(cosine) * np.abs(cosine) ** power
    x = width * across
    z = centre - np.where(cosine > 0, front, back) * along
    middle_y = np.where(cosine > 0, front_y, back_y)
    y = side_y + (middle_y - side_y) * cosine**2
    collar_bone = np.exp(-((y - 1.30 + 0.10 * np.abs(x)) ** 2) / 0.00045) * np.exp(
        -((np.abs(x) - 0.24) ** 2) / 0.02
    )
    notch = np.exp(-(x**2) / 0.004 - (y - 1.28) ** 2 / 0.002)
    front_side = np.clip(cosine, 0, 1) ** 0.5
    low = np.clip((y - 1.52) / 0.35, 0, 1)
    low = low * low * (3 - 2 * low)
    arm_gap = 0.075 * low * np.exp(-(((np.abs(x) - 0.80 + 0.06 * low) / 0.035) ** 2))
    return np.stack(
        [x, y, z + front_side * (0.008 * notch - 0.014 * collar_bone) + arm_gap * (cosine > 0)], -1
    )


def clothes(angle: NDArray[np.float64], bare: NDArray[np.float64]) -> tuple[FloatArray, NDArray[np.uint8]]:
    """Return thickness of the clothes over the bare body, and which cloth (SKIN, TOP, JACKET) lies outermost."""
    x, y, _ = bare.T
    front = np.cos(angle) > 0
    scoop = np.where(front, 1.40 - 1.05 * x**2, 1.02 + 0.35 * np.abs(x))
    scoop = np.where(front & (np.abs(x) > 0.34), 1.40 - 1.05 * 0.34**2 - 0.55 * (np.abs(x) - 0.34), scoop)
    in_top = y - scoop
    opening = np.where(front, 0.33 - 0.36 * np.clip(y - 1.18, 0, 1.2), -1.0)
    in_jacket = np.minimum(np.abs(x) - opening, (y - 1.045) * 2)
    lapel = np.where(front, 0.17 - 0.10 * np.clip(y - 1.9, -1, 1), 0.0) * np.clip((y - 1.12) * 5, 0, 1)
    lapel = np.where(y < 1.50, lapel, lapel + 0.0)
    on_lapel = np.minimum(in_jacket, np.where(front, lapel - in_jacket, -1.0))

    def rise(distance: NDArray[np.float64], width: float) -> NDArray[np.float64]:
        t = np.clip(distance / width, 0, 1)
        return t * (2 - t)

    thickness = 0.012 * rise(in_top, 0.012)
    thickness = np.where(in_jacket > 0, 0.012 + 0.022 * rise(in_jacket, 0.02), thickness)
    thickness += 0.014 * rise(on_lapel, 0.015)
    fold = 0.006 * np.sin(9 * x + 14 * y) * np.sin(5 * y + 1.0) * rise(in_jacket - 0.05, 0.3)
    material = np.where(in_jacket > 0, JACKET, np.where(in_top > 0, TOP, SKIN)).astype(np.uint8)
    return (thickness + fold).astype(np.float32), material
