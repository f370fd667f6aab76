"""A plain colour behind a character with a matte: exact where it is all person or all colour, nothing elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from mini_live.backdrop import Backdrop, BackdropComposer
from talkingface.records import FloatArray, ImageArray, VideoFrame
from talkingface.stage_timing import StageTimer

GREEN = (0, 177, 64)


class Grey:
    def __init__(self) -> None:
        self.stages = StageTimer()

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        return VideoFrame(np.full((8, 9, 3), 100, np.uint8), index, index / 25)


class Halves:
    """Left a person, right none, half of each in the middle."""

    def coverage(self, index: int) -> ImageArray:
        return np.repeat(np.repeat(np.array([[255, 128, 0]], np.uint8), 3, 1), 8, 0)

    def close(self) -> None:
        """Nothing to free."""


@pytest.fixture
def composer() -> BackdropComposer:
    return BackdropComposer(Grey(), Halves())


def test_its_own_background_costs_nothing(composer: BackdropComposer) -> None:
    frame = composer.compose(3, np.zeros(1, np.float32))
    assert (frame.rgb == 100).all() and frame.index == 3
    assert composer.coverage is None and composer.stages.summary() == {}


def test_a_colour_stands_where_the_person_is_not(composer: BackdropComposer) -> None:
    composer.backdrop = Backdrop(GREEN)
    rgb = composer.compose(0, np.zeros(1, np.float32)).rgb
    np.testing.assert_array_equal(rgb[:, 0], np.full((8, 3), 100))
    np.testing.assert_array_equal(rgb[:, 8], np.tile(GREEN, (8, 1)))
    np.testing.assert_allclose(rgb[0, 4], (np.array(GREEN) + 100) / 2, atol=2)


def test_the_coverage_is_kept_for_a_see_through_window(composer: BackdropComposer) -> None:
    composer.backdrop = Backdrop(cut_out=True)
    frame = composer.compose(0, np.zeros(1, np.float32))
    assert (frame.rgb == 100).all()
    assert composer.coverage is not None and composer.coverage.shape == (8, 9)
    composer.backdrop = Backdrop()
    composer.compose(1, np.zeros(1, np.float32))
    assert composer.coverage is None


def test_without_a_matte_nothing_changes() -> None:
    composer = BackdropComposer(Grey(), None)
    composer.backdrop = Backdrop(GREEN, cut_out=True)
    assert (composer.compose(0, np.zeros(1, np.float32)).rgb == 100).all()
    assert composer.coverage is None
