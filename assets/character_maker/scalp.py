"""The head as hair sees it: how far the skin lies from the middle of the head in any direction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.floating]
CENTRE = np.array([0.0, 0.06, 0.43])


class Scalp:
    """Looks up the skin of one head along rays from CENTRE."""

    def __init__(self, rest: NDArray[np.floating]) -> None:
        """Take the resting skin, (V, 3) in head coordinates."""
        offset = rest.astype(np.float64) - CENTRE
        self._radius = np.linalg.norm(offset, axis=1)
        self._tree = cKDTree(offset / self._radius[:, None])

    def radius(self, direction: Points) -> Points:
        """Return (...,) distance of the skin for unit directions (..., 3)."""
        flat = direction.reshape(-1, 3)
        distance, index = self._tree.query(flat, k=6)
        weight = 1 / (distance + 0.01)
        mean = (self._radius[index] * weight).sum(1) / weight.sum(1)
        return mean.reshape(direction.shape[:-1])

    def at(self, direction: Points, lift: Points | float) -> Points:
        """Return points (..., 3) that stand ``lift`` above the skin."""
        reach = self.radius(direction) + lift
        return CENTRE + direction * reach[..., None]


def unit(vectors: Points) -> Points:
    """Return vectors (..., 3) of length 1."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def towards(point: Points) -> Points:
    """Return the unit direction from CENTRE to points (..., 3)."""
    return unit(np.asarray(point, np.float64) - CENTRE)


def great_circle(first: Points, last: Points, way: Points) -> Points:
    """Return (n, k, 3) unit directions from (n, 3) to (n, 3) at shares (n, k) or (k,)."""
    angle = np.arccos(np.clip((first * last).sum(-1), -1, 1))[:, None]
    sine = np.maximum(np.sin(angle), 1e-6)
    a, b = np.sin((1 - way) * angle) / sine, np.sin(way * angle) / sine
    return unit(a[..., None] * first[:, None] + b[..., None] * last[:, None])
