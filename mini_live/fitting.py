"""Fits frames of one size into another: whole, centred, in their own aspect, on black."""

from __future__ import annotations

import cv2
import numpy as np

from talkingface.records import ImageArray


def fitted(rgb: ImageArray, width: int, height: int) -> ImageArray:
    """Return uint8 (height, width, 3) that shows all of a uint8 (h, w, 3) picture; the same array where it fits.

    Args:
        rgb: the picture.
        width: wanted, in pixels.
        height: wanted, in pixels.
    """
    found_height, found_width = rgb.shape[:2]
    if (found_width, found_height) == (width, height):
        return rgb
    scale = min(width / found_width, height / found_height)
    inner = (max(1, round(found_width * scale)), max(1, round(found_height * scale)))
    shrinks = scale < 1
    small = cv2.resize(rgb, inner, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - inner[0]) // 2, (height - inner[1]) // 2
    canvas[y : y + inner[1], x : x + inner[0]] = small
    return canvas
