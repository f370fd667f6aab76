"""Video files in: what a file holds, and its frames at a constant rate, upright, of square pixels and 8 bit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import BadVideoError
from talkingface.upright import UprightPlanes, UprightRgb
from talkingface.video_writer import VideoWriter

__all__ = ["FRAMES_PER_SECOND", "VideoInfo", "VideoWriter", "probe_video", "read_frames", "read_planes"]

FRAMES_PER_SECOND = 25
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
        upright = UprightRgb(stream.sample_aspect_ratio, None)
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
    return _read(UprightRgb, path, frames_per_second, start_s, seconds, longest_side_px)


def read_planes(
    path: Path | str,
    frames_per_second: float = FRAMES_PER_SECOND,
    *,
    start_s: float = 0.0,
    seconds: float | None = None,
    longest_side_px: int | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield the same frames as planes: uint8 (1.5 * height, width), of even sides; see :func:`read_frames`.

    What a file keeps that way already does not go through RGB, so that its colours stay as they are.
    """
    return _read(UprightPlanes, path, frames_per_second, start_s, seconds, longest_side_px)


def _read(
    kind: type[UprightRgb] | type[UprightPlanes],
    path: Path | str,
    frames_per_second: float,
    start_s: float,
    seconds: float | None,
    longest_side_px: int | None,
) -> Iterator[NDArray[np.uint8]]:
    limit = math.inf if seconds is None else round(seconds * frames_per_second)
    produced = 0
    clock = _TimeStamps(1.0 / frames_per_second)
    pending: tuple[float, _Picture] | None = None
    with _open(path) as container:
        upright = kind(container.streams.video[0].sample_aspect_ratio, longest_side_px)
        for frame in _decode(container, path):
            time_s = clock.advance(frame.time) - start_s
            if pending is not None:
                middle_s = (pending[0] + time_s) / 2
                while produced < limit and produced / frames_per_second < middle_s:
                    yield pending[1].shown()
                    produced += 1
            if produced >= limit:
                return
            if time_s > -1.0:
                pending = (time_s, _Picture(frame, upright))
    if pending is not None:
        end_s = pending[0] + clock.period_s - 0.5 / frames_per_second
        while produced < limit and produced / frames_per_second <= end_s:
            yield pending[1].shown()
            produced += 1


class _Picture:
    """A decoded frame that is converted when it is shown, once."""

    def __init__(self, frame: av.VideoFrame, upright: UprightRgb | UprightPlanes) -> None:
        self._frame = frame
        self._upright = upright
        self._converted: NDArray[np.uint8] | None = None

    def shown(self) -> NDArray[np.uint8]:
        if self._converted is None:
            self._converted = self._upright.convert(self._frame)
        return self._converted


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
