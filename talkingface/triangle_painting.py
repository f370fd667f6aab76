"""Triangles to pixels: which pixels they cover, what is interpolated over them, and skin that is moved with them.

A pixel belongs to a triangle if its middle lies inside; a middle on an edge that two triangles share belongs to
exactly one of them, so that a mesh has neither cracks nor doubled pixels. Positions are in pixels, the middle of the
first pixel being (0, 0). Later triangles are painted over earlier ones.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.mouth_drawing import CURVATURE_GAIN, CURVATURE_ZERO, Box
from talkingface.records import FloatArray

SMALLEST_AREA_PX = 1e-4
FULL = 255
# A pixel's four bytes in four lanes of 16 bits, red, blue, green, curvature: one multiplication weighs all of them.
EVEN_BYTES = 0x00FF00FF
CURVATURE_GAIN_256 = round(CURVATURE_GAIN * 256)
ONE, HALF = 1 << 24, 1 << 15  # places are counted in 2^-24 pixels and rounded to 256ths


def seen_far_to_near(points_px: FloatArray, triangles: NDArray[np.int32], box: Box) -> NDArray[np.int32]:
    """Choose the triangles that can be seen in a box and sort them, the nearest last.

    Args:
        points_px: float32 (V, 3) pixels, z away.
        triangles: int32 (T, 3); those count whose corners lie clockwise on the picture.
        box: left, top, right, bottom in pixels.

    Returns:
        int32 (S, 3), by the depth of their middles.
    """
    return _seen_far_to_near(points_px, triangles, *(float(side) for side in box))


def paint_values(
    picture: FloatArray, points: FloatArray, triangles: NDArray[np.int32], values: FloatArray
) -> None:
    """Paint numbers that are linear over each triangle.

    Args:
        picture: float32 (h, w), changed in place.
        points: float32 (V, 2 or 3) x and y in pixels.
        triangles: int32 (T, 3).
        values: float32 (V,) at the points.
    """
    _paint_values(picture, points, triangles, values)


def paint_skin(
    picture: NDArray[np.uint8],
    crop: NDArray[np.uint8],
    points: FloatArray,
    sources: FloatArray,
    opacity: FloatArray,
    triangles: NDArray[np.int32],
) -> None:
    """Paint what a crop has elsewhere, without the blur of linear sampling.

    Args:
        picture: uint8 (h, w, 4), contiguous, changed in place: red, green, blue, coverage.
        crop: uint8 (h, w, 4), contiguous, as :func:`talkingface.mouth_drawing.with_curvature` makes it.
        points: float32 (V, 2 or 3) x and y in pixels of the picture.
        sources: float32 (V, 2) x and y in pixels of the crop; beyond its edge the outermost pixels go on.
        opacity: float32 (V,) coverage at the points, 0..255; where it rounds to zero nothing is painted.
        triangles: int32 (T, 3).
    """
    size = picture.shape[:2]
    _paint_skin(
        picture.view(np.uint32).reshape(size),
        crop.view(np.uint32).reshape(-1),
        points,
        sources,
        opacity,
        triangles,
    )


@compiled
def _seen_far_to_near(
    points: FloatArray,
    triangles: NDArray[np.int32],
    left: float,
    top: float,
    right: float,
    bottom: float,
) -> NDArray[np.int32]:
    seen = np.empty(len(triangles), np.intp)
    depth = np.empty(len(triangles), np.float32)
    count = 0
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, bx, cx = points[a, 0], points[b, 0], points[c, 0]
        ay, by, cy = points[a, 1], points[b, 1], points[c, 1]
        if (bx - ax) * (cy - ay) <= (cx - ax) * (by - ay):
            continue
        if max(ax, bx, cx) < left or min(ax, bx, cx) > right:
            continue
        if max(ay, by, cy) < top or min(ay, by, cy) > bottom:
            continue
        seen[count] = t
        depth[count] = -(points[a, 2] + points[b, 2] + points[c, 2])
        count += 1
    return triangles[seen[:count][np.argsort(depth[:count], kind="mergesort")]]


@compiled
def _gather(
    points: FloatArray, triangle: NDArray[np.int32], height: int, edges: FloatArray
) -> tuple[int, int, float, float, float, float]:
    """Prepare one triangle.

    Args:
        points: float32 (V, 2 or 3).
        triangle: int32 (3,).
        height: of the picture.
        edges: float32 (3, 4), filled: upper y, lower y, upper x, change of x from row to row.

    Returns:
        Its first row, the row after its last, and what turns differences along its first two edges into changes
        along x (two numbers) and along y.
    """
    a, b, c = triangle
    lowest = min(points[a, 1], points[b, 1], points[c, 1])
    highest = max(points[a, 1], points[b, 1], points[c, 1])
    top, bottom = max(math.ceil(lowest), 0), min(math.ceil(highest), height)
    if top >= bottom:
        return 0, 0, 0.0, 0.0, 0.0, 0.0
    for one in range(3):
        upper, lower = triangle[one], triangle[(one + 1) % 3]
        if points[upper, 1] > points[lower, 1]:
            upper, lower = lower, upper  # neighbours must see a shared edge in the same direction
        tall = points[lower, 1] - points[upper, 1]
        edges[one, 0], edges[one, 1], edges[one, 2] = points[upper, 1], points[lower, 1], points[upper, 0]
        edges[one, 3] = (points[lower, 0] - points[upper, 0]) / tall if tall > 0 else np.float32(0)
    ax, ay = float(points[a, 0]), float(points[a, 1])
    bx, by = points[b, 0] - ax, points[b, 1] - ay
    cx, cy = points[c, 0] - ax, points[c, 1] - ay
    area = bx * cy - by * cx
    if abs(area) < SMALLEST_AREA_PX:
        return top, bottom, 0.0, 0.0, 0.0, 0.0
    return top, bottom, cy / area, -by / area, -cx / area, bx / area


@compiled
def _run(edges: FloatArray, y: int, width: int) -> tuple[int, int]:
    """Return the first pixel of a triangle's row, and the pixel after the last."""
    left, right = np.float32(np.inf), np.float32(-np.inf)
    for edge in range(3):
        if edges[edge, 0] <= y < edges[edge, 1]:
            x = edges[edge, 2] + (np.float32(y) - edges[edge, 0]) * edges[edge, 3]
            left, right = min(left, x), max(right, x)
    if right <= left:
        return 0, 0
    return math.ceil(max(left, np.float32(0))), math.ceil(min(right, np.float32(width)))


@compiled
def _paint_values(
    picture: FloatArray, points: FloatArray, triangles: NDArray[np.int32], values: FloatArray
) -> None:
    height, width = picture.shape
    edges = np.empty((3, 4), np.float32)
    for t in range(len(triangles)):
        top, bottom, xb, xc, yb, yc = _gather(points, triangles[t], height, edges)
        a, b, c = triangles[t]
        first = float(values[a])
        by_b, by_c = values[b] - first, values[c] - first
        by_x, by_y = by_b * xb + by_c * xc, by_b * yb + by_c * yc
        for y in range(top, bottom):
            start, end = _run(edges, y, width)
            row = first + by_y * (y - points[a, 1]) - by_x * points[a, 0]
            for x in range(start, end):
                picture[y, x] = row + by_x * x


@compiled
def _paint_skin(
    picture: NDArray[np.uint32],
    crop: NDArray[np.uint32],
    points: FloatArray,
    sources: FloatArray,
    opacity: FloatArray,
    triangles: NDArray[np.int32],
) -> None:
    height, width = picture.shape
    edges = np.empty((3, 4), np.float32)
    most_u, most_v = (width - 1) * ONE, (height - 1) * ONE
    for t in range(len(triangles)):
        top, bottom, xb, xc, yb, yc = _gather(points, triangles[t], height, edges)
        a, b, c = triangles[t]
        x0, y0 = float(points[a, 0]), float(points[a, 1])
        u0, v0, o0 = float(sources[a, 0]), float(sources[a, 1]), float(opacity[a])
        ub, uc = sources[b, 0] - u0, sources[c, 0] - u0
        vb, vc = sources[b, 1] - v0, sources[c, 1] - v0
        ob, oc = opacity[b] - o0, opacity[c] - o0
        u_by_x, u_by_y = ub * xb + uc * xc, ub * yb + uc * yc
        v_by_x, v_by_y = vb * xb + vc * xc, vb * yb + vc * yc
        o_by_x, o_by_y = ob * xb + oc * xc, ob * yb + oc * yc
        du, dv, do = int(u_by_x * ONE), int(v_by_x * ONE), int(o_by_x * ONE)
        for y in range(top, bottom):
            start, end = _run(edges, y, width)
            if end <= start:
                continue
            along, across = start - x0, y - y0
            u = int((u0 + u_by_y * across + u_by_x * along) * ONE) + HALF
            v = int((v0 + v_by_y * across + v_by_x * along) * ONE) + HALF
            o = int((o0 + o_by_y * across + o_by_x * along + 0.5) * ONE)
            row = picture[y]
            steps = end - start - 1
            last_u, last_v = u + steps * du, v + steps * dv
            is_inside = min(u, last_u) >= 0 and max(u, last_u) < most_u
            if is_inside and min(v, last_v) >= 0 and max(v, last_v) < most_v:
                for x in range(start, end):
                    corner = np.uintp((v >> 24) * width + (u >> 24))
                    if o >= ONE:
                        row[np.uintp(x)] = _mixed(
                            crop[corner],
                            crop[corner + np.uintp(1)],
                            crop[corner + np.uintp(width)],
                            crop[corner + np.uintp(width + 1)],
                            (u >> 16) & 255,
                            (v >> 16) & 255,
                            o,
                        )
                    u, v, o = u + du, v + dv, o + do
            else:
                for x in range(start, end):
                    held_u, held_v = min(max(u, 0), most_u), min(max(v, 0), most_v)
                    left, upper = held_u >> 24, held_v >> 24
                    right, lower = min(left + 1, width - 1), min(upper + 1, height - 1)
                    if o >= ONE:
                        row[x] = _mixed(
                            crop[upper * width + left],
                            crop[upper * width + right],
                            crop[lower * width + left],
                            crop[lower * width + right],
                            (held_u >> 16) & 255,
                            (held_v >> 16) & 255,
                            o,
                        )
                    u, v, o = u + du, v + dv, o + do


@compiled
def _mixed(
    here: np.uint32,
    right: np.uint32,
    below: np.uint32,
    beyond: np.uint32,
    fx: int,
    fy: int,
    coverage: int,
) -> np.uint32:
    """Return a pixel between four.

    Args:
        here: four bytes, red the lowest, curvature the highest; as are those of the others.
        right: its neighbour.
        below: its neighbour.
        beyond: the neighbour of both.
        fx: how far to the right of ``here``, in 256ths.
        fy: how far below.
        coverage: in units of ``ONE``, at least one.
    """
    both = (fx * fy) >> 8
    lanes = (
        _spread(here) * np.uint64(256 - fx - fy + both)
        + _spread(right) * np.uint64(fx - both)
        + _spread(below) * np.uint64(fy - both)
        + _spread(beyond) * np.uint64(both)
    )
    between = fx * (256 - fx) + fy * (256 - fy)
    curvature = int(lanes >> np.uint64(48)) - (CURVATURE_ZERO << 8)
    lift = 128 - ((((between * curvature) >> 16) * CURVATURE_GAIN_256) >> 8)
    red = min(max((int(lanes & np.uint64(0xFFFF)) + lift) >> 8, 0), FULL)
    blue = min(max((int((lanes >> np.uint64(16)) & np.uint64(0xFFFF)) + lift) >> 8, 0), FULL)
    green = min(max((int((lanes >> np.uint64(32)) & np.uint64(0xFFFF)) + lift) >> 8, 0), FULL)
    return np.uint32(red | (green << 8) | (blue << 16) | (min(coverage >> 24, FULL) << 24))


@compiled
def _spread(pixel: np.uint32) -> np.uint64:
    """Return the bytes of a pixel in lanes of 16 bits: the first and third, then the second and fourth."""
    wide = np.uint64(pixel)
    even = wide & np.uint64(EVEN_BYTES)
    return even | (((wide >> np.uint64(8)) & np.uint64(EVEN_BYTES)) << np.uint64(32))
