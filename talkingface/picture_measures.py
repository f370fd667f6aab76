"""Picture quality of a talking face against the truth: PSNR, SSIM, lip landmark distance, sharpness and flicker."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import BadInputError
from talkingface.landmarks import CHIN_BOTTOM, LIPS, LIPS_OUTER, face_height_px, lip_opening, lip_width
from talkingface.records import CropRectangle, FloatArray, ImageArray

PEAK = 255.0
NOSE_TIP = 4
JAW_LEFT, JAW_RIGHT = 172, 397
LOWER_FACE_MARGIN = 0.02  # of the face height, below the chin
MOUTH_BOX_MARGIN = 0.03  # of the face height, around the outer lips
STILL_CHANGE = (
    0.0015  # of the face height: the mouth is still when its landmarks move less from frame to frame
)
SSIM_SIGMA_PX = 1.5
SSIM_C1, SSIM_C2 = (0.01 * PEAK) ** 2, (0.03 * PEAK) ** 2


def lower_face_box(points_px: FloatArray, width: int, height: int) -> CropRectangle:
    """Return the box from the tip of the nose to the chin, and from jaw to jaw, inside the picture.

    Args:
        points_px: float32 (478, 2 or 3) landmarks of the truth, in pixels.
        width: of the picture.
        height: of the picture.
    """
    below = LOWER_FACE_MARGIN * float(face_height_px(points_px))
    left, right = sorted((float(points_px[JAW_LEFT, 0]), float(points_px[JAW_RIGHT, 0])))
    return _box(
        left, float(points_px[NOSE_TIP, 1]), right, float(points_px[CHIN_BOTTOM, 1]) + below, width, height
    )


def mouth_box(points_px: FloatArray, width: int, height: int) -> CropRectangle:
    """Return the box around the outer lips with a small margin, inside the picture (see lower_face_box)."""
    margin = MOUTH_BOX_MARGIN * float(face_height_px(points_px))
    lips = points_px[list(LIPS_OUTER), :2]
    (left, top), (right, bottom) = lips.min(0) - margin, lips.max(0) + margin
    return _box(float(left), float(top), float(right), float(bottom), width, height)


def psnr(output: ImageArray, truth: ImageArray) -> float:
    """Return the peak signal-to-noise ratio in dB of two uint8 (h, w, 3) pictures; 100 where they are equal."""
    _check_same(output, truth)
    error = float(np.mean((output.astype(np.float64) - truth) ** 2))
    return 100.0 if error == 0 else float(10 * np.log10(PEAK**2 / error))


def ssim(output: ImageArray, truth: ImageArray) -> float:
    """Return the structural similarity of two uint8 (h, w, 3) pictures on luminance (Wang et al. 2004, sigma 1.5)."""
    _check_same(output, truth)
    a, b = _luminance(output), _luminance(truth)
    mean_a, mean_b = _blurred(a), _blurred(b)
    var_a, var_b = _blurred(a * a) - mean_a**2, _blurred(b * b) - mean_b**2
    covariance = _blurred(a * b) - mean_a * mean_b
    top = (2 * mean_a * mean_b + SSIM_C1) * (2 * covariance + SSIM_C2)
    bottom = (mean_a**2 + mean_b**2 + SSIM_C1) * (var_a + var_b + SSIM_C2)
    return float(np.mean(top / bottom))


def lip_landmark_distance(output_points: FloatArray, truth_points: FloatArray) -> float:
    """Return LMD: mean distance of the lip landmarks in the picture plane, over the truth's face height.

    Args:
        output_points: float32 (478, 2 or 3) landmarks tracked on the output, in pixels.
        truth_points: the same on the truth.
    """
    lips = list(LIPS)
    distance = np.linalg.norm(output_points[lips, :2] - truth_points[lips, :2], axis=-1)
    return float(distance.mean() / face_height_px(truth_points))


def sharpness(picture: ImageArray) -> float:
    """Return the variance of the Laplacian of a uint8 (h, w, 3) picture's luminance."""
    return float(cv2.Laplacian(_luminance(picture), cv2.CV_64F).var())


def frame_change(before: ImageArray, after: ImageArray) -> float:
    """Return the mean absolute difference of two uint8 pictures of one size, in levels of 0..255."""
    _check_same(before, after)
    return float(np.mean(cv2.absdiff(before, after)))


def still_steps(truth_points: FloatArray) -> NDArray[np.bool_]:
    """Return bool (n - 1,): where the tracked mouth keeps its opening and width from one frame to the next.

    Args:
        truth_points: float32 (n, 478, 2 or 3) landmarks of consecutive frames.
    """
    opening, width = lip_opening(truth_points), lip_width(truth_points)
    still: NDArray[np.bool_] = (np.abs(np.diff(opening)) < STILL_CHANGE) & (
        np.abs(np.diff(width)) < 2 * STILL_CHANGE
    )
    return still


def cut(picture: ImageArray, box: CropRectangle) -> ImageArray:
    """Return a box of a picture, a view."""
    return picture[box.y : box.y + box.height, box.x : box.x + box.width]


def _box(left: float, top: float, right: float, bottom: float, width: int, height: int) -> CropRectangle:
    x0, y0 = int(np.clip(np.floor(left), 0, width - 1)), int(np.clip(np.floor(top), 0, height - 1))
    x1, y1 = int(np.clip(np.ceil(right), x0 + 1, width)), int(np.clip(np.ceil(bottom), y0 + 1, height))
    return CropRectangle(x0, y0, x1 - x0, y1 - y0)


def _luminance(picture: ImageArray) -> NDArray[np.float64]:
    return np.asarray(picture[..., :3] @ np.array([0.299, 0.587, 0.114]), np.float64)


def _blurred(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.GaussianBlur(picture, (11, 11), SSIM_SIGMA_PX, borderType=cv2.BORDER_REFLECT))


def _check_same(first: ImageArray, second: ImageArray) -> None:
    if first.shape != second.shape:
        raise BadInputError(f"expected two pictures of one size, found {first.shape} and {second.shape}")
