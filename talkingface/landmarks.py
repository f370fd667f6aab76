"""Named index lists into MediaPipe's 478 face landmarks, and the measures defined on them.

Indices follow the canonical face model of MediaPipe Face Mesh with refined irises
(https://github.com/google-ai-edge/mediapipe, face_mesh_connections). "Left" is the left of the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LANDMARK_COUNT = 478

UPPER_LIP_INNER_MIDDLE = 13
LOWER_LIP_INNER_MIDDLE = 14
FOREHEAD_TOP = 10
CHIN_BOTTOM = 152
FACE_SIDES = (234, 454)
MOUTH_CORNER_LEFT = 61
MOUTH_CORNER_RIGHT = 291

# Closed rings, from the left corner along the lower lip to the right corner and back along the upper lip.
LIPS_OUTER = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
LIPS_INNER = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
LIPS = tuple(sorted(set(LIPS_OUTER + LIPS_INNER)))

# Clockwise from the top of the forehead.
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

# Points that speech does not move: forehead, temples, bridge of the nose, corners of the eyes.
STABLE = (
    8, 9, 168, 6, 197, 195, 151, 10, 67, 109, 338, 297, 108, 337, 54, 284, 21, 251,
    33, 133, 362, 263, 127, 356, 162, 389, 193, 417, 122, 351,
)  # fmt: skip


def lip_opening(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the distance of the inner lips' middles over face height, in the picture plane.

    Args:
        points: float (..., 478, 2 or 3); only x and y count.
    """
    return _over_face_height(points, UPPER_LIP_INNER_MIDDLE, LOWER_LIP_INNER_MIDDLE)


def lip_width(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the distance of the mouth corners over face height, in the picture plane (see lip_opening)."""
    return _over_face_height(points, MOUTH_CORNER_LEFT, MOUTH_CORNER_RIGHT)


def face_height_px(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the distance from the top of the forehead (10) to the chin (152) in the picture plane."""
    return _distance(points, FOREHEAD_TOP, CHIN_BOTTOM)


def face_width_px(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return how far the sides of the face (234, 454) are apart along the picture's rows."""
    left, right = (points[..., side, 0] for side in FACE_SIDES)
    return np.abs(left - right).astype(np.float32)


def _over_face_height(points: NDArray[np.floating], first: int, second: int) -> NDArray[np.float32]:
    height = face_height_px(points)
    return (_distance(points, first, second) / np.maximum(height, 1e-6)).astype(np.float32)


def _distance(points: NDArray[np.floating], first: int, second: int) -> NDArray[np.float32]:
    return np.linalg.norm(points[..., first, :2] - points[..., second, :2], axis=-1).astype(np.float32)
