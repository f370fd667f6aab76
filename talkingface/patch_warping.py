"""Carries small colour pictures between a frame and the mouth patch with cubic sampling (Keys 1981).

What belongs to a row is gathered first, so that the sampling itself, in float32, runs over several pixels at once.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.mouth_drawing import CUBIC
from talkingface.records import FloatArray, ImageArray

Floats = NDArray[np.floating[Any]]
Pixels = NDArray[np.uint32]  # of four bytes each, red the lowest
Four = tuple[np.float32, np.float32, np.float32, np.float32]
Rectangle = tuple[int, int, int, int]  # left, top, width, height

TAPS = 4
PLACE_BITS = 32  # places are counted in 2^-32 pixels
STEP_BITS = 5  # and rounded to 32nds
FULL = 255
# A change of a pixel's colours is one number: of red and green in quarters of a byte's step in 11 bits each, of blue in
# halves in 10 bits; each lifted by half of what the bits hold, so that none is below zero.
RED_FROM, GREEN_FROM = 21, 10
NO_CHANGE = 1 << 31 | 1 << 20 | 1 << 9
ABREAST = 16  # pixels of a row that are laid together
# Types are named in loops because compiled whole numbers grow to 64 bits otherwise.
U32, I32, F32 = np.uint32, np.int32, np.float32
ONE_STEP = F32(1 / (1 << STEP_BITS))
# Weights of four pixels in a row, for a place that lies f of a pixel beyond the second: the outer ones have
# -a f (1 - f)^2 and its mirror image, the inner ones b f^3 + c f^2 + d f + 1 and its mirror image; here a, b, c, d.
CUBIC_WEIGHTS = F32(CUBIC), F32(2 - CUBIC), F32(CUBIC - 3), F32(0)
LINEAR_WEIGHTS = F32(0), F32(0), F32(0), F32(-1)


def warp_into(square: NDArray[np.uint8], image: ImageArray, from_image: Floats) -> None:
    """Sample a square of a picture into the colours of a square that is there.

    Args:
        square: uint8 (side, side, 4), contiguous, filled but for its fourth channel, which stays.
        image: uint8 (h, w, 3); the outermost pixels go on beyond the edge.
        from_image: float (2, 3), carries pixels of the square into pixels of the picture.
    """
    affine = np.asarray(from_image, np.float64)
    height, width = image.shape[:2]
    left, top, right, bottom = _bounds(affine, len(square), len(square), TAPS // 2, width, height)
    left, top = min(left, width - 1), min(top, height - 1)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    inside = affine.copy()
    inside[:, 2] -= left, top
    pixels = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_RGB2RGBA)
    _warp(pixels.view(np.uint32)[..., 0], inside, square.view(np.uint32)[..., 0])


def lay_change(
    face: ImageArray,
    painted: ImageArray,
    drawn: ImageArray,
    mask: ImageArray,
    out: ImageArray,
    rectangle: Rectangle,
    to_face: Floats,
    is_linear: bool,
) -> None:
    """Carry what was painted in a patch into a face, as a change of what was drawn there.

    Args:
        face: uint8 (h, w, 3), changed in place.
        painted: uint8 (p, q, 3) the patch.
        drawn: uint8 (p, q, 4), contiguous, what it was before; the fourth channel does not matter.
        mask: uint8 (p, q) how much of the change counts.
        out: uint8 (p, q) how much of the face itself is taken out; what was drawn, which is the face without its fine
            lines, stands for it there.
        rectangle: the part of the patch that counts; its outermost pixels change nothing.
        to_face: float (2, 3), carries pixels of the patch into pixels of the face.
        is_linear: sample linearly, which is enough for a patch that is much enlarged, instead of by cubes.
    """
    left, top, width, height = rectangle
    if width < TAPS or height < TAPS:
        return
    affine = np.array(to_face, np.float64)
    affine[:, 2] += affine[:, 0] * left + affine[:, 1] * top
    pixels = cv2.cvtColor(painted, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]
    size = height + TAPS, width + TAPS  # with a margin of no change, lest sampling asks where it is
    change, gone = np.full(size, NO_CHANGE, np.uint32), np.zeros(size, np.uint8)
    inner, here = (
        slice(TAPS // 2 + 1, -TAPS // 2 - 1),
        (slice(top + 1, top + height - 1), slice(left + 1, left + width - 1)),
    )
    gone[inner, inner] = out[here]
    _weigh(change[inner], pixels, drawn.view(np.uint32)[..., 0], mask, out, left + 1, top + 1)
    x0, y0, x1, y1 = _bounds(affine, width, height, 0, face.shape[1], face.shape[0])
    if x0 < x1 and y0 < y1:
        from_face = cv2.invertAffineTransform(affine)
        from_face[:, 2] += from_face[:, 0] * x0 + from_face[:, 1] * y0
        part = cv2.cvtColor(face[y0:y1, x0:x1], cv2.COLOR_RGB2RGBA)
        _lay(
            part.view(np.uint32)[..., 0],
            change,
            gone,
            from_face,
            LINEAR_WEIGHTS if is_linear else CUBIC_WEIGHTS,
        )
        cv2.cvtColor(part, cv2.COLOR_RGBA2RGB, dst=face[y0:y1, x0:x1])


def _bounds(
    affine: Floats, width: int, height: int, margin: int, most_x: int, most_y: int
) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of where a picture of that size is carried to, the last two outside.

    Args:
        affine: float (2, 3).
        width: of the picture.
        height: of the picture.
        margin: whole pixels more on each side.
        most_x: the sides lie between zero and this.
        most_y: the other two between zero and this.
    """
    lows, highs = [], []
    for (along, across, first), most in zip(affine.tolist(), (most_x, most_y), strict=True):
        right, down = along * (width - 1), across * (height - 1)
        low, high = min(right, 0.0) + min(down, 0.0), max(right, 0.0) + max(down, 0.0)
        lows.append(min(max(math.floor(first + low - margin), 0), most))
        highs.append(min(max(math.ceil(first + high + margin + 1), 0), most))
    return lows[0], lows[1], highs[0], highs[1]


@compiled
def _warp(pixels: Pixels, affine: Floats, square: Pixels) -> None:
    """Sample a square.

    Args:
        pixels: uint32 (h, w), contiguous.
        affine: float64 (2, 3), carries pixels of the square into these.
        square: uint32 (n, n), the three lower bytes filled.
    """
    height, width = pixels.shape
    side = len(square)
    first, parts = np.empty(side, np.int64), np.empty((2, side), np.float32)
    near = np.empty((TAPS, TAPS * side), np.uint32)
    for y in range(side):
        x0, along_x = _line(affine[0], 0, y)
        y0, along_y = _line(affine[1], 0, y)
        _locate(x0, y0, along_x, along_y, width, first, parts)
        last_x, last_y = x0 + (side - 1) * along_x, y0 + (side - 1) * along_y
        is_inside = min(x0, last_x) >> PLACE_BITS >= 1 and min(y0, last_y) >> PLACE_BITS >= 1
        is_inside = is_inside and (max(x0, last_x) >> PLACE_BITS) + TAPS // 2 < width
        if is_inside and (max(y0, last_y) >> PLACE_BITS) + TAPS // 2 < height:
            _gather(pixels, first, near)
        else:
            _gather_held(pixels, x0, y0, along_x, along_y, near)
        _mix(square[y], parts[0], parts[1], near)


@compiled
def _line(affine: Floats, x: int, y: int) -> tuple[int, int]:
    """Return one coordinate of where a row begins, rounded to the nearest step, and how it goes on, in 2^-32 pixels."""
    begin = int((affine[0] * x + affine[1] * y + affine[2]) * (1 << PLACE_BITS))
    return begin + (1 << (PLACE_BITS - STEP_BITS - 1)), int(affine[0] * (1 << PLACE_BITS))


@compiled
def _locate(
    x0: int, y0: int, along_x: int, along_y: int, width: int, first: NDArray[np.int64], parts: FloatArray
) -> None:
    """Fill, for each pixel of a row, the upper left of its 4 x 4 pixels, and the parts of a pixel beyond the second."""
    for x in range(len(first)):
        place_x, place_y = x0 + x * along_x, y0 + x * along_y
        first[x] = ((place_y >> PLACE_BITS) - 1) * width + (place_x >> PLACE_BITS) - 1
        parts[0, x], parts[1, x] = _part(place_x), _part(place_y)


@compiled
def _part(place: int) -> np.float32:
    """Return what a place lies beyond its pixel."""
    return F32(I32((place >> (PLACE_BITS - STEP_BITS)) & ((1 << STEP_BITS) - 1))) * ONE_STEP


@compiled
def _gather(pixels: Pixels, first: NDArray[np.int64], near: Pixels) -> None:
    """Fetch 4 x 4 pixels for each of a row, from the upper left of them on."""
    flat = pixels.reshape(-1)
    for j in range(TAPS):
        row, below = near[j], np.uintp(j * pixels.shape[1])
        for x in range(len(first)):
            pixel, into = np.uintp(first[x]) + below, np.uintp(x) * np.uintp(TAPS)
            # All four are read before any is written: the compiler then moves them at once.
            a, b = flat[pixel], flat[pixel + np.uintp(1)]
            c, d = flat[pixel + np.uintp(2)], flat[pixel + np.uintp(3)]
            row[into], row[into + np.uintp(1)] = a, b
            row[into + np.uintp(2)], row[into + np.uintp(3)] = c, d


@compiled
def _gather_held(pixels: Pixels, x0: int, y0: int, along_x: int, along_y: int, near: Pixels) -> None:
    """Fetch the same where some lie beyond the picture's edge."""
    height, width = pixels.shape
    for x in range(near.shape[1] // TAPS):
        column, row = (x0 + x * along_x) >> PLACE_BITS, (y0 + x * along_y) >> PLACE_BITS
        for j in range(TAPS):
            held_row = min(max(row - 1 + j, 0), height - 1)
            for i in range(TAPS):
                near[j, x * TAPS + i] = pixels[held_row, min(max(column - 1 + i, 0), width - 1)]


@compiled
def _mix(square: Pixels, part_x: FloatArray, part_y: FloatArray, near: Pixels) -> None:
    """Weigh the 4 x 4 pixels of each of a row."""
    row0, row1, row2, row3 = near[0], near[1], near[2], near[3]
    for x in range(len(square)):
        along, across = _weights(part_x[x], CUBIC_WEIGHTS), _weights(part_y[x], CUBIC_WEIGHTS)
        first = np.uintp(x) * np.uintp(TAPS)
        red = _weighed_sum(row0, row1, row2, row3, first, U32(0), U32(FULL), along, across)
        green = _weighed_sum(row0, row1, row2, row3, first, U32(8), U32(FULL), along, across)
        blue = _weighed_sum(row0, row1, row2, row3, first, U32(16), U32(FULL), along, across)
        colour = U32(_byte(red) | U32(_byte(green) << U32(8)))
        square[x] = U32(colour | U32(_byte(blue) << U32(16))) | U32(square[x] & U32(0xFF000000))


@compiled
def _weighed_sum(
    row0: Pixels,
    row1: Pixels,
    row2: Pixels,
    row3: Pixels,
    first: np.uintp,
    shift: np.uint32,
    most: np.uint32,
    along: Four,
    across: Four,
) -> np.float32:
    """Return a part of 4 x 4 numbers, weighed."""
    upper = (
        _row(row0, first, shift, most, along) * across[0] + _row(row1, first, shift, most, along) * across[1]
    )
    lower = (
        _row(row2, first, shift, most, along) * across[2] + _row(row3, first, shift, most, along) * across[3]
    )
    return upper + lower


@compiled
def _row(row: Pixels, first: np.uintp, shift: np.uint32, most: np.uint32, along: Four) -> np.float32:
    left = _bits(row[first], shift, most) * along[0] + _bits(row[first + np.uintp(1)], shift, most) * along[1]
    right = _bits(row[first + np.uintp(2)], shift, most) * along[2]
    return left + (right + _bits(row[first + np.uintp(3)], shift, most) * along[3])


@compiled
def _bits(number: np.uint32, shift: np.uint32, most: np.uint32) -> np.float32:
    """Return some bits of a number, of which ``most`` has as many."""
    return F32(I32(U32(U32(number >> shift) & most)))


@compiled
def _weights(part: np.float32, kind: Four) -> Four:
    """Return the weights of four pixels in a row for a place that lies beyond the second by a part of a pixel."""
    rest = F32(1) - part
    return (
        -kind[0] * part * rest * rest,
        ((kind[1] * part + kind[2]) * part + kind[3]) * part + F32(1),
        ((kind[1] * rest + kind[2]) * rest + kind[3]) * rest + F32(1),
        -kind[0] * rest * part * part,
    )


@compiled
def _byte(number: np.float32) -> np.uint32:
    """Return a colour rounded to a byte."""
    return U32(I32(min(max(number + F32(0.5), F32(0)), F32(FULL))))


@compiled
def _weigh(
    change: Pixels, painted: Pixels, drawn: Pixels, mask: ImageArray, out: ImageArray, left: int, top: int
) -> None:
    """Say what is carried into a face.

    Args:
        change: uint32 (h, w + TAPS + 2), filled but for a margin on both sides.
        painted: uint32 (p, q).
        drawn: uint32 (p, q).
        mask: uint8 (p, q) as :func:`lay_change` has it.
        out: uint8 (p, q).
        left: where the part that counts begins.
        top: the same.
    """
    margin = TAPS // 2 + 1
    width = change.shape[1] - 2 * margin
    for y in range(len(change)):
        into, columns = change[y, margin : margin + width], slice(left, left + width)
        after, before = painted[top + y, columns], drawn[top + y, columns]
        shares, taken = mask[top + y, columns], out[top + y, columns]
        for x in range(width):
            share, gone = F32(I32(shares[x])) * F32(1 / FULL), F32(I32(taken[x])) * F32(1 / FULL)
            red = _weighed(after[x], before[x], U32(0), share, gone, F32(4))
            green = _weighed(after[x], before[x], U32(8), share, gone, F32(4))
            blue = _weighed(after[x], before[x], U32(16), share, gone, F32(2))
            lower = U32(U32(green << U32(GREEN_FROM)) + blue)
            into[x] = U32(U32(U32(red << U32(RED_FROM)) + lower) + U32(NO_CHANGE))


@compiled
def _weighed(
    after: np.uint32,
    before: np.uint32,
    shift: np.uint32,
    share: np.float32,
    gone: np.float32,
    steps: np.float32,
) -> np.uint32:
    """Return the change of one byte, rounded, a negative one as its complement."""
    drawn = _bits(before, shift, U32(FULL))
    change = (_bits(after, shift, U32(FULL)) - drawn) * share + drawn * gone
    return U32(I32(np.floor(change * steps + F32(0.5))))


@compiled
def _reach(change: Pixels, gone: ImageArray, reach: NDArray[np.int64]) -> None:
    """Tell where the samples around a place meet any change.

    Args:
        change: uint32 (h + TAPS, w + TAPS).
        gone: uint8 (h + TAPS, w + TAPS).
        reach: int64 (h, 3), filled: of the places in a row of pixels the first and the last column, and whether
            anything of the face is taken out there.
    """
    height, width = len(reach), change.shape[1] - TAPS
    for y in range(height):
        reach[y, 0], reach[y, 1], reach[y, 2] = width, -1, 0
    for y in range(TAPS // 2, TAPS // 2 + height):
        first, last = 0, width + TAPS
        while first < last and change[y, first] == NO_CHANGE and gone[y, first] == 0:
            first += 1
        while first < last and change[y, last - 1] == NO_CHANGE and gone[y, last - 1] == 0:
            last -= 1
        if first < last:
            is_gone = gone[y].any()
            for near in range(max(y - TAPS, 0), min(y, height)):
                reach[near, 0] = min(reach[near, 0], first - TAPS)
                reach[near, 1] = max(reach[near, 1], last - TAPS // 2)
                reach[near, 2] |= is_gone


@compiled
def _lay(part: Pixels, change: Pixels, gone: ImageArray, affine: Floats, kind: Four) -> None:
    """Carry a change into a part of a face.

    Args:
        part: uint32 (h, w), contiguous, changed in place.
        change: uint32 (p + TAPS, q + TAPS) with a margin of no change.
        gone: uint8 (p + TAPS, q + TAPS) how much of the face is taken out.
        affine: float64 (2, 3), carries pixels of the part into those of the change without its margin.
        kind: of weights.
    """
    width, margin = change.shape[1] - TAPS, TAPS // 2 << PLACE_BITS
    reach = np.empty((len(change) - TAPS, 3), np.int64)
    _reach(change, gone, reach)
    most = part.shape[1]
    room = most + ABREAST
    first, near = np.empty(room, np.int64), np.empty((TAPS, TAPS * room), np.uint32)
    parts, kept, row = np.empty((2, room), np.float32), np.empty(room, np.float32), np.zeros(room, np.uint32)
    for y in range(part.shape[0]):
        x0, along_x = _line(affine[0], 0, y)
        y0, along_y = _line(affine[1], 0, y)
        start, end = 0, most
        while start < end and not _is_reached(x0 + start * along_x, y0 + start * along_y, reach, width):
            start += 1
        while start < end and not _is_reached(
            x0 + (end - 1) * along_x, y0 + (end - 1) * along_y, reach, width
        ):
            end -= 1
        if start == end:
            continue
        count = end - start
        full = -(-count // ABREAST) * ABREAST  # a few pixels too many are quicker than a few one by one
        x0, y0 = x0 + start * along_x + margin, y0 + start * along_y + margin
        _locate(x0, y0, along_x, along_y, width + TAPS, first[:count], parts)
        first[count:full] = first[count - 1]
        row[:count] = part[y, start:end]
        _gather(change, first[:full], near)
        rows = y0 >> PLACE_BITS, (y0 + (count - 1) * along_y) >> PLACE_BITS
        if reach[min(rows) - TAPS // 2 : max(rows) - TAPS // 2 + 1, 2].any():
            _keep(kept, gone, first[:full], parts[0], parts[1])
        else:
            kept[:full] = F32(1)
        _lay_row(row[:full], kept, parts[0], parts[1], near, kind)
        part[y, start:end] = row[:count]


@compiled
def _is_reached(place_x: int, place_y: int, reach: NDArray[np.int64], width: int) -> bool:
    column, row = place_x >> PLACE_BITS, place_y >> PLACE_BITS
    if not (0 <= column < width - 1 and 0 <= row < len(reach) - 1):
        return False
    return reach[row, 0] <= column <= reach[row, 1]


@compiled
def _keep(
    kept: FloatArray, gone: ImageArray, first: NDArray[np.int64], part_x: FloatArray, part_y: FloatArray
) -> None:
    """Fill how much of each pixel of a row of a face stays."""
    flat, width = gone.reshape(-1), gone.shape[1]
    for x in range(len(first)):
        above = np.uintp(first[x] + width + 1)
        below = above + np.uintp(width)
        left, right = F32(I32(flat[above])), F32(I32(flat[above + np.uintp(1)]))
        upper = left + (right - left) * part_x[x]
        left, right = F32(I32(flat[below])), F32(I32(flat[below + np.uintp(1)]))
        lower = left + (right - left) * part_x[x]
        kept[x] = F32(1) - (upper + (lower - upper) * part_y[x]) * F32(1 / FULL)


@compiled
def _lay_row(
    into: Pixels, kept: FloatArray, part_x: FloatArray, part_y: FloatArray, near: Pixels, kind: Four
) -> None:
    """Change a row of a face by what was gathered."""
    row0, row1, row2, row3 = near[0], near[1], near[2], near[3]
    for x in range(len(into)):
        along, across = _weights(part_x[x], kind), _weights(part_y[x], kind)
        first = np.uintp(x) * np.uintp(TAPS)
        red = _weighed_sum(row0, row1, row2, row3, first, U32(RED_FROM), U32(0x7FF), along, across)
        green = _weighed_sum(row0, row1, row2, row3, first, U32(GREEN_FROM), U32(0x7FF), along, across)
        blue = _weighed_sum(row0, row1, row2, row3, first, U32(0), U32(0x3FF), along, across)
        new_red = _changed(into[x], U32(0), kept[x], (red - F32(1024)) * F32(1 / 4))
        new_green = _changed(into[x], U32(8), kept[x], (green - F32(1024)) * F32(1 / 4))
        new_blue = _changed(into[x], U32(16), kept[x], (blue - F32(512)) * F32(1 / 2))
        into[x] = U32(new_red | U32(new_green << U32(8))) | U32(new_blue << U32(16))


@compiled
def _changed(pixel: np.uint32, shift: np.uint32, kept: np.float32, change: np.float32) -> np.uint32:
    return _byte(_bits(pixel, shift, U32(FULL)) * kept + change)
