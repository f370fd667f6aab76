"""Ears: a leaf with a rolled rim, a bowl and a lobe, set at the side of the head."""

from __future__ import annotations

import numpy as np

from assets.character_maker.looks import CharacterLook
from assets.character_maker.pieces import HARD, SKIN, Piece, grid_triangles, joined, plain_piece
from assets.character_maker.skin_paint import linear

_HEIGHT, _WIDTH = 0.145, 0.088  # half, in face heights
_CENTRE = np.array([0.425, 0.185, 0.40])
_TURNED_OUT_DEG, _TILT_DEG = 38.0, 10.0


def ears(look: CharacterLook) -> Piece:
    """Return both ears, and rings in the lobes where the look has them."""
    parts = []
    for side in (-1.0, 1.0):
        parts.append(_ear(look, side))
        if look.earrings is not None:
            parts.append(_stud(look, side))
    return joined(parts)


def _ear(look: CharacterLook, side: float, rings: int = 34, spokes: int = 96) -> Piece:
    """Build one ear in its own plane (u backward, v down, h outward), then set it at the head."""
    reach, turn = np.meshgrid(
        np.linspace(0, 1, rings), np.linspace(0, 2 * np.pi, spokes, endpoint=False), indexing="ij"
    )
    u0, v0 = np.cos(turn), np.sin(turn)
    lobe = np.clip(v0, 0, 1)
    u, v = _WIDTH * u0 * (1 - 0.38 * lobe**1.5) * reach, _HEIGHT * v0 * reach
    upper = 0.5 - 0.5 * np.tanh((v / _HEIGHT - 0.45) * 5)
    front = np.clip(-u0, 0, 1) ** 2  # the rim ends at the cheek
    rim = np.exp(-(((reach - 0.86) / 0.10) ** 2)) * upper * (1 - 0.8 * front)
    inner_fold = np.exp(-(((reach - 0.56 - 0.10 * u0) / 0.09) ** 2)) * np.clip(u0 + 0.25, 0, 1) * upper
    bowl = np.exp(-((u + 0.020) ** 2) / 0.0014 - (v - 0.022) ** 2 / 0.0030)
    tragus = np.exp(-((u + 0.066) ** 2) / 0.0005 - (v - 0.015) ** 2 / 0.0012)
    plump = np.exp(-((v - 0.115) ** 2) / 0.0022) * np.exp(-(u**2) / 0.003)
    h = 0.026 * rim + 0.016 * inner_fold - 0.034 * bowl + 0.020 * tragus + 0.012 * plump
    h -= 0.018 * np.clip((reach - 0.93) / 0.07, 0, 1) ** 2
    back = np.stack([u * 0.9, v * 0.93, h * 0 - 0.026 + 0.012 * reach**2], -1)[::-1][1:]
    local = np.concatenate([np.stack([u, v, h], -1), back])
    colour = np.broadcast_to(linear(look.skin), (*local.shape[:2], 3)).copy()
    redness = np.concatenate([0.08 + 0.14 * rim + 0.14 * bowl, 0 * back[..., 0] + 0.15])[..., None]
    colour = colour * (1 - redness) + linear(look.blush) * redness
    deep = np.concatenate([0.55 * bowl, 0 * back[..., 0]])[..., None]
    colour *= 1 - deep * np.array([0.5, 0.7, 0.75])
    vertices = _placed(local.reshape(-1, 3), side)
    return plain_piece(
        vertices, _wound(grid_triangles(len(local), spokes, closed=True), side), colour.reshape(-1, 3), SKIN
    )


def _stud(look: CharacterLook, side: float) -> Piece:
    assert look.earrings is not None
    polar, turn = np.meshgrid(
        np.linspace(0, np.pi, 16), np.linspace(0, 2 * np.pi, 24, endpoint=False), indexing="ij"
    )
    ball = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], -1).reshape(
        -1, 3
    )
    middle = _placed(np.array([[-0.004, 0.118, 0.020]]), side)
    return plain_piece(
        middle + 0.020 * ball, grid_triangles(16, 24, closed=True), linear(look.earrings), HARD, normals=ball
    )


def _placed(local: np.ndarray, side: float) -> np.ndarray:
    """Carry (n, 3) of (u backward, v down, h outward) to head coordinates."""
    out, tilt = np.deg2rad(_TURNED_OUT_DEG), np.deg2rad(_TILT_DEG)
    u, v, h = local.T
    u, v = u * np.cos(tilt) - v * np.sin(tilt), u * np.sin(tilt) + v * np.cos(tilt)
    x = u * np.sin(out) + h * np.cos(out)
    z = u * np.cos(out) - h * np.sin(out)
    return np.stack([side * (x + _CENTRE[0]), v + _CENTRE[1], z + _CENTRE[2]], 1)


def _wound(triangles: np.ndarray, side: float) -> np.ndarray:
    return triangles if side > 0 else triangles[:, ::-1].copy()
