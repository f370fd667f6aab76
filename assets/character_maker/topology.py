"""Triangle topology of the face mesh, and Loop subdivision as a sparse matrix."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Triangles = NDArray[np.int32]

# Three-cycles of the connection list that are no faces: both lie across the wings of the nose.
_FALSE_TRIANGLES = frozenset({(49, 64, 129), (279, 294, 358)})


def face_triangles() -> Triangles:
    """Return int32 (852, 3) triangles of the 468 face landmarks, wound alike, found as cycles of three edges.

    Raises:
        ImportError: mediapipe is not installed (it holds the list of connections).
    """
    from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

    neighbours: dict[int, set[int]] = defaultdict(set)
    for first, second in FACEMESH_TESSELATION:
        neighbours[first].add(second)
        neighbours[second].add(first)
    found = {
        tuple(sorted((a, b, c)))
        for a in neighbours
        for b in neighbours[a]
        for c in neighbours[a] & neighbours[b]
    }
    return wind_alike(np.array(sorted(found - _FALSE_TRIANGLES), np.int32))


def wind_alike(triangles: Triangles) -> Triangles:
    """Flip triangles until neighbours run their shared edge in opposite directions (one connected sheet)."""
    by_edge: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, (a, b, c) in enumerate(triangles.tolist()):
        for first, second in ((a, b), (b, c), (c, a)):
            by_edge[min(first, second), max(first, second)].append(index)
    wound = triangles.copy()
    waiting, done = [0], {0}
    while waiting:
        a, b, c = wound[waiting.pop()].tolist()
        for first, second in ((a, b), (b, c), (c, a)):
            for other in by_edge[min(first, second), max(first, second)]:
                if other in done:
                    continue
                x, y, z = wound[other].tolist()
                if (first, second) in ((x, y), (y, z), (z, x)):
                    wound[other] = (x, z, y)
                done.add(other)
                waiting.append(other)
    return wound


def bridge(first: list[int], second: list[int], *, closed: bool) -> list[tuple[int, int, int]]:
    """Join two rows of equally many vertices by a band of triangles."""
    count = len(first)
    band = []
    for k in range(count if closed else count - 1):
        n = (k + 1) % count
        band += [(first[k], first[n], second[n]), (first[k], second[n], second[k])]
    return band


def loop_subdivision(
    triangles: Triangles, vertex_count: int, levels: int
) -> tuple[sparse.csr_matrix, Triangles]:
    """Return the matrix that carries control vertices to subdivided ones, and the new triangles (Loop 1987)."""
    total = sparse.identity(vertex_count, format="csr", dtype=np.float64)
    for _ in range(levels):
        step, triangles = _subdivide_once(triangles, total.shape[0])
        total = step @ total
    return total.astype(np.float32).tocsr(), triangles


def _subdivide_once(triangles: Triangles, vertex_count: int) -> tuple[sparse.csr_matrix, Triangles]:
    opposite: dict[tuple[int, int], list[int]] = defaultdict(list)
    for a, b, c in triangles.tolist():
        for first, second, third in ((a, b, c), (b, c, a), (c, a, b)):
            opposite[min(first, second), max(first, second)].append(third)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    boundary: dict[int, list[int]] = defaultdict(list)
    around: dict[int, set[int]] = defaultdict(set)
    middle: dict[tuple[int, int], int] = {}
    for number, (edge, thirds) in enumerate(opposite.items()):
        row = middle[edge] = vertex_count + number
        around[edge[0]].add(edge[1])
        around[edge[1]].add(edge[0])
        inner = len(thirds) == 2
        if not inner:
            boundary[edge[0]].append(edge[1])
            boundary[edge[1]].append(edge[0])
        rows += [row] * (4 if inner else 2)
        columns += [*edge, *thirds] if inner else [*edge]
        values += [0.375, 0.375, 0.125, 0.125] if inner else [0.5, 0.5]
    for vertex in range(vertex_count):
        ends = boundary.get(vertex)
        ring = ends if ends else sorted(around[vertex])
        if not ring:
            share = 0.0
        elif ends:
            share = 0.125
        else:
            share = (0.625 - (0.375 + 0.25 * np.cos(2 * np.pi / len(ring))) ** 2) / len(ring)
        rows += [vertex] * (len(ring) + 1)
        columns += [vertex, *ring]
        values += [1.0 - share * len(ring), *([share] * len(ring))]
    matrix = sparse.csr_matrix((values, (rows, columns)), shape=(vertex_count + len(middle), vertex_count))
    finer = []
    for a, b, c in triangles.tolist():
        ab, bc, ca = (middle[min(p, q), max(p, q)] for p, q in ((a, b), (b, c), (c, a)))
        finer += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return matrix, np.array(finer, np.int32)


class VertexNormals:
    """Area-weighted vertex normals of a fixed topology."""

    def __init__(self, triangles: Triangles, vertex_count: int) -> None:
        """Gather which triangles meet at each vertex."""
        self._triangles = triangles
        faces = np.repeat(np.arange(len(triangles)), 3)
        ones = np.ones(len(faces), np.float32)
        self._gather = sparse.csr_matrix(
            (ones, (triangles.ravel(), faces)), shape=(vertex_count, len(triangles))
        )

    def __call__(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (V, 3) unit normals of (V, 3) vertices."""
        a, b, c = (vertices[self._triangles[:, k]] for k in range(3))
        normals = self._gather @ np.cross(b - a, c - a)
        return (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(
            np.float32
        )
