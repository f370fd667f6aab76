"""Raw tracked faces to steady ones: gaps closed, outliers mended, jitter smoothed without lag, pose and rest fitted.

Rigid motion and the shape in head coordinates are smoothed apart, each by a symmetric (zero-phase) filter whose
strength follows the motion: where nothing but noise moves it averages long, where something moves it averages
little or not at all, so that a shut mouth stays shut and a plosive keeps its closure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.head_pose import fit_poses, personal_neutral, to_head
from talkingface.landmarks import STABLE, face_height_px, lip_opening
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray, HeadPose
from talkingface.tracking import FaceTrack

OUTLIER_FACE_HEIGHTS = 0.06
REST_OPENING_LIMIT = 0.012
REST_OPENING_WANTED = 0.004
HEAVY_WINDOW = 17
POSE_LIGHT_WINDOW = 7
SHAPE_NOISE, POSE_NOISE = 0.0025, 0.0015


@dataclass(frozen=True)
class FaceAnalysis:
    """A person's face over a stretch of video, steady.

    Attributes:
        points_px: float32 (F, 478, 3) pixels.
        poses: F head poses on ``neutral``.
        neutral: float32 (478, 3) resting face in head coordinates.
        displacement: float32 (F, 478, 3) from rest, in face heights.
        opening: float32 (F,) lip opening.
        rest_opening: the resting face's lip opening before its lips were closed.
        mended: bool (F,) frames whose face was interpolated.
    """

    points_px: FloatArray
    poses: tuple[HeadPose, ...]
    neutral: FloatArray
    displacement: FloatArray
    opening: FloatArray
    rest_opening: float
    mended: NDArray[np.bool_]


def analyse(track: FaceTrack, space: MouthSpace) -> FaceAnalysis:
    """Steady a track without cuts (at least one frame with a face) and fit rest and pose to it."""
    points, mended = mend(track.points, track.found)
    neutral = personal_neutral(points[~mended], space.neutral)
    rest_opening = float(lip_opening(neutral))
    neutral = close_lips(neutral, space)
    fitted = fit_poses(points, neutral)
    poses = smooth_poses(fitted)
    shape = smooth_shape(to_head(points, fitted))
    steady = np.stack([pose.to_pixels(mesh) for pose, mesh in zip(poses, shape, strict=True)])
    return FaceAnalysis(
        steady, tuple(poses), neutral, shape - neutral, lip_opening(shape), rest_opening, mended
    )


def mend(points: FloatArray, found: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Interpolate faces that are missing or out of line with their neighbours; the ends are held.

    Returns:
        float32 (F, 478, 3) without holes, and bool (F,) which frames were made up.
    """
    good = found & ~_outliers(points, found)
    known = np.flatnonzero(good)
    flat = points.reshape(len(points), -1)
    everywhere = np.arange(len(points))
    right = np.searchsorted(known, everywhere).clip(0, len(known) - 1)
    left = np.where(known[right] > everywhere, right - 1, right).clip(0)
    span = np.maximum(known[right] - known[left], 1)
    share = np.clip((everywhere - known[left]) / span, 0, 1)[:, None]
    whole = flat[known[left]] * (1 - share) + flat[known[right]] * share
    return whole.reshape(points.shape).astype(np.float32), ~good


def _outliers(points: FloatArray, found: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return frames that leap away from the middle of their neighbours and come back."""
    bad = np.zeros(len(points), bool)
    known = np.flatnonzero(found)
    if len(known) < 5:
        return bad
    centre = points[known][:, list(STABLE), :2].mean(1)
    size = face_height_px(points[known])
    values = np.column_stack([centre, size])
    padded = np.pad(values, ((2, 2), (0, 0)), mode="edge")
    middle = np.median(np.stack([padded[k : k + len(values)] for k in range(5)]), axis=0)
    distance = np.abs(values - middle).max(1) / np.maximum(size, 1.0)
    bad[known[distance > OUTLIER_FACE_HEIGHTS]] = True
    return bad


def close_lips(neutral: FloatArray, space: MouthSpace) -> FloatArray:
    """Shut the lips of a rest that was taken from a mouth that never shuts; others come back as they are."""
    opening = float(lip_opening(neutral))
    if opening <= REST_OPENING_LIMIT:
        return neutral
    for _ in range(4):
        opening = float(lip_opening(neutral))
        slope = np.array(
            [
                float(lip_opening(neutral + space.displacement(step))) - opening
                for step in 0.1 * np.eye(space.coefficient_count, dtype=np.float32)
            ]
        )
        change = -slope * (opening - REST_OPENING_WANTED) / max(float((slope**2).sum()), 1e-9) * 0.1
        neutral = neutral + space.displacement(np.clip(change, -1.5, 1.5).astype(np.float32))
    return neutral.astype(np.float32)


def smooth_poses(poses: list[HeadPose]) -> list[HeadPose]:
    """Smooth rotation, size and place of the head without lag."""
    rotations = np.stack([pose.rotation for pose in poses]).astype(np.float64)
    middle = _mean_rotation(rotations)
    turns = np.stack([cv2.Rodrigues(turn)[0][:, 0] for turn in middle.T @ rotations])
    scales = np.array([pose.scale_px for pose in poses])
    unit = float(np.median(scales))
    places = np.stack([pose.translation_px for pose in poses]) / unit
    signal = np.column_stack([turns, np.log(scales / unit), places])
    smooth = _adaptive(signal, _savgol(signal, POSE_LIGHT_WINDOW, 2), POSE_NOISE)
    turned = middle @ np.stack([cv2.Rodrigues(row[:3])[0] for row in smooth])
    return [
        HeadPose(rotation, float(unit * np.exp(row[3])), (row[4:7] * unit).astype(np.float32))
        for rotation, row in zip(turned.astype(np.float32), smooth, strict=True)
    ]


def smooth_shape(shape: FloatArray) -> FloatArray:
    """Smooth (F, 478, 3) head coordinates without lag; closures of the lips stay."""
    flat = shape.reshape(len(shape), -1)
    return _adaptive(flat, flat, SHAPE_NOISE).reshape(shape.shape).astype(np.float32)


def _adaptive(
    signal: NDArray[np.floating[Any]], light: NDArray[np.floating[Any]], noise: float
) -> NDArray[np.float64]:
    """Blend a lightly and a heavily smoothed signal, column by column, by how much more than noise moves."""
    if len(signal) < 3:
        return signal.astype(np.float64)
    heavy = _savgol(signal, HEAVY_WINDOW, 1)
    moved = smoothed(np.abs(light - heavy), 2.0)
    share = np.clip((moved / noise - 0.5) / 1.5, 0, 1)
    return heavy + (light - heavy) * share


def smoothed(signal: NDArray[np.floating[Any]], sigma: float) -> NDArray[np.float64]:
    """Smooth every column of (F, n) by a Gaussian of so many frames; the ends are held."""
    reach = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return _filtered(signal.astype(np.float64), kernel / kernel.sum())


def _filtered(signal: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlate every column of (F, n) with a kernel of odd length; the ends are held."""
    held = cv2.BORDER_REPLICATE
    return np.asarray(cv2.filter2D(signal, cv2.CV_64F, kernel[:, None], borderType=held)).reshape(
        signal.shape
    )


def _mean_rotation(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation nearest to the mean of (F, 3, 3)."""
    u, _, vt = np.linalg.svd(rotations.mean(0))
    return np.asarray((u * (1.0, 1.0, np.linalg.det(u @ vt))) @ vt)


def _savgol(signal: NDArray[np.floating[Any]], window: int, order: int) -> NDArray[np.float64]:
    """Fit a polynomial around every row (Savitzky and Golay 1964); at the ends the outermost fit is read on.

    The same as ``scipy.signal.savgol_filter(mode="interp")``, without scipy, whose import takes longer than all the
    smoothing.
    """
    window = min(window, len(signal) - (len(signal) + 1) % 2)
    if window <= order:
        return signal.astype(np.float64)
    powers = np.vander(np.arange(window) - window // 2, order + 1)
    fitted = powers @ np.linalg.pinv(powers)
    half, rows = window // 2, signal.astype(np.float64)
    smooth: NDArray[np.float64] = _filtered(rows, fitted[half])
    smooth[: half + 1] = fitted[: half + 1] @ rows[:window]
    smooth[-half - 1 :] = fitted[half:] @ rows[-window:]
    return smooth
