"""Which pixels triangles cover, and values interpolated over them: all triangles at once, in numpy.

A pixel belongs to a triangle if its middle lies inside; a middle on an edge that two triangles share belongs to
exactly one of them, so that a mesh has neither cracks nor doubled pixels. Positions are in pixels, the middle of the
first pixel being (0, 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkingface.records import FloatArray

SMALLEST_AREA_PX = 1e-4


@dataclass(frozen=True)
class TriangleScan:
    """The covered pixels, run by run: a run is one row of one triangle.

    Attributes:
        corners: float32 (T, 3, 2) the triangles, in the order in which they are painted.
        triangle: int (R,) which triangle a run belongs to.
        x, y: float32 (R,) a run's first pixel.
        length: int (R,) pixels in a run.
        pixel: int (P,) covered pixels as flat indices of the picture, in the order of painting.
        step: float32 (P,) distance of a pixel from the first of its run.
    """

    corners: FloatArray
    triangle: NDArray[np.intp]
    x: FloatArray
    y: FloatArray
    length: NDArray[np.intp]
    pixel: NDArray[np.intp]
    step: FloatArray

    def interpolate(self, values: FloatArray) -> FloatArray:
        """Return float32 (P,): float32 (T, 3) values at the corners, linear over each triangle."""
        corners, values = self.corners.astype(np.float64), values.astype(np.float64)
        first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        by_first, by_second = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
        area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
        area[np.abs(area) < SMALLEST_AREA_PX] = np.inf
        by_x = (by_first * second[:, 1] - by_second * first[:, 1]) / area
        by_y = (by_second * first[:, 0] - by_first * second[:, 0]) / area
        at_origin = values[:, 0] - by_x * corners[:, 0, 0] - by_y * corners[:, 0, 1]
        run_by_x = by_x[self.triangle]
        begin = at_origin[self.triangle] + by_y[self.triangle] * self.y + run_by_x * self.x
        slope = np.repeat(run_by_x.astype(np.float32), self.length)
        slope *= self.step
        slope += np.repeat(begin.astype(np.float32), self.length)
        return slope


def scan_triangles(corners: FloatArray, height: int, width: int) -> TriangleScan:
    """Find the pixels of a picture that triangles cover.

    Args:
        corners: float32 (T, 3, 2) x and y in pixels; later triangles are painted over earlier ones.
        height: rows of the picture.
        width: columns of the picture.
    """
    row_of_x, row_of_y = corners[..., 0], corners[..., 1]
    top = np.clip(np.ceil(row_of_y.min(1)), 0, height).astype(np.intp)
    bottom = np.clip(np.ceil(row_of_y.max(1)), 0, height).astype(np.intp)
    beside = (row_of_x.max(1) < 0) | (row_of_x.min(1) > width)
    rows = np.where(beside, 0, bottom - top)
    triangle = np.repeat(np.arange(len(corners)), rows)
    y = (_counting(rows) + np.repeat(top, rows)).astype(np.float32)
    left = np.full(len(triangle), np.inf, np.float32)
    right = np.full(len(triangle), -np.inf, np.float32)
    for one, other in ((0, 1), (1, 2), (2, 0)):
        _cross_edge(corners[:, one], corners[:, other], triangle, y, left, right)
    start = np.clip(np.ceil(left), 0, width)
    length = np.clip(np.clip(np.ceil(right), 0, width) - start, 0, None)
    length[~np.isfinite(left)] = 0
    kept = length > 0
    triangle, y, start, length = triangle[kept], y[kept], start[kept], length[kept].astype(np.intp)
    step = _counting(length)
    pixel = np.repeat(y.astype(np.intp) * width + start.astype(np.intp), length)
    pixel += step
    return TriangleScan(corners, triangle, start, y, length, pixel, step.astype(np.float32))


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
