"""Brows and lashes as sculpted shapes: brows are two combed clumps, lashes a curved strip along the lid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from assets.character_maker.head_model import EYES, HeadModel
from assets.character_maker.looks import CharacterLook
from assets.character_maker.pieces import CLOTH, HAIR, Piece, grid_triangles, joined, plain_piece, swept
from assets.character_maker.skin_paint import BROWS, linear

FloatArray = NDArray[np.float32]
_LASH_STEPS, _LASH_ROWS = 44, 5


def brows(look: CharacterLook, head: HeadModel) -> Piece:
    """Return both brows upon the resting skin."""
    rest = head.rest
    front = rest[(rest[:, 2] < 0.30) & (rest[:, 1] < 0.16)].astype(np.float64)
    tree = cKDTree(front[:, :2])
    steps = 40
    way = np.linspace(0, 1, steps)
    paths, halves, thicks = [], [], []
    for brow in BROWS:
        outline = head.face[list(brow), :2].astype(np.float64)
        middle = (0.5 * (outline[:5] + outline[:4:-1]))[::-1]  # from the nose outward
        curve = CubicSpline(np.linspace(0, 1, 5), middle)(way * 1.02)
        curve[:, 1] += -0.016 * (1 - way) ** 2 + 0.006 * way**2  # the inner end is raised: a friendly brow
        for layer in (0, 1):
            shape = np.interp(way, [0, 0.12, 0.5, 0.85, 1], [0.50, 0.90, 0.92, 0.5, 0.06])
            half = look.brow_weight * 0.0165 * shape * (1.0 if layer == 0 else 0.72)
            line = curve - np.stack([0 * way, (0.004 if layer else 0.0) + 0 * way], 1)
            _, near = tree.query(line, k=5)
            z = front[near, 2].mean(1) - (0.003 if layer == 0 else 0.006)
            paths.append(np.column_stack([line, z]))
            halves.append(half)
            thicks.append(0.010 * np.interp(way, [0, 0.1, 0.8, 1], [0.6, 1, 0.8, 0.3]))
    lines = np.array(paths)
    outward = np.broadcast_to([0.0, -0.1, -1.0], lines.shape) + lines * [1.2, 0, 0]
    colour = np.broadcast_to(linear(look.brow), (len(lines), steps, 3))
    return swept(
        lines,
        outward,
        np.array(halves),
        np.array(thicks),
        colour,
        HAIR,
        seeds=np.arange(len(lines)) * 3.0,
        sections=12,
    )


def lashes(look: CharacterLook, head: HeadModel, vertices: FloatArray) -> Piece:
    """Return the lashes of both upper lids for posed head vertices; the topology never changes."""
    return joined([
        _strip(look, vertices[[rings.outer_corner, *rings.upper, rings.inner_corner]], centre, side)
        for rings, centre, side in zip(EYES, head.eye_centres, (-1.0, 1.0), strict=True)
    ])  # fmt: skip


def _strip(look: CharacterLook, lid: FloatArray, centre: FloatArray, side: float) -> Piece:
    """A strip with a thick root on the lid and a thin edge that curls up and outward."""
    curve = CubicSpline(np.linspace(0, 1, len(lid)), lid.astype(np.float64))
    way = np.linspace(-0.015, 0.93, _LASH_STEPS)
    base = curve(way)
    out = base - centre
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    wing = np.interp(way, [0, 0.12, 0.3, 0.6, 1], [1.0, 0.95, 0.55, 0.42, 0.10])
    length = look.lash_length * wing * np.clip((way + 0.04) * 12, 0.35, 1)
    fan = side * (0.95 - 1.1 * np.clip(way, 0, 1))
    away = out + np.stack([fan, -0.15 + 0 * fan, 0 * fan], 1)
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    rows = []
    for share in np.linspace(0, 1, _LASH_ROWS):
        curl = np.array([0, -0.5, 0]) * (length * share**1.6)[:, None]
        rows.append(base + away * (length * share)[:, None] + curl + out * 0.0015)
    root = rows[0] + np.stack([0 * way, 0.0030 + 0 * way, 0 * way], 1) + out * 0.001
    points = np.array([root, *rows])
    dark = linear(look.brow) * 0.18
    return plain_piece(points.reshape(-1, 3), grid_triangles(_LASH_ROWS + 1, _LASH_STEPS), dark, CLOTH)
