"""Carries small colour pictures between a frame and the mouth patch with cubic sampling, all colours at once.

The three colours of a pixel lie in one whole number, 21 bits apart, so that one multiplication weighs all of them.
Numbers below zero are lifted by a base beforehand, which the weights, whose sum is fixed, give back unchanged.
"""

from __future__ import annotations

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
    low, high = _bounds(from_image, side_px, side_px)
    height, width = image.shape[:2]
    left, top = (int(value) for value in np.clip(low - 2, 0, (width - 1, height - 1)))
    right, bottom = (int(value) for value in np.clip(high + 3, (left + 1, top + 1), (width, height)))
    part = image[top:bottom, left:right]
    packed = np.empty((bottom - top, right - left), np.int64)
    _pack(part, packed)
    square = np.empty((side_px, side_px, 3), np.uint8)
    affine = np.asarray(from_image, np.float64) - np.array([[0, 0, left], [0, 0, top]])
    _warp(packed.reshape(-1), right - left, bottom - top, affine, _CUBIC_WEIGHTS, square)
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
    rows, columns = out.shape
    low, high = _bounds(to_face, columns, rows)
    height, width = face.shape[:2]
    left, top = (int(value) for value in np.clip(low, 0, (width, height)))
    right, bottom = (int(value) for value in np.clip(high + 1, 0, (width, height)))
    if right <= left or bottom <= top:
        return
    packed = np.empty((rows, columns), np.int64)
    _pack_change(change, packed)
    weights = _LINEAR_WEIGHTS if is_linear else _CUBIC_WEIGHTS
    from_face = cv2.invertAffineTransform(np.asarray(to_face, np.float64))
    from_face[:, 2] += from_face[:, 0] * left + from_face[:, 1] * top
    _lay(face[top:bottom, left:right], packed.reshape(-1), out, from_face, weights)


def _bounds(affine: Floats, width: int, height: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the whole pixels around where a picture of that size is carried to: lowest and highest x and y."""
    corners = affine @ np.array([[0, width - 1] * 2, [0, 0, height - 1, height - 1], [1, 1, 1, 1]])
    return np.floor(corners.min(1)).astype(np.int64), np.ceil(corners.max(1)).astype(np.int64)


@compiled
def _pack(image: ImageArray, packed: NDArray[np.int64]) -> None:
    for y in range(packed.shape[0]):
        for x in range(packed.shape[1]):
            red, green, blue = np.int64(image[y, x, 0]), np.int64(image[y, x, 1]), np.int64(image[y, x, 2])
            packed[y, x] = red | (green << LANE_BITS) | (blue << (2 * LANE_BITS))


@compiled
def _pack_change(change: NDArray[np.int16], packed: NDArray[np.int64]) -> None:
    for y in range(packed.shape[0]):
        for x in range(packed.shape[1]):
            red, green, blue = change[y, x, 0] + BASE, change[y, x, 1] + BASE, change[y, x, 2] + BASE
            packed[y, x] = red | (green << LANE_BITS) | (blue << (2 * LANE_BITS))


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
def _warp(
    packed: NDArray[np.int64],
    width: int,
    height: int,
    affine: Floats,
    weights: NDArray[np.int16],
    square: ImageArray,
) -> None:
    unit, half = 1 << PLACE_BITS, 1 << (PLACE_BITS - STEP_BITS - 1)
    along_x, along_y = int(affine[0, 0] * unit), int(affine[1, 0] * unit)
    for y in range(square.shape[0]):
        place_x = int((affine[0, 1] * y + affine[0, 2]) * unit) + half
        place_y = int((affine[1, 1] * y + affine[1, 2]) * unit) + half
        for x in range(square.shape[1]):
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
    packed: NDArray[np.int64],
    out: ImageArray,
    affine: Floats,
    weights: NDArray[np.int16],
) -> None:
    height, width = out.shape
    unit, half = 1 << PLACE_BITS, 1 << (PLACE_BITS - STEP_BITS - 1)
    along_x, along_y = int(affine[0, 0] * unit), int(affine[1, 0] * unit)
    to_steps, none, all_kept = PLACE_BITS - STEP_BITS, BASE << ONE_BITS, FULL << (2 * STEP_BITS)
    share, fine = 1.0 / all_kept, 1.0 / (ONE * FINE)
    for y in range(face.shape[0]):
        place_x = int((affine[0, 1] * y + affine[0, 2]) * unit) + half
        place_y = int((affine[1, 1] * y + affine[1, 2]) * unit) + half
        for x in range(face.shape[1]):
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
