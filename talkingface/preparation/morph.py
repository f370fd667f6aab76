"""A picture between two others: both are bent along the optical flow towards each other, then blended.

Where the flow there and the flow back disagree (something came or went), nothing is bent and the two only fade.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.records import FloatArray, ImageArray

FLOW_SIDE_PX = 480
TRUSTED_MISMATCH_PX = 1.5
SOFTEN_PX = 5


class Morph:
    """Makes pictures between pairs of one size; not for use by several threads."""

    def __init__(self) -> None:
        """Prepare the optical flow (Kroeger et al. 2016, as OpenCV has it)."""
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        self._grid: NDArray[np.float32] = np.zeros((0, 0, 2), np.float32)

    def between(self, first: ImageArray, second: ImageArray, share: float) -> ImageArray:
        """Return the picture ``share`` of the way from the first to the second.

        Args:
            first: uint8 (h, w, 3).
            second: of the same shape.
            share: 0..1.

        Returns:
            uint8 (h, w, 3), a new array.
        """
        small_first, small_second = self._small(first), self._small(second)
        there = self._flow.calc(small_first, small_second, None)
        back = self._flow.calc(small_second, small_first, None)
        there, back = _trusted(there, back), _trusted(back, there)
        bent_first = self._bent(first, there, share)
        bent_second = self._bent(second, back, 1 - share)
        return np.asarray(cv2.addWeighted(bent_first, 1 - share, bent_second, share, 0))

    def _small(self, rgb: ImageArray) -> NDArray[np.uint8]:
        shrink = min(1.0, FLOW_SIDE_PX / max(rgb.shape[:2]))
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        return np.asarray(cv2.resize(grey, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))

    def _bent(self, rgb: ImageArray, flow: FloatArray, share: float) -> ImageArray:
        """Look every pixel up where it was ``share`` of the flow ago."""
        height, width = rgb.shape[:2]
        if self._grid.shape[:2] != (height, width):
            rows, columns = np.mgrid[:height, :width].astype(np.float32)
            self._grid = np.stack([columns, rows], axis=-1)
        scale = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
        large = cv2.resize(flow * (scale * share), (width, height), interpolation=cv2.INTER_LINEAR)
        places = self._grid - large
        return np.asarray(cv2.remap(rgb, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _trusted(flow: FloatArray, back: FloatArray) -> FloatArray:
    """Shrink a flow (h, w, 2) towards nothing where the way back does not lead to the start."""
    rows, columns = np.mgrid[: flow.shape[0], : flow.shape[1]].astype(np.float32)
    places = np.stack([columns, rows], axis=-1) + flow
    returned = cv2.remap(back, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mismatch = np.linalg.norm(flow + returned, axis=-1)
    trust = np.exp(-((mismatch / TRUSTED_MISMATCH_PX) ** 2)).astype(np.float32)
    trust = cv2.GaussianBlur(trust, (0, 0), SOFTEN_PX)
    return np.asarray(flow * trust[..., None], np.float32)
