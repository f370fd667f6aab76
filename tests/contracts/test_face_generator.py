"""What every face generator promises: shapes and types, no change of what it is given, the same answer every time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from talkingface.engines.onnx_generator import PassThroughGenerator, load_face_generator
from talkingface.errors import CheckpointError
from talkingface.seams import FaceGenerator

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"


def shipped() -> FaceGenerator:
    try:
        return load_face_generator(CHECKPOINT)
    except CheckpointError as error:
        if (CHECKPOINT / "face_generator.json").exists():
            raise
        pytest.skip(f"no weights yet: {error}")


GENERATORS: dict[str, Callable[[], FaceGenerator]] = {
    "shipped": shipped,
    "pass-through": PassThroughGenerator,
}


@pytest.fixture(scope="module", params=GENERATORS.values(), ids=GENERATORS.keys())
def generator(request: pytest.FixtureRequest) -> FaceGenerator:
    return request.param()


def pictures(count: int, side: int, channels: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (count, 8, 8, channels))
    return coarse.repeat(side // 8, 1).repeat(side // 8, 2).astype(np.uint8)


def test_a_patch_goes_in_and_a_patch_comes_out(generator: FaceGenerator) -> None:
    side = generator.patch_px
    features = generator.encode_references(pictures(5, side, 3, 0))
    guide = pictures(1, side, 4, 1)[0]
    painted = generator.generate(guide, features)
    assert features.dtype == np.float32
    assert painted.dtype == np.uint8
    assert painted.shape == (side, side, 3)


@pytest.mark.parametrize("references", [1, 3, 5, 9])
def test_any_number_of_references(generator: FaceGenerator, references: int) -> None:
    side = generator.patch_px
    features = generator.encode_references(pictures(references, side, 3, 2))
    assert generator.generate(pictures(1, side, 4, 3)[0], features).shape == (side, side, 3)


def test_inputs_are_not_changed_and_answers_repeat(generator: FaceGenerator) -> None:
    side = generator.patch_px
    references, guide = pictures(3, side, 3, 4), pictures(1, side, 4, 5)[0]
    kept_references, kept_guide = references.copy(), guide.copy()
    features = generator.encode_references(references)
    kept_features = features.copy()
    first = generator.generate(guide, features)
    kept_first = first.copy()
    generator.generate(pictures(1, side, 4, 6)[0], features)
    np.testing.assert_array_equal(first, kept_first, "the answer is the caller's own")
    np.testing.assert_array_equal(generator.generate(guide, features), first)
    np.testing.assert_array_equal(references, kept_references)
    np.testing.assert_array_equal(guide, kept_guide)
    np.testing.assert_array_equal(features, kept_features)
