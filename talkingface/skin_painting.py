"""Skin that is moved with a mesh, taken from a picture without the blur of linear sampling.

First every pixel of some rows learns where it comes from, triangle after triangle; then whole rows are sampled at once,
which processors do for several pixels in one step.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.mouth_drawing import CURVATURE_GAIN, CURVATURE_ZERO, with_curvature
from talkingface.records import FloatArray, ImageArray
from talkingface.triangle_painting import COVERAGE_FROM, FULL, Y_FROM, paint_places

# A pixel's four bytes, red the lowest and curvature the highest, in two numbers of two lanes of 16 bits each: red and
# blue, green and curvature. One multiplication weighs both. Types are named everywhere because compiled whole numbers
# grow to 64 bits otherwise, of which a processor takes half as many at once.
U32, I32 = np.uint32, np.int32
EVEN_BYTES = U32(0x00FF00FF)
LANE = U32(0xFFFF)
GAIN_256 = I32(round(CURVATURE_GAIN * 256))
ZERO_256 = I32(CURVATURE_ZERO << 8)
# What is gathered for a pixel: where it lies in the crop, four pixels there, and their shares.
FIRST, NEAR, RIGHT, BELOW, BEYOND, PARTS, GATHERED = range(7)
ROWS = 96  # that are painted together: few enough for their places to stay in a core's own memory


class SkinPainter:
    """Paints moved skin; keeps its working arrays from frame to frame. One thread at a time."""

    def __init__(self) -> None:
        """Begin with no room."""
        self._make_room(0, 0)

    def paint(
        self,
        crop: ImageArray,
        points: FloatArray,
        sources: FloatArray,
        opacity: FloatArray,
        triangles: NDArray[np.int32],
    ) -> ImageArray:
        """Paint what a crop has elsewhere.

        Args:
            crop: uint8 (h, w, 3), not changed.
            points: float32 (V, 2 or 3) x and y in pixels of the picture.
            sources: float32 (V, 2) x and y in pixels of the crop; beyond its edge the outermost pixels go on.
            opacity: float32 (V,) coverage at the points, 0..255; where it rounds to zero nothing is painted.
            triangles: int32 (T, 3), later ones over earlier ones.

        Returns:
            uint8 (h, w, 4), a new array: red, green, blue, coverage; all zero where nothing is painted.
        """
        height, width = crop.shape[:2]
        if self._curved.shape[:2] != (height + 2, width):
            self._make_room(height, width)
        with_curvature(crop, self._curved[:height])
        picture = np.empty((height, width, 4), np.uint8)
        into, pixels = picture.view(np.uint32)[..., 0], self._curved.view(np.uint32).reshape(-1)
        for begin in range(0, height, ROWS):
            rows = min(ROWS, height - begin)
            places, spans = self._places[:rows], self._spans[:rows]
            paint_places(places, spans, points, sources, opacity, triangles, height, begin)
            _sample(into[begin : begin + rows], pixels, places, spans, self._gathered)
        return picture

    def _make_room(self, height: int, width: int) -> None:
        # Two rows more than the crop: the last pixel has a right and a lower neighbour too, whose weight is zero.
        self._curved = np.zeros((height + 2, width, 4), np.uint8)
        self._places = np.zeros((ROWS, width), np.uint64)
        self._spans = np.zeros((ROWS, 2), np.int64)
        self._spans[:, 0] = width
        self._gathered = np.empty((GATHERED, width), np.uint32)


@compiled
def _sample(
    picture: NDArray[np.uint32],
    crop: NDArray[np.uint32],
    places: NDArray[np.uint64],
    spans: NDArray[np.int64],
    gathered: NDArray[np.uint32],
) -> None:
    """Take every pixel from its place.

    Args:
        picture: uint32 (n, w), some rows of it, filled.
        crop: uint32 ((h + 2) * w,) with curvature in the highest byte; the last two rows do not matter.
        places: uint64 (n, w) of :func:`talkingface.triangle_painting.paint_places`; zero afterwards.
        spans: int64 (n, 2) of the same; as they must begin afterwards.
        gathered: uint32 (GATHERED, w) room to work in.
    """
    height, width = picture.shape
    for y in range(height):
        start, end = spans[y, 0], spans[y, 1]
        if end <= start:
            picture[y] = 0
            continue
        spans[y, 0], spans[y, 1] = width, 0
        picture[y, :start] = 0
        picture[y, end:] = 0
        _gather(crop, places[y, start:end], U32(width), gathered)
        _mix(picture[y, start:end], gathered)


@compiled
def _gather(
    crop: NDArray[np.uint32], places: NDArray[np.uint64], width: np.uint32, gathered: NDArray[np.uint32]
) -> None:
    """Fetch the four pixels around each place of a row, and forget the places."""
    near, right, below, beyond = gathered[NEAR], gathered[RIGHT], gathered[BELOW], gathered[BEYOND]
    parts, first = gathered[PARTS], gathered[FIRST]
    for x in range(len(places)):
        place = places[x]
        column = U32(place >> np.uint64(8)) & LANE
        row = U32(place >> np.uint64(Y_FROM + 8)) & LANE
        first[x] = U32(U32(row * width) + column)
        part_x, part_y = U32(place) & U32(255), U32(place >> np.uint64(Y_FROM)) & U32(255)
        coverage = U32(place >> np.uint64(COVERAGE_FROM))
        parts[x] = part_x | U32(part_y << U32(8)) | U32(coverage << U32(16))
        places[x] = np.uint64(0)
    for x in range(len(places)):
        pixel = np.uintp(first[x])
        near[x], right[x] = crop[pixel], crop[pixel + np.uintp(1)]
    for x in range(len(places)):
        pixel = np.uintp(first[x]) + np.uintp(width)
        below[x], beyond[x] = crop[pixel], crop[pixel + np.uintp(1)]


@compiled
def _mix(picture: NDArray[np.uint32], gathered: NDArray[np.uint32]) -> None:
    """Lay each pixel of a row between the four that were gathered for it, and make up for the blur."""
    near, right, below, beyond = gathered[NEAR], gathered[RIGHT], gathered[BELOW], gathered[BEYOND]
    parts = gathered[PARTS]
    for x in range(len(picture)):
        fx, fy = parts[x] & U32(255), U32(parts[x] >> U32(8)) & U32(255)
        coverage = U32(parts[x] >> U32(16))
        both = U32(U32(fx * fy) >> U32(8))
        only_x, only_y = U32(fx - both), U32(fy - both)
        rest = U32(U32(U32(256) - fx) - only_y)
        even = U32(U32(near[x] & EVEN_BYTES) * rest) + U32(U32(right[x] & EVEN_BYTES) * only_x)
        even += U32(U32(below[x] & EVEN_BYTES) * only_y) + U32(U32(beyond[x] & EVEN_BYTES) * both)
        odd = U32(_odd(near[x]) * rest) + U32(_odd(right[x]) * only_x)
        odd += U32(_odd(below[x]) * only_y) + U32(_odd(beyond[x]) * both)
        even, odd = U32(even), U32(odd)
        between = I32(U32(fx * U32(U32(256) - fx)) + U32(fy * U32(U32(256) - fy)))
        curvature = I32(I32(odd >> U32(16)) - ZERO_256)
        lift = I32(I32(128) - I32(I32(I32(I32(between * curvature) >> I32(16)) * GAIN_256) >> I32(8)))
        red, green = _byte(even & LANE, lift), _byte(odd & LANE, lift)
        blue = _byte(U32(even >> U32(16)), lift)
        colour = red | U32(green << U32(8)) | U32(blue << U32(16)) | U32(coverage << U32(24))
        picture[x] = U32(colour) if coverage else U32(0)


@compiled
def _odd(pixel: np.uint32) -> np.uint32:
    """Return green and curvature in lanes of 16 bits."""
    return U32(U32(pixel >> U32(8)) & EVEN_BYTES)


@compiled
def _byte(lane: np.uint32, lift: np.int32) -> np.uint32:
    """Return a colour, in 256ths, lifted and rounded to a byte."""
    return U32(min(max(I32(I32(I32(lane) + lift) >> I32(8)), I32(0)), I32(FULL)))
