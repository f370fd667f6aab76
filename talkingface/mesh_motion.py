"""The arithmetic that moves a face's meshes, compiled as one: tracked frame and wanted mouth in, pixels out.

What follows what, and why, is told in :mod:`talkingface.face_rig`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.landmarks import CHIN_BOTTOM, FOREHEAD_TOP
from talkingface.records import FloatArray

# What a person's basis moves beside the wrap, in this order, after it.
JAW, UPPER_LIP, LOWER_LIP, FOREHEAD, CHIN_END, BESIDE_WRAP = range(6)
SMALLEST = 1e-6
KEPT_LENGTH = 0.35  # of an edge that is squeezed
SWEEPS = 4
ENOUGH_PX = 1e-3  # an edge that was made way for must not count again for its rounding


class RiggedFace(NamedTuple):
    """What does not change from frame to frame: models fitted to a person, positions in head coordinates.

    Attributes:
        landmarks: int32 (L,) the landmark of each of the wrap's first vertices.
        skirt_landmarks: int32 (J,) the landmarks that the skirt hangs on.
        skirt_rows: int64 (J,) the same as vertices of the wrap.
        skirt_centre: the landmark from which the skirt's rings lie outward.
        skirt_out: distance of each ring from the jaw, in face heights.
        skirt_motion: how far each ring follows the jaw, 0..1.
        motion: float32 (L,) how far a landmark follows the mouth, 0..1.
        absolute: float32 (L,) 1 where a landmark goes to its modelled place outright.
        outward: int64 (E, 2) edges of the wrap that run outwards.
        mouth_landmarks: int32 (M,) what the mouth moves.
        mouth_rest: float32 (M, 3) where they rest.
        projector: float32 (M, 3, K) from where they are, less that rest, to the mouth.
        rest: float32 (L + BESIDE_WRAP, 3) resting place of the wrap's landmarks, then of what else is moved; of the
            jaw, only the change counts.
        basis: float32 (K, 3 (L + BESIDE_WRAP)) their displacement for a coefficient of 1.
        upper_teeth: float32 (U, 3) at rest.
        lower_teeth: float32 (W, 3) at rest.
        patch_middle: float32 (1, 3) the middle of the generator's patch at rest.
        patch_size: its width in face heights.
        patch_px: its width in its own pixels.
    """

    landmarks: NDArray[np.int32]
    skirt_landmarks: NDArray[np.int32]
    skirt_rows: NDArray[np.int64]
    skirt_centre: int
    skirt_out: tuple[float, ...]
    skirt_motion: tuple[float, ...]
    motion: FloatArray
    absolute: FloatArray
    outward: NDArray[np.int64]
    mouth_landmarks: NDArray[np.int32]
    mouth_rest: FloatArray
    projector: FloatArray
    rest: FloatArray
    basis: FloatArray
    upper_teeth: FloatArray
    lower_teeth: FloatArray
    patch_middle: FloatArray
    patch_size: float
    patch_px: int


@compiled
def moved_face(
    face: RiggedFace,
    points: FloatArray,
    rotation: FloatArray,
    scale_px: float,
    translation: FloatArray,
    coefficients: FloatArray,
    left: int,
    top: int,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, float]:
    """Place wrap and teeth for one frame and one mouth.

    Args:
        face: the person.
        points: float32 (478, 3) the frame's tracked landmarks in its pixels.
        rotation: float32 (3, 3) of the frame's head pose.
        scale_px: of the head pose, pixels per face height.
        translation: float32 (3,) of the head pose, in pixels.
        coefficients: float32 (K,) the wanted mouth.
        left: first column of the crop in the frame.
        top: first row of the crop in the frame.

    Returns:
        In pixels of the crop: where the wrap takes its colour from, float32 (V, 2), and where it is drawn, (V, 3);
        upper and lower teeth, float32 (U, 3) and (W, 3); the affine from the patch, (2, 3). And the lip opening over
        face height.
    """
    turn, place = _times(rotation, scale_px), translation.copy()
    place[0] -= left
    place[1] -= top
    wrap = wrap_vertices(points, face.landmarks, face.skirt_landmarks, face.skirt_centre, face.skirt_out)
    source = np.empty((len(wrap), 2), np.float32)
    for i in range(len(wrap)):
        wrap[i, 0] -= left
        wrap[i, 1] -= top
        source[i, 0], source[i, 1] = wrap[i, 0], wrap[i, 1]
    wanted, change = face.rest.copy(), np.zeros(face.rest.shape, np.float32)
    _displace(wanted, face.basis, coefficients)
    differing = coefficients.copy()
    to_head = _times(rotation, 1 / scale_px)
    _subtract_own(
        differing, points, face.mouth_landmarks, face.mouth_rest, face.projector, to_head, translation
    )
    _displace(change, face.basis, differing)
    change = _in_pixels(change, turn, np.zeros(3, np.float32))
    shift = _shift(wrap, _in_pixels(wanted, turn, place), change, face.motion, face.absolute)
    shift = relieved(wrap, shift, face.outward)
    _move(wrap, shift, face.skirt_rows, face.skirt_motion)
    beside = wanted[len(face.landmarks) :]
    jaw = _in_pixels(beside[JAW : JAW + 1], turn, place)[0]
    opening = _apart(beside, UPPER_LIP, LOWER_LIP) / max(_apart(beside, FOREHEAD, CHIN_END), SMALLEST)
    return (
        source,
        wrap,
        _in_pixels(face.upper_teeth, turn, place),
        _in_pixels(face.lower_teeth, turn, jaw),
        patch_affine(face.patch_middle, face.patch_size, face.patch_px, rotation, scale_px, place),
        opening,
    )


@compiled
def _times(rotation: FloatArray, factor: float) -> FloatArray:
    """Return a float32 (3, 3) times a number."""
    scaled = np.empty((3, 3), np.float32)
    for row in range(3):
        for column in range(3):
            scaled[row, column] = rotation[row, column] * factor
    return scaled


@compiled
def _displace(places: FloatArray, basis: FloatArray, coefficients: FloatArray) -> None:
    """Move places, float32 (n, 3) and changed, by (K,) coefficients: basis float32 (K, 3n)."""
    moved = places.reshape(-1)
    for k in range(len(basis)):
        for i in range(len(moved)):
            moved[i] += coefficients[k] * basis[k, i]


@compiled
def _subtract_own(
    mouth: FloatArray,
    points: FloatArray,
    landmarks: NDArray[np.int32],
    rest: FloatArray,
    projector: FloatArray,
    turn: FloatArray,
    translation: FloatArray,
) -> None:
    """Subtract the mouth that a tracked frame shows itself.

    Args:
        mouth: float32 (K,), changed in place.
        points: float32 (478, 3) landmarks in pixels.
        landmarks: int32 (M,) those that the mouth moves.
        rest: float32 (M, 3) where they rest in head coordinates.
        projector: float32 (M, 3, K).
        turn: float32 (3, 3) carries rows of pixels into head coordinates, but for the translation.
        translation: float32 (3,) pixels.
    """
    for row in range(len(landmarks)):
        point = points[landmarks[row]]
        x, y, z = point[0] - translation[0], point[1] - translation[1], point[2] - translation[2]
        right = x * turn[0, 0] + y * turn[1, 0] + z * turn[2, 0] - rest[row, 0]
        down = x * turn[0, 1] + y * turn[1, 1] + z * turn[2, 1] - rest[row, 1]
        away = x * turn[0, 2] + y * turn[1, 2] + z * turn[2, 2] - rest[row, 2]
        for k in range(len(mouth)):
            own = right * projector[row, 0, k] + down * projector[row, 1, k] + away * projector[row, 2, k]
            mouth[k] -= own


@compiled
def _in_pixels(head: FloatArray, turn: FloatArray, place: FloatArray) -> FloatArray:
    """Carry float32 (n, 3) head coordinates into pixels: ``turn @ head + place``, float32 (3, 3) and (3,)."""
    pixels = np.empty(head.shape, np.float32)
    for i in range(len(head)):
        x, y, z = head[i, 0], head[i, 1], head[i, 2]
        for axis in range(3):
            pixels[i, axis] = turn[axis, 0] * x + turn[axis, 1] * y + turn[axis, 2] * z + place[axis]
    return pixels


@compiled
def patch_affine(
    middle: FloatArray,
    size: float,
    size_px: int,
    rotation: FloatArray,
    scale_px: float,
    translation: FloatArray,
) -> FloatArray:
    """Return the float32 (2, 3) affine from patch pixels to those of a head pose: roll, size and place of the mouth.

    Args:
        middle: float32 (1, 3) of the patch, in head coordinates.
        size: of the patch, in face heights.
        size_px: of the patch, in its own pixels.
        rotation: float32 (3, 3) of the head pose.
        scale_px: of the head pose, pixels per face height.
        translation: float32 (3,) of the head pose, in pixels.
    """
    roll = math.atan2(rotation[1, 0] - rotation[0, 1], rotation[0, 0] + rotation[1, 1])
    scale, half = scale_px * size / size_px, (size_px - 1) / 2
    along, across = scale * math.cos(roll), scale * math.sin(roll)
    place = _in_pixels(middle, _times(rotation, scale_px), translation)
    patch = np.empty((2, 3), np.float32)
    patch[0, 0], patch[0, 1], patch[0, 2] = along, -across, place[0, 0] - (along - across) * half
    patch[1, 0], patch[1, 1], patch[1, 2] = across, along, place[0, 1] - (across + along) * half
    return patch


@compiled
def wrap_vertices(
    points: FloatArray,
    landmarks: NDArray[np.int32],
    skirt_landmarks: NDArray[np.int32],
    skirt_centre: int,
    skirt_out: tuple[float, ...],
) -> FloatArray:
    """Return the wrap of a tracked face, float32 (V, 3), in the units of its points, float32 (478, 3).

    The other arguments are those of :class:`RiggedFace`.
    """
    count, around = len(landmarks), len(skirt_landmarks)
    vertices = np.empty((count + len(skirt_out) * around, 3), np.float32)
    for i in range(count):
        for axis in range(3):
            vertices[i, axis] = points[landmarks[i], axis]
    height, row = _apart(points, FOREHEAD_TOP, CHIN_BOTTOM), count
    for out in skirt_out:
        for landmark in skirt_landmarks:
            jaw = points[landmark]
            x, y = jaw[0] - points[skirt_centre, 0], jaw[1] - points[skirt_centre, 1]
            reach = out * height / max(math.hypot(x, y), SMALLEST)
            vertices[row, 0], vertices[row, 1], vertices[row, 2] = (
                jaw[0] + x * reach,
                jaw[1] + y * reach,
                jaw[2],
            )
            row += 1
    return vertices


@compiled
def _shift(
    wrap: FloatArray, wanted: FloatArray, change: FloatArray, motion: FloatArray, absolute: FloatArray
) -> FloatArray:
    """Return how far the wrap's landmarks are to move, float32 (L, 3) pixels.

    Args:
        wrap: float32 (V, 3) before it moves, in pixels.
        wanted: float32 (L or more, 3) pixels where the wanted mouth has its landmarks.
        change: float32 (L or more, 3) pixels by which it differs from the frame's own.
        motion: float32 (L,) of :class:`RiggedFace`.
        absolute: float32 (L,) of :class:`RiggedFace`.
    """
    shift = np.empty((len(motion), 3), np.float32)
    for i in range(len(shift)):
        for axis in range(3):
            outright, by_change = wanted[i, axis] - wrap[i, axis], change[i, axis]
            shift[i, axis] = motion[i] * (by_change + (outright - by_change) * absolute[i])
    return shift


@compiled
def relieved(source: FloatArray, shift: FloatArray, outward: NDArray[np.int64]) -> FloatArray:
    """Return a shift with the outer ends of squeezed edges moved on, so that skin does not fold.

    Args:
        source: float32 (L or more, 3) landmarks of the wrap before they move, in pixels.
        shift: float32 (L, 3) how far each is to move, in pixels; not changed.
        outward: int64 (E, 2) edges, the end nearer to the lips first.

    Returns:
        float32 (L, 3); each edge outwards keeps about a third of its length in its own direction.
    """
    edges = len(outward)
    along, length = np.empty((edges, 2), np.float32), np.empty(edges, np.float32)
    for edge in range(edges):
        x = source[outward[edge, 1], 0] - source[outward[edge, 0], 0]
        y = source[outward[edge, 1], 1] - source[outward[edge, 0], 1]
        length[edge] = max(math.sqrt(x * x + y * y), 1e-3)
        along[edge, 0], along[edge, 1] = x / length[edge], y / length[edge]
    moved = shift.copy()
    push, count = np.empty((len(moved), 2), np.float32), np.empty(len(moved), np.int64)
    for _ in range(SWEEPS):
        for end in range(len(moved)):
            push[end, 0], push[end, 1], count[end] = 0, 0, 0
        is_squeezed = False
        for edge in range(edges):
            near, far = outward[edge, 0], outward[edge, 1]
            closing = (moved[near, 0] - moved[far, 0]) * along[edge, 0]
            closing += (moved[near, 1] - moved[far, 1]) * along[edge, 1]
            lacking = closing - (1 - KEPT_LENGTH) * length[edge]
            if lacking > ENOUGH_PX:
                push[far, 0] += along[edge, 0] * lacking
                push[far, 1] += along[edge, 1] * lacking
                count[far] += 1
                is_squeezed = True
        if not is_squeezed:
            break
        for end in range(len(moved)):
            if count[end]:
                moved[end, 0] += push[end, 0] / count[end]
                moved[end, 1] += push[end, 1] / count[end]
    return moved


@compiled
def _move(
    wrap: FloatArray, shift: FloatArray, skirt_rows: NDArray[np.int64], skirt_motion: tuple[float, ...]
) -> None:
    """Move a (V, 3) wrap, changed, by a (L, 3) shift of its landmarks; the skirt follows the jaw, less and less."""
    for i in range(len(shift)):
        for axis in range(3):
            wrap[i, axis] += shift[i, axis]
    row = len(shift)
    for follows in skirt_motion:
        for jaw in skirt_rows:
            for axis in range(3):
                wrap[row, axis] += shift[jaw, axis] * follows
            row += 1


@compiled
def _apart(points: FloatArray, first: int, second: int) -> float:
    """Return the distance of two of float32 (n, 3) points in the picture plane."""
    return math.hypot(points[first, 0] - points[second, 0], points[first, 1] - points[second, 1])
