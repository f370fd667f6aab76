"""Video files in: what a file holds, and its frames at a constant rate, upright, of square pixels and 8 bit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from talkingface.errors import BadVideoError
from talkingface.hdr import StandardRange, is_hdr
from talkingface.video_writer import VideoWriter

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["FRAMES_PER_SECOND", "VideoInfo", "VideoWriter", "probe_video", "read_frames"]

FRAMES_PER_SECOND = 25
LARGEST_SIDE_PX = 8192
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says of its picture: display size in pixels (rotation and aspect applied)."""

    width: int
    height: int
    frames_per_second: float
    duration_s: float
    has_audio: bool


def probe_video(path: Path | str) -> VideoInfo:
    """Read the header and the first frame of a video.

    Raises:
        BadVideoError: the file is missing, unreadable, or holds no picture.
    """
    with _open(path) as container:
        stream = container.streams.video[0]
        upright = _Upright(stream.sample_aspect_ratio, None)
        for frame in _decode(container, path):
            image = upright.convert(frame)
            rate = float(stream.average_rate or stream.guessed_rate or FRAMES_PER_SECOND)
            if stream.duration and stream.time_base:
                duration_s = float(stream.duration * stream.time_base)
            elif container.duration:
                duration_s = container.duration / av.time_base
            else:
                duration_s = 0.0
            return VideoInfo(image.shape[1], image.shape[0], rate, duration_s, bool(container.streams.audio))
    raise BadVideoError(f"expected a video with frames, found none that can be decoded ({path})")


def read_frames(
    path: Path | str,
    frames_per_second: float = FRAMES_PER_SECOND,
    *,
    start_s: float = 0.0,
    seconds: float | None = None,
    longest_side_px: int | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield frames at a constant rate, resampled by time stamps (the nearest source frame is shown).

    All frames have the size of the first one. Pauses and jumps of the time stamps beyond 5 s (damage, cuts made
    without re-stamping) count as one frame, so that no file can make this endless.

    Args:
        path: any file that PyAV decodes.
        frames_per_second: output rate; frame k shows the source at ``start_s + k / frames_per_second``.
        start_s: where to begin, in seconds.
        seconds: how much to read at most; None reads to the end.
        longest_side_px: larger pictures are scaled down to this; None keeps the size.

    Yields:
        uint8 (height, width, 3) RGB, upright, square pixels, standard dynamic range; a repeated source frame is
        the same array.

    Raises:
        BadVideoError: the file is missing, unreadable, or holds no picture.
    """
    limit = math.inf if seconds is None else round(seconds * frames_per_second)
    produced = 0
    clock = _TimeStamps(1.0 / frames_per_second)
    pending: tuple[float, _Picture] | None = None
    with _open(path) as container:
        upright = _Upright(container.streams.video[0].sample_aspect_ratio, longest_side_px)
        for frame in _decode(container, path):
            time_s = clock.advance(frame.time) - start_s
            if pending is not None:
                middle_s = (pending[0] + time_s) / 2
                while produced < limit and produced / frames_per_second < middle_s:
                    yield pending[1].rgb()
                    produced += 1
            if produced >= limit:
                return
            if time_s > -1.0:
                pending = (time_s, _Picture(frame, upright))
    if pending is not None:
        end_s = pending[0] + clock.period_s - 0.5 / frames_per_second
        while produced < limit and produced / frames_per_second <= end_s:
            yield pending[1].rgb()
            produced += 1


class _Picture:
    """A decoded frame that becomes RGB when it is shown, once."""

    def __init__(self, frame: av.VideoFrame, upright: _Upright) -> None:
        self._frame = frame
        self._upright = upright
        self._rgb: NDArray[np.uint8] | None = None

    def rgb(self) -> NDArray[np.uint8]:
        if self._rgb is None:
            self._rgb = self._upright.convert(self._frame)
        return self._rgb


class _TimeStamps:
    """Turns a file's time stamps into seconds since the first frame, never back and without long pauses."""

    def __init__(self, period_s: float) -> None:
        self.period_s = period_s
        self._last_raw_s: float | None = None
        self._now_s = 0.0

    def advance(self, raw_s: float | None) -> float:
        if self._last_raw_s is None:
            self._last_raw_s = raw_s if raw_s is not None else 0.0
            return self._now_s
        if raw_s is None:
            raw_s = self._last_raw_s + self.period_s
        step_s = raw_s - self._last_raw_s
        if not 0 < step_s <= LONGEST_PAUSE_S:
            step_s = self.period_s if step_s else 0.0
        elif step_s:
            self.period_s = step_s
        self._last_raw_s = raw_s
        self._now_s += step_s
        return self._now_s


class _Upright:
    """Converts decoded frames to RGB with rotation and sample aspect applied, all in the first frame's size."""

    def __init__(self, sample_aspect: Fraction | None, longest_side_px: int | None) -> None:
        self._aspect = float(sample_aspect) if sample_aspect and 0.1 < sample_aspect < 10 else 1.0
        self._longest_side_px = longest_side_px
        self._reformatter = VideoReformatter()
        self._size: tuple[int, int] | None = None
        self._standard: StandardRange | None = None

    def convert(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        width, height = frame.width * max(self._aspect, 1.0), frame.height / min(self._aspect, 1.0)
        if self._longest_side_px is not None:
            shrink = min(1.0, self._longest_side_px / max(width, height))
            width, height = width * shrink, height * shrink
        image = self._rgb(frame, (max(2, round(width)), max(2, round(height))))
        quarter_turns = round(frame.rotation / 90) % 4
        if quarter_turns:
            image = np.ascontiguousarray(np.rot90(image, quarter_turns))
        if self._size is None:
            self._size = (image.shape[1], image.shape[0])
        if self._size != (image.shape[1], image.shape[0]):
            image = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        return image

    def _rgb(self, frame: av.VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
        """Return uint8 (h, w, 3) in a size; HDR is brought to the standard range."""
        if max(frame.width, frame.height) > LARGEST_SIDE_PX:
            raise BadVideoError(
                f"expected a picture of at most {LARGEST_SIDE_PX} px a side, found {frame.width}x{frame.height}"
            )
        if is_hdr(int(frame.color_trc)):
            self._standard = self._standard or StandardRange(int(frame.color_trc), int(frame.colorspace))
            return self._standard.convert(frame, size)
        rgb = cast(
            NDArray[np.uint8], self._reformatter.reformat(frame, format="rgb24", threads=1).to_ndarray()
        )
        if size != (frame.width, frame.height):
            rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        return rgb


def _open(path: Path | str) -> av.container.InputContainer:
    if not Path(path).is_file():
        raise BadVideoError(f"expected a video file, found nothing at {path}")
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadVideoError(
            f"expected a video file, found one that cannot be read: {path} ({error})"
        ) from error
    if not container.streams.video:
        container.close()
        raise BadVideoError(f"expected a file with a picture, found no video stream in {path}")
    return container


def _decode(container: av.container.InputContainer, path: Path | str) -> Iterator[av.VideoFrame]:
    """Decode the first video stream, passing over damaged packets."""
    stream = container.streams.video[0]
    stream.thread_type = "AUTO"
    good = 0
    try:
        for packet in container.demux(stream):
            try:
                frames = packet.decode()
            except (av.FFmpegError, ValueError):
                continue
            for frame in frames:
                good += 1
                yield frame
    except av.FFmpegError as error:
        if not good:
            raise BadVideoError(f"expected a video file, found damaged data in {path} ({error})") from error
