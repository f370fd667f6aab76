"""Triangles to pixels: which pixels they cover, what is interpolated over them, and where moved skin comes from.

A pixel belongs to a triangle if its middle lies inside; a middle on an edge that two triangles share belongs to
exactly one of them, so that a mesh has neither cracks nor doubled pixels. Positions are in pixels, the middle of the
first pixel being (0, 0). Later triangles are painted over earlier ones.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.mouth_drawing import Box
from talkingface.records import FloatArray

SMALLEST_AREA_PX = 1e-4
FULL = 255
PLACE_BITS = 24  # places are counted in 2^-24 pixels and kept in 256ths
ONE, HALF = 1 << PLACE_BITS, 1 << (PLACE_BITS - 9)
KEPT_FROM = PLACE_BITS - 8
# Where a pixel takes its colour from is one whole number: x in 256ths, y in 256ths, coverage 0..255.
Y_FROM, COVERAGE_FROM = 24, 48
SIDES = 7  # numbers that describe the sides of a triangle
SAMPLES_Y = 4  # samples of a pixel around the mouth, one above the other: lips and the edges of teeth lie
NO_TOOTH = -1.0


@compiled
def seen_far_to_near(points: FloatArray, triangles: NDArray[np.int32], box: Box) -> NDArray[np.int32]:
    """Choose the triangles that can be seen in a box and sort them, the nearest last.

    Args:
        points: float32 (V, 3) pixels, z away.
        triangles: int32 (T, 3); those count whose corners lie clockwise on the picture.
        box: left, top, right, bottom in pixels.

    Returns:
        int32 (S, 3), by the depth of their middles.
    """
    seen = np.empty(len(triangles), np.intp)
    depth = np.empty(len(triangles), np.float32)
    count = 0
    for t in range(len(triangles)):
        if _is_seen(points, triangles[t], box):
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            seen[count], depth[count] = t, -(points[a, 2] + points[b, 2] + points[c, 2])
            count += 1
    return triangles[seen[:count][np.argsort(depth[:count], kind="mergesort")]]


@compiled
def _is_seen(points: FloatArray, triangle: NDArray[np.int32], box: Box) -> bool:
    """Return whether a triangle's corners, int32 (3,), lie clockwise and its bounds touch a box."""
    a, b, c = triangle[0], triangle[1], triangle[2]
    ax, bx, cx = points[a, 0], points[b, 0], points[c, 0]
    ay, by, cy = points[a, 1], points[b, 1], points[c, 1]
    if (bx - ax) * (cy - ay) <= (cx - ax) * (by - ay):
        return False
    left, top, right, bottom = box
    is_beside = max(ax, bx, cx) < left or min(ax, bx, cx) > right
    return not (is_beside or max(ay, by, cy) < top or min(ay, by, cy) > bottom)


@compiled
def _sides(
    points: FloatArray, triangle: NDArray[np.int32], height: int, sides: FloatArray
) -> tuple[int, int]:
    """Describe the sides of one triangle.

    Args:
        points: float32 (V, 2 or 3).
        triangle: int32 (3,).
        height: of the picture.
        sides: float32 (SIDES,), filled: x and y of the uppermost corner and of the middle one; the change of x from
            row to row along the long side, the upper and the lower short one.

    Returns:
        Its first row and the row after its last.
    """
    high, middle, low = triangle[0], triangle[1], triangle[2]
    if points[high, 1] > points[middle, 1]:
        high, middle = middle, high
    if points[middle, 1] > points[low, 1]:
        middle, low = low, middle
    if points[high, 1] > points[middle, 1]:
        high, middle = middle, high
    # Neighbours see a shared side alike, from its upper end, and so agree on its pixels to the bit.
    x0, y0, x1, y1 = points[high, 0], points[high, 1], points[middle, 0], points[middle, 1]
    x2, y2 = points[low, 0], points[low, 1]
    sides[0], sides[1], sides[2], sides[3] = x0, y0, x1, y1
    sides[4] = (x2 - x0) / (y2 - y0) if y2 > y0 else np.float32(0)
    sides[5] = (x1 - x0) / (y1 - y0) if y1 > y0 else np.float32(0)
    sides[6] = (x2 - x1) / (y2 - y1) if y2 > y1 else np.float32(0)
    return max(math.ceil(y0), 0), min(math.ceil(y2), height)


@compiled
def _run(sides: FloatArray, y: int, width: int) -> tuple[int, int]:
    """Return the first pixel of a triangle's row, and the pixel after the last."""
    row = np.float32(y)
    long = sides[0] + (row - sides[1]) * sides[4]
    if row < sides[3]:
        short = sides[0] + (row - sides[1]) * sides[5]
    else:
        short = sides[2] + (row - sides[3]) * sides[6]
    left, right = min(long, short), max(long, short)
    if not right > left:
        return 0, 0
    return math.ceil(max(left, np.float32(0))), math.ceil(min(right, np.float32(width)))


@compiled
def _slopes(points: FloatArray, triangle: NDArray[np.int32]) -> tuple[float, float, float, float]:
    """Return what turns differences along a triangle's first two sides into changes along x, and along y."""
    a, b, c = triangle[0], triangle[1], triangle[2]
    ax, ay = float(points[a, 0]), float(points[a, 1])
    bx, by = points[b, 0] - ax, points[b, 1] - ay
    cx, cy = points[c, 0] - ax, points[c, 1] - ay
    area = bx * cy - by * cx
    if abs(area) < SMALLEST_AREA_PX:
        return 0.0, 0.0, 0.0, 0.0
    return cy / area, -by / area, -cx / area, bx / area


@compiled
def paint_values(
    picture: FloatArray,
    spans: NDArray[np.int64],
    points: FloatArray,
    triangles: NDArray[np.int32],
    values: FloatArray,
) -> None:
    """Paint numbers that are linear over each triangle.

    Args:
        picture: float32 (h, w), changed in place.
        spans: int64 (h, 2) the first pixel of each row that may be painted, and the one after the last.
        points: float32 (V, 2 or 3) x and y in pixels.
        triangles: int32 (T, 3).
        values: float32 (V,) at the points.
    """
    height, width = picture.shape
    sides = np.empty(SIDES, np.float32)
    for t in range(len(triangles)):
        top, bottom = _sides(points, triangles[t], height, sides)
        if top >= bottom:
            continue
        xb, xc, yb, yc = _slopes(points, triangles[t])
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        first = float(values[a])
        by_b, by_c = values[b] - first, values[c] - first
        by_x, by_y = by_b * xb + by_c * xc, by_b * yb + by_c * yc
        for y in range(top, bottom):
            start, end = _run(sides, y, width)
            row = first + by_y * (y - points[a, 1]) - by_x * points[a, 0]
            into = picture[y]
            for x in range(max(start, spans[y, 0]), min(end, spans[y, 1])):
                into[np.uintp(x)] = row + by_x * x


@compiled
def paint_mouth_inside(
    box: Box,
    parts: tuple[FloatArray, FloatArray, FloatArray],
    mouth_triangles: NDArray[np.int32],
    skin_triangles: NDArray[np.int32],
    teeth_triangles: NDArray[np.int32],
    lights: tuple[FloatArray, FloatArray],
) -> tuple[NDArray[np.uint8], FloatArray, NDArray[np.int64]]:
    """Paint where skin leaves the mouth open, and which teeth are seen there.

    Args:
        box: the pixels around the mouth.
        parts: float32 (n, 3) pixels of the wrap and of both rows of teeth.
        mouth_triangles: int32 (C, 3) the surface between the inner lips; vertices are counted through all parts.
        skin_triangles: int32 (T, 3) the rest of the wrap.
        teeth_triangles: int32 (S, 3) both rows of teeth.
        lights: float32 (n,) 0..1 at the vertices of both rows.

    Returns:
        Of each sample of the box, ``SAMPLES_Y`` to a pixel, one above the other: uint8 (h, w) 1 where the mouth is
        open; float32 (h, w) the light of the tooth there, ``NO_TOOTH`` where there is none; int64 (h, 2) the first
        column of each row that counts and the one after the last, the same for all samples of a pixel.
    """
    height, width = (box[3] - box[1]) * SAMPLES_Y, box[2] - box[0]
    hole, light = np.zeros((height, width), np.uint8), np.empty((height, width), np.float32)
    spans, points = np.empty((height, 2), np.int64), _to_samples(parts, box)
    bounds = _widen(spans, width)
    _cover(hole, spans, points, mouth_triangles, bounds, np.uint8(1))
    bounds = _narrow(spans, hole)
    _cover(hole, spans, points, skin_triangles, bounds, np.uint8(0))
    bounds = _narrow(spans, hole)
    for y in range(height):
        for x in range(spans[y, 0], spans[y, 1]):
            light[y, x] = NO_TOOTH
    values, row = np.empty(len(points), np.float32), len(parts[0])
    for teeth in lights:
        for value in teeth:
            values[row] = value
            row += 1
    paint_values(light, spans, points, seen_far_to_near(points, teeth_triangles, bounds), values)
    return hole, light, spans


@compiled
def _to_samples(parts: tuple[FloatArray, FloatArray, FloatArray], box: Box) -> FloatArray:
    """Carry pixels, float32 (n, 3) each, into the samples of a box: pixel (0, 0) covers samples 0 to SAMPLES_Y - 1."""
    left, top = np.float32(box[0]), np.float32(box[1] - 0.5)
    samples = np.empty((len(parts[0]) + len(parts[1]) + len(parts[2]), 3), np.float32)
    row = 0
    for points in parts:
        for i in range(len(points)):
            samples[row, 0] = points[i, 0] - left
            samples[row, 1] = (points[i, 1] - top) * np.float32(SAMPLES_Y) - np.float32(0.5)
            samples[row, 2] = points[i, 2]
            row += 1
    return samples


@compiled
def _widen(spans: NDArray[np.int64], width: int) -> Box:
    """Let the spans, changed in place, hold whole rows; returns the box around them."""
    for y in range(len(spans)):
        spans[y, 0], spans[y, 1] = 0, width
    return 0, 0, width, len(spans)


@compiled
def _cover(
    picture: NDArray[np.uint8],
    spans: NDArray[np.int64],
    points: FloatArray,
    triangles: NDArray[np.int32],
    bounds: Box,
    value: np.uint8,
) -> None:
    """Paint one number over all triangles that can be seen within bounds; see :func:`paint_values`."""
    height, width = picture.shape
    sides = np.empty(SIDES, np.float32)
    for t in range(len(triangles)):
        if not _is_seen(points, triangles[t], bounds):
            continue
        top, bottom = _sides(points, triangles[t], height, sides)
        for y in range(top, bottom):
            start, end = _run(sides, y, width)
            for x in range(max(start, spans[y, 0]), min(end, spans[y, 1])):
                picture[y, x] = value


@compiled
def _narrow(spans: NDArray[np.int64], hole: NDArray[np.uint8]) -> Box:
    """Narrow the spans of samples, changed in place, to the pixels that have a hole; returns the box around them."""
    height, width = hole.shape
    left, top, right, bottom = width, height, 0, 0
    for first in range(0, height, SAMPLES_Y):
        begin, end = width, 0
        for y in range(first, first + SAMPLES_Y):
            for x in range(spans[y, 0], spans[y, 1]):
                if hole[y, x]:
                    begin, end = min(begin, x), max(end, x + 1)
        for y in range(first, first + SAMPLES_Y):
            spans[y, 0], spans[y, 1] = begin, end
        if begin < end:
            left, right = min(left, begin), max(right, end)
            top, bottom = min(top, first), first + SAMPLES_Y
    return left, top, right, bottom


@compiled
def paint_places(
    places: NDArray[np.uint64],
    spans: NDArray[np.int64],
    points: FloatArray,
    sources: FloatArray,
    opacity: FloatArray,
    triangles: NDArray[np.int32],
    height: int,
    begin: int,
) -> None:
    """Paint where each pixel of moved skin comes from.

    Args:
        places: uint64 (n, w), some rows of the picture, changed in place: x in 256ths of a pixel, y in 256ths from bit
            ``Y_FROM`` on, coverage 1..255 from bit ``COVERAGE_FROM`` on. Both places lie within the picture.
        spans: int64 (n, 2), changed in place: the first pixel of each row that is painted, and the one after the last.
            Rows must begin as (w, 0).
        points: float32 (V, 2 or 3) x and y in pixels of the picture.
        sources: float32 (V, 2) x and y to take the colour from; beyond the edge the outermost pixels go on.
        opacity: float32 (V,) coverage at the points, 0..255; where it rounds to zero nothing is painted.
        triangles: int32 (T, 3).
        height: of the picture.
        begin: the first of those rows.
    """
    width = places.shape[1]
    sides = np.empty(SIDES, np.float32)
    most_u, most_v = (width - 1) * ONE, (height - 1) * ONE
    for t in range(len(triangles)):
        top, bottom = _sides(points, triangles[t], height, sides)
        top, bottom = max(top, begin), min(bottom, begin + len(places))
        if top >= bottom:
            continue
        xb, xc, yb, yc = _slopes(points, triangles[t])
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
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
            start, end = _run(sides, y, width)
            if end <= start:
                continue
            span = spans[y - begin]
            span[0], span[1] = min(span[0], start), max(span[1], end)
            along, across = start - x0, y - y0
            u = int((u0 + u_by_y * across + u_by_x * along) * ONE) + HALF
            v = int((v0 + v_by_y * across + v_by_x * along) * ONE) + HALF
            o = int((o0 + o_by_y * across + o_by_x * along + 0.5) * ONE)
            row, steps = places[y - begin], end - start - 1
            last_u, last_v, last_o = u + steps * du, v + steps * dv, o + steps * do
            is_plain = min(u, last_u) >= 0 and max(u, last_u) <= most_u
            is_plain = is_plain and min(v, last_v) >= 0 and max(v, last_v) <= most_v
            if is_plain and min(o, last_o) >= ONE and max(o, last_o) < (FULL + 1) * ONE:
                for x in range(start, end):
                    row[np.uintp(x)] = _place(u, v, o)
                    u, v, o = u + du, v + dv, o + do
            else:
                for x in range(start, end):
                    if o >= ONE:
                        held_u, held_v = min(max(u, 0), most_u), min(max(v, 0), most_v)
                        row[np.uintp(x)] = _place(held_u, held_v, min(o, FULL * ONE))
                    u, v, o = u + du, v + dv, o + do


@compiled
def _place(u: int, v: int, o: int) -> np.uint64:
    """Return one number for where a pixel comes from, all three in units of ``ONE``."""
    across = np.uint64(v >> KEPT_FROM) << np.uint64(Y_FROM)
    coverage = np.uint64(o >> PLACE_BITS) << np.uint64(COVERAGE_FROM)
    return np.uint64(u >> KEPT_FROM) | across | coverage
