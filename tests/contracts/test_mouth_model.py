"""What every mouth model promises: shapes, state in and out, and that chunked equals whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.seams import MouthModel, MouthState
from talkingface.timing import FRAME_MS, MEL_BINS
from tests.mini_live.fakes import LoudnessMouth

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"
MODELS: dict[str, Callable[[], MouthModel]] = {
    "shipped": lambda: load_mouth_model(CHECKPOINT),
    "fake": LoudnessMouth,
}
FRAMES = 60


@pytest.fixture(scope="module", params=MODELS.values(), ids=MODELS.keys())
def model(request: pytest.FixtureRequest) -> MouthModel:
    return request.param()


@pytest.fixture(scope="module")
def features() -> np.ndarray:
    rng = np.random.default_rng(0)
    level = np.repeat(rng.uniform(-14, -2, 2 * FRAMES // 8), 8)[:, None]
    return (level + rng.normal(0, 1.5, (2 * FRAMES, MEL_BINS))).astype(np.float32)


def run(model: MouthModel, features: np.ndarray, frames_a_step: list[int]) -> tuple[np.ndarray, MouthState]:
    state, parts, position = model.initial_state(), [], 0
    for frames in frames_a_step:
        coefficients, state = model.step(features[position : position + 2 * frames], state)
        assert coefficients.shape == (frames, model.coefficient_count)
        assert coefficients.dtype == np.float32
        parts.append(coefficients)
        position += 2 * frames
    return np.concatenate(parts), state


def test_it_says_what_it_is(model: MouthModel) -> None:
    assert 1 <= model.coefficient_count <= 12
    assert 0 <= model.look_ahead_ms <= 80
    assert model.look_ahead_ms % FRAME_MS == 0


@pytest.mark.parametrize(
    "chunks", [[1] * FRAMES, [7, 13, 0, 20, 20], [FRAMES - 1, 1]], ids=["single", "odd", "two"]
)
def test_chunked_equals_whole(model: MouthModel, features: np.ndarray, chunks: list[int]) -> None:
    whole, after_whole = run(model, features, [FRAMES])
    parts, after_parts = run(model, features, chunks)
    np.testing.assert_allclose(parts, whole, atol=1e-5)
    for one, other in zip(after_parts, after_whole, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_state_belongs_to_the_caller(model: MouthModel, features: np.ndarray) -> None:
    _, state = run(model, features, [20])
    kept = tuple(np.copy(array) for array in state)
    first, _ = model.step(features[40:60], state)
    second, _ = model.step(features[40:60], state)
    np.testing.assert_array_equal(first, second)
    for array, before in zip(state, kept, strict=True):
        np.testing.assert_array_equal(array, before)


def test_two_streams_do_not_disturb_each_other(model: MouthModel, features: np.ndarray) -> None:
    alone, _ = run(model, features, [FRAMES])
    ours, theirs, heard = model.initial_state(), model.initial_state(), []
    for frame in range(FRAMES):
        coefficients, ours = model.step(features[2 * frame : 2 * frame + 2], ours)
        _, theirs = model.step(features[::-1][2 * frame : 2 * frame + 2], theirs)
        heard.append(coefficients)
    np.testing.assert_allclose(np.concatenate(heard), alone, atol=1e-5)


def test_answers_are_finite_whatever_is_heard(model: MouthModel) -> None:
    for level in (-16.0, 0.0, 20.0):
        coefficients, _ = run(model, np.full((2 * FRAMES, MEL_BINS), level, np.float32), [FRAMES])
        assert np.isfinite(coefficients).all()
