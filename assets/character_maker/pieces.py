"""Solid pieces (hair, ears, clothes, teeth ...): vertices with colour and material, and tubes swept along curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.topology import Triangles, VertexNormals

FloatArray = NDArray[np.float32]
Points = NDArray[np.float64]

CLOTH, HAIR, SKIN, WET, HARD = 0.0, 1.0, 2.0, 3.0, 4.0


@dataclass(frozen=True)
class Piece:
    """Attributes of V vertices, float32, and F triangles.

    Attributes:
        vertices: (V, 3) at rest, head coordinates.
        normals: (V, 3).
        triangles: int32 (F, 3).
        along: (V, 3) direction of the hair or thread.
        colour: (V, 4) linear rgb and material.
        groove: (V, 2) place across the hair in face heights, and a number of the clump's own.
        share: (V,) how far a vertex follows the head (1) or the body (0).
    """

    vertices: FloatArray
    normals: FloatArray
    triangles: Triangles
    along: FloatArray
    colour: FloatArray
    groove: FloatArray
    share: FloatArray


def plain_piece(
    vertices: NDArray[np.floating],
    triangles: Triangles,
    colour: NDArray[np.floating],
    material: float,
    *,
    normals: NDArray[np.floating] | None = None,
    along: tuple[float, float, float] = (0, 1, 0),
    share: float | NDArray[np.floating] = 1.0,
    groove: NDArray[np.floating] | None = None,
) -> Piece:
    """Return a piece; colour is (3,) or (V, 3) linear."""
    points = np.asarray(vertices, np.float32)
    count = len(points)
    full = np.empty((count, 4), np.float32)
    full[:, :3], full[:, 3] = colour, material
    return Piece(
        points,
        np.asarray(VertexNormals(triangles, count)(points) if normals is None else normals, np.float32),
        np.asarray(triangles, np.int32),
        np.broadcast_to(np.array(along, np.float32), (count, 3)),
        full,
        np.zeros((count, 2), np.float32) if groove is None else np.asarray(groove, np.float32),
        np.broadcast_to(np.asarray(share, np.float32), (count,)),
    )


def joined(pieces: Iterable[Piece]) -> Piece:
    """Return one piece of many."""
    parts = list(pieces)
    first = np.cumsum([0, *(len(part.vertices) for part in parts)])
    triangles = np.concatenate([part.triangles + start for part, start in zip(parts, first, strict=False)])
    columns = ("vertices", "normals", "along", "colour", "groove", "share")
    vertices, normals, along, colour, groove, share = (
        np.concatenate([getattr(part, name) for part in parts]) for name in columns
    )
    return Piece(vertices, normals, triangles.astype(np.int32), along, colour, groove, share)


def grid_triangles(rows: int, columns: int, *, closed: bool = False) -> Triangles:
    """Return int32 (F, 3) triangles of a grid of rows x columns vertices; ``closed`` joins last column to first."""
    index = np.arange(rows * columns).reshape(rows, columns)
    if closed:
        index = np.concatenate([index, index[:, :1]], 1)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    both = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    return both.astype(np.int32)


def swept(
    paths: Points,
    outward: Points,
    half_width: Points,
    half_thickness: Points,
    colour: NDArray[np.floating],
    material: float,
    *,
    seeds: Points,
    share: NDArray[np.floating] | float = 1.0,
    sections: int = 12,
    squareness: float = 1.0,
) -> Piece:
    """Sweep n lens-shaped sections along n curves.

    Args:
        paths: (n, k, 3) curves.
        outward: (n, k, 3) about where the flat side looks.
        half_width: (n, k).
        half_thickness: (n, k).
        colour: (n, k, 3) or broadcastable, linear.
        material: of PIECE materials.
        seeds: (n,) a number of each curve's own.
        share: (n, k) or a number, see Piece.
        sections: vertices about each section.
        squareness: below 1 flattens the section towards a box.
    """
    count, steps, _ = paths.shape
    along = np.gradient(paths, axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
    up = outward - (outward * along).sum(2, keepdims=True) * along
    up /= np.maximum(np.linalg.norm(up, axis=2, keepdims=True), 1e-9)
    side = np.cross(along, up)
    turn = np.linspace(0, 2 * np.pi, sections, endpoint=False)
    cosine, sine = np.cos(turn), np.sin(turn)
    across = np.sign(cosine) * np.abs(cosine) ** squareness
    rise = np.sign(sine) * np.abs(sine) ** squareness
    width, thick = half_width[..., None, None], half_thickness[..., None, None]
    vertices = (
        paths[:, :, None]
        + side[:, :, None] * width * across[None, None, :, None]
        + up[:, :, None] * thick * rise[None, None, :, None]
    )
    ring = grid_triangles(steps, sections, closed=True)
    triangles = (ring[None] + (np.arange(count) * steps * sections)[:, None, None]).reshape(-1, 3)
    flat = vertices.reshape(-1, 3).astype(np.float32)
    normals = VertexNormals(triangles.astype(np.int32), len(flat))(flat)
    outside = (flat - np.repeat(paths.reshape(-1, 3), sections, axis=0)).astype(np.float32)
    wrong = ((normals * outside).sum(1) < 0)[:, None]
    normals = np.where(wrong, -normals, normals)
    full = np.empty((count, steps, sections, 4), np.float32)
    full[..., :3] = np.broadcast_to(np.asarray(colour), (count, steps, 3))[:, :, None]
    full[..., 3] = material
    groove = np.empty((count, steps, sections, 2), np.float32)
    groove[..., 0] = (half_width[..., None] * cosine) + 0.0
    groove[..., 1] = seeds[:, None, None]
    shares = np.broadcast_to(np.asarray(share, np.float32), (count, steps))
    return Piece(
        flat,
        normals.astype(np.float32),
        triangles.astype(np.int32),
        np.repeat(along.reshape(-1, 3), sections, axis=0).astype(np.float32),
        full.reshape(-1, 4),
        groove.reshape(-1, 2),
        np.repeat(shares.reshape(-1), sections).astype(np.float32),
    )
