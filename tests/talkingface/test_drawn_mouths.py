"""Open mouths for characters that never open theirs."""

from pathlib import Path

import numpy as np
import pytest

from talkingface.likely_mouths import OPEN_SHAPES, likeliest_mouth
from talkingface.mouth_space import MouthSpace

CHECKPOINT = Path(__file__).parents[2] / "checkpoint" / "mouth_space.npz"


@pytest.mark.parametrize(("opening", "widening"), OPEN_SHAPES)
def test_the_mouth_has_the_wanted_shape_and_is_a_likely_one(opening: float, widening: float) -> None:
    space = MouthSpace.load(CHECKPOINT)
    mouth = likeliest_mouth(space, opening, widening)
    rest = np.zeros_like(mouth)
    assert float(space.lip_opening(mouth)) == pytest.approx(opening, abs=0.002)
    assert float(space.lip_width(mouth) - space.lip_width(rest)) == pytest.approx(widening, abs=0.002)
    assert np.abs(mouth).max() < 4
