"""Writing the base loop: source frames put in the loop's order, those in between made by a morph, with tracks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.colour_planes import PlaneConverter
from talkingface.errors import BadVideoError
from talkingface.head_pose import fit_pose
from talkingface.preparation.loop_choice import FrameMix
from talkingface.preparation.morph import Morph
from talkingface.preparation.steady_tracks import FaceAnalysis
from talkingface.records import FloatArray, HeadPose, ImageArray
from talkingface.video_files import FRAMES_PER_SECOND
from talkingface.video_writer import VideoWriter

# Few tools of the encoder: quick to write, quicker to decode in the live program, some more bytes.
BASE_CRF, BASE_PRESET = 17, "ultrafast"
BASE_KEYFRAMES = 25
ENCODER_THREADS = 4


def mixed_tracks(
    analysis: FaceAnalysis, mixes: tuple[FrameMix, ...]
) -> tuple[FloatArray, tuple[HeadPose, ...]]:
    """Return the loop's float32 (F, 478, 3) landmarks and its F head poses."""
    points, poses = [], []
    for mix in mixes:
        if mix.share == 0:
            points.append(analysis.points_px[mix.first])
            poses.append(analysis.poses[mix.first])
        else:
            first, second = analysis.points_px[mix.first], analysis.points_px[mix.second]
            points.append(((1 - mix.share) * first + mix.share * second).astype(np.float32))
            poses.append(fit_pose(points[-1], analysis.neutral))
    return np.stack(points), tuple(poses)


def write_loop(
    path: Path,
    frames: Iterator[NDArray[np.uint8]],
    offset: int,
    mixes: tuple[FrameMix, ...],
    wanted: set[int],
    size_px: tuple[int, int],
    on_frame: Callable[[int], None],
    on_source: Callable[[int, ImageArray], None] | None = None,
) -> dict[int, ImageArray]:
    """Write the loop.

    Args:
        path: of the video.
        frames: the source, uint8 (1.5 * height, width) planes, from its beginning.
        offset: the source frame that counts as number 0.
        mixes: the loop.
        wanted: numbers of frames to hand back.
        size_px: width and height.
        on_frame: called with the number of frames written.
        on_source: called with every source frame of the loop, RGB, and its number.

    Returns:
        The wanted frames by their number, uint8 (height, width, 3) RGB.

    Raises:
        OutputError: the video cannot be written.
        BadVideoError: the source ended early.
    """
    needed = {mix.first for mix in mixes} | {mix.second for mix in mixes if mix.share > 0}
    last = max(needed | wanted)
    uses = _last_uses(mixes)
    morph, converter = Morph(), PlaneConverter()
    planes: dict[int, NDArray[np.uint8]] = {}
    kept: dict[int, ImageArray] = {}
    written = 0
    writer = VideoWriter(
        path, size_px[0], size_px[1], FRAMES_PER_SECOND,
        crf=BASE_CRF, preset=BASE_PRESET, keyframe_interval=BASE_KEYFRAMES, threads=ENCODER_THREADS,
        easy_to_decode=True, metadata={},
    )  # fmt: skip
    with writer:
        for number, frame in enumerate(frames):
            number -= offset
            if number > last:
                break
            if number in wanted:
                kept[number] = converter.rgb_of(frame)
            if number in needed:
                planes[number] = frame
                if on_source is not None:
                    on_source(number, converter.rgb_of(frame))
            while written < len(mixes) and _ready(mixes[written], planes):
                mix = mixes[written]
                writer.write_planes(_mixed(planes, mix, morph))
                for used in (mix.first, mix.second):
                    if uses.get(used) == written:
                        planes.pop(used, None)
                written += 1
                on_frame(written)
        if written < len(mixes):
            raise BadVideoError(
                f"expected {len(mixes)} frames of the loop, found {written} at the second reading"
            )
    return kept


def _mixed(planes: dict[int, NDArray[np.uint8]], mix: FrameMix, morph: Morph) -> NDArray[np.uint8]:
    first = planes[mix.first]
    if mix.share == 0:
        return first
    second = planes[mix.second]
    if abs(mix.second - mix.first) > 1:
        return morph.between(first, second, mix.share)
    return np.asarray(cv2.addWeighted(first, 1 - mix.share, second, mix.share, 0))


def _last_uses(mixes: tuple[FrameMix, ...]) -> dict[int, int]:
    uses: dict[int, int] = {}
    for position, mix in enumerate(mixes):
        uses[mix.first] = uses[mix.second] = position
    return uses


def _ready(mix: FrameMix, planes: dict[int, NDArray[np.uint8]]) -> bool:
    return mix.first in planes and (mix.share == 0 or mix.second in planes)
