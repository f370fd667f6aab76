"""The small visible sign on exported pictures that says they are synthetic: white letters AI on a dark pill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.records import FloatArray, ImageArray

HEIGHT_SHARE = 0.042
LEAST_HEIGHT_PX = 16
WIDTH_TO_HEIGHT = 1.7
MARGIN_TO_HEIGHT = 0.6
PILL_OPACITY, LETTER_OPACITY = 0.42, 0.92
DARK_LUMA, WHITE_LUMA, GREY_CHROMA = 24, 235, 128
DARK_GREY, WHITE_GREY = 9, 255  # the same in RGB, whose range is not limited
OVERSAMPLING = 8
# Strokes in a unit box (x right, y down), and where the letter stands on the pill, in heights of the pill.
LETTERS = (
    (((0.0, 1.0), (0.5, 0.0), (1.0, 1.0)), ((0.19, 0.64), (0.81, 0.64))),
    (((0.5, 0.0), (0.5, 1.0)),),
)
LETTER_LEFT, LETTER_WIDTH, LETTER_TOP, LETTER_HEIGHT = (0.42, 0.98), (0.48, 0.3), 0.25, 0.5
STROKE_WIDTH = 0.1


@dataclass(frozen=True)
class _Plane:
    """What happens to one plane: ``(old * keep + add) >> 8`` in a rectangle."""

    top: int
    left: int
    keep: NDArray[np.uint16]
    add: NDArray[np.uint16]


class Badge:
    """Lays the sign into the lower right corner of frames of one size; some microseconds a frame."""

    def __init__(self, width: int, height: int) -> None:
        """Draw it once.

        Args:
            width: of the frames in pixels, even.
            height: of the frames in pixels, even.
        """
        tall = max(LEAST_HEIGHT_PX, 2 * round(HEIGHT_SHARE * min(width, height) / 2))
        tall = min(tall, height)
        wide = min(2 * round(WIDTH_TO_HEIGHT * tall / 2), width)
        margin = round(MARGIN_TO_HEIGHT * tall)
        top = max(0, height - tall - margin) // 2 * 2
        left = max(0, width - wide - margin) // 2 * 2
        pill, letters = _drawn(wide, tall)
        opacity = PILL_OPACITY * pill * (1 - letters) + LETTER_OPACITY * letters
        colour = DARK_LUMA * PILL_OPACITY * pill * (1 - letters) + WHITE_LUMA * LETTER_OPACITY * letters
        half = opacity.reshape(tall // 2, 2, wide // 2, 2).mean((1, 3))
        luma, chroma = (
            _plane(top, left, opacity, colour),
            _plane(top // 2, left // 2, half, GREY_CHROMA * half),
        )
        self._planes = (luma, chroma, chroma)
        grey = DARK_GREY * PILL_OPACITY * pill * (1 - letters) + WHITE_GREY * LETTER_OPACITY * letters
        self._rgb = _plane(top, left, opacity[..., None], grey[..., None])

    def lay(self, frame: av.VideoFrame) -> None:
        """Draw into a frame of yuv420p that nobody else reads, in limited range."""
        for plane, part in zip(frame.planes, self._planes, strict=True):
            rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)  # type: ignore[call-overload]
            tall, wide = part.keep.shape
            spot = rows[part.top : part.top + tall, part.left : part.left + wide]
            spot[...] = (spot * part.keep + part.add) >> 8

    def lay_rgb(self, rgb: ImageArray) -> None:
        """Draw into uint8 (height, width, 3), changed in place."""
        part = self._rgb
        tall, wide = part.keep.shape[:2]
        spot = rgb[part.top : part.top + tall, part.left : part.left + wide]
        spot[...] = (spot * part.keep + part.add) >> 8

    def cover(self, coverage: NDArray[np.uint8]) -> None:
        """Make the sign seen where a matte, uint8 (height, width), changed in place, leaves the frame out."""
        part = self._planes[0]
        tall, wide = part.keep.shape
        spot = coverage[part.top : part.top + tall, part.left : part.left + wide]
        spot[...] = 255 - (((255 - spot) * part.keep) >> 8)


def _plane(top: int, left: int, opacity: FloatArray, colour: FloatArray) -> _Plane:
    keep = np.round(256 * (1 - opacity)).astype(np.uint16)
    return _Plane(top, left, keep, np.round(256 * colour).astype(np.uint16))


def _drawn(wide: int, tall: int) -> tuple[FloatArray, FloatArray]:
    """Return float32 (tall, wide) coverage of the pill and of the letters, 0..1."""
    scale = OVERSAMPLING * tall
    canvas = (OVERSAMPLING * tall, OVERSAMPLING * wide)
    pill, letters = np.zeros(canvas, np.uint8), np.zeros(canvas, np.uint8)
    radius = canvas[0] // 2
    ends = ((radius, radius), (canvas[1] - 1 - radius, radius))
    cv2.line(pill, *ends, 255, max(1, canvas[0] - 2 * OVERSAMPLING))
    for strokes, left, width in zip(LETTERS, LETTER_LEFT, LETTER_WIDTH, strict=True):
        for stroke in strokes:
            _draw_stroke(letters, stroke, scale, left, width)
    small = [cv2.resize(image, (wide, tall), interpolation=cv2.INTER_AREA) for image in (pill, letters)]
    return small[0].astype(np.float32) / 255, small[1].astype(np.float32) / 255


def _draw_stroke(
    canvas: NDArray[np.uint8], stroke: Sequence[tuple[float, float]], scale: int, left: float, width: float
) -> None:
    corners = np.array([(left + width * x, LETTER_TOP + LETTER_HEIGHT * y) for x, y in stroke])
    points = np.round(corners * scale).astype(np.int32)
    cv2.polylines(canvas, [points], False, 255, max(1, round(STROKE_WIDTH * scale)), cv2.LINE_AA)
