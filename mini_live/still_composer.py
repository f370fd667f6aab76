"""Shows one picture on and on, where a character cannot be drawn any more."""

from __future__ import annotations

from talkingface.records import FloatArray, ImageArray, VideoFrame
from talkingface.stage_timing import StageTimer
from talkingface.timing import frame_time_s


class StillComposer:
    """A composer that always gives the same picture, so that sound, recording and camera go on."""

    def __init__(self, rgb: ImageArray) -> None:
        """Keep uint8 (height, width, 3) RGB, which nobody may change any more."""
        self._rgb = rgb
        self.stages = StageTimer()

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        """Return the picture as frame ``index``."""
        return VideoFrame(self._rgb, index, frame_time_s(index))
