"""The mouth inside: teeth and tongue, moved with the jaw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.pieces import WET, Piece, grid_triangles, joined, plain_piece
from talkingface.face_rig import CHIN
from talkingface.landmarks import LIPS_INNER, lip_width

FloatArray = NDArray[np.float32]
TOOTH = np.array([0.74, 0.68, 0.60], np.float32)
TONGUE = np.array([0.56, 0.17, 0.16], np.float32)
GUM = np.array([0.50, 0.17, 0.16], np.float32)
# How far the tongue goes down with the jaw: it stays higher, and is seen between the teeth of an open mouth.
TONGUE_OF_JAW = 0.72
THROAT = np.array([0.060, 0.014, 0.014], np.float32)
INSIDE = np.array([0.22, 0.040, 0.040], np.float32)


class MouthModel:
    """Teeth in their place behind the lips of one face, and a tongue between them."""

    def __init__(self, face: FloatArray, mean_face: FloatArray) -> None:
        """Fit to styled landmarks (468, 3); mean_face gives the usual width of a mouth."""
        inner = list(LIPS_INNER)
        own = face[inner].mean(0)
        own[2] = face[[13, 14], 2].mean()
        size = float(lip_width(face) / lip_width(mean_face))
        parts = [_arch(own, size, upper=True), _arch(own, size, upper=False)]
        jaws = [np.zeros(len(parts[0].vertices)), np.ones(len(parts[1].vertices))]
        parts.append(_tongue(own, size))
        jaws.append(np.full(len(parts[-1].vertices), TONGUE_OF_JAW))
        parts.append(_throat(own, size))
        jaws.append(np.full(len(parts[-1].vertices), 0.5))
        self.piece: Piece = joined(parts)
        self._jaw = np.concatenate(jaws).astype(np.float32)[:, None]

    def posed(self, mouth: FloatArray | None) -> FloatArray:
        """Return vertices for a displacement (478, 3) of the landmarks from rest."""
        if mouth is None:
            return self.piece.vertices
        return (self.piece.vertices + self._jaw * mouth[list(CHIN)].mean(0)).astype(np.float32)


def _arch(mouth: FloatArray, size: float, *, upper: bool, columns: int = 241, rows: int = 22) -> Piece:
    """Return one row of teeth as a smooth band with fine lines between the crowns, and gums behind the lip."""
    across, down = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(0, 1, rows))
    turn = np.deg2rad(72) * across
    half_width, depth = (0.094, 0.080) if upper else (0.084, 0.072)
    edges = (
        np.cumsum([0.0, 0.24, 0.20, 0.22, 0.20, 0.14])
        if upper
        else np.cumsum([0.0, 0.17, 0.18, 0.21, 0.22, 0.22])
    )
    side = np.abs(across)
    gap = np.min([np.abs(side - edge) for edge in edges], axis=0)
    crown = np.clip(gap / 0.055, 0, 1)
    bulge = 0.0035 * (1 - (1 - crown) ** 2)
    tall = 0.062 if upper else 0.050
    edge_y = 0.006 - 0.010 * side**2 if upper else 0.012 + 0.004 * side**2
    edge_y = edge_y - (0.0024 if upper else -0.0022) * (1 - crown) ** 2
    height = edge_y - tall * (1 - down) if upper else edge_y + tall * (1 - down)
    thin = 0.006 * down**4
    x = (half_width + bulge - thin) * np.sin(turn)
    z = 0.030 + depth - (depth + bulge - thin) * np.cos(turn)
    points = mouth + size * np.stack([x, height, z], -1)
    gum = np.clip((0.34 + 0.10 * (1 - crown) - down) / 0.08, 0, 1)[..., None]
    colour = TOOTH * (1 - 0.30 * np.exp(-((gap / 0.007) ** 2)))[..., None]
    colour = colour * (1 - gum) + GUM * gum
    return plain_piece(points.reshape(-1, 3), grid_triangles(rows, columns), colour.reshape(-1, 3), WET)


def _tongue(mouth: FloatArray, size: float) -> Piece:
    polar, turn = np.meshgrid(
        np.linspace(0, np.pi, 24), np.linspace(0, 2 * np.pi, 40, endpoint=False), indexing="ij"
    )
    ball = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], -1)
    groove = 0.22 * np.exp(-((ball[..., 0] / 0.16) ** 2)) * np.clip(-ball[..., 1], 0, 1)
    dark = np.clip(0.62 - 0.42 * ball[..., 2:] + 0.25 * ball[..., 1:2], 0.25, 1.0)
    vertices = ball * np.array([0.078, 0.034, 0.100])
    vertices[..., 1] += 0.030 * groove + 0.16 * (vertices[..., 2] - 0.02) ** 2
    vertices = size * (vertices + np.array([0, 0.037, 0.152])) + mouth
    colour = (TONGUE * dark).reshape(-1, 3).astype(np.float32)
    return plain_piece(vertices.reshape(-1, 3), grid_triangles(24, 40, closed=True), colour, WET)


def _throat(mouth: FloatArray, size: float) -> Piece:
    """Return a dark wall behind the tongue, so that nobody looks through an open mouth out of the head."""
    across, down = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9))
    hollow = 0.05 * (across**2 + down**2)
    points = mouth + size * np.stack([0.16 * across, 0.15 * down + 0.02, 0.29 - hollow], -1)
    return plain_piece(points.reshape(-1, 3), grid_triangles(9, 9), THROAT, WET)
