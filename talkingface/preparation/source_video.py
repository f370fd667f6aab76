"""What a character is made from: a clip, or a still picture brought to gentle life, as frames of a working size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from talkingface.colour_planes import PlaneConverter
from talkingface.errors import NoFaceError
from talkingface.landmarks import face_width_px
from talkingface.preparation.still_motion import STILL_LOOP_FRAMES, StillMotion
from talkingface.records import FloatArray, ImageArray
from talkingface.video_files import FRAMES_PER_SECOND, probe_video, read_frames, read_planes

# Of the working picture; more only where the face would be narrower than is advised.
LONGEST_SIDE_PX, MOST_SIDE_PX = 1280, 1920
FRAMES_AHEAD = 12
LOOK_AFTER_S = 1.0
ADVISED_FACE_PX = 180


class Source(Protocol):
    """Frames that can be read more than once."""

    @property
    def name(self) -> str:
        """For messages."""

    @property
    def expected_frames(self) -> int:
        """About how many frames there are, for the progress bar."""

    @property
    def closed_loop(self) -> bool:
        """Whether the frames are a perfect loop already."""

    def frames(self, seconds: float | None) -> Iterator[ImageArray]:
        """Yield planes at 25 fps, uint8 (1.5 * h, w), for at most so long; a repeated frame is the same array."""


@dataclass(frozen=True)
class Clip:
    """A video from ``start_s`` on."""

    path: Path
    start_s: float
    expected_frames: int
    longest_side_px: int = LONGEST_SIDE_PX
    closed_loop: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        return self.path.name

    def frames(self, seconds: float | None) -> Iterator[ImageArray]:
        """See :class:`Source`; the last column or row of an odd size is cut off."""
        side_px = self.longest_side_px
        return read_planes(self.path, start_s=self.start_s, seconds=seconds, longest_side_px=side_px)


@dataclass(frozen=True)
class Still:
    """A picture whose head sways and whose eyes blink."""

    path: Path
    motion: StillMotion
    expected_frames: int = STILL_LOOP_FRAMES
    closed_loop: bool = True

    @property
    def name(self) -> str:
        """For messages."""
        return self.path.name

    def frames(self, seconds: float | None) -> Iterator[ImageArray]:
        """See :class:`Source`."""
        converter = PlaneConverter()
        for number in range(STILL_LOOP_FRAMES):
            yield converter.planes_of(self.motion.frame(number))


def open_source(
    path: Path, start_s: float, look_s: float, find_face: Callable[[ImageArray], FloatArray | None]
) -> Source:
    """Open a clip, or a still picture (a file of a single frame).

    Args:
        path: any file that PyAV decodes.
        start_s: where in a clip to begin.
        look_s: how much of it will be looked at, for the expected number of frames.
        find_face: returns the landmarks of a picture, float32 (478, 3) in pixels, or None.

    Raises:
        BadVideoError: it cannot be read.
        NoFaceError: a still picture without a face.
    """
    first = list(read_frames(path, seconds=0.2, longest_side_px=LONGEST_SIDE_PX))
    if first and all(frame is first[0] for frame in first) and len(first) < 4:
        picture = _even(first[0])
        points = find_face(picture)
        if points is None:
            raise NoFaceError(
                f"expected a face, found none in the picture {path.name}: use a portrait from the front, well lit"
            )
        return Still(path, StillMotion(picture, points))
    info = probe_video(path)
    length_s = info.duration_s - start_s
    expected = min(look_s, length_s if length_s > 0 else look_s) * FRAMES_PER_SECOND
    side_px = LONGEST_SIDE_PX
    if max(info.width, info.height) > LONGEST_SIDE_PX:
        begin_s = start_s + min(LOOK_AFTER_S, max(0.0, length_s / 2))
        side_px = _working_side_px(path, begin_s, max(info.width, info.height), find_face)
    return Clip(path, start_s, max(1, round(expected)), side_px)


def _working_side_px(
    path: Path, begin_s: float, side_px: int, find_face: Callable[[ImageArray], FloatArray | None]
) -> int:
    """Return the longest side at which a large clip's face is as wide as is advised, within limits."""
    picture = next(read_frames(path, start_s=begin_s, longest_side_px=LONGEST_SIDE_PX), None)
    points = None if picture is None else find_face(picture)
    if points is None:
        return LONGEST_SIDE_PX
    wanted_px = LONGEST_SIDE_PX * ADVISED_FACE_PX / max(float(face_width_px(points)), 1.0)
    return min(side_px, MOST_SIDE_PX, max(LONGEST_SIDE_PX, 2 * math.ceil(wanted_px / 2)))


def _even(frame: ImageArray) -> ImageArray:
    height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
    return frame if frame.shape[:2] == (height, width) else np.ascontiguousarray(frame[:height, :width])
