"""Decoded frames made upright, of square pixels, 8 bit and all of one size: as RGB, or as planes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from talkingface.colour_planes import PlaneConverter
from talkingface.errors import BadVideoError
from talkingface.hdr import StandardRange, is_hdr

LARGEST_SIDE_PX = 8192
# As ITU-T H.273 and FFmpeg number them: the matrix of HD video; a range that is limited, or not told.
BT709, LIMITED_RANGES = 1, (0, 1)


class UprightRgb:
    """Converts to RGB; all pictures get the first one's size."""

    def __init__(self, sample_aspect: Fraction | None, longest_side_px: int | None) -> None:
        """Prepare.

        Args:
            sample_aspect: of the stream; None is square.
            longest_side_px: larger pictures are scaled down to this; None keeps the size.
        """
        self._aspect = sample_aspect
        self._longest_side_px = longest_side_px
        self._reformatter = VideoReformatter()
        self._size: tuple[int, int] | None = None
        self._standard: StandardRange | None = None

    def convert(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """Return uint8 (height, width, 3).

        Raises:
            BadVideoError: the picture is larger than anything films.
        """
        image = self._rgb(frame, _square_size(frame, self._aspect, self._longest_side_px))
        quarter_turns = round(frame.rotation / 90) % 4
        if quarter_turns:
            image = np.ascontiguousarray(np.rot90(image, quarter_turns))
        if self._size is None:
            self._size = (image.shape[1], image.shape[0])
        return _resized(image, self._size)

    def _rgb(self, frame: av.VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
        if is_hdr(int(frame.color_trc)):
            self._standard = self._standard or StandardRange(int(frame.color_trc), int(frame.colorspace))
            return self._standard.convert(frame, size)
        rgb = cast(
            NDArray[np.uint8], self._reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        )
        return _resized(rgb, size)


class UprightPlanes:
    """Converts to planes (see :mod:`talkingface.colour_planes`) of even sides; all get the first one's size.

    What a file keeps that way already is turned and scaled alone, so that its colours stay as they are; all else goes
    through RGB. A last odd column or row is cut off.
    """

    def __init__(self, sample_aspect: Fraction | None, longest_side_px: int | None) -> None:
        """Prepare; see :class:`UprightRgb`."""
        self._aspect = sample_aspect
        self._longest_side_px = longest_side_px
        self._through_rgb = UprightRgb(sample_aspect, longest_side_px)
        self._converter = PlaneConverter()
        self._size: tuple[int, int] | None = None

    def convert(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        """Return uint8 (1.5 * height, width).

        Raises:
            BadVideoError: the picture is larger than anything films.
        """
        size = _square_size(frame, self._aspect, self._longest_side_px)
        luma, *chromas = self._own_planes(frame, size) if _is_planar(frame) else self._made_planes(frame)
        if self._size is None:
            self._size = (luma.shape[1], luma.shape[0])
        width, height = self._size
        planes = np.empty((height * 3 // 2, width), np.uint8)
        flat = planes.reshape(-1)
        flat[: width * height] = _resized(luma, self._size).reshape(-1)
        parts = [_resized(chroma, (width // 2, height // 2)).reshape(-1) for chroma in chromas]
        flat[width * height :] = np.concatenate(parts)
        return planes

    def _own_planes(self, frame: av.VideoFrame, size: tuple[int, int]) -> list[NDArray[np.uint8]]:
        width, height = size[0] // 2 * 2, size[1] // 2 * 2
        turns = round(frame.rotation / 90) % 4
        wide, tall = frame.width // 2 * 2, frame.height // 2 * 2
        parts = []
        for plane, part in zip(frame.planes, (1, 2, 2), strict=True):
            rows = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
            shown = _resized(rows[: tall // part, : wide // part], (width // part, height // part))
            parts.append(np.rot90(shown, turns))
        return parts

    def _made_planes(self, frame: av.VideoFrame) -> list[NDArray[np.uint8]]:
        rgb = self._through_rgb.convert(frame)
        height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
        flat = self._converter.planes_of(rgb[:height, :width]).reshape(-1)
        chromas = flat[width * height :].reshape(2, height // 2, width // 2)
        return [flat[: width * height].reshape(height, width), *chromas]


def _is_planar(frame: av.VideoFrame) -> bool:
    standard = int(frame.colorspace) == BT709 and int(frame.color_range) in LIMITED_RANGES
    return frame.format.name == "yuv420p" and standard and not is_hdr(int(frame.color_trc))


def _square_size(
    frame: av.VideoFrame, sample_aspect: Fraction | None, longest_side_px: int | None
) -> tuple[int, int]:
    """Return width and height with square pixels, before the picture is turned."""
    if max(frame.width, frame.height) > LARGEST_SIDE_PX:
        raise BadVideoError(
            f"expected a picture of at most {LARGEST_SIDE_PX} px a side, found {frame.width}x{frame.height}"
        )
    aspect = float(sample_aspect) if sample_aspect and 0.1 < sample_aspect < 10 else 1.0
    width, height = frame.width * max(aspect, 1.0), frame.height / min(aspect, 1.0)
    if longest_side_px is not None:
        shrink = min(1.0, longest_side_px / max(width, height))
        width, height = width * shrink, height * shrink
    return max(2, round(width)), max(2, round(height))


def _resized(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
