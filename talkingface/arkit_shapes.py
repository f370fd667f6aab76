"""Mouth and jaw as ARKit blendshape weights: what Live2D, Unity, Unreal and Blender rigs are driven by.

The names are those of Apple's ``ARFaceAnchor.BlendShapeLocation``; left and right are the person's own. Every weight is
measured on the face that the coefficients give: a displacement from rest, over the displacement that counts as full.
Names that speech does not tell (tongue, jaw sideways, cheeks) are left out, so that other trackers may drive them.
"""

from __future__ import annotations

import numpy as np

from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray

ARKIT_NAMES = (
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
)
CHIN = 152
UPPER_OUTER, UPPER_INNER, LOWER_INNER, LOWER_OUTER = 0, 13, 14, 17
# (right, left) of the person; MediaPipe's picture shows the person's left on its right.
CORNERS = (61, 291)
UPPER_SIDES, LOWER_SIDES = (81, 311), (178, 402)
# Displacements, in face heights, that count as 1: about the 99th percentile of people talking with much expression.
FULL_JAW = 0.10
FULL_NARROW = 0.075
FULL_CORNER_OUT = 0.045
FULL_CORNER_UP = 0.045
FULL_LIP_DOWN = 0.05
FULL_LIP_UP = 0.04
FULL_THINNER = 0.4
LIPS_APART = 0.02


def arkit_weights(space: MouthSpace, coefficients: FloatArray) -> FloatArray:
    """Return float32 (T, 18) weights in 0..1, in the order of :data:`ARKIT_NAMES`, of (T, K) mouth coefficients.

    Rest (zero coefficients) gives zero everywhere.
    """
    rest = space.neutral
    face = rest + space.displacement(coefficients)
    moved = face - rest
    weights: dict[str, FloatArray] = {}
    gap = _gap(face) - _gap(rest[None])
    jaw = np.maximum(moved[:, CHIN, 1], 0.0)
    # The soft chin follows the jaw late; lips wide apart tell an open jaw too (the lower lip goes with it).
    jaw = np.maximum(jaw, 0.55 * np.maximum(gap, 0.0))
    weights["jawOpen"] = jaw / FULL_JAW
    weights["mouthClose"] = np.minimum(weights["jawOpen"], np.maximum(0.0, (jaw - gap) / FULL_JAW))
    narrower = (_width(rest[None]) - _width(face)) / FULL_NARROW
    open_share = np.clip(gap / LIPS_APART, 0.0, 1.0)
    weights["mouthFunnel"] = narrower * open_share
    weights["mouthPucker"] = narrower * (1.0 - open_share)
    for side, corner, outwards in zip(("Right", "Left"), CORNERS, (-1.0, 1.0), strict=True):
        out: FloatArray = np.maximum(0.0, outwards * moved[:, corner, 0]) / FULL_CORNER_OUT
        up: FloatArray = (0.0 - moved[:, corner, 1]) / FULL_CORNER_UP
        smile: FloatArray = np.clip(up, 0.0, None) * np.clip(0.5 + out, 0.0, 1.0)
        weights[f"mouthSmile{side}"] = smile
        weights[f"mouthFrown{side}"] = np.maximum(0.0, -up - weights["jawOpen"])
        weights[f"mouthStretch{side}"] = out - weights[f"mouthSmile{side}"]
    for side, upper, lower in zip(("Right", "Left"), UPPER_SIDES, LOWER_SIDES, strict=True):
        weights[f"mouthLowerDown{side}"] = (moved[:, lower, 1] - jaw) / FULL_LIP_DOWN
        weights[f"mouthUpperUp{side}"] = (0.0 - moved[:, upper, 1]) / FULL_LIP_UP
    closed = 1.0 - open_share
    thin_lower = _thinner(face, rest, LOWER_INNER, LOWER_OUTER) / FULL_THINNER
    thin_upper = _thinner(face, rest, UPPER_OUTER, UPPER_INNER) / FULL_THINNER
    weights["mouthRollLower"], weights["mouthRollUpper"] = thin_lower * closed, thin_upper * closed
    both = np.minimum(weights["mouthRollLower"], weights["mouthRollUpper"])
    weights["mouthPressLeft"] = weights["mouthPressRight"] = both
    columns = [np.clip(weights[name], 0.0, 1.0) for name in ARKIT_NAMES]
    return np.stack(columns, axis=1).astype(np.float32)


def _gap(face: FloatArray) -> FloatArray:
    gap: FloatArray = np.maximum(0.0, face[:, LOWER_INNER, 1] - face[:, UPPER_INNER, 1])
    return gap


def _width(face: FloatArray) -> FloatArray:
    width: FloatArray = np.linalg.norm(face[:, CORNERS[1]] - face[:, CORNERS[0]], axis=1)
    return width


def _thinner(face: FloatArray, rest: FloatArray, top: int, bottom: int) -> FloatArray:
    """Return (T,) by which share of its height at rest a lip is thinner."""
    height = rest[bottom, 1] - rest[top, 1]
    thinner: FloatArray = 1.0 - (face[:, bottom, 1] - face[:, top, 1]) / height
    return np.maximum(0.0, thinner)
