"""Keeps the skin from folding: where a lip is pushed towards its surroundings, these make room."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.landmarks import LIPS
from talkingface.records import FloatArray
from talkingface.wrap_mesh import WrapMesh

KEPT_LENGTH = 0.35
SWEEPS = 4
ENOUGH_PX = 1e-3  # an edge that was made way for must not count again for its rounding


class FoldGuard:
    """Passes a push on from the lips outwards along the edges of the wrap, as far as it must go."""

    def __init__(self, wrap: WrapMesh, neutral: FloatArray) -> None:
        """Find the edges that run outwards.

        Args:
            wrap: the lower-face surface.
            neutral: float32 (478, 3) a resting face, which tells what lies nearer to the lips.
        """
        place = neutral[wrap.landmarks, :2]
        distance = np.linalg.norm(place[:, None] - neutral[None, list(LIPS), :2], axis=-1).min(1)
        inside = wrap.triangles[(wrap.triangles < len(wrap.landmarks)).all(1)]
        edges = np.unique(
            np.sort(np.concatenate([inside[:, :2], inside[:, 1:], inside[:, ::2]]), axis=1), axis=0
        )
        nearer_first = np.where(
            (distance[edges[:, 0]] <= distance[edges[:, 1]])[:, None], edges, edges[:, ::-1]
        )
        is_lip = np.isin(wrap.landmarks, LIPS)
        reached = wrap.absolute[nearer_first[:, 0]] > 0
        outward = nearer_first[~is_lip[nearer_first[:, 1]] & reached]
        self._inner: NDArray[np.int64] = outward[:, 0].astype(np.int64)
        self._outer: NDArray[np.int64] = outward[:, 1].astype(np.int64)

    def relieve(self, source_px: FloatArray, shift_px: FloatArray) -> FloatArray:
        """Return the shift with the outer ends of squeezed edges moved on.

        Args:
            source_px: float32 (L, 3) landmarks of the wrap before they move.
            shift_px: float32 (L, 3) how far each is to move; not changed.

        Returns:
            float32 (L, 3); each edge outwards keeps about a third of its length in its own direction.
        """
        return _relieved(source_px, shift_px, self._inner, self._outer)


@compiled
def _relieved(
    source: FloatArray, shift: FloatArray, inner: NDArray[np.int64], outer: NDArray[np.int64]
) -> FloatArray:
    edges = len(inner)
    along, length = np.empty((edges, 2), np.float32), np.empty(edges, np.float32)
    for edge in range(edges):
        x = source[outer[edge], 0] - source[inner[edge], 0]
        y = source[outer[edge], 1] - source[inner[edge], 1]
        length[edge] = max(math.sqrt(x * x + y * y), 1e-3)
        along[edge, 0], along[edge, 1] = x / length[edge], y / length[edge]
    moved = shift.copy()
    for _ in range(SWEEPS):
        push, count = np.zeros((len(moved), 2), np.float32), np.zeros(len(moved), np.int64)
        for edge in range(edges):
            near, far = inner[edge], outer[edge]
            closing = (moved[near, 0] - moved[far, 0]) * along[edge, 0]
            closing += (moved[near, 1] - moved[far, 1]) * along[edge, 1]
            lacking = closing - (1 - KEPT_LENGTH) * length[edge]
            if lacking > ENOUGH_PX:
                push[far, 0] += along[edge, 0] * lacking
                push[far, 1] += along[edge, 1] * lacking
                count[far] += 1
        if not count.any():
            break
        for end in range(len(moved)):
            if count[end]:
                moved[end, 0] += push[end, 0] / count[end]
                moved[end, 1] += push[end, 1] / count[end]
    return moved
