"""Saves the work of drawing a resting mouth again and again while nobody speaks."""

from __future__ import annotations

import numpy as np

from talkingface.frame_composer import BaseFrames, FrameComposer
from talkingface.records import FloatArray, ImageArray, VideoFrame
from talkingface.stage_timing import StageTimer
from talkingface.timing import frame_time_s

MOST_BYTES = 64 * 1024 * 1024


class RestingComposer:
    """A composer that keeps what a resting mouth changes in each base frame, and lays it on the next time round.

    Coefficients of exactly zero give exactly the same picture every time, so nothing is lost. Memory is bounded:
    where a long base loop does not fit, the rest of it is drawn as ever.
    """

    def __init__(
        self,
        composer: FrameComposer,
        base: BaseFrames,
        frame_count: int,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Keep nothing yet.

        Args:
            composer: draws everything else.
            base: the base video that ``composer`` draws on.
            frame_count: how many frames that has.
            most_bytes: how much may be kept.
        """
        self._composer = composer
        self._base = base
        self._frame_count = frame_count
        self._kept: dict[int, tuple[tuple[slice, slice], ImageArray]] = {}
        self._room_bytes = most_bytes

    @property
    def stages(self) -> StageTimer:
        """The composer's stage times."""
        return self._composer.stages

    @stages.setter
    def stages(self, timer: StageTimer) -> None:
        self._composer.stages = timer

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        """Make frame ``index``; see :meth:`talkingface.frame_composer.FrameComposer.compose`."""
        if np.any(coefficients):
            return self._composer.compose(index, coefficients)
        row = index % self._frame_count
        kept = self._kept.get(row)
        if kept is None:
            frame, changed = self._composer.compose_and_tell(index, coefficients)
            place = (
                slice(changed.y, changed.y + changed.height),
                slice(changed.x, changed.x + changed.width),
            )
            part = frame.rgb[place]
            if part.nbytes <= self._room_bytes:
                self._room_bytes -= part.nbytes
                self._kept[row] = place, part.copy()
            return frame
        with self.stages.stage("rest"):
            place, part = kept
            rgb = self._base.frame(index)
            rgb[place] = part
        return VideoFrame(rgb, index, frame_time_s(index))
