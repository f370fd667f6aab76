"""The base video of a character as an endless loop, decoded as it goes, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from talkingface.character import Character
from talkingface.colour_planes import plane_views
from talkingface.errors import CharacterError
from talkingface.kept_frames import KeptFrames
from talkingface.records import ImageArray

FARTHEST_SKIP_FRAMES = 60


class FrameLoop:
    """Gives any frame of the base loop; cheapest when asked in order, forwards."""

    def __init__(
        self,
        character: Character,
        *,
        decoder_threads: int = 1,
        video_path: Path | None = None,
        most_kept_bytes: int = 0,
    ) -> None:
        """Open the video.

        Args:
            character: whose ``frames.mp4`` is read; its manifest tells the frame count.
            decoder_threads: one suits a live pipeline, whose other cores are busy; more cost a delay at each wrap.
            video_path: another video of the same frames, such as ``character.matte_path``; None is the base loop.
            most_kept_bytes: memory for frames that then need not be decoded the next time round.

        Raises:
            CharacterError: the video cannot be read.
        """
        self._path = video_path or character.frames_path
        self._character = character
        self._kept = KeptFrames(most_kept_bytes)
        self._reformatter = VideoReformatter()
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._next = 0
        try:
            self._container = av.open(str(self._path), metadata_errors="ignore")
            self._stream = self._container.streams.video[0]
        except (av.FFmpegError, OSError, IndexError) as error:
            raise CharacterError(f"expected a base video, found {self._path} ({error})") from error
        self._stream.thread_type = "FRAME" if decoder_threads > 1 else "NONE"
        self._stream.codec_context.thread_count = decoder_threads
        self._frames = self._container.decode(self._stream)

    def frame(self, index: int) -> ImageArray:
        """Return frame ``index`` of the endless loop: a fresh uint8 (height, width, 3) RGB array of your own.

        Raises:
            CharacterError: the video is damaged or shorter than the character says.
        """
        decoded = self._picture(index)
        rgb = self._reformatter.reformat(decoded, format="rgb24", threads=1)
        plane = rgb.planes[0]
        if rgb is decoded or plane.line_size != 3 * rgb.width:
            return cast(ImageArray, rgb.to_ndarray())
        # What was converted is nobody else's, and needs no copy.
        return np.frombuffer(cast(Any, plane), np.uint8).reshape(rgb.height, rgb.width, 3)

    def planes(self, index: int) -> NDArray[np.uint8]:
        """Return frame ``index`` as planes of your own; see :mod:`talkingface.colour_planes`.

        Raises:
            CharacterError: the video is damaged or shorter than the character says.
        """
        planar = self._reformatter.reformat(
            self._picture(index),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        planes = np.empty((planar.height * 3 // 2, planar.width), np.uint8)
        for view, plane in zip(plane_views(planes), planar.planes, strict=True):
            rows = np.frombuffer(cast(Any, plane), np.uint8).reshape(-1, plane.line_size)
            view[...] = rows[: plane.height, : plane.width]
        return planes

    def _picture(self, index: int) -> av.VideoFrame:
        """Return frame ``index`` as the decoder holds it, which must not be changed."""
        wanted = index % self._character.frame_count
        return self._kept.picture(wanted) if wanted < len(self._kept) else self._decoded(wanted)

    def _decoded(self, wanted: int) -> av.VideoFrame:
        if wanted < self._next or wanted - self._next > FARTHEST_SKIP_FRAMES:
            self._seek(wanted)
        try:
            while True:
                decoded = next(self._frames)
                if self._next == len(self._kept):
                    self._kept.keep(decoded)
                self._next += 1
                if self._next > wanted:
                    break
        except (StopIteration, av.FFmpegError, ValueError) as error:
            raise CharacterError(
                f"expected {self._character.frame_count} frames, found frame {self._next} missing or damaged "
                f"in {self._path}"
            ) from error
        if (decoded.width, decoded.height) != (self._character.width, self._character.height):
            raise CharacterError(
                f"expected frames of {self._character.width}x{self._character.height}, "
                f"found {decoded.width}x{decoded.height} in {self._path}"
            )
        return decoded

    def close(self) -> None:
        """Close the video; may be called twice."""
        self._container.close()
        self._kept.clear()

    def _seek(self, wanted: int) -> None:
        """Go to the key frame at or before a frame."""
        rate = self._character.frames_per_second
        try:
            if wanted < FARTHEST_SKIP_FRAMES:
                self._container.seek(0, stream=self._stream, backward=True)
                self._next = 0
                self._frames = self._container.decode(self._stream)
                return
            time_base = self._stream.time_base or 1
            offset = round(wanted / rate / time_base) + (self._stream.start_time or 0)
            self._container.seek(offset, stream=self._stream, backward=True)
            self._frames = self._container.decode(self._stream)
            first = next(self._frames)
            self._next = round((first.time or 0.0) * rate)
            self._frames = _chained(first, self._frames)
        except (av.FFmpegError, StopIteration, OSError) as error:
            raise CharacterError(f"expected a seekable base video, found {self._path}") from error


def _chained(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest
