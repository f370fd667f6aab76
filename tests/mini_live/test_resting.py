"""A resting mouth is drawn once and shown the same ever after; frames fit whatever size they must have."""

from __future__ import annotations

import numpy as np

from mini_live.fitting import fitted
from mini_live.resting import RestingComposer
from talkingface.records import CropRectangle, FloatArray, ImageArray, VideoFrame
from talkingface.stage_timing import StageTimer

LOOP = 5
CROPS = [CropRectangle(2 + k, 3, 8, 6) for k in range(LOOP)]


class Base:
    def frame(self, index: int) -> ImageArray:
        return np.full((20, 30, 3), 10 + index % LOOP, np.uint8)


class Drawing:
    """Draws the index and the mouth into the crop."""

    def __init__(self) -> None:
        self.stages = StageTimer()
        self.drawn = 0

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        self.drawn += 1
        rgb = Base().frame(index)
        crop = CROPS[index % LOOP]
        rgb[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width] = (
            100 + index % LOOP + int(coefficients[0])
        )
        return VideoFrame(rgb, index, index / 25)

    def compose_and_tell(self, index: int, coefficients: FloatArray) -> tuple[VideoFrame, CropRectangle]:
        return self.compose(index, coefficients), CROPS[index % LOOP]


def test_rest_is_drawn_once_a_base_frame_and_looks_the_same() -> None:
    drawing = Drawing()
    resting = RestingComposer(drawing, Base(), LOOP)
    rest = np.zeros(12, np.float32)
    for index in range(3 * LOOP):
        frame = resting.compose(index, rest)
        np.testing.assert_array_equal(frame.rgb, Drawing().compose(index, rest).rgb)
        assert (frame.index, frame.pts_s) == (index, index / 25)
    assert drawing.drawn == LOOP


def test_a_moving_mouth_is_always_drawn() -> None:
    drawing = Drawing()
    resting = RestingComposer(drawing, Base(), LOOP)
    open_mouth = np.full(12, 1.0, np.float32)
    for index in range(2 * LOOP):
        resting.compose(index, open_mouth)
    assert drawing.drawn == 2 * LOOP


def test_what_does_not_fit_into_memory_is_drawn_again() -> None:
    drawing = Drawing()
    resting = RestingComposer(drawing, Base(), LOOP, most_bytes=2 * 8 * 6 * 3)
    for index in range(2 * LOOP):
        resting.compose(index, np.zeros(12, np.float32))
    assert drawing.drawn == 2 * LOOP - 2


def test_a_frame_is_fitted_whole_and_centred() -> None:
    tall = np.full((100, 50, 3), 200, np.uint8)
    wide = fitted(tall, 80, 60)
    assert wide.shape == (60, 80, 3)
    assert wide[30, 40].tolist() == [200, 200, 200] and not wide[:, :20].any() and not wide[:, -20:].any()
    assert fitted(tall, 50, 100) is tall
