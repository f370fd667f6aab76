"""Keeps the skin from folding: where a lip is pushed towards its surroundings, these make room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import LIPS
from talkingface.records import FloatArray
from talkingface.wrap_mesh import WrapMesh

KEPT_LENGTH = 0.35
SWEEPS = 4


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
        along = source_px[self._outer, :2] - source_px[self._inner, :2]
        length = np.maximum(np.linalg.norm(along, axis=1), 1e-3)
        along = along / length[:, None]
        moved = shift_px
        for _ in range(SWEEPS):
            closing = ((moved[self._inner, :2] - moved[self._outer, :2]) * along).sum(1)
            lacking = closing - (1 - KEPT_LENGTH) * length
            short = np.flatnonzero(lacking > 0)
            if not len(short):
                break
            ends = self._outer[short]
            count = np.maximum(np.bincount(ends, minlength=len(shift_px)), 1)
            push = along[short] * lacking[short, None]
            if moved is shift_px:
                moved = shift_px.copy()
            for axis in (0, 1):
                moved[:, axis] += np.bincount(ends, push[:, axis], len(shift_px)) / count
        return moved
