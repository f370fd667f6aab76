"""Hair strands as polylines, and the ribbons that show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Strands:
    """Many strands of equally many points.

    Attributes:
        points: float32 (n, k, 3) from root to tip, in head coordinates.
        half_width: float32 (n, k) in face heights.
        chance: float32 (n,) 0..1, a strand's own shade.
        openness: float32 (n, k) 0 buried .. 1 outermost.
        head_share: float32 (n, k) how far a point follows the head (1) or the body (0).
    """

    points: FloatArray
    half_width: FloatArray
    chance: FloatArray
    openness: FloatArray
    head_share: FloatArray

    def kept(self, chosen: NDArray[np.int64]) -> Strands:
        """Return some of the strands."""
        return Strands(
            self.points[chosen], self.half_width[chosen], self.chance[chosen],
            self.openness[chosen], self.head_share[chosen],
        )  # fmt: skip

    def strand_of_triangle(self, triangle: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return which strand each triangle of the ribbon belongs to."""
        return triangle // (2 * (self.points.shape[1] - 1))

    def ribbon(self) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.int32]]:
        """Return position (V, 4), tangent (V, 4), rest (V, 4) and triangles: two vertices a point."""
        count, steps, _ = self.points.shape
        tangent = np.gradient(self.points, axis=1)
        tangent /= np.maximum(np.linalg.norm(tangent, axis=2, keepdims=True), 1e-9)
        tangent[:, :2] = tangent[:, 2:3]  # roots leave the scalp steeply; light them like what follows
        way = np.broadcast_to(np.linspace(0, 1, steps, dtype=np.float32), (count, steps))
        chance = np.broadcast_to(self.chance[:, None], (count, steps))
        rest = np.stack([way, chance, self.openness, self.head_share], 2)
        side = np.array([-1, 1], np.float32)
        position = np.empty((count, steps, 2, 4), np.float32)
        position[..., :3] = self.points[:, :, None]
        position[..., 3] = side
        thick = np.concatenate([tangent, self.half_width[..., None]], 2)
        index = np.arange(count * steps * 2, dtype=np.int32).reshape(count, steps, 2)
        a, b, c, d = index[:, :-1, 0], index[:, :-1, 1], index[:, 1:, 1], index[:, 1:, 0]
        triangles = np.stack([a, b, c, a, c, d], -1).reshape(-1, 3)

        def twice(values: FloatArray) -> FloatArray:
            return np.repeat(values[:, :, None], 2, axis=2).reshape(-1, 4).astype(np.float32)

        return position.reshape(-1, 4), twice(thick), twice(rest), triangles
