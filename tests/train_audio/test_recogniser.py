"""The optional speech recogniser and its teachers, with a made encoder in the place of the real one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from talkingface.errors import CheckpointError
from talkingface.mouth_space import MouthSpace
from talkingface.timing import HOP_SAMPLES
from tests.train_audio.made_clips import made_recording
from train_audio.recordings import Recording, from_sound
from train_audio.speech_features import SpeechEncoder, cached_states

torch = pytest.importorskip("torch")

from train_audio.teacher import (  # noqa: E402
    Taught,
    TeacherConfig,
    better_lags,
    load_teaching,
    reduced_states,
    save_teaching,
    sound_classes,
    teach,
    teaching_key,
)

SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
CONFIG = TeacherConfig(folds=2, steps=12, state_width=4, classes=5, hidden=8)


class LoudnessEncoder:
    """Hears how loud each 20 ms are, and three functions of it; counts its windows."""

    def __init__(self) -> None:
        self.windows = 0

    def encode(self, samples: np.ndarray) -> np.ndarray:
        self.windows += 1
        whole = len(samples) // HOP_SAMPLES * HOP_SAMPLES
        level = np.sqrt((samples[:whole].reshape(-1, HOP_SAMPLES) ** 2).mean(1))
        return np.stack([level, level**2, np.gradient(level), np.cos(20 * level)], axis=1).astype(np.float32)


@pytest.fixture(scope="module")
def space() -> MouthSpace:
    return MouthSpace.load(SPACE)


@pytest.fixture
def recordings(space: MouthSpace) -> list[Recording]:
    rng = np.random.default_rng(3)
    made = [made_recording(f"p{number}", 1.0, rng, space) for number in range(4)]
    speech = from_sound("voice", made[0].samples[::-1].copy())
    return [*made[:3], replace(made[3], split="validation"), speech]


def heard_by(encoder: LoudnessEncoder, recordings: list[Recording], cache: Path) -> dict[str, np.ndarray]:
    states = cached_states(recordings, cache, lambda: encoder)  # type: ignore[arg-type, return-value]
    return reduced_states(states, [r.name for r in recordings if r.split != "validation"], CONFIG.state_width)


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="expected a Whisper model"):
        SpeechEncoder(tmp_path)


def test_states_are_computed_once_and_lie_where_the_sound_does(
    recordings: list[Recording], tmp_path: Path
) -> None:
    encoder = LoudnessEncoder()
    states = cached_states(recordings, tmp_path, lambda: encoder)  # type: ignore[arg-type, return-value]
    assert encoder.windows == 1, "short recordings share a window"
    for recording in recordings:
        alone = LoudnessEncoder().encode(recording.samples)
        np.testing.assert_allclose(states[recording.name][:, 0], alone[:, 0], atol=1e-3)
    again = cached_states(recordings, tmp_path, lambda: pytest.fail("expected the cache to be used"))
    np.testing.assert_array_equal(again["p0-clip"], states["p0-clip"])


def test_teachers_answer_all_and_never_look_at_a_held_out_mouth(
    recordings: list[Recording], space: MouthSpace, tmp_path: Path
) -> None:
    heard = heard_by(LoudnessEncoder(), recordings, tmp_path)
    sounds = sound_classes(heard, [r.name for r in recordings if r.split != "validation"], CONFIG.classes, 0)
    taught = teach(recordings, heard, sounds, space, CONFIG, seed=0)
    assert taught.keys() == {r.name for r in recordings}
    for recording in recordings:
        answer = taught[recording.name]
        assert answer.mouth.shape == (recording.frames, space.coefficient_count)
        assert answer.sounds.shape == (recording.frames, 2)
        assert 0 <= answer.sounds.min() <= answer.sounds.max() < CONFIG.classes
    other = [
        replace(r, coefficients=-9 * r.coefficients, opening=-r.opening) if r.split == "validation" else r
        for r in recordings
    ]
    for name, answer in teach(other, heard, sounds, space, CONFIG, seed=0).items():
        np.testing.assert_array_equal(answer.mouth, taught[name].mouth)
    changed = [replace(r, coefficients=-9 * r.coefficients) if r.person == "p0" else r for r in recordings]
    moved = teach(changed, heard, sounds, space, CONFIG, seed=0)
    assert np.abs(moved["p3-clip"].mouth - taught["p3-clip"].mouth).max() > 1e-3
    np.testing.assert_array_equal(moved["p0-clip"].mouth, taught["p0-clip"].mouth)


def test_a_lag_is_found_where_the_teachers_fit_best(recordings: list[Recording], space: MouthSpace) -> None:
    nothing = np.zeros((0, 2), np.int64)
    taught = {r.name: Taught(np.roll(r.coefficients, 2, axis=0), nothing) for r in recordings[:4]}
    lags = better_lags(recordings[:4], taught, space)
    assert lags == {f"p{number}-clip": 2 for number in range(3)}, "nobody held out is looked at"


def test_kept_answers_are_those_of_the_same_lags(
    recordings: list[Recording], space: MouthSpace, tmp_path: Path
) -> None:
    keys = {
        teaching_key(recordings, space, CONFIG, 0, lags)
        for lags in (None, {}, {"p0-clip": 1}, {"p0-clip": 2})
    }
    assert len(keys) == 4
    taught = {r.name: Taught(r.coefficients, np.zeros((r.frames, 2), np.int64)) for r in recordings[:2]}
    save_teaching(tmp_path / "teacher.npz", {"p0-clip": -2}, taught)
    lags, mouths = load_teaching(tmp_path / "teacher.npz")
    assert lags == {"p0-clip": -2}
    np.testing.assert_array_equal(mouths["p1-clip"], recordings[1].coefficients)
