"""ARKit weights of a mouth: rest is zero, the right names move, and left stays left."""

from pathlib import Path

import numpy as np
import pytest

from talkingface.arkit_shapes import ARKIT_NAMES, arkit_weights
from talkingface.mouth_space import MouthSpace

SPACE = MouthSpace.load(Path(__file__).parents[2] / "checkpoint" / "mouth_space.npz")


def _weights(moved: dict[int, tuple[float, float]]) -> dict[str, float]:
    """Return the weights of the mouth that comes nearest to some landmarks moved by (x, y) face heights."""
    rows = {int(vertex): row for row, vertex in enumerate(SPACE.vertices)}
    matrix = np.concatenate([SPACE.basis[:, rows[point], :2] for point in moved], axis=1).T
    wanted = np.concatenate([np.array(value) for value in moved.values()])
    ridge = 1e-4 * np.eye(SPACE.coefficient_count)
    coefficients = np.linalg.solve(matrix.T @ matrix + ridge, matrix.T @ wanted)
    row = arkit_weights(SPACE, coefficients[None].astype(np.float32))[0]
    return dict(zip(ARKIT_NAMES, row.tolist(), strict=True))


def test_rest_is_zero() -> None:
    assert not arkit_weights(SPACE, np.zeros((3, SPACE.coefficient_count), np.float32)).any()


def test_weights_stay_between_0_and_1() -> None:
    coefficients = np.random.default_rng(0).normal(0, 3, (200, SPACE.coefficient_count)).astype(np.float32)
    weights = arkit_weights(SPACE, coefficients)
    assert weights.shape == (200, len(ARKIT_NAMES))
    assert weights.min() >= 0.0
    assert weights.max() <= 1.0


def test_an_open_mouth_opens_the_jaw_and_no_smile() -> None:
    wide = _weights({13: (0.0, -0.01), 14: (0.0, 0.09), 17: (0.0, 0.09), 152: (0.0, 0.06)})
    assert wide["jawOpen"] > 0.4
    assert wide["mouthClose"] < 0.2
    assert wide["mouthSmileLeft"] < 0.3


def test_narrow_lips_pucker_closed_and_funnel_open() -> None:
    narrow = {61: (0.035, 0.0), 291: (-0.035, 0.0)}
    closed = _weights({**narrow, 13: (0.0, 0.0), 14: (0.0, 0.0)})
    opened = _weights({**narrow, 13: (0.0, -0.01), 14: (0.0, 0.04)})
    assert closed["mouthPucker"] > 0.5 > closed["mouthFunnel"]
    assert opened["mouthFunnel"] > 0.5 > opened["mouthPucker"]


def test_raised_corners_smile() -> None:
    smile = _weights({61: (-0.03, -0.04), 291: (0.03, -0.04), 13: (0.0, 0.0), 14: (0.0, 0.0)})
    assert smile["mouthSmileLeft"] == pytest.approx(smile["mouthSmileRight"], abs=0.15)
    assert smile["mouthSmileLeft"] > 0.4
