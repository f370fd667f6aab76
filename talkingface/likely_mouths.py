"""Likely mouths of wanted opening and width, for drawing what a video does not show."""

from __future__ import annotations

import numpy as np

from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray

# Lip opening and change of lip width, in face heights: slightly open, spread, wide open, rounded.
OPEN_SHAPES = ((0.03, 0.0), (0.05, 0.015), (0.085, -0.01), (0.04, -0.04))


def likely_mouths(space: MouthSpace) -> list[FloatArray]:
    """Return the resting mouth and one of each of ``OPEN_SHAPES``, float32 (K,) coefficients each."""
    rest = np.zeros(space.coefficient_count, np.float32)
    return [rest, *(likeliest_mouth(space, *shape) for shape in OPEN_SHAPES)]


def likeliest_mouth(space: MouthSpace, opening: float, widening: float) -> FloatArray:
    """Return the float32 (K,) coefficients nearest to rest that have a wanted lip opening and change of width.

    Coefficients have unit variance over people, so the nearest is the likeliest. Found by Newton's method on the
    least-norm solution, the measures being nearly linear.
    """
    rest = np.zeros(space.coefficient_count, np.float32)
    wanted = np.array([opening, float(space.lip_width(rest)) + widening])
    coefficients = rest.astype(np.float64)
    step = 0.05 * np.eye(space.coefficient_count, dtype=np.float32)
    for _ in range(6):
        now = coefficients.astype(np.float32)
        measured = np.array([float(space.lip_opening(now)), float(space.lip_width(now))])
        slopes = np.stack([space.lip_opening(now + step), space.lip_width(now + step)])
        jacobian = (slopes - measured[:, None]) / 0.05
        target = wanted - measured + jacobian @ coefficients
        coefficients = np.linalg.pinv(jacobian) @ target
    return coefficients.astype(np.float32)
