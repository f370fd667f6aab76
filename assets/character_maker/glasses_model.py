"""Glasses: two rounded rims, a bridge, and arms that run to the ears."""

from __future__ import annotations

import numpy as np

from assets.character_maker.head_model import HeadModel
from assets.character_maker.looks import CharacterLook
from assets.character_maker.pieces import HARD, Piece, joined, swept
from assets.character_maker.skin_paint import linear

_HALF_WIDTH, _HALF_HEIGHT, _WIRE = 0.142, 0.112, 0.0105


def glasses(look: CharacterLook, head: HeadModel) -> Piece:
    """Return the glasses in front of the eyes of a head."""
    assert look.glasses is not None
    colour = linear(look.glasses)
    parts = []
    turn = np.linspace(0, 2 * np.pi, 97)
    plane = (
        float(head.rest[(np.abs(head.rest[:, 0]) < 0.30) & (np.abs(head.rest[:, 1] - 0.1) < 0.08), 2].min())
        + 0.045
    )
    for side in (-1.0, 1.0):
        x = side * 0.192 + _HALF_WIDTH * np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** 0.85
        y = 0.128 + _HALF_HEIGHT * np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** 0.85
        z = plane + 0.42 * np.clip(np.abs(x) - 0.05, 0, 1) ** 2 * 1.6
        parts.append(_wire(np.stack([x, y, z], 1), colour, 1.0))
        way = np.linspace(0, 1, 40)[:, None]
        hinge, ear = np.array([side * 0.330, 0.085, plane + 0.16]), np.array([side * 0.455, 0.10, 0.42])
        parts.append(_wire(hinge + (ear - hinge) * way, colour, 0.85))
    bridge = np.linspace(-1, 1, 30)
    arch = np.stack([0.056 * bridge, 0.100 - 0.022 * (1 - bridge**2), plane - 0.012 * (1 - bridge**2)], 1)
    parts.append(_wire(arch, colour, 0.95))
    return joined(parts)


def _wire(path: np.ndarray, colour: np.ndarray, size: float) -> Piece:
    outward = np.broadcast_to([0.0, 0.0, -1.0], path.shape) + 0.001
    half = np.full((1, len(path)), _WIRE * size)
    return swept(path[None], outward[None], half, half * 0.9, colour, HARD, seeds=np.zeros(1), sections=12)
