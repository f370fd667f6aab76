"""Sculpted hair: a cap that rises out of the skin at the hairline, and clumps that are combed over it."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from assets.character_maker.looks import CharacterLook
from assets.character_maker.pieces import HAIR, Piece, grid_triangles, joined, plain_piece, swept
from assets.character_maker.scalp import CENTRE, Points, Scalp, great_circle, towards, unit
from assets.character_maker.skin_paint import linear

# The hairline by the angle about the head (0 front, 180 nape): its height y.
_HAIRLINE_DEG = np.array([0, 18, 34, 46, 54, 62, 74, 84, 96, 120, 150, 180])
_HAIRLINE_Y = np.array([-0.235, -0.225, -0.180, -0.115, -0.03, 0.16, 0.24, 0.02, 0.16, 0.42, 0.58, 0.60])


def head_hair(look: CharacterLook, scalp: Scalp) -> Piece:
    """Return all hair of the head."""
    rng = np.random.default_rng(look.seed + 1)
    return {"bob": _bob, "curls": _curls, "updo": _updo}[look.hair_style](look, scalp, rng)


def _shades(
    look: CharacterLook, rng: np.random.Generator, count: int, steps: int, spread: float = 0.16
) -> Points:
    """Return (count, steps, 3) linear colours: darker at the root, each clump a little other."""
    root, tip = linear(look.hair).astype(np.float64), linear(look.hair_tip).astype(np.float64)
    way = np.linspace(0, 1, steps)[None, :] * 0.8 + rng.normal(0.1, spread, (count, 1))
    share = np.clip(way, 0, 1)[..., None]
    value = 1 + 0.10 * rng.normal(0, 1, (count, 1, 1))
    return (root + (tip - root) * share) * np.clip(value, 0.7, 1.3)


def _locks(
    look: CharacterLook, rng: np.random.Generator, paths: Points, half: Points, thick: Points, sections: int
) -> Piece:
    """Sweep clumps, lying on the head, of float (count, steps) half widths along (count, steps, 3) paths."""
    count, steps = half.shape
    colour = _shades(look, rng, count, steps)
    seeds = rng.random(count) * 50
    return swept(paths, paths - CENTRE, half, thick, colour, HAIR, seeds=seeds, sections=sections)


def _cap(
    look: CharacterLook,
    scalp: Scalp,
    thickness: float,
    *,
    bumps: Points | None = None,
    drop: float = 0.0,
    rows: int = 150,
    columns: int = 300,
    soft: float = 0.05,
) -> Piece:
    """Return a shell over the scalp that sinks into the skin outside the hairline."""
    polar, turn = np.meshgrid(
        np.linspace(0.02, 2.35, rows), np.linspace(-np.pi, np.pi, columns), indexing="ij"
    )
    direction = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar), -np.sin(polar) * np.cos(turn)], -1)
    ground = scalp.at(direction, 0.0)
    line = np.interp(np.degrees(np.abs(turn)), _HAIRLINE_DEG, _HAIRLINE_Y) + drop
    inside = line - ground[..., 1]
    grown = np.clip(inside / soft, -1, 1)
    rise = np.where(grown > 0, np.sqrt(np.clip(1 - (1 - grown) ** 2, 0, 1)), 0.8 * grown)
    lift = thickness * rise
    if bumps is not None:
        lift = lift + bumps_over(direction, bumps) * np.clip(rise, 0, 1)
    points = CENTRE + direction * (scalp.radius(direction) + lift)[..., None]
    across = np.stack([turn * 0.35, np.full_like(turn, 3.0)], -1).reshape(-1, 2)
    triangles = grid_triangles(rows, columns)
    triangles = triangles[(grown.reshape(-1)[triangles] > -0.99).any(1)]
    piece = plain_piece(
        points.reshape(-1, 3), triangles, linear(look.hair), HAIR, along=(0, 0.6, -0.8), groove=across
    )
    outward = ((piece.normals * direction.reshape(-1, 3)).sum(1) > 0).mean() > 0.5
    return piece if outward else Piece(**{**piece.__dict__, "normals": -piece.normals})


def bumps_over(direction: Points, seeds: Points) -> Points:
    """Return heights (...,) of round curls about unit seeds (n, 4: direction and height)."""
    tree = cKDTree(seeds[:, :3])
    distance, index = tree.query(direction.reshape(-1, 3), k=3)
    size = 0.085
    dome = np.sqrt(np.clip(1 - (distance / size) ** 2, 0, 1)) * seeds[index, 3]
    return dome.max(1).reshape(direction.shape[:-1])


def _curls(look: CharacterLook, scalp: Scalp, rng: np.random.Generator) -> Piece:
    """Short coils on top, a close fade at the sides."""
    fade = _cap(look, scalp, 0.012, rows=220, columns=420, soft=0.035)
    count = 430
    k = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 1.0 * k / count), k * 2.399963
    seeds = np.stack([np.sin(polar) * np.sin(turn), -np.cos(polar), -np.sin(polar) * np.cos(turn)], 1)
    tilt = np.deg2rad(-14)
    seeds[:, 1:] = seeds[:, 1:] @ np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    seeds = unit(seeds + rng.normal(0, 0.022, seeds.shape))
    ground = scalp.at(seeds, 0.0)
    angle = np.degrees(np.abs(np.arctan2(seeds[:, 0], -seeds[:, 2])))
    line = np.interp(angle, _HAIRLINE_DEG, _HAIRLINE_Y)
    top = np.clip((np.minimum(line, -0.08) - ground[:, 1]) / 0.16, 0, 1)
    kept = top > 0.02
    seeds, top = seeds[kept], top[kept]
    return joined([fade, _coils(look, scalp, seeds, top, rng)])


def _coils(look: CharacterLook, scalp: Scalp, seeds: Points, top: Points, rng: np.random.Generator) -> Piece:
    """Small springs that stand on the scalp, one for each seed direction."""
    count, steps = len(seeds), 26
    side = unit(np.cross(seeds, rng.normal(0, 1, seeds.shape)))
    other = np.cross(seeds, side)
    way = np.linspace(0, 1, steps)
    turn = way * 2 * np.pi * 1.6 + rng.uniform(0, 2 * np.pi, (count, 1))
    size = (0.020 + 0.010 * rng.random((count, 1))) * (0.6 + 0.4 * top[:, None])
    foot = scalp.at(seeds, 0.004)
    height = (0.018 + 0.070 * top + 0.018 * rng.random(count))[:, None] * way
    paths = (
        foot[:, None] + seeds[:, None] * height[..., None]
        + side[:, None] * (size * np.cos(turn))[..., None] + other[:, None] * (size * np.sin(turn))[..., None]
    )  # fmt: skip
    width = np.full((count, steps), 0.0165) * np.clip(np.minimum(way * 6 + 0.3, (1 - way) * 5 + 0.35), 0, 1)
    colour = _shades(look, rng, count, steps, 0.22)
    return swept(
        paths,
        np.broadcast_to(seeds[:, None], paths.shape),
        width,
        width,
        colour,
        HAIR,
        seeds=rng.random(count) * 50,
        sections=8,
    )


def _bob(look: CharacterLook, scalp: Scalp, rng: np.random.Generator) -> Piece:
    """A chin-long bob, parted at the picture's right, with a fringe swept to the left."""
    parts = [_cap(look, scalp, 0.020)]
    for side in (-1.0, 1.0):
        parts.append(_curtain(look, scalp, rng, side, count=20, lift=0.050, width=0.062, start=0.0))
        parts.append(_curtain(look, scalp, rng, side, count=26, lift=0.078, width=0.050, start=0.02))
    parts.append(_fringe(look, scalp, rng))
    return joined(parts)


def _parting(way: Points) -> Points:
    """Return unit directions of the parting: 0 at the hairline .. 1 at the crown."""
    front, crown = towards(np.array([[0.105, -0.265, -0.03]])), towards(np.array([[0.03, -0.50, 0.62]]))
    return great_circle(front, crown, way[None])[0]


def _curtain(
    look: CharacterLook,
    scalp: Scalp,
    rng: np.random.Generator,
    side: float,
    *,
    count: int,
    lift: float,
    width: float,
    start: float,
) -> Piece:
    """Clumps from the parting over the head and down beside face and neck, turned in at the ends."""
    steps, on_head = 34, 16
    back = np.clip(np.linspace(start, 1, count) + rng.normal(0, 0.008, count), 0, 1)
    turn = np.deg2rad(66 + 112 * back**0.95)
    level = 0.10
    drop = np.stack([side * np.sin(turn), np.full(count, level), -np.cos(turn)], 1)
    root = _parting(np.clip(back**1.15, 0, 1))
    way = np.linspace(0, 1, on_head)
    arc = great_circle(root, unit(drop * [1.0, 1.0, 1.0]), way)
    puff = lift * (0.45 + 0.75 * np.sin(np.pi * np.clip(way, 0, 1) * 0.62)) + rng.normal(0, 0.004, (count, 1))
    upper = scalp.at(arc, np.broadcast_to(puff, arc.shape[:2]))
    upper[:, 0] = scalp.at(root, lift * 0.30) - side * np.array([0.012, 0, 0])
    last = upper[:, -1]
    flat = last - CENTRE
    flat[:, 1] = 0
    reach = np.maximum(np.linalg.norm(flat, axis=1), 0.50)
    heading = unit(flat)
    end = look_length(back) + rng.normal(0, 0.004, count)
    fall = np.linspace(0, 1, steps - on_head + 1)[1:]
    y = last[:, 1:2] + (end - last[:, 1])[:, None] * fall
    bulge = (
        0.050 * np.sin(np.pi * np.clip(fall * 0.9, 0, 1)) - 0.115 * np.clip((fall - 0.68) / 0.32, 0, 1) ** 2
    )
    radius = reach[:, None] + bulge + rng.normal(0, 0.006, (count, 1)) * fall
    lower = np.stack([heading[:, :1] * radius, y, CENTRE[2] + heading[:, 2:] * radius], -1)
    paths = np.concatenate([upper, lower], 1)
    for _ in range(4):
        paths[:, 1:-1] = 0.25 * paths[:, :-2] + 0.5 * paths[:, 1:-1] + 0.25 * paths[:, 2:]
    along = np.linspace(0, 1, steps)
    shape = np.interp(along, [0, 0.12, 0.45, 0.8, 1.0], [0.35, 0.8, 1.15, 1.1, 0.62])
    half = width * shape * (1 + 0.10 * rng.normal(0, 1, (count, 1)))
    thick = np.broadcast_to(0.024 * np.interp(along, [0, 0.1, 0.85, 1], [0.35, 1, 1, 0.45]), half.shape)
    outward = paths - CENTRE
    outward[..., 1] *= 0.35
    colour = _shades(look, rng, count, steps)
    share = np.clip(1 - 0.5 * np.clip((paths[..., 1] - 0.5) / 0.6, 0, 1), 0, 1)
    return swept(
        paths, outward, half, thick, colour, HAIR, seeds=rng.random(count) * 50, share=share, sections=14
    )


def look_length(back: Points) -> Points:
    """Return where the clumps of the bob end: longest in front."""
    return 0.80 - 0.10 * back


def _fringe(look: CharacterLook, scalp: Scalp, rng: np.random.Generator) -> Piece:
    """Clumps that sweep from the parting over the forehead to both temples."""
    steps = 26
    rows = []
    for side, count, low in ((-1.0, 9, 0.0), (1.0, 4, 0.02)):
        layer = np.linspace(0, 1, count)
        root = _parting(0.02 + 0.22 * layer)
        ends = np.stack(
            [side * (0.435 + 0.02 * layer), 0.16 + low - 0.10 * layer + 0 * layer, 0.12 + 0.05 * layer], 1
        )
        arc = great_circle(root, towards(ends), np.linspace(0, 1, steps))
        way = np.linspace(0, 1, steps)
        dip = 0.055 * np.sin(np.pi * way) ** 1.5 * (1 - layer[:, None])
        arc = unit(arc + np.stack([0 * dip, dip, 0 * dip], -1))
        height = 0.040 + 0.030 * np.sin(np.pi * way) + 0.030 * layer[:, None] + 0.02 * way
        rows.append(scalp.at(arc, np.broadcast_to(height, arc.shape[:2])))
    paths = np.concatenate(rows)
    for _ in range(3):
        paths[:, 1:-1] = 0.25 * paths[:, :-2] + 0.5 * paths[:, 1:-1] + 0.25 * paths[:, 2:]
    count = len(paths)
    along = np.linspace(0, 1, steps)
    half = (
        0.050
        * np.interp(along, [0, 0.2, 0.6, 1], [0.45, 0.95, 1.0, 0.25])
        * (1 + 0.08 * rng.normal(0, 1, (count, 1)))
    )
    thick = np.broadcast_to(0.020 * np.interp(along, [0, 0.15, 0.8, 1], [0.4, 1, 1, 0.3]), half.shape)
    return _locks(look, rng, paths, half, thick, 14)


def _updo(look: CharacterLook, scalp: Scalp, rng: np.random.Generator) -> Piece:
    """Hair combed back from the hairline to a knot on the crown."""
    parts = [_cap(look, scalp, 0.010, drop=-0.03)]
    knot = np.array([0.0, -0.57, 0.50])
    for lift, count, width in ((0.020, 50, 0.046), (0.042, 44, 0.040)):
        steps = 30
        turn_deg = np.linspace(-128, 128, count) + rng.normal(0, 1.0, count)
        turn = np.deg2rad(turn_deg)
        line = np.interp(
            np.abs(turn_deg),
            [0, 18, 34, 46, 56, 68, 92, 106, 128],
            [-0.262, -0.255, -0.215, -0.15, -0.08, -0.03, 0.0, 0.16, 0.34],
        )
        y = line + rng.normal(0, 0.005, count)
        root = towards(np.stack([0.42 * np.sin(turn), y, CENTRE[2] - 0.50 * np.cos(turn)], 1))
        goal = towards(knot[None] + 0.09 * np.stack([np.sin(turn), 0.4 + 0 * turn, -np.cos(turn)], 1))
        way = np.linspace(0, 1, steps)
        arc = great_circle(root, goal, way)
        wave = 0.008 * np.sin(2 * np.pi * (1.5 * way + rng.random((count, 1))))
        rise = np.clip(way / 0.30, 0, 1)
        height = -0.016 + (lift + 0.016) * rise * (2 - rise) + 0.050 * np.sin(np.pi * way) + wave * way
        paths = scalp.at(arc, height)
        half = (
            width
            * np.interp(way, [0, 0.1, 0.5, 1], [0.75, 0.95, 1.0, 0.55])
            * (1 + 0.1 * rng.normal(0, 1, (count, 1)))
        )
        thick = np.broadcast_to(0.020 * np.interp(way, [0, 0.3, 1], [0.25, 1, 1]), half.shape)
        parts.append(_locks(look, rng, paths, half, thick, 12))
    parts.append(_knot(look, rng, knot + np.array([0, -0.045, 0])))
    return joined(parts)


def _knot(look: CharacterLook, rng: np.random.Generator, middle: Points) -> Piece:
    """A twisted bun: clumps that wind over a ball."""
    steps, count = 40, 15
    way = np.linspace(0, 1, steps)
    polar = np.pi * (0.03 + 0.90 * way)[None]
    turn = 2 * np.pi * np.arange(count)[:, None] / count + 2.3 * way[None] + rng.normal(0, 0.05, (count, 1))
    out = np.stack(
        [np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), -np.cos(polar) + 0 * turn], -1
    )
    tilt = np.deg2rad(62)  # the eye of the twist looks forward and up
    y = np.cos(tilt) * out[..., 1] + np.sin(tilt) * out[..., 2]
    z = -np.sin(tilt) * out[..., 1] + np.cos(tilt) * out[..., 2]
    turned = np.stack([out[..., 0], y, z], -1)
    ball = np.array([0.165, 0.145, 0.165])
    paths = middle + turned * ball * (1 + 0.04 * rng.normal(0, 1, (count, 1, 1)))
    half = (
        0.040
        * np.interp(way, [0, 0.15, 0.5, 0.85, 1], [0.25, 0.75, 1.1, 0.9, 0.5])[None]
        * np.ones((count, 1))
    )
    return swept(
        paths,
        turned,
        half,
        half * 0.62,
        _shades(look, rng, count, steps, 0.1),
        HAIR,
        seeds=rng.random(count) * 50,
        sections=14,
    )
