"""Soft light, baked: how much of a studio's lamps and walls each vertex sees, with everything in the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.offscreen import Offscreen, Program, Target

FloatArray = NDArray[np.float32]

MAP_PX = 896
FRAME = np.array([0.0, 0.62, 0.40, 1.9])
NORMAL_OFFSET, DEPTH_BIAS = 0.008, 0.0035


@dataclass(frozen=True)
class Lamp:
    """A distant area of light.

    Attributes:
        towards: direction to its middle (x right, y down, z away).
        spread_deg: half angle of the area.
        colour: light on a surface that faces it, linear rgb.
        samples: directions over the area.
        key: whether it is the main lamp.
    """

    towards: tuple[float, float, float]
    spread_deg: float
    colour: tuple[float, float, float]
    samples: int
    key: bool = False


LAMPS = (
    Lamp((-0.52, -0.80, -0.72), 19, (1.50, 1.38, 1.24), 14, key=True),
    Lamp((0.80, -0.12, -0.60), 32, (0.30, 0.28, 0.31), 7),
    Lamp((0.82, -0.42, 0.42), 14, (0.85, 0.88, 0.95), 4),
    Lamp((-0.86, -0.34, 0.40), 14, (0.60, 0.64, 0.72), 4),
)
SKY_SAMPLES = 26
SKY, HORIZON, FLOOR = (0.36, 0.37, 0.41), (0.25, 0.24, 0.25), (0.13, 0.095, 0.085)


def studio_lights() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return directions (n, 3), colours (n, 3) and share of the key lamp (n,)."""
    directions, colours, keys = [], [], []
    for lamp in LAMPS:
        middle = np.array(lamp.towards) / np.linalg.norm(lamp.towards)
        across = np.cross(middle, [0.0, 1.0, 0.0])
        across /= np.linalg.norm(across)
        down = np.cross(middle, across)
        for k in range(lamp.samples):
            r = np.sqrt((k + 0.5) / lamp.samples) * np.tan(np.deg2rad(lamp.spread_deg))
            turn = k * 2.399963
            towards = middle + r * (np.cos(turn) * across + np.sin(turn) * down)
            directions.append(towards / np.linalg.norm(towards))
            colours.append(np.array(lamp.colour) / lamp.samples)
            keys.append(1 / lamp.samples if lamp.key else 0.0)
    for k in range(SKY_SAMPLES):
        y = 1 - 2 * (k + 0.5) / SKY_SAMPLES
        flat, turn = np.sqrt(1 - y * y), k * 2.399963
        towards = np.array([flat * np.cos(turn), -y, flat * np.sin(turn)])
        up = -towards[1]
        wall = np.array(HORIZON) + (np.array(SKY if up > 0 else FLOOR) - HORIZON) * abs(up)
        directions.append(towards)
        colours.append(wall * 4 / SKY_SAMPLES)  # a whole white sphere lights a surface with 1
        keys.append(0.0)
    return np.array(directions), np.array(colours), np.array(keys)


def bake(
    offscreen: Offscreen,
    draw_all: Callable[[], None],
    surfaces: Sequence[tuple[FloatArray, FloatArray, float]],
    every: int = 1,
) -> list[FloatArray]:
    """Return for each surface float32 (V, 4): light rgb, and how much of the key lamp is seen.

    Args:
        offscreen: an open context.
        draw_all: draws everything that throws shadows with the current program.
        surfaces: vertices (V, 3), normals (V, 3), and how far light wraps round (0 hard .. 0.5).
        every: 1 takes all samples of the lamps, n every n-th, for a quick look.
    """
    program = Program(offscreen, "shadow.vert", "shadow.frag")
    target = Target(offscreen, MAP_PX, MAP_PX, 0)
    directions, colours, keys = (
        part[::every] * scale for part, scale in zip(studio_lights(), (1, every, every), strict=True)
    )
    baked = [np.zeros((len(vertices), 4), np.float32) for vertices, _, _ in surfaces]
    for towards, colour, key in zip(directions, colours, keys, strict=True):
        side = np.array([0.0, 1.0, 0.0]) if abs(towards[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
        across = np.cross(side, towards)
        across /= np.linalg.norm(across)
        basis = np.stack([across, np.cross(towards, across), towards])
        target.begin()
        program.use(key_basis=basis, key_frame=FRAME)
        draw_all()
        depth = target.read_depth()
        for light, (vertices, normals, wrap) in zip(baked, surfaces, strict=True):
            facing = normals @ towards.astype(np.float32)
            lit = np.maximum((facing + wrap) / (1 + wrap), 0)
            rows = np.flatnonzero(lit > 0)
            seen = _visible(depth, basis, vertices[rows] + NORMAL_OFFSET * normals[rows])
            light[rows, :3] += (lit[rows] * seen)[:, None] * colour.astype(np.float32)
            light[rows, 3] += seen * key
    return baked


def _visible(depth: FloatArray, basis: NDArray[np.float64], points: FloatArray) -> FloatArray:
    """Return float32 (n,) 0..1: how far each point is seen by a light, over the four nearest texels."""
    local = ((points - FRAME[:3].astype(np.float32)) @ basis.T.astype(np.float32)) / np.float32(FRAME[3])
    at = (local[:, :2] * 0.5 + 0.5) * MAP_PX - 0.5
    far = 0.5 - 0.5 * local[:, 2] - DEPTH_BIAS
    low = np.clip(np.floor(at).astype(np.int32), 0, MAP_PX - 2)
    share = np.clip(at - low, 0, 1)
    x, y = low.T
    corners = [(depth[y + v, x + u] > far).astype(np.float32) for v in (0, 1) for u in (0, 1)]
    top = corners[0] * (1 - share[:, 0]) + corners[1] * share[:, 0]
    bottom = corners[2] * (1 - share[:, 0]) + corners[3] * share[:, 0]
    return (top * (1 - share[:, 1]) + bottom * share[:, 1]).astype(np.float32)
