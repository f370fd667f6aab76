"""Grows hair: parted long hair in locks, brows upon the brow ridge, lashes along the lids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.spatial import cKDTree

from assets.default_character_maker.head_model import EYES, HeadModel
from assets.default_character_maker.looks import CharacterLook
from assets.default_character_maker.skin_paint import BROWS
from assets.default_character_maker.strands import Strands

FloatArray = NDArray[np.float32]
Points = NDArray[np.float64]

_CENTRE = np.array([0.0, 0.06, 0.43])
_SCALP = np.array([0.452, 0.607, 0.567])
# The outer curtain: height, half width, half depth about the centre.
_CURTAIN = np.array(
    [[0.05, 0.485, 0.575], [0.35, 0.525, 0.57], [0.70, 0.545, 0.54], [0.95, 0.535, 0.50], [1.20, 0.47, 0.42]]
)
_ON_SCALP, _HANGING = 8, 11


@dataclass(frozen=True)
class _Lock:
    """Some strands: points (n, k, 3), layer (n,) 0 inside .. 1 outermost, shade (n,) 0..1, thickness factor."""

    points: Points
    layer: Points
    shade: Points
    thickness: float = 1.0


def head_hair(look: CharacterLook, *, locks_a_side: int, strands_a_lock: int) -> Strands:
    """Grow hair that is parted at the picture's right and falls to both sides."""
    rng = np.random.default_rng(look.seed + 1)
    parts = [
        _lock(look, rng, side, k / (locks_a_side - 1), strands_a_lock)
        for side in (-1.0, 1.0)
        for k in range(locks_a_side)
    ]
    parts += [_fringe(look, rng, k / 17, strands_a_lock) for k in range(18)]
    parts += [_wisps(rng, side, strands_a_lock * 4) for side in (-1.0, 1.0)]
    points = np.concatenate([part.points for part in parts])
    layer, chance = np.concatenate([p.layer for p in parts]), np.concatenate([p.shade for p in parts])
    thickness = np.concatenate([np.full(len(part.points), part.thickness) for part in parts])[:, None]
    nearest_first = np.argsort(points[:, points.shape[1] // 2, 2] - 0.3 * layer, kind="stable")
    points, layer, chance = points[nearest_first], layer[nearest_first], chance[nearest_first]
    thickness = thickness[nearest_first]
    count, steps, _ = points.shape
    way = np.linspace(0, 1, steps)
    taper = np.clip((1 - way) / 0.15, 0.45, 1) * np.clip(0.6 + way / 0.10, 0, 1)
    taper *= 1 + 0.6 * np.exp(-(((way - 0.15) / 0.15) ** 2))
    half_width = (0.00140 * thickness * (0.7 + 0.6 * rng.random((count, 1))) * taper).astype(np.float32)
    buried = np.clip(layer[:, None] + 0 * way, 0, 1)
    openness = 0.45 + 0.55 * buried
    openness *= 1 - 0.30 * np.exp(-((way / 0.05) ** 2))
    share = np.clip(1 - 0.55 * np.clip((points[..., 1] - 0.35) / 0.75, 0, 1), 0, 1)
    return Strands(
        points.astype(np.float32), half_width, chance.astype(np.float32), openness.astype(np.float32),
        share.astype(np.float32),
    )  # fmt: skip


def _lock(look: CharacterLook, rng: np.random.Generator, side: float, back: float, count: int) -> _Lock:
    """Grow one lock; ``back`` runs from the forehead (0) to the nape (1)."""
    back = float(np.clip(back + rng.normal(0, 0.01), 0, 1)) ** 1.15
    root_shift = rng.random() ** 1.6 * 0.85 * float(np.clip(0.35 + 4 * back, 0, 1))
    layer = np.clip(1.0 - 0.75 * root_shift + rng.normal(0, 0.15), 0, 1.0)
    turn = np.deg2rad(64 + 116 * back)
    strand_turn = turn + rng.normal(0, 0.050, count)
    strand_layer = np.clip(layer + rng.normal(0, 0.08, count), -0.1, 1.1)
    strand_back = np.clip(back + rng.normal(0, 0.034, count), 0, 1)
    root = _part_line(strand_back)
    first = _unit(root)
    drop = _curtain(strand_turn, np.full(count, 0.05), strand_layer, side)
    last = _unit(drop)
    shift = np.clip(root_shift + rng.normal(0, 0.05, count), 0.0, 0.95)
    way = np.linspace(0, 1, _ON_SCALP)[None, :] * (1 - shift[:, None]) + shift[:, None]
    direction = _slerp(first, last, way)
    lift = 0.03 + (0.075 + 0.10 * strand_layer[:, None]) * np.sin(np.pi * np.clip(way, 0, 1) ** 0.8) ** 0.7
    floating = 0.75 * np.clip(strand_back * 6 + shift * 1.2, 0.05, 1)[:, None]
    lift = lift * np.clip(floating + np.linspace(0, 1.3, _ON_SCALP)[None, :], 0, 1)
    radius_end = np.linalg.norm((drop - _CENTRE) / _SCALP, axis=1)[:, None]
    settle = np.clip(way, 0, 1) ** 3
    radius = (1 + lift) * (1 - settle) + radius_end * settle
    on_scalp = _CENTRE + direction * _SCALP * radius[..., None]
    end_y = look.hair_length - 0.22 + rng.normal(0, 0.03) + rng.normal(0, 0.02, count)
    end_y -= 0.12 * np.cos(turn) - 0.04
    fall = np.linspace(0, 1, _HANGING + 1)[None, 1:]
    y = 0.05 + (end_y[:, None] - 0.05) * fall
    gather = 1 - 0.70 * fall
    hang_turn = turn + (strand_turn - turn)[:, None] * gather
    hang_layer = layer + (strand_layer - layer)[:, None] * gather
    phase = 5.0 * back + side + rng.normal(0, 0.6) + rng.normal(0, 0.18, (count, 1))
    size = look.hair_wave * 0.065 * np.clip((y - 0.15) / 0.5, 0, 1)
    swing = size * np.sin(2 * np.pi * 1.75 * y + phase)
    bend = size * np.cos(2 * np.pi * 1.75 * y + phase)
    hanging = _curtain(hang_turn + 1.5 * bend, y, hang_layer, side, swing)
    points = np.concatenate([on_scalp, hanging], 1)
    for _ in range(2):
        points[:, 1:-1] = 0.25 * points[:, :-2] + 0.5 * points[:, 1:-1] + 0.25 * points[:, 2:]
    wild = rng.random(count) < 0.03
    stray = rng.normal(0, 0.022, (count, 1, 3)) * np.linspace(0, 1, points.shape[1])[None, :, None] ** 1.5
    points[wild] += stray[wild]
    shade = np.clip(rng.normal(0.5, 0.10) + rng.normal(0, 0.16, count), 0, 1)
    return _Lock(points, strand_layer, shade)


def _wisps(rng: np.random.Generator, side: float, count: int) -> _Lock:
    """Grow short fine hairs that soften the hairline from the parting to the temple."""
    start = rng.random((count, 1)) * 0.95
    way = start + np.linspace(0, 1, _ON_SCALP + _HANGING) * rng.uniform(0.08, 0.22, (count, 1))
    root = _part_line(np.full(count, 0.0) + rng.normal(-0.012, 0.014, count))
    turn = np.full(count, np.deg2rad(62)) + rng.normal(0, 0.03, count)
    direction = _slerp(_unit(root), _unit(_curtain(turn, np.full(count, 0.05), np.ones(count), side)), way)
    radius = 1.012 + rng.uniform(0.02, 0.12, (count, 1)) * (way - start) ** 1.2 * 3
    points = _CENTRE + direction * _SCALP * radius[..., None]
    return _Lock(points, np.full(count, 0.9), rng.uniform(0.3, 1.0, count), 0.36)


# The fringe sweeps from the parting over the forehead to the picture's left and falls before the ear.
_FRINGE = np.array([
    [0.105, -0.330, 0.005], [0.020, -0.300, -0.075], [-0.120, -0.225, -0.115], [-0.270, -0.090, -0.070],
    [-0.395, 0.080, 0.070], [-0.455, 0.290, 0.190], [-0.475, 0.520, 0.240], [-0.500, 0.740, 0.230],
    [-0.470, 0.930, 0.250],
])  # fmt: skip


def _fringe(look: CharacterLook, rng: np.random.Generator, across: float, count: int) -> _Lock:
    """Grow one lock of the fringe; ``across`` 0 is the edge upon the forehead, 1 lies behind."""
    knots = np.linspace(0, 1, len(_FRINGE))
    way = np.linspace(0, 1, _ON_SCALP + _HANGING)
    curve = CubicSpline(knots, _FRINGE)(way)
    behind = np.array([0.0, -0.10, 0.16]) * (1 - 0.55 * way[:, None])
    curve = curve + behind * across + np.array([-0.015, 0, 0]) * across * np.sin(np.pi * way)[:, None]
    spread = rng.normal(0, 1, (count, 1, 3)) * np.array([0.004, 0.013, 0.015])
    points = curve[None] + spread * (1.15 - 0.7 * way)[None, :, None]
    phase = 1.3 * across + rng.normal(0, 0.35) + rng.normal(0, 0.15, (count, 1))
    swing = look.hair_wave * 0.055 * np.clip(2.2 * way - 0.9, 0, 1) * np.sin(9.5 * way[None] + phase)
    points[..., 0] += swing
    points[..., 2] += 0.5 * swing
    end = 1 + rng.normal(0, 0.03) + rng.normal(0, 0.02, (count, 1))
    points[..., 1] += np.clip(way * 3 - 2, 0, 1)[None] * 0.25 * (end - 1) * 3
    layer = np.clip(0.95 - 0.25 * across + rng.normal(0, 0.08, count), 0, 1.1)
    shade = np.clip(rng.normal(0.55, 0.10) + rng.normal(0, 0.16, count), 0, 1)
    return _Lock(points, layer, shade)


def _part_line(back: Points) -> Points:
    """Return points on the scalp along the parting, forehead (0) to crown and beyond (1)."""
    angle = np.deg2rad(-62 + 125 * back)
    unit = np.stack([0.24 * (1 - 0.5 * back), -np.cos(angle), np.sin(angle)], -1)
    unit /= np.linalg.norm(unit, axis=-1, keepdims=True)
    return _CENTRE + unit * _SCALP


def _unit(points: Points) -> Points:
    direction = (points - _CENTRE) / _SCALP
    return direction / np.linalg.norm(direction, axis=-1, keepdims=True)


def _slerp(first: Points, last: Points, way: Points) -> Points:
    angle = np.arccos(np.clip((first * last).sum(-1), -1, 1))[:, None, None]
    t = way[..., None]
    return (np.sin((1 - t) * angle) * first[:, None] + np.sin(t * angle) * last[:, None]) / np.sin(angle)


def _curtain(turn: Points, y: Points, layer: Points, side: float, swing: Points | float = 0.0) -> Points:
    """Return points on the hanging surface: turn 0 is the front, layer 1 the outermost."""
    width, depth = (PchipInterpolator(_CURTAIN[:, 0], _CURTAIN[:, k])(y) for k in (1, 2))
    scale = 0.86 + 0.14 * layer
    return np.stack(
        [side * (width * scale + swing) * np.sin(turn), y, 0.43 - (depth * scale + swing) * np.cos(turn)], -1
    )


def brow_strands(look: CharacterLook, head: HeadModel, *, hairs: int = 320) -> Strands:
    """Grow both brows on the resting skin."""
    rng = np.random.default_rng(look.seed + 2)
    front = head.rest[head.rest[:, 2] < 0.2]
    tree = cKDTree(front[:, :2])
    strands = []
    for brow in BROWS:
        outline = head.face[list(brow)].astype(np.float64)
        middle, half = 0.5 * (outline[:5] + outline[:4:-1]), 0.5 * (outline[:5] - outline[:4:-1])
        knots = np.linspace(0, 1, 5)
        centre_of, half_of = CubicSpline(knots, middle[:, :2]), PchipInterpolator(knots, half[:, :2])
        way = rng.random(hairs) ** 0.9
        across = rng.uniform(-0.50, 0.40, hairs) * np.clip(way * 6 + 0.25, 0, 1) * (1.0 - 0.15 * way)
        root = centre_of(way) + half_of(way) * across[:, None]
        inner = way
        outward = -centre_of(way, 1)
        outward /= np.linalg.norm(outward, axis=1, keepdims=True)
        raise_ = np.clip(inner * 1.3 - 0.45, -0.1, 1.0) * 1.15 - 0.25 * across
        direction = outward + np.stack([0 * raise_, -raise_], 1) + rng.normal(0, 0.07, (hairs, 2))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        length = 0.040 * (0.7 + 0.5 * rng.random(hairs)) * (1 - 0.35 * np.abs(2 * way - 1) ** 3)
        steps = np.linspace(0, 1, 6)
        flat = root[:, None] + direction[:, None] * (length[:, None] * steps)[..., None]
        flat += outward[:, None] * (0.35 * length[:, None] * steps**2)[..., None]
        _, near = tree.query(flat.reshape(-1, 2), k=4)
        z = front[near, 2].mean(1).reshape(flat.shape[:2]) - 0.004 - 0.004 * np.sin(np.pi * steps)
        strands.append(np.concatenate([flat, z[..., None]], 2))
    points = np.concatenate(strands).astype(np.float32)
    return _simple(points, 0.0012, rng)


def lash_strands(look: CharacterLook, head: HeadModel, vertices: FloatArray, *, lashes: int = 72) -> Strands:
    """Grow lashes from posed head vertices; they turn with the lid."""
    rng = np.random.default_rng(look.seed + 3)
    grown, widths = [], []
    for rings, centre, side in zip(EYES, head.eye_centres, (-1.0, 1.0), strict=True):
        for row, length, lift, number in (
            (rings.upper, 0.033, 0.55, lashes),
            (rings.lower, 0.012, -0.3, lashes // 2),
        ):
            line = vertices[[rings.outer_corner, *row, rings.inner_corner]].astype(np.float64)
            curve = CubicSpline(np.linspace(0, 1, 9), line)
            way = np.clip(np.linspace(0.03, 0.90, number) + rng.normal(0, 0.008, number), 0.01, 0.95)
            base = curve(way)
            out = base - centre
            out /= np.linalg.norm(out, axis=1, keepdims=True)
            fan = side * (1.05 - 1.35 * way)[:, None] * np.array([1.0, 0, 0])
            direction = (
                out + 0.75 * fan + np.array([0, -0.10 * np.sign(lift), 0]) + rng.normal(0, 0.06, (number, 3))
            )
            direction /= np.linalg.norm(direction, axis=1, keepdims=True)
            size = length * (0.65 + 0.5 * rng.random(number)) * (1.0 - 0.45 * way) * np.clip(way * 14, 0.5, 1)
            steps = np.linspace(0, 1, 7)[None, :, None]
            reach = size[:, None, None] * steps
            curl = np.array([0, -1.0, 0]) * lift * size[:, None, None] * steps**2
            grown.append(base[:, None] + direction[:, None] * reach + curl)
            widths.append(np.full(number, 0.0011 if lift > 0 else 0.0005))
    points = np.concatenate(grown).astype(np.float32)
    strands = _simple(points, 1.0, rng)
    width = strands.half_width / strands.half_width.max() * np.concatenate(widths)[:, None]
    return Strands(points, width.astype(np.float32), strands.chance, strands.openness, strands.head_share)


def _simple(points: FloatArray, half_width: float, rng: np.random.Generator) -> Strands:
    count, steps, _ = points.shape
    taper = (1 - np.linspace(0, 1, steps) ** 1.5 * 0.62)[None, :] * half_width
    ones = np.ones((count, steps), np.float32)
    width = np.broadcast_to(taper, (count, steps)).astype(np.float32)
    return Strands(points, width, rng.random(count).astype(np.float32), ones, ones)
