"""The audio training, on made clips: recordings, lags, splits, and a smoke training to its end."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.errors import BadInputError
from talkingface.mouth_space import MouthSpace
from tests.train_audio.made_clips import make_clips
from train_audio.evaluate import main as evaluate_main
from train_audio.recordings import from_clips, shifted

torch = pytest.importorskip("torch")

from train_audio.student import Student, StudentConfig  # noqa: E402
from train_audio.train import main as train_main  # noqa: E402
from train_audio.train import split_by_person  # noqa: E402

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"
SPACE = CHECKPOINT / "mouth_space.npz"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("clips")
    make_clips(root / "clips", root / "tracks", MouthSpace.load(SPACE))
    return root / "clips", root / "tracks"


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_recordings_hold_sound_and_mouth(clips: tuple[Path, Path]) -> None:
    space = MouthSpace.load(SPACE)
    recordings = from_clips(*clips, space)
    assert [r.person for r in recordings] == ["p0", "p1", "p2", "p3"]
    assert [r.split for r in recordings] == ["train", "train", "train", "validation"]
    for recording in recordings:
        assert recording.frames == 100
        assert recording.coefficients.shape == (100, space.coefficient_count)
        opening = space.lip_opening(recording.coefficients)
        assert np.corrcoef(opening, recording.opening)[0, 1] > 0.97
        still = recording.opening < 0.006
        moved = np.abs(recording.coefficients).mean(1)
        assert moved[still].mean() < 0.4 * moved[~still].mean()
    spread = [(space.lip_opening(r.coefficients * r.amplitude)).std() for r in recordings]
    own = [space.lip_opening(r.coefficients).std() for r in recordings]
    assert np.ptp(np.log(spread)) < np.ptp(np.log(own))


def test_a_known_lag_is_taken_out(clips: tuple[Path, Path]) -> None:
    space = MouthSpace.load(SPACE)
    plain, late = (from_clips(*clips, space, lags=lags)[0] for lags in ({}, {"clip0": 2}))
    np.testing.assert_array_equal(late.coefficients[2:], plain.coefficients[:-2])
    np.testing.assert_array_equal(late.opening, plain.opening)
    np.testing.assert_array_equal(shifted(np.arange(5), -2), [2, 3, 4, 4, 4])


def test_people_are_split_where_nobody_did(clips: tuple[Path, Path]) -> None:
    recordings = from_clips(*clips, MouthSpace.load(SPACE))
    assert split_by_person(recordings) == recordings
    unmarked = [r for r in recordings if r.split == "train"]
    assert sorted(r.split for r in split_by_person(unmarked)) == ["train", "train", "validation"]
    assert [r.split for r in split_by_person(unmarked[:1])] == ["train"]


def run_training(clips: tuple[Path, Path], folder: Path, *more: str) -> int:
    places = ["--clips", str(clips[0]), "--tracks", str(clips[1]), "--cache", str(folder / "cache")]
    places += ["--run", str(folder / "run"), "--output", str(folder / "model"), "--mouth-space", str(SPACE)]
    return train_main([*places, "--smoke", "--json", *more])


def test_smoke_training_ends_in_a_model(
    clips: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_training(clips, tmp_path) == 0
    told = events(capsys.readouterr().out)
    assert told[-1]["event"] == "result"
    assert {"r0", "best_r", "best_lag", "amplitude_ratio"} <= set(told[-1]["all"])  # type: ignore[call-overload]
    assert {"track", "features", "train"} <= {row.get("stage") for row in told}
    assert load_mouth_model(tmp_path / "model").coefficient_count == 12


@pytest.mark.slow
def test_a_training_is_resumed(
    clips: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_training(clips, tmp_path) == 0
    first = events(capsys.readouterr().out)[-1]
    assert run_training(clips, tmp_path, "--resume") == 0
    again = events(capsys.readouterr().out)[-1]
    assert first["history"]
    assert not again["history"], "all steps were done, so none is taken again"
    assert again["all"] == first["all"]


def test_evaluation_of_a_folder(clips: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--clips", str(clips[0]), "--cache", str(clips[1]), "--model", str(CHECKPOINT)]
    assert evaluate_main([*arguments, "--json"]) == 0
    told = events(capsys.readouterr().out)
    rows = [row for row in told if row["event"] == "clip"]
    assert [row["person"] for row in rows] == ["p3"]
    result = told[-1]
    assert result["sets"]["made"]["clips"] == 1  # type: ignore[index]
    assert result["look_ahead_ms"] <= 80  # type: ignore[operator]
    assert "made" in result["loudness"]  # type: ignore[operator]
    assert "made" in result["chance"]  # type: ignore[operator]
    assert evaluate_main([*arguments, "--split", "all"]) == 0
    assert "another's sound" in capsys.readouterr().out


@pytest.mark.parametrize("program", [train_main, evaluate_main])
def test_a_missing_folder_is_one_clear_line(
    program: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--mouth-space", str(SPACE)] if program is train_main else ["--model", str(CHECKPOINT)]
    assert program(["--clips", str(tmp_path / "none"), *more]) == 1  # type: ignore[operator]
    said = capsys.readouterr().err.strip()
    assert said.startswith("expected a folder of clips")
    assert "\n" not in said


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(BadInputError):
        StudentConfig(steps=0)
    assert Student.learn.__doc__
