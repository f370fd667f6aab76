"""Shoulders, chest and the clothes upon them: surfaces over (angle about the neck, ring from neck to chest)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from assets.character_maker.looks import CharacterLook
from assets.character_maker.pieces import CLOTH, HARD, SKIN, Piece, grid_triangles, joined, plain_piece, swept
from assets.character_maker.scalp import Points
from assets.character_maker.skin_paint import linear
from assets.character_maker.topology import VertexNormals

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

_RAISED = 0.05


def clothed_body(look: CharacterLook) -> Piece:
    """Return shoulders, chest and clothes."""
    return joined(
        {"turtleneck": _turtleneck, "overshirt": _overshirt, "cardigan": _cardigan}[look.clothes](look)
    )


def _turtleneck(look: CharacterLook) -> list[Piece]:
    return [
        _shell(look, 0.022, linear(look.cloth), first_ring=0.02, folds=0.006),
        _collar(look, linear(look.cloth)),
    ]


def _overshirt(look: CharacterLook) -> list[Piece]:
    parts = [_bare(look), *_tee(look)]
    for side in (-1.0, 1.0):
        parts.append(_half(look, side, 0.040, linear(look.cloth), 0.46, 0.11, folds=0.010))
        parts.append(_band(look, side, 0.052, linear(look.trim), 0.46, 0.11, half=0.048, ribs=True))
    return parts


def _cardigan(look: CharacterLook) -> list[Piece]:
    parts = [_bare(look), *_tee(look)]
    for side in (-1.0, 1.0):
        parts.append(_half(look, side, 0.036, linear(look.cloth), 0.42, 0.05, folds=0.006))
        parts.append(_band(look, side, 0.046, linear(look.trim), 0.42, 0.05, half=0.034, ribs=True))
    parts += [_button(look, k) for k in range(2)]
    return parts


def _grid(
    look: CharacterLook, angle: Points, ring: Points, thickness: Points | float
) -> tuple[Points, Points]:
    """Return points (rows, columns, 3) that stand off the body, and the bare body's outward normals."""
    bare = body_surface(look, angle, ring)
    rows, columns = angle.shape
    triangles = grid_triangles(rows, columns)
    normals = VertexNormals(triangles, rows * columns)(bare.reshape(-1, 3).astype(np.float32)).reshape(
        bare.shape
    )
    middle = np.stack([0 * ring, bare[..., 1], 0 * ring + 0.55], -1)
    if (normals * (bare - middle)).sum() < 0:
        normals = -normals
    return bare + normals * np.broadcast_to(thickness, ring.shape)[..., None], normals.astype(np.float64)


def _folds(points: Points, size: float) -> Points:
    x, y, _ = np.moveaxis(points, -1, 0)
    soft = np.sin(7 * np.abs(x) + 9 * y) * np.sin(4 * y + 1.0 + 2 * np.abs(x))
    sleeve = np.exp(-(((np.abs(x) - 0.86) / 0.16) ** 2)) * np.sin(16 * y + 9 * np.abs(x))
    return size * np.clip((y - 1.2) * 3, 0, 1) * (soft + 0.9 * sleeve)


def _piece(
    points: Points, colour: Points, material: float, share: Points | float = 0.0, **more: Any
) -> Piece:
    rows, columns, _ = points.shape
    piece = plain_piece(
        points.reshape(-1, 3), grid_triangles(rows, columns), colour, material, share=share, **more
    )
    middle = np.stack([0 * piece.vertices[:, 0], piece.vertices[:, 1], 0 * piece.vertices[:, 0] + 0.55], 1)
    if (piece.normals * (piece.vertices - middle)).sum() < 0:
        return Piece(**{**piece.__dict__, "normals": -piece.normals})
    return piece


def _shell(
    look: CharacterLook, thickness: float, colour: Points, first_ring: float, folds: float = 0.0
) -> Piece:
    even = np.linspace(-np.pi, np.pi, 320)
    angle, ring = np.meshgrid(even - 0.55 * np.sin(even), np.linspace(first_ring, 1, 190))
    points, normals = _grid(look, angle, ring, thickness)
    knit = np.stack([angle / (2 * np.pi) * 190, np.full_like(angle, 2.0)], -1).reshape(-1, 2)
    return _piece(points + normals * _folds(points, folds)[..., None], colour, CLOTH, groove=knit)


def _bare(look: CharacterLook) -> Piece:
    even = np.linspace(-np.pi, np.pi, 240)
    angle, ring = np.meshgrid(even - 0.55 * np.sin(even), np.linspace(0, 0.7, 130))
    points, _ = _grid(look, angle, ring, 0.0)
    share = np.clip((1.22 - points[..., 1]) / 0.45, 0, 1)
    return _piece(points, linear(look.skin), SKIN, (share * share * (3 - 2 * share)).reshape(-1))


def _neckline(angle: Points) -> Points:
    """Return the ring where a round neck begins."""
    return 0.315 + 0.035 * np.cos(angle) + 0.02 * np.cos(2 * angle)


def _tee(look: CharacterLook) -> list[Piece]:
    even = np.linspace(-np.pi, np.pi, 260)
    angle = even - 0.55 * np.sin(even)
    down = np.linspace(0, 1, 120)
    ring = _neckline(angle)[None] + (1 - _neckline(angle)[None]) * down[:, None]
    points, normals = _grid(look, np.broadcast_to(angle, ring.shape), ring, 0.012)
    body = _piece(points + normals * _folds(points, 0.004)[..., None], linear(look.under), CLOTH)
    points2, normals2 = _grid(
        look, np.stack([angle, angle]), np.stack([_neckline(angle), _neckline(angle) + 0.01]), 0.014
    )
    edge, outward = points2[:1], normals2[:1]
    half = np.full(edge.shape[:2], 0.024)
    band = swept(
        edge, outward, half, half * 0.42, linear(look.under) * 0.95, CLOTH, seeds=np.array([0.2]), share=0.0
    )
    return [body, band]


def _opening(ring: Points, top: float, bottom: float) -> Points:
    """Return the angle of an open front's edge: from ``top`` at the neck down to ``bottom``, of half a turn."""
    down = np.clip((ring - 0.235) / 0.62, 0, 1)
    return np.pi * (bottom + (top - bottom) * (1 - down) ** 3)


def _half(
    look: CharacterLook,
    side: float,
    thickness: float,
    colour: Points,
    top: float,
    bottom: float,
    folds: float,
) -> Piece:
    ring, across = np.meshgrid(np.linspace(0.225, 1, 190), np.linspace(0, 1, 190), indexing="ij")
    opening = _opening(ring, top, bottom)
    angle = side * (opening + (np.pi - opening) * across**1.25)
    risen = thickness * np.clip(np.sqrt(across / 0.012), 0, 1) * np.clip((ring - 0.225) / 0.02, 0.2, 1)
    points, normals = _grid(look, angle, ring, risen)
    return _piece(points + normals * _folds(points, folds)[..., None], colour, CLOTH)


def _band(
    look: CharacterLook,
    side: float,
    thickness: float,
    colour: Points,
    top: float,
    bottom: float,
    half: float,
    ribs: bool,
) -> Piece:
    """Return a band along the open edge, round the neck to the middle of the back."""
    ring = np.concatenate([np.full(40, 0.235), np.linspace(0.235, 1, 160)[1:]])
    begin = float(_opening(np.array(0.235), top, bottom))
    angle = side * np.concatenate([np.linspace(np.pi, begin, 40), _opening(ring[40:], top, bottom)])
    for _ in range(30):
        angle[1:-1], ring[1:-1] = ((0.25 * v[:-2] + 0.5 * v[1:-1] + 0.25 * v[2:]) for v in (angle, ring))
    beside = np.stack([angle, angle + side * 0.01])
    points, normals = _grid(look, beside, np.stack([ring, ring]), thickness)
    path, outward = points[:1], normals[:1]
    for _ in range(6):
        path[:, 1:-1] = 0.25 * path[:, :-2] + 0.5 * path[:, 1:-1] + 0.25 * path[:, 2:]
    width = np.full(path.shape[:2], half)
    piece = swept(
        path,
        outward,
        width,
        width * 0.36,
        colour,
        CLOTH,
        seeds=np.array([0.2]),
        share=0.0,
        squareness=0.6,
        sections=20,
    )
    if ribs:
        groove = piece.groove.copy()
        groove[:, 0], groove[:, 1] = groove[:, 0] / half * 2.5, 1.0
        return Piece(**{**piece.__dict__, "groove": groove})
    return piece


def _collar(look: CharacterLook, colour: Points) -> Piece:
    """Return the folded tube of a turtleneck, ribbed."""
    turn = np.linspace(-np.pi, np.pi, 241)
    profile = np.array([
        [0.000, 1.00], [0.002, 0.955], [0.014, 0.938], [0.032, 0.944], [0.044, 0.970], [0.050, 1.01], [0.050, 1.05],
        [0.042, 1.075], [0.030, 1.088], [0.022, 1.11], [0.040, 1.16],
    ])  # fmt: skip
    fine = PchipInterpolator(np.linspace(0, 1, len(profile)), profile)(np.linspace(0, 1, 70))
    grow, height = fine[:, :1], fine[:, 1:]
    lean = 0.045 * np.cos(turn)[None] * np.clip((height - 0.93) / 0.1, 0.4, 1.2)
    radius_x, radius_z = look.neck_width * 1.03 + grow, 0.215 + grow
    centre = 0.490 + 0.10 * (height - 0.9)
    points = np.stack(
        [radius_x * np.sin(turn)[None], height + lean - _RAISED, centre - radius_z * np.cos(turn)[None]], -1
    )
    groove = np.stack(
        [np.broadcast_to(turn / (2 * np.pi) * 64, points.shape[:2]), np.ones(points.shape[:2])], -1
    ).reshape(-1, 2)
    share = np.clip((1.22 - points[..., 1]) / 0.45, 0, 1)
    return _piece(points, colour, CLOTH, (share * share * (3 - 2 * share)).reshape(-1), groove=groove)


def _button(look: CharacterLook, number: int) -> Piece:
    """Return a round button on the cardigan's band."""
    ring = np.array(0.80 + 0.12 * number)
    angle = -_opening(ring, 0.42, 0.05)
    points, _ = _grid(
        look,
        np.array([[angle, angle + 0.01], [angle, angle + 0.01]]),
        np.array([[ring, ring], [ring + 0.01, ring + 0.01]]),
        0.064,
    )
    polar, turn = np.meshgrid(
        np.linspace(0, np.pi, 16), np.linspace(0, 2 * np.pi, 28, endpoint=False), indexing="ij"
    )
    ball = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar)], -1).reshape(
        -1, 3
    )
    disc = points[0, 0] + ball * [0.024, 0.024, 0.010]
    return plain_piece(disc, grid_triangles(16, 28, closed=True), linear(look.under) * 0.9, HARD, share=0.0)


def body_surface(look: CharacterLook, angle: Points, ring: Points) -> Points:
    """Return (..., 3) points of the bare body for an angle (0 front, radians) and a ring (0 neck .. 1 chest)."""
    knots = np.linspace(0, 1, len(_RINGS))
    width, front, back, centre, side_y, front_y, back_y = np.moveaxis(
        PchipInterpolator(knots, _RINGS)(ring), -1, 0
    )
    width = width * np.interp(ring, [0, 0.2, 0.45], [look.neck_width / 0.19, 1.0, look.shoulders])
    power = 2 / (2.0 + 0.5 * ring)
    sine, cosine = np.sin(angle), np.cos(angle)
    across = np.sign(sine) * np.abs(sine) ** power
    along = np.sign(cosine) * np.abs(cosine) ** power
    x = width * across
    z = centre - np.where(cosine > 0, front, back) * along
    middle_y = np.where(cosine > 0, front_y, back_y)
    y = side_y + (middle_y - side_y) * cosine**2 - _RAISED
    collar_y = y + _RAISED
    collar_bone = np.exp(-((collar_y - 1.30 + 0.10 * np.abs(x)) ** 2) / 0.00045) * np.exp(
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
