"""Which pixels triangles cover, and values interpolated over them: all triangles at once, in numpy.

A pixel belongs to a triangle if its middle lies inside; a middle on an edge that two triangles share belongs to
exactly one of them, so that a mesh has neither cracks nor doubled pixels. Positions are in pixels, the middle of the
first pixel being (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.records import FloatArray

SMALLEST_AREA_PX = 1e-4
CHUNK_PIXELS = 12_000


Layer = tuple[NDArray[Any], NDArray[Any] | float]


@dataclass(frozen=True)
class TriangleScan:
    """The covered pixels, run by run: a run is one row of one triangle.

    Attributes:
        corners: float32 (T, 3, 2) the triangles, in the order in which they are painted.
        triangle: int (R,) which triangle a run belongs to.
        x, y: float32 (R,) a run's first pixel.
        first: int (R,) that pixel as a flat index of the picture.
        length: int (R,) pixels in a run.
    """

    corners: FloatArray
    triangle: NDArray[np.intp]
    x: FloatArray
    y: FloatArray
    first: NDArray[np.intp]
    length: NDArray[np.intp]

    def paint(self, *layers: Layer) -> None:
        """Paint the triangles into pictures, changed in place, later ones over earlier ones.

        Args:
            layers: pairs of a flat picture and what to paint into it: (T, 3) values at the corners, linear over each
                triangle, or one number. Float32, or complex64 for two values at once, such as x and y of a place.
        """
        if not len(self.first):
            return
        lines = [self._lines(values) for _, values in layers if isinstance(values, np.ndarray)]
        # A few thousand pixels at a time: the arrays stay in the cache and need no new pages from the system.
        ends = np.cumsum(self.length)
        cuts = np.searchsorted(ends, np.arange(CHUNK_PIXELS, int(ends[-1]), CHUNK_PIXELS)).tolist()
        for begin, end in pairwise([0, *cuts, len(ends)]):
            part = slice(begin, end)
            length = self.length[part]
            steps = _counting(length)
            pixels = np.repeat(self.first[part], length)
            pixels += steps
            waiting = iter(lines)
            for picture, values in layers:
                if isinstance(values, np.ndarray):
                    start, slope = next(waiting)
                    along = np.repeat(slope[part], length)
                    along *= steps
                    along += np.repeat(start[part], length)
                    picture[pixels] = along
                else:
                    picture[pixels] = values

    def _lines(self, values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return (R,) the value at each run's first pixel and its change from pixel to pixel."""
        corners = self.corners.astype(np.float64)
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        by_first, by_second = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
        area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        area[np.abs(area) < SMALLEST_AREA_PX] = np.inf
        kind = values.dtype
        by_x = ((by_first * second[:, 1] - by_second * first[:, 1]) / area).astype(kind)
        by_y = ((by_second * first[:, 0] - by_first * second[:, 0]) / area).astype(kind)
        corner = self.corners[self.triangle, 0]
        slope = by_x[self.triangle]
        start = slope * (self.x - corner[:, 0])
        start += by_y[self.triangle] * (self.y - corner[:, 1])
        start += values[self.triangle, 0]
        return start, slope


def scan_triangles(corners: FloatArray, height: int, width: int) -> TriangleScan:
    """Find the pixels of a picture that triangles cover.

    Args:
        corners: float32 (T, 3, 2) x and y in pixels; later triangles are painted over earlier ones.
        height: rows of the picture.
        width: columns of the picture.
    """
    xs, ys = corners[..., 0], corners[..., 1]
    top = np.clip(np.ceil(ys.min(1)), 0, height).astype(np.intp)
    bottom = np.clip(np.ceil(ys.max(1)), 0, height).astype(np.intp)
    is_beside = (xs.max(1) < 0) | (xs.min(1) > width)
    rows = np.where(is_beside, 0, bottom - top)
    triangle = np.repeat(np.arange(len(corners)), rows)
    y = (_counting(rows) + np.repeat(top, rows)).astype(np.float32)
    left = np.full(len(triangle), np.inf, np.float32)
    right = np.full(len(triangle), -np.inf, np.float32)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        _cross_edge(corners[:, one], corners[:, other], triangle, y, left, right)
    start = np.clip(np.ceil(left), 0, width)
    length = np.clip(np.ceil(right), 0, width) - start
    kept = length > 0
    triangle, y, start = triangle[kept], y[kept], start[kept]
    first = y.astype(np.intp) * width + start.astype(np.intp)
    return TriangleScan(corners, triangle, start, y, first, length[kept].astype(np.intp))


def _cross_edge(
    one: FloatArray,
    other: FloatArray,
    triangle: NDArray[np.intp],
    y: FloatArray,
    left: FloatArray,
    right: FloatArray,
) -> None:
    """Widen each run (left, right: changed in place) to where one edge of its triangle crosses its row."""
    is_turned = (one[:, 1] > other[:, 1])[:, None]  # neighbours must see a shared edge in the same direction
    upper, lower = np.where(is_turned, other, one), np.where(is_turned, one, other)
    height = lower[:, 1] - upper[:, 1]
    slope = (lower[:, 0] - upper[:, 0]) / np.where(height > 0, height, 1)
    from_top = y - upper[:, 1][triangle]
    crosses = (from_top >= 0) & (y < lower[:, 1][triangle])
    x = upper[:, 0][triangle] + from_top * slope[triangle]
    np.minimum(left, x, out=left, where=crosses)
    np.maximum(right, x, out=right, where=crosses)


def _counting(lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return 0, 1, ... lengths[0] - 1, 0, 1, ... lengths[1] - 1, and so on."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) - np.repeat(ends - lengths, lengths)
