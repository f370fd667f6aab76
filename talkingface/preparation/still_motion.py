"""A still portrait brought to gentle life: the head sways a little, the shoulders stay, the eyes blink."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import FACE_OVAL, face_height_px
from talkingface.records import FloatArray, ImageArray

STILL_LOOP_FRAMES = 200
SWAY_FACE_HEIGHTS = (0.012, 0.008)
ROLL_DEGREES = 0.9
BREATH = 0.004
BLINKS = (40, 136)
BLINK_FRAMES = (0.35, 0.85, 1.0, 0.8, 0.45, 0.15)
# Upper lid, lower lid and brow from corner to corner, and the same of the other eye.
EYES = (
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133), (70, 63, 105, 66, 107)),
    ((362, 398, 384, 385, 386, 387, 388, 466, 263), (362, 382, 381, 380, 374, 373, 390, 249, 263),
     (336, 296, 334, 293, 300)),
)  # fmt: skip


class StillMotion:
    """Draws frame after frame of a loop that closes perfectly."""

    def __init__(self, picture: ImageArray, points: FloatArray) -> None:
        """Keep a portrait.

        Args:
            picture: uint8 (h, w, 3) RGB.
            points: float32 (478, 3) its landmarks in pixels.
        """
        self._picture = picture
        self._points = points
        self._face_height = float(face_height_px(points))
        self._pivot = points[152, :2] + np.array([0, 0.25 * self._face_height], np.float32)
        rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
        self._columns, self._rows = columns, rows
        self._head_share = self._follow_head()

    def frame(self, number: int) -> ImageArray:
        """Return frame ``number`` of the loop: uint8 (h, w, 3) RGB, a new array."""
        phase = 2 * np.pi * number / STILL_LOOP_FRAMES
        sway_x = SWAY_FACE_HEIGHTS[0] * self._face_height * (np.sin(phase) + 0.35 * np.sin(3 * phase + 1))
        sway_y = (
            SWAY_FACE_HEIGHTS[1] * self._face_height * (np.sin(2 * phase + 0.7) + 0.4 * np.sin(5 * phase))
        )
        roll = np.radians(ROLL_DEGREES) * (np.sin(phase + 0.5) + 0.3 * np.sin(4 * phase))
        breath = BREATH * np.sin(3 * phase)
        x, y = self._columns - self._pivot[0], self._rows - self._pivot[1]
        share = self._head_share
        map_x = self._columns - share * (sway_x - roll * y)
        map_y = self._rows - share * (sway_y + roll * x) + breath * np.maximum(y, 0) * (1 - share)
        blink = self._blink(number)
        if blink > 0:
            map_x, map_y = self._shut_eyes(map_x, map_y, blink)
        return cv2.remap(self._picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def _blink(self, number: int) -> float:
        for start in BLINKS:
            if 0 <= number - start < len(BLINK_FRAMES):
                return BLINK_FRAMES[number - start]
        return 0.0

    def _follow_head(self) -> NDArray[np.float32]:
        """Return (h, w): 1 on the head, falling smoothly to 0 in the background and below the chin."""
        oval = self._points[list(FACE_OVAL), :2]
        centre = oval.mean(0) - (0, 0.12 * self._face_height)
        reach = self._face_height * np.array([0.75, 0.95])
        away = np.hypot((self._columns - centre[0]) / reach[0], (self._rows - centre[1]) / reach[1])
        share = np.clip((1.7 - away) / 0.7, 0, 1)
        below = np.clip((self._rows - self._points[152, 1]) / (0.6 * self._face_height), 0, 1)
        share *= 1 - below * below * (3 - 2 * below)
        return (share * share * (3 - 2 * share)).astype(np.float32)

    def _shut_eyes(
        self, map_x: NDArray[np.float32], map_y: NDArray[np.float32], blink: float
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Look up, where a lid has come down, the skin that lay above it."""
        down = np.zeros_like(map_y)
        for upper, lower, brow in EYES:
            self._draw_lid(down, upper, lower, brow, blink)
        # The maps are read where the head's sway says, so that the lids move with the head.
        moved = cv2.remap(down, map_x, map_y, cv2.INTER_LINEAR)
        return map_x, map_y - moved

    def _draw_lid(
        self,
        down: NDArray[np.float32],
        upper: tuple[int, ...],
        lower: tuple[int, ...],
        brow: tuple[int, ...],
        blink: float,
    ) -> None:
        """Write how far the skin above the eye has come down, pixel by pixel of the still picture."""
        first, last = sorted((self._points[upper[0], 0], self._points[upper[-1], 0]))
        columns = np.arange(int(np.ceil(first)) + 1, int(last))
        top = self._along(brow, columns) + 0.02 * self._face_height
        lid = self._along(upper, columns)
        bottom = self._along(lower, columns)
        line = lid + blink * np.maximum(bottom - lid, 0)
        for column, y_top, y_lid, y_line in zip(columns, top, lid, line, strict=True):
            if not 0 <= column < down.shape[1] or y_line - y_lid < 0.2 or y_lid - y_top < 2:
                continue
            rows = np.arange(max(0, int(np.ceil(y_top))), min(down.shape[0], int(np.floor(y_line)) + 1))
            source = y_top + (rows - y_top) * (y_lid - y_top) / (y_line - y_top)
            down[rows, column] = rows - source

    def _along(self, landmarks: tuple[int, ...], columns: NDArray[np.int64]) -> NDArray[np.float64]:
        line = self._points[list(landmarks), :2]
        line = line[np.argsort(line[:, 0])]
        return np.interp(columns, line[:, 0], line[:, 1])
