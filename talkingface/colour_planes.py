"""Pictures as H.264 keeps them, and the rectangles of them that are drawn anew in RGB.

A picture is one array of planes: I420, that is luma at full size, then blue and red chroma at half size; BT.709 in
limited range. Whoever changes a rectangle alone leaves all other pixels exactly as the video has them, and saves the
conversion of whole frames there and back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.records import CropRectangle, ImageArray

# BT.709 in limited range: how much of a change of red, green and blue goes into each plane, in 2^-BITS.
BITS, HALF = 16, 1 << 15
LUMA_OF_RGB = (11966, 40254, 4064)
BLUE_OF_RGB = (-6596, -22188, 28784)
RED_OF_RGB = (28784, -26145, -2639)
ALIGNED_PX, ALIGNED_ROWS = 16, 4  # where rectangles may be cut, so that they convert as whole frames do


@dataclass(frozen=True)
class PlanarFrame:
    """One finished picture, not yet in RGB; see :class:`talkingface.records.VideoFrame`.

    Attributes:
        planes: uint8 (1.5 * height, width), height and width even.
        index: frame number since the stream began.
        pts_s: presentation time in seconds, on the clock of the sound.
        coverage: uint8 (height, width) the matte, 255 where the character is; None where all is seen.
    """

    planes: NDArray[np.uint8]
    index: int
    pts_s: float
    coverage: NDArray[np.uint8] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.planes.shape[1], self.planes.shape[0] * 2 // 3

    @property
    def rgb(self) -> ImageArray:
        """The picture as a new uint8 (height, width, 3)."""
        return PlaneConverter().rgb_of(self.planes)


class PlaneConverter:
    """Converts between planes and RGB; one thread at a time."""

    def __init__(self) -> None:
        """Prepare both directions."""
        self._to_rgb, self._to_planes = VideoReformatter(), VideoReformatter()

    def rgb_of(self, planes: NDArray[np.uint8]) -> ImageArray:
        """Return uint8 (height, width, 3) of planes, uint8 (1.5 * height, width)."""
        frame = planar_video_frame(planes)
        rgb = self._to_rgb.reformat(
            frame,
            format="rgb24",
            src_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.MPEG,
            threads=1,
        )
        return cast(ImageArray, rgb.to_ndarray())

    def planes_of(self, rgb: ImageArray) -> NDArray[np.uint8]:
        """Return uint8 (1.5 * height, width) planes of uint8 (height, width, 3), height and width even."""
        frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb), format="rgb24")
        planes = self._to_planes.reformat(
            frame,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        return cast(NDArray[np.uint8], planes.to_ndarray())

    def read(self, planes: NDArray[np.uint8], place: CropRectangle) -> ImageArray:
        """Return a rectangle in RGB, uint8 (place.height, place.width, 3); ``place`` as :func:`aligned` gives it."""
        parts = [part.reshape(-1) for part in _parts(planes, place)]
        return self.rgb_of(np.concatenate(parts).reshape(-1, place.width))

    def add_change(
        self, planes: NDArray[np.uint8], place: CropRectangle, before: ImageArray, after: ImageArray
    ) -> None:
        """Carry what changed in a rectangle into planes, changed in place.

        Colours that go through RGB and back come out a little darker. Only the change is added, so that nothing of
        that is seen and what did not change stays to the bit.

        Args:
            planes: of the whole frame.
            place: the rectangle.
            before: uint8 (place.height, place.width, 3) what :meth:`read` gave.
            after: the same, changed.
        """
        luma, blue, red = _parts(planes, place)
        _add_change(luma, blue, red, before, after)


@compiled
def _add_change(
    luma: NDArray[np.uint8],
    blue: NDArray[np.uint8],
    red: NDArray[np.uint8],
    before: ImageArray,
    after: ImageArray,
) -> None:
    """Carry a change of colours into planes, changed in place, four pixels after four.

    Args:
        luma: uint8 (h, w), both even.
        blue: uint8 (h / 2, w / 2).
        red: uint8 (h / 2, w / 2).
        before: uint8 (h, w, 3).
        after: uint8 (h, w, 3).
    """
    for y in range(blue.shape[0]):
        for x in range(blue.shape[1]):
            sum_r = sum_g = sum_b = np.int64(0)
            is_changed = False
            for row in range(2 * y, 2 * y + 2):
                for column in range(2 * x, 2 * x + 2):
                    r = np.int64(after[row, column, 0]) - np.int64(before[row, column, 0])
                    g = np.int64(after[row, column, 1]) - np.int64(before[row, column, 1])
                    b = np.int64(after[row, column, 2]) - np.int64(before[row, column, 2])
                    if r != 0 or g != 0 or b != 0:
                        is_changed = True
                        change = (r * LUMA_OF_RGB[0] + g * LUMA_OF_RGB[1] + b * LUMA_OF_RGB[2] + HALF) >> BITS
                        luma[row, column] = min(max(luma[row, column] + change, 0), 255)
                        sum_r, sum_g, sum_b = sum_r + r, sum_g + g, sum_b + b
            if is_changed:
                more_blue = sum_r * BLUE_OF_RGB[0] + sum_g * BLUE_OF_RGB[1] + sum_b * BLUE_OF_RGB[2]
                blue[y, x] = min(max(blue[y, x] + ((more_blue + 4 * HALF) >> (BITS + 2)), 0), 255)
                more_red = sum_r * RED_OF_RGB[0] + sum_g * RED_OF_RGB[1] + sum_b * RED_OF_RGB[2]
                red[y, x] = min(max(red[y, x] + ((more_red + 4 * HALF) >> (BITS + 2)), 0), 255)


def aligned(crop: CropRectangle, width: int, height: int) -> CropRectangle:
    """Return the smallest rectangle around a crop that the planes of a frame of that size can be cut at."""
    left, top = crop.x // ALIGNED_PX * ALIGNED_PX, crop.y // ALIGNED_ROWS * ALIGNED_ROWS
    right = min(-(-(crop.x + crop.width) // ALIGNED_PX) * ALIGNED_PX, width)
    bottom = min(-(-(crop.y + crop.height) // ALIGNED_ROWS) * ALIGNED_ROWS, height)
    return CropRectangle(left, top, right - left, bottom - top)


def plane_views(planes: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return luma (height, width) and both chromas (height / 2, width / 2) as views of contiguous planes."""
    width, height = planes.shape[1], planes.shape[0] * 2 // 3
    flat, pixels = planes.reshape(-1), width * height
    chroma = flat[pixels:].reshape(2, height // 2, width // 2)
    return flat[:pixels].reshape(height, width), chroma[0], chroma[1]


def planar_video_frame(planes: NDArray[np.uint8]) -> av.VideoFrame:
    """Return a copy of planes, uint8 (1.5 * height, width), as yuv420p; in a quarter of PyAV's own time."""
    frame = av.VideoFrame(planes.shape[1], planes.shape[0] * 2 // 3, "yuv420p")
    views = plane_views(np.ascontiguousarray(planes))
    for into, view in zip(frame.planes, views, strict=True):
        rows = np.frombuffer(cast(Any, into), np.uint8).reshape(-1, into.line_size)
        rows[: into.height, : into.width] = view
    return frame


def _parts(planes: NDArray[np.uint8], place: CropRectangle) -> list[NDArray[np.uint8]]:
    luma, *chromas = plane_views(planes)
    rows, columns = slice(place.y, place.y + place.height), slice(place.x, place.x + place.width)
    half_rows = slice(place.y // 2, (place.y + place.height) // 2)
    half_columns = slice(place.x // 2, (place.x + place.width) // 2)
    return [luma[rows, columns], *(chroma[half_rows, half_columns] for chroma in chromas)]
