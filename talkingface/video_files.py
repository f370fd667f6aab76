"""Video files in and out through PyAV: decoding at a constant rate, atomic writing, muxed sound."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import BadVideoError

FRAMES_PER_SECOND = 25


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
        for frame in _decode(container, path):
            image = _upright(frame)
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
) -> Iterator[NDArray[np.uint8]]:
    """Yield frames at a constant rate, resampled by time stamps (the nearest source frame is shown).

    Args:
        path: any file that PyAV decodes.
        frames_per_second: output rate; frame k shows the source at ``start_s + k / frames_per_second``.
        start_s: where to begin, in seconds.
        seconds: how much to read at most; None reads to the end.

    Yields:
        uint8 (height, width, 3) RGB, upright, square pixels. A repeated source frame is the same array.

    Raises:
        BadVideoError: the file is missing, unreadable, or holds no picture.
    """
    limit = math.inf if seconds is None else round(seconds * frames_per_second)
    produced = 0
    first_pts_s: float | None = None
    pending: tuple[float, NDArray[np.uint8]] | None = None
    last_period_s = 1.0 / frames_per_second
    with _open(path) as container:
        index = 0
        for frame in _decode(container, path):
            time_s = frame.time if frame.time is not None else index / frames_per_second
            index += 1
            if first_pts_s is None:
                first_pts_s = time_s
            time_s -= first_pts_s + start_s
            if pending is not None:
                middle_s = (pending[0] + time_s) / 2
                last_period_s = max(time_s - pending[0], 0.0) or last_period_s
                while produced < limit and produced / frames_per_second < middle_s:
                    yield pending[1]
                    produced += 1
            if produced >= limit:
                return
            if time_s > -1.0:
                pending = (time_s, _upright(frame))
    if pending is not None:
        end_s = pending[0] + last_period_s - 0.5 / frames_per_second
        while produced < limit and produced / frames_per_second <= end_s:
            yield pending[1]
            produced += 1


def _open(path: Path | str) -> av.container.InputContainer:
    if not Path(path).is_file():
        raise BadVideoError(f"expected a video file, found nothing at {path}")
    try:
        container = av.open(str(path), metadata_errors="ignore")
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadVideoError(f"expected a video file, found one that cannot be read: {path} ({error})") from error
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
                for frame in packet.decode():
                    good += 1
                    yield frame
            except av.error.InvalidDataError:
                continue
    except av.FFmpegError as error:
        if not good:
            raise BadVideoError(f"expected a video file, found damaged data in {path} ({error})") from error


def _upright(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Convert one frame to RGB with rotation and sample aspect applied."""
    image: NDArray[np.uint8] = frame.to_ndarray(format="rgb24")
    aspect = getattr(frame, "sample_aspect_ratio", None)
    if aspect and aspect > 0 and aspect != 1:
        width = max(2, round(image.shape[1] * float(aspect)))
        image = cv2.resize(image, (width, image.shape[0]), interpolation=cv2.INTER_AREA)
    quarter_turns = round(getattr(frame, "rotation", 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
