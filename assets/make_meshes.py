"""Make the OBJ models of the lower face: ``python -m assets.make_meshes`` writes wrap, upper and lower teeth.

The wrap takes its topology from MediaPipe's landmark connections and its positions from the mean resting face of
many tracked people (``checkpoint/mouth_space.npz``); a skirt of two rings hangs on the jaw. The teeth are modelled
here from average crown sizes of adults (Ash and Nelson, Wheeler's Dental Anatomy), in head coordinates.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import FACE_OVAL, LIPS, LIPS_INNER
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray

FOLDER = Path(__file__).parent / "meshes"
FACE_HEIGHT_MM = 178.0
MOUTH_LINE_Y = 0.502
TOP_EDGE_Y = 0.155
LOWER_OVAL = FACE_OVAL[7:30]
SKIRT_OUT = (0.06, 0.15)
SKIRT_MOTION = (0.45, 0.0)
SKIRT_CENTRE_LANDMARK = 2
MOTION_RISE_Y = (0.255, 0.40)
ABSOLUTE_REACH = 0.13

# Widths and heights of crowns in mm from the middle outwards, and how far the edge lies below the first one's.
UPPER_CROWNS = ((8.5, 10.5, 0.0), (6.5, 9.4, 0.6), (7.5, 10.2, 0.1), (7.0, 8.6, 1.0), (6.8, 7.8, 1.3))
LOWER_CROWNS = ((5.2, 9.0, 0.0), (5.7, 9.3, 0.0), (6.8, 10.4, -0.4), (7.0, 8.8, 0.6), (7.1, 8.2, 1.0))
TOOTH_GRID = (5, 9)


def triangles_of(edges: Iterable[tuple[int, int]]) -> NDArray[np.int32]:
    """Return the triangles that a set of edges bounds, in a stable order.

    Three vertices joined pairwise are a triangle of the surface unless each of their edges already borders two
    others (then the three enclose a part of the surface).
    """
    neighbours: dict[int, set[int]] = {}
    for a, b in edges:
        neighbours.setdefault(a, set()).add(b)
        neighbours.setdefault(b, set()).add(a)
    cliques = sorted(
        (a, b, c)
        for a, beside_a in neighbours.items()
        for b in beside_a
        if b > a
        for c in beside_a & neighbours[b]
        if c > b
    )
    uses = Counter(edge for clique in cliques for edge in combinations(clique, 2))
    return np.array([c for c in cliques if not all(uses[edge] > 2 for edge in combinations(c, 2))], np.int32)


def wrap_model(neutral: FloatArray, face_triangles: NDArray[np.int32]) -> dict[str, object]:
    """Return the wrap: landmarks, skirt, triangles and the weights of each vertex."""
    kept = neutral[:468, 1] > TOP_EDGE_Y
    skin = face_triangles[kept[face_triangles].all(1)]
    landmarks = np.unique(skin)
    index = {int(landmark): number for number, landmark in enumerate(landmarks)}
    skin = np.vectorize(index.get)(skin)
    jaw = [landmark for landmark in LOWER_OVAL if landmark in index]
    rings = [[index[landmark] for landmark in jaw]]
    for ring in range(len(SKIRT_OUT)):
        rings.append([len(landmarks) + ring * len(jaw) + i for i in range(len(jaw))])
    skirt = [
        triangle
        for inner, outer in pairwise(rings)
        for i in range(len(jaw) - 1)
        for triangle in ((inner[i], outer[i], inner[i + 1]), (inner[i + 1], outer[i], outer[i + 1]))
    ]
    triangles = np.concatenate([skin, np.array(skirt)])
    mouth = [tuple(index[v] for v in triangle) for triangle in ring_strip(LIPS_INNER)]
    return {
        "landmarks": landmarks,
        "jaw": np.array(jaw),
        "triangles": triangles,
        "mouth_triangles": np.array(mouth),
        "coverage": _coverage(len(landmarks), rings, triangles, np.array(mouth)),
        "motion": _motion(neutral[landmarks]),
        "absolute": _absolute(neutral, landmarks),
    }


def turned_alike(vertices: FloatArray, triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """Turn triangles so that neighbours agree and each surface, by its area, runs clockwise to the viewer.

    Args:
        vertices: float32 (V, 3), y down, z away.
        triangles: int (T, 3), of one surface or several.
    """
    beside: dict[tuple[int, int], list[int]] = {}
    for number, triangle in enumerate(triangles.tolist()):
        for edge in combinations(sorted(triangle), 2):
            beside.setdefault(edge, []).append(number)
    turned = triangles.copy()
    waiting = set(range(len(triangles)))
    while waiting:
        surface = [min(waiting)]
        waiting.discard(surface[0])
        for number in surface:
            a, b, c = turned[number].tolist()
            for start, end in ((a, b), (b, c), (c, a)):
                for other in beside[min(start, end), max(start, end)]:
                    if other in waiting:
                        waiting.discard(other)
                        surface.append(other)
                        if _runs_along(turned[other].tolist(), start, end):
                            turned[other] = turned[other, ::-1]
        first, second, third = (vertices[turned[surface, corner], :2] for corner in range(3))
        if np.cross(second - first, third - first).sum() < 0:
            turned[surface] = turned[surface, ::-1]
    return turned


def _runs_along(triangle: list[int], start: int, end: int) -> bool:
    return (triangle.index(end) - triangle.index(start)) % 3 == 1


def ring_strip(ring: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Close a ring (left corner, lower row, right corner, upper row backwards) by a strip of triangles."""
    half = len(ring) // 2
    lower = ring[: half + 1]
    upper = (ring[0], *ring[:half:-1], ring[half])
    strip = []
    for i in range(half):
        for triangle in ((lower[i], lower[i + 1], upper[i]), (upper[i], lower[i + 1], upper[i + 1])):
            if len(set(triangle)) == 3:
                strip.append(triangle)
    return strip


def _coverage(
    landmark_count: int, rings: list[list[int]], triangles: NDArray[np.int32], mouth: NDArray[np.int32]
) -> FloatArray:
    """Full inside, nothing on the outline (the outer skirt and the upper edge)."""
    count = landmark_count + sum(len(ring) for ring in rings[1:])
    surface = np.sort(np.concatenate([triangles, mouth]), axis=1)
    uses = Counter(edge for triangle in surface.tolist() for edge in combinations(triangle, 2))
    coverage = np.ones(count, np.float32)
    coverage[[vertex for edge, times in uses.items() if times == 1 for vertex in edge]] = 0.0
    return coverage


def _motion(vertices: FloatArray) -> FloatArray:
    low, high = MOTION_RISE_Y
    t = np.clip((vertices[:, 1] - low) / (high - low), 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _absolute(neutral: FloatArray, landmarks: NDArray[np.int32]) -> FloatArray:
    """How much a vertex goes to its modelled place outright (lips) instead of by a change (far from them)."""
    lips = neutral[list(LIPS), :2]
    distance = np.linalg.norm(neutral[landmarks][:, None, :2] - lips[None], axis=-1).min(1)
    t = np.clip(1 - distance / ABSOLUTE_REACH, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def teeth_model(
    crowns: tuple[tuple[float, float, float], ...], *, upper: bool
) -> tuple[FloatArray, NDArray[np.int32], FloatArray]:
    """Return one row of teeth: vertices in head coordinates, triangles, shade 0..1 of each vertex."""
    vertices: list[FloatArray] = []
    triangles: list[NDArray[np.int32]] = []
    shades: list[FloatArray] = []
    grid = _grid_triangles(*TOOTH_GRID)
    for side in (-1, 1):
        along_mm = 0.0
        for number, (width_mm, height_mm, edge_mm) in enumerate(crowns):
            tooth, shade = _tooth(along_mm, width_mm, height_mm, edge_mm, number, upper=upper)
            tooth[:, 0] *= side
            triangles.append(grid + sum(len(v) for v in vertices))
            vertices.append(tooth)
            shades.append(shade)
            along_mm += width_mm
    return np.concatenate(vertices), np.concatenate(triangles), np.concatenate(shades)


def _tooth(
    along_mm: float, width_mm: float, height_mm: float, edge_mm: float, number: int, *, upper: bool
) -> tuple[FloatArray, FloatArray]:
    rows, columns = TOOTH_GRID
    v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    # v runs from the cutting edge to the gum; the crown narrows to the gum and its edge is rounded at the corners.
    narrowing = 1 - 0.08 * v**1.5
    corner = np.abs(u) ** (4 if number < 2 else 2.2) * (0.9 if number < 2 else 2.2) * (1 - v)
    across_mm = along_mm + width_mm / 2 + u * width_mm / 2 * narrowing
    height = v * height_mm + corner + edge_mm
    arch_mm = _arch_depth_mm(across_mm, upper=upper)
    bulge_mm = 1.1 * (1 - u**2) * np.sin(np.pi * (0.25 + 0.65 * v))
    x = _arch_x_mm(across_mm, upper=upper) / FACE_HEIGHT_MM
    if upper:
        y = MOUTH_LINE_Y + (1.6 - height) / FACE_HEIGHT_MM
        z = -0.118 + (arch_mm - bulge_mm) / FACE_HEIGHT_MM
    else:
        y = MOUTH_LINE_Y + (2.4 + height) / FACE_HEIGHT_MM
        z = -0.103 + (arch_mm - bulge_mm) / FACE_HEIGHT_MM
    gap = 1 - 0.42 * np.abs(u) ** 6
    gum = 1 - 0.25 * np.clip((v - 0.55) / 0.45, 0, 1) ** 2
    recede = 1 - 0.13 * number
    shade = (0.97 if upper else 0.86) * gap * gum * recede
    return np.stack([x, y, z], -1).reshape(-1, 3).astype(np.float32), shade.reshape(-1).astype(np.float32)


def _arch_depth_mm(across_mm: FloatArray, *, upper: bool) -> FloatArray:
    return (across_mm / (9.5 if upper else 8.8)) ** 2


def _arch_x_mm(across_mm: FloatArray, *, upper: bool) -> FloatArray:
    reach = 30.0 if upper else 27.0
    return reach * np.sin(np.clip(across_mm / reach, -np.pi / 2, np.pi / 2))


def _grid_triangles(rows: int, columns: int) -> NDArray[np.int32]:
    found = []
    for r in range(rows - 1):
        for c in range(columns - 1):
            a, b, d, e = (
                r * columns + c,
                r * columns + c + 1,
                (r + 1) * columns + c,
                (r + 1) * columns + c + 1,
            )
            found += [(a, b, d), (b, e, d)]
    return np.array(found, np.int32)


def write_obj(path: Path, vertices: FloatArray, groups: dict[str, NDArray[np.int32]]) -> None:
    """Write a Wavefront OBJ with one group a part; positions in head coordinates."""
    lines = [f"# {path.stem}: head coordinates, face height 1, y down, z away from the viewer"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices]
    for name, triangles in groups.items():
        lines.append(f"g {name}")
        lines += [f"f {a + 1} {b + 1} {c + 1}" for a, b, c in triangles]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m assets.make_meshes", description=__doc__)
    parser.add_argument("--mouth-space", type=Path, default=Path("checkpoint/mouth_space.npz"))
    parser.add_argument("--output", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

    options.output.mkdir(parents=True, exist_ok=True)
    neutral = MouthSpace.load(options.mouth_space).neutral
    face_triangles = triangles_of(FACEMESH_TESSELATION)
    wrap = wrap_model(neutral, face_triangles)
    write_wrap(options.output, neutral, wrap)
    for name, crowns in (("upper_teeth", UPPER_CROWNS), ("lower_teeth", LOWER_CROWNS)):
        vertices, triangles, shade = teeth_model(crowns, upper=name == "upper_teeth")
        write_obj(options.output / f"{name}.obj", vertices, {"teeth": turned_alike(vertices, triangles)})
        sidecar = {"shade": [round(float(s), 4) for s in shade]}
        (options.output / f"{name}.json").write_text(json.dumps(sidecar) + "\n", encoding="utf-8")
    return 0


def write_wrap(folder: Path, neutral: FloatArray, wrap: dict[str, object]) -> None:
    """Write wrap.obj and, beside it, what an OBJ cannot hold: landmark numbers and weights."""
    landmarks, jaw = np.asarray(wrap["landmarks"]), np.asarray(wrap["jaw"])
    centre = neutral[SKIRT_CENTRE_LANDMARK]
    away = neutral[jaw] - centre
    away[:, 2] = 0
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    rings = [neutral[jaw] + away * out for out in SKIRT_OUT]
    vertices = np.concatenate([neutral[landmarks], *rings])
    groups = {
        "skin": turned_alike(vertices, np.asarray(wrap["triangles"])),
        "mouth": turned_alike(vertices, np.asarray(wrap["mouth_triangles"])),
    }
    write_obj(folder / "wrap.obj", vertices, groups)
    sidecar = {
        "landmarks": landmarks.tolist(),
        "skirt_landmarks": jaw.tolist(),
        "skirt_out": SKIRT_OUT,
        "skirt_motion": SKIRT_MOTION,
        "skirt_centre_landmark": SKIRT_CENTRE_LANDMARK,
    }
    for name in ("coverage", "motion", "absolute"):
        sidecar[name] = [round(float(value), 4) for value in np.asarray(wrap[name])]
    (folder / "wrap.json").write_text(json.dumps(sidecar) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
