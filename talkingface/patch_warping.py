"""Carries small colour pictures between a frame and the mouth patch with cubic sampling, all colours at once.

The three colours of a pixel lie in one whole number, 21 bits apart, so that one multiplication weighs all of them.
Numbers below zero are lifted by a base beforehand, which the weights, whose sum is fixed, give back unchanged.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.mouth_drawing import CUBIC
from talkingface.records import ImageArray

Floats = NDArray[np.floating[Any]]

FULL = 255
LANE_BITS = 21
LANE = (1 << LANE_BITS) - 1
PLACE_BITS = 32  # places are counted in 2^-32 pixels
STEP_BITS, ONE_BITS = 5, 8
STEPS = 1 << STEP_BITS  # to which a place between two pixels is rounded
ONE = 1 << ONE_BITS  # sum of the weights of all samples
TAPS = 4
FINE = 4  # units of a byte's step in which a change is carried
BASE = 512 * FINE  # a change, -255..510, and what cubic sampling overshoots, lies above zero with it
ALL_LANES = 1 | (1 << LANE_BITS) | (1 << (2 * LANE_BITS))
OVERSHOOT = 1 << 18  # keeps a lane of bytes above zero


def warped(image: ImageArray, from_image: Floats, side_px: int) -> ImageArray:
    """Sample a square out of a picture, whose outermost pixels go on beyond its edge.

    Args:
        image: uint8 (h, w, 3).
        from_image: float (2, 3), carries pixels of the square into pixels of the picture.
        side_px: of the square.

    Returns:
        uint8 (side_px, side_px, 3).
    """
    square = np.empty((side_px, side_px, 3), np.uint8)
    _warp(image, np.asarray(from_image, np.float64), _CUBIC_WEIGHTS, square)
    return square


def lay_change(
    face: ImageArray, change: NDArray[np.int16], out: ImageArray, to_face: Floats, is_linear: bool
) -> None:
    """Take a share of a face out and add a change, both carried from a patch.

    Args:
        face: uint8 (h, w, 3), changed in place.
        change: int16 (p, q, 3) in ``FINE`` units of a byte's step, -255..510 steps; zero on its outermost pixels.
        out: uint8 (p, q) 255 where nothing of the face stays; zero on its outermost pixels.
        to_face: float (2, 3), carries pixels of the patch into pixels of the face.
        is_linear: sample linearly, which is enough for a patch that is much enlarged, instead of by cubes.
    """
    from_face = cv2.invertAffineTransform(np.asarray(to_face, np.float64))
    weights = _LINEAR_WEIGHTS if is_linear else _CUBIC_WEIGHTS
    _lay(face, change, out, np.asarray(to_face, np.float64), from_face, weights)


@compiled
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
    x, y = affine[0, 2], affine[1, 2]
    right_x, right_y = affine[0, 0] * (width - 1), affine[1, 0] * (width - 1)
    down_x, down_y = affine[0, 1] * (height - 1), affine[1, 1] * (height - 1)
    left = x + min(right_x, 0.0) + min(down_x, 0.0) - margin
    top = y + min(right_y, 0.0) + min(down_y, 0.0) - margin
    right = x + max(right_x, 0.0) + max(down_x, 0.0) + margin + 1
    bottom = y + max(right_y, 0.0) + max(down_y, 0.0) + margin + 1
    return (
        min(max(math.floor(left), 0), most_x),
        min(max(math.floor(top), 0), most_y),
        min(max(math.ceil(right), 0), most_x),
        min(max(math.ceil(bottom), 0), most_y),
    )


@compiled
def _sampled(
    packed: NDArray[np.int64], weights: NDArray[np.int16], place_x: int, place_y: int, width: int, height: int
) -> np.int64:
    """Return the weighted sum of 16 pixels around a place in ``1 << PLACE_BITS`` units; the outermost go on beyond."""
    column, row = (place_x >> PLACE_BITS) - 1, (place_y >> PLACE_BITS) - 1
    step_x = (place_x >> (PLACE_BITS - STEP_BITS)) & (STEPS - 1)
    step_y = (place_y >> (PLACE_BITS - STEP_BITS)) & (STEPS - 1)
    # Unsigned places: a compiled loop then need not ask whether one counts from the end.
    weight = np.uintp((step_y * STEPS + step_x) * TAPS * TAPS)
    total = np.int64(0)
    if column >= 0 and column + TAPS <= width and row >= 0 and row + TAPS <= height:
        for j in range(TAPS):
            pixel = np.uintp((row + j) * width + column)
            total += (
                packed[pixel] * weights[weight]
                + packed[pixel + np.uintp(1)] * weights[weight + np.uintp(1)]
                + packed[pixel + np.uintp(2)] * weights[weight + np.uintp(2)]
                + packed[pixel + np.uintp(3)] * weights[weight + np.uintp(3)]
            )
            weight += np.uintp(TAPS)
        return total
    for j in range(TAPS):
        y = min(max(row + j, 0), height - 1)
        for i in range(TAPS):
            x = min(max(column + i, 0), width - 1)
            total += packed[np.uintp(y * width + x)] * weights[weight]
            weight += np.uintp(1)
    return total


@compiled
def _warp(image: ImageArray, affine: Floats, weights: NDArray[np.int16], square: ImageArray) -> None:
    side_y, side_x = square.shape[:2]
    left, top, right, bottom = _bounds(affine, side_x, side_y, TAPS // 2, image.shape[1], image.shape[0])
    left, top = min(left, image.shape[1] - 1), min(top, image.shape[0] - 1)
    width, height = max(right - left, 1), max(bottom - top, 1)
    packed = np.empty(width * height, np.int64)
    for y in range(height):
        for x in range(width):
            red, green = np.int64(image[top + y, left + x, 0]), np.int64(image[top + y, left + x, 1])
            blue = np.int64(image[top + y, left + x, 2])
            packed[y * width + x] = red | (green << LANE_BITS) | (blue << (2 * LANE_BITS))
    unit, half = 1 << PLACE_BITS, 1 << (PLACE_BITS - STEP_BITS - 1)
    along_x, along_y = int(affine[0, 0] * unit), int(affine[1, 0] * unit)
    for y in range(side_y):
        place_x = int((affine[0, 1] * y + affine[0, 2] - left) * unit) + half
        place_y = int((affine[1, 1] * y + affine[1, 2] - top) * unit) + half
        for x in range(side_x):
            total = _sampled(packed, weights, place_x, place_y, width, height) + OVERSHOOT * ALL_LANES
            red = ((total & LANE) - OVERSHOOT + ONE // 2) >> ONE_BITS
            green = (((total >> LANE_BITS) & LANE) - OVERSHOOT + ONE // 2) >> ONE_BITS
            blue = (((total >> (2 * LANE_BITS)) & LANE) - OVERSHOOT + ONE // 2) >> ONE_BITS
            square[y, x, 0] = min(max(red, 0), FULL)
            square[y, x, 1] = min(max(green, 0), FULL)
            square[y, x, 2] = min(max(blue, 0), FULL)
            place_x += along_x
            place_y += along_y


@compiled
def _lay(
    face: ImageArray,
    change: NDArray[np.int16],
    out: ImageArray,
    to_face: Floats,
    affine: Floats,
    weights: NDArray[np.int16],
) -> None:
    height, width = out.shape
    packed = np.empty(width * height, np.int64)
    for y in range(height):
        for x in range(width):
            red, green, blue = change[y, x, 0] + BASE, change[y, x, 1] + BASE, change[y, x, 2] + BASE
            packed[y * width + x] = red | (green << LANE_BITS) | (blue << (2 * LANE_BITS))
    left, top, right, bottom = _bounds(to_face, width, height, 0, face.shape[1], face.shape[0])
    unit, half = 1 << PLACE_BITS, 1 << (PLACE_BITS - STEP_BITS - 1)
    along_x, along_y = int(affine[0, 0] * unit), int(affine[1, 0] * unit)
    to_steps, none, all_kept = PLACE_BITS - STEP_BITS, BASE << ONE_BITS, FULL << (2 * STEP_BITS)
    share, fine = 1.0 / all_kept, 1.0 / (ONE * FINE)
    for y in range(top, bottom):
        place_x = int((affine[0, 0] * left + affine[0, 1] * y + affine[0, 2]) * unit) + half
        place_y = int((affine[1, 0] * left + affine[1, 1] * y + affine[1, 2]) * unit) + half
        for x in range(left, right):
            column, row = place_x >> PLACE_BITS, place_y >> PLACE_BITS
            if 0 <= column < width - 1 and 0 <= row < height - 1:
                step_x, step_y = (place_x >> to_steps) & (STEPS - 1), (place_y >> to_steps) & (STEPS - 1)
                total = _sampled(packed, weights, place_x, place_y, width, height)
                upper = out[row, column] * (STEPS - step_x) + out[row, column + 1] * step_x
                lower = out[row + 1, column] * (STEPS - step_x) + out[row + 1, column + 1] * step_x
                kept = (all_kept - (upper * (STEPS - step_y) + lower * step_y)) * share
                red = face[y, x, 0] * kept + ((total & LANE) - none) * fine
                green = face[y, x, 1] * kept + (((total >> LANE_BITS) & LANE) - none) * fine
                blue = face[y, x, 2] * kept + (((total >> (2 * LANE_BITS)) & LANE) - none) * fine
                face[y, x, 0] = int(min(max(red + 0.5, 0.0), 255.0))
                face[y, x, 1] = int(min(max(green + 0.5, 0.0), 255.0))
                face[y, x, 2] = int(min(max(blue + 0.5, 0.0), 255.0))
            place_x += along_x
            place_y += along_y


def _weights(along: Floats) -> NDArray[np.int16]:
    """Return int16 (STEPS * STEPS * 16,): for each step 4 x 4 weights, in all ONE, from float (STEPS, 4) of a row."""
    exact = (along[:, None, :, None] * along[None, :, None, :]).reshape(STEPS * STEPS, TAPS * TAPS) * ONE
    whole = np.round(exact).astype(np.int16)
    rows = np.arange(len(whole))
    whole[rows, exact.argmax(1)] += ONE - whole.sum(1)
    return whole.reshape(-1)


def _cubic_weights() -> Floats:
    """Return float (STEPS, 4) of Keys 1981, as OpenCV has them."""
    fraction = np.arange(STEPS) / STEPS
    away = np.abs(np.array([1, 0, -1, -2]) + fraction[:, None])
    near = (2 - CUBIC) * away**3 - (3 - CUBIC) * away**2 + 1
    far = -CUBIC * (away**3 - 5 * away**2 + 8 * away - 4)
    return np.where(away <= 1, near, far)


def _linear_weights() -> Floats:
    fraction = np.arange(STEPS) / STEPS
    nothing = np.zeros(STEPS)
    return np.stack([nothing, 1 - fraction, fraction, nothing], 1)


_CUBIC_WEIGHTS, _LINEAR_WEIGHTS = _weights(_cubic_weights()), _weights(_linear_weights())
