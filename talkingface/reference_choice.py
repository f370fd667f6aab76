"""Which frames of a person become the generator's references: such that they cover the mouth's shapes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import lip_opening, lip_width
from talkingface.records import FloatArray

REFERENCE_COUNT = 6
OPENING_SPREAD = 0.05  # typical range of lip opening in speech, in face heights
WIDTH_SPREAD = 0.05  # the same of lip width
TURN_PENALTY = 0.02  # a degree away from the person's usual head direction counts as this much


def mouth_shapes(points: FloatArray) -> FloatArray:
    """Return float32 (n, 2) opening and width of (n, 478, 2 or 3) landmarks, each over its usual spread."""
    return np.stack([lip_opening(points) / OPENING_SPREAD, lip_width(points) / WIDTH_SPREAD], -1)


def choose_reference_frames(
    points: FloatArray, count: int = REFERENCE_COUNT, turned_degrees: FloatArray | None = None
) -> NDArray[np.int64]:
    """Choose frames that cover the mouth's shapes: the most closed, the widest open, then always the farthest away.

    Args:
        points: float32 (n, 478, 2 or 3) tracked landmarks, n at least 1.
        count: how many; frames repeat where there are fewer.
        turned_degrees: float32 (n,) head direction away from the usual; turned frames are chosen less.

    Returns:
        int64 (count,) frame numbers, from closed to open.
    """
    shapes = mouth_shapes(points)
    turned = np.zeros(len(points)) if turned_degrees is None else turned_degrees * TURN_PENALTY
    opening = shapes[:, 0]
    chosen = [int(np.argmin(opening + turned)), int(np.argmax(opening - turned))]
    while len(chosen) < count:
        distance = np.linalg.norm(shapes[:, None] - shapes[chosen][None], axis=-1).min(1)
        chosen.append(int(np.argmax(distance - turned)))
    frames = np.array(chosen[:count], np.int64)
    return frames[np.argsort(opening[frames], kind="stable")]
