"""A still portrait in motion: it closes as a loop, stays gentle, moves the head and not the wall, and blinks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from talkingface.preparation.still_motion import BLINKS, STILL_LOOP_FRAMES, StillMotion
from tests.made_faces import face_picture, face_points, head_pose

POINTS = face_points(head_pose())
PICTURE = face_picture(POINTS)


@pytest.fixture(scope="module")
def motion() -> StillMotion:
    return StillMotion(PICTURE, POINTS)


def test_the_loop_closes_and_is_gentle(motion: StillMotion) -> None:
    frames = [motion.frame(k).astype(float) for k in range(0, 40, 2)]
    steps = [np.abs(a - b).mean() for a, b in itertools.pairwise(frames)]
    ends = np.abs(motion.frame(0).astype(float) - motion.frame(STILL_LOOP_FRAMES - 1)).mean()
    assert 0.05 < np.median(steps) < 3
    assert ends < 2 * np.median(steps)
    np.testing.assert_array_equal(motion.frame(0), motion.frame(STILL_LOOP_FRAMES))


def test_the_head_moves_and_the_wall_and_the_shoulders_stay(motion: StillMotion) -> None:
    seen = np.stack([motion.frame(k) for k in range(0, STILL_LOOP_FRAMES, 20)]).astype(float)
    change = seen.std(0).mean(-1)
    assert change[:12, :12].max() < 1.5
    assert change[-12:].max() < 3.0
    nose = np.round(POINTS[1, :2]).astype(int)
    assert change[nose[1] - 60 : nose[1] + 60, nose[0] - 60 : nose[0] + 60].max() > 10


def test_eyes_shut_and_open_again(motion: StillMotion) -> None:
    def darkest(number: int) -> int:
        x, y = np.round(POINTS[468, :2]).astype(int)
        return int(motion.frame(number)[y - 9 : y + 10, x - 9 : x + 10].min())

    assert darkest(BLINKS[0] - 2) < 70
    assert darkest(BLINKS[0] + 8) < 70
    shut = motion.frame(BLINKS[0] + 2)
    before = motion.frame(BLINKS[0] - 1)
    x, y = np.round(POINTS[468, :2]).astype(int)
    eye = np.s_[y - 9 : y + 10, x - 12 : x + 13]
    assert (shut[eye].max(-1) < 90).sum() < 0.5 * (before[eye].max(-1) < 90).sum()
