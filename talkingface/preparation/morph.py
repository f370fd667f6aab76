"""A picture between two others: both are bent along the optical flow towards each other, then blended.

Where the flow there and the flow back disagree (something came or went), nothing is bent and the two only fade.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.colour_planes import plane_views
from talkingface.records import FloatArray

FLOW_SIDE_PX = 480
TRUSTED_MISMATCH_PX = 1.5
SOFTEN_PX = 5


class Morph:
    """Makes pictures between pairs of one size; not for use by several threads."""

    def __init__(self) -> None:
        """Prepare the optical flow (Kroeger et al. 2016, as OpenCV has it)."""
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def between(self, first: NDArray[np.uint8], second: NDArray[np.uint8], share: float) -> NDArray[np.uint8]:
        """Return the picture ``share`` of the way from the first to the second.

        Args:
            first: uint8 (1.5 * h, w), planes as :mod:`talkingface.colour_planes` has them.
            second: of the same shape.
            share: 0..1.

        Returns:
            The same kind of planes, a new array.
        """
        small_first, small_second = _small(plane_views(first)[0]), _small(plane_views(second)[0])
        there = self._flow.calc(small_first, small_second, None)
        back = self._flow.calc(small_second, small_first, None)
        there, back = _trusted(there, back), _trusted(back, there)
        between = np.empty_like(first)
        views = zip(plane_views(first), plane_views(second), plane_views(between), strict=True)
        for plane_first, plane_second, into in views:
            bent_first = _bent(plane_first, there, share)
            bent_second = _bent(plane_second, back, 1 - share)
            into[...] = cv2.addWeighted(bent_first, 1 - share, bent_second, share, 0)
        return between


def _small(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shrink = min(1.0, FLOW_SIDE_PX / max(luma.shape))
    return np.asarray(cv2.resize(luma, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))


def _bent(plane: NDArray[np.uint8], flow: FloatArray, share: float) -> NDArray[np.uint8]:
    """Look every pixel of a plane (h, w) up where it was ``share`` of the flow ago."""
    height, width = plane.shape
    scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    places = cv2.resize(flow * (-share * scale), (width, height), interpolation=cv2.INTER_LINEAR)
    places[..., 0] += np.arange(width, dtype=np.float32)
    places[..., 1] += np.arange(height, dtype=np.float32)[:, None]
    return np.asarray(cv2.remap(plane, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _trusted(flow: FloatArray, back: FloatArray) -> FloatArray:
    """Shrink a flow (h, w, 2) towards nothing where the way back does not lead to the start."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    places = np.stack([columns, rows], axis=-1) + flow
    returned = cv2.remap(back, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mismatch = np.linalg.norm(flow + returned, axis=-1)
    trust = np.exp(-((mismatch / TRUSTED_MISMATCH_PX) ** 2)).astype(np.float32)
    trust = cv2.GaussianBlur(trust, (0, 0), SOFTEN_PX)
    return np.asarray(flow * trust[..., None], np.float32)
