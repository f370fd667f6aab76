"""The audio training, on made clips: recordings, lags, splits, and a smoke training to its end."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from talkingface.checkpoints import load_card, load_tensors
from talkingface.clips import load_clips
from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.errors import BadInputError
from talkingface.mouth_space import MouthSpace
from talkingface.seams import MouthState
from tests.train_audio.made_clips import made_recording, make_clips
from train_audio.build_mouth_space import build
from train_audio.evaluate import main as evaluate_main
from train_audio.evaluate import opening_before_gate, predicted_opening
from train_audio.recordings import from_clips, shifted, with_equal_amplitude

torch = pytest.importorskip("torch")

from talkingface.networks.mouth_lstm import MouthLstm  # noqa: E402
from train_audio.examples import Batch  # noqa: E402
from train_audio.judge import HELD_OUT, TRAINED_ON, Judge  # noqa: E402
from train_audio.student import Student, StudentConfig  # noqa: E402
from train_audio.train import BEST_NAME, STATE_NAME  # noqa: E402
from train_audio.train import main as train_main  # noqa: E402

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


def without_marks(clips: tuple[Path, Path], folder: Path, people: int, split: str | None = None) -> Path:
    """Write a listing of some of the clips with other marks; its tracks are those of the clips."""
    rows: list[dict[str, object]] = [
        {"file": str(clips[0] / "videos" / f"clip{number}.mkv"), "set": "made", "person": f"p{number}"}
        for number in range(people)
    ]
    folder.mkdir()
    lines = [json.dumps(row | ({"split": split} if split else {})) for row in rows]
    (folder / "clips.jsonl").write_text("\n".join(lines))
    return folder


def run_training(clips: tuple[Path, Path], folder: Path, *more: str) -> int:
    places = ["--clips", str(clips[0]), "--tracks", str(clips[1]), "--cache", str(folder / "cache")]
    places += ["--run", str(folder / "run"), "--output", str(folder / "model"), "--mouth-space", str(SPACE)]
    return train_main([*places, "--json", *(more if "--steps" in more else ("--smoke", *more))])


def test_smoke_training_ends_in_a_model(
    clips: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_training(clips, tmp_path) == 0
    told = events(capsys.readouterr().out)
    assert told[-1]["event"] == "result"
    assert {"r0", "best_r", "best_lag", "amplitude_ratio"} <= set(told[-1]["all"])  # type: ignore[call-overload]
    assert {"track", "features", "train"} <= {row.get("stage") for row in told}
    assert load_mouth_model(tmp_path / "model").coefficient_count == 12
    card = load_card(tmp_path / "model" / "mouth_model.json", kind="mouth_model")
    assert card["metrics"]["measured_on"] == HELD_OUT
    assert card["training"]["teacher"] is None
    assert card["training_data"] == [
        {"name": "made", "recordings": 3, "people": 3, "minutes": 0.2, "licences": ["?"]}
    ]


def test_a_folder_without_marks_is_judged_on_the_people_held_out(
    clips: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = without_marks(clips, tmp_path / "unmarked", 3)
    assert run_training((folder, clips[1]), tmp_path) == 0
    trained = events(capsys.readouterr().out)[-1]
    places = ["--clips", str(folder), "--cache", str(clips[1]), "--model", str(tmp_path / "model"), "--json"]
    assert evaluate_main(places) == 0
    told = events(capsys.readouterr().out)
    assert {row["person"] for row in told if row["event"] == "clip"} == {"p0"}
    assert told[-1]["people"] == trained["people"]
    assert evaluate_main([*places, "--split", "all"]) == 0
    told = events(capsys.readouterr().out)
    assert {row["person"] for row in told if row["event"] == "clip"} == {"p0", "p1", "p2"}


def test_one_person_alone_is_told_in_the_figures(
    clips: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = without_marks(clips, tmp_path / "alone", 1)
    assert run_training((folder, clips[1]), tmp_path) == 0
    assert events(capsys.readouterr().out)[-1]["measured_on"] == TRAINED_ON


def test_validation_people_are_never_trained_on(
    clips: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = without_marks(clips, tmp_path / "held", 3, split="validation")
    assert run_training((folder, clips[1]), tmp_path) == 1
    assert "found only validation people" in capsys.readouterr().err
    with pytest.raises(BadInputError, match="people to fit on"):
        build(load_clips(folder), clips[1], 4)


def test_the_mouth_space_is_built_from_a_folder_without_marks(
    clips: tuple[Path, Path], tmp_path: Path
) -> None:
    space, report = build(load_clips(without_marks(clips, tmp_path / "unmarked", 3)), clips[1], 4)
    assert space.coefficient_count == 4
    assert report["train"]["labels"] == 2
    assert report["validation"]["labels"] == 1


def test_a_held_out_person_does_not_change_the_amplitude_of_others() -> None:
    space = MouthSpace.load(SPACE)
    rng = np.random.default_rng(0)
    people = [made_recording(f"p{n}", 0.3 + 0.3 * n, rng, space) for n in range(3)]
    found = []
    for wide in (0.1, 4.0):
        judge = replace(made_recording("v", wide, rng, space), split="validation")
        found.append([r.amplitude for r in with_equal_amplitude([*people, judge], space)[:3]])
    assert found[0] == found[1]


def test_a_training_stopped_at_half_ends_as_an_unbroken_one(
    clips: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """State, averaged weights and the best step are the same, although the later step is judged worse."""
    sizes = "--steps 8 --evaluate-every 4 --batch 4 --frames 30 --variants 1 --look-ahead-ms 40".split()  # noqa: SIM905
    measure, learn = Judge.measure, Student.learn
    scores: list[float] = []
    stop_at: list[int] = []

    def judged(judge: Judge, network: MouthLstm) -> dict[str, object]:
        return measure(judge, network) | {"score": scores.pop(0)}

    def learned(student: Student, batch: Batch) -> dict[str, float]:
        if student.step in stop_at:
            raise KeyboardInterrupt
        return learn(student, batch)

    monkeypatch.setattr(Judge, "measure", judged)
    monkeypatch.setattr(Student, "learn", learned)
    scores[:] = [0.9, 0.1]
    assert run_training(clips, tmp_path / "whole", *sizes) == 0
    scores[:], stop_at[:] = [0.9], [6]
    assert run_training(clips, tmp_path / "parts", *sizes) == 130
    scores[:], stop_at[:] = [0.1], []
    assert run_training(clips, tmp_path / "parts", *sizes, "--resume") == 0
    assert not scores, "the second half alone was taken again"
    for name in (STATE_NAME, BEST_NAME):
        whole, parts = (load_tensors(tmp_path / run / "run" / name) for run in ("whole", "parts"))
        assert whole.keys() == parts.keys()
        for key, value in whole.items():
            torch.testing.assert_close(parts[key], value, atol=1e-6, rtol=1e-6, msg=f"{name}: {key}")


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
    assert result["before_silence_gate"]["made"]["clips"] == 1  # type: ignore[index]
    assert not result["chance"], "a single clip has no other to be compared with"
    assert evaluate_main([*arguments, "--split", "all", "--json"]) == 0
    result = events(capsys.readouterr().out)[-1]
    assert result["chance"]["made"]["clips"] == 4  # type: ignore[index]
    own, chance = result["sets"]["made"]["r0"], result["chance"]["made"]["r0"]  # type: ignore[index]
    assert chance < own - 0.03, "a buzz is no speech, so even the right one tells little of the mouth"
    assert evaluate_main([*arguments, "--split", "all"]) == 0
    told = capsys.readouterr()
    assert "another's sound" in told.err and "before the silence gate" in told.err and not told.out


def test_the_gate_alone_parts_what_is_shown_from_what_the_network_answers() -> None:
    spoken = np.random.default_rng(3).normal(0, 0.1, 16_000).astype(np.float32)
    quiet = np.concatenate([spoken, np.zeros(32_000, np.float32)])
    space, model = MouthSpace.load(SPACE), AlwaysOpen()
    recording = replace(made_recording("quiet", 1.0, np.random.default_rng(4), space), samples=quiet)
    shown = predicted_opening(recording, model, space)
    answered = opening_before_gate(recording, model, space)
    rest, open_wide = space.lip_opening(np.stack([np.zeros(12, np.float32), AlwaysOpen.mouth]))
    assert len(shown) == len(answered) == 75
    np.testing.assert_allclose(answered, open_wide, atol=1e-6)
    np.testing.assert_allclose(shown[5:20], open_wide, atol=1e-6)
    np.testing.assert_allclose(shown[40:], rest, atol=1e-6)


class AlwaysOpen:
    """A mouth model that never closes."""

    mouth = np.eye(12, dtype=np.float32)[0] * 0.05
    look_ahead_ms = 80
    coefficient_count = 12

    def initial_state(self) -> MouthState:
        return ()

    def step(self, features: np.ndarray, state: MouthState) -> tuple[np.ndarray, MouthState]:
        return np.tile(self.mouth, (len(features) // 2, 1)), state


@pytest.mark.parametrize("program", [train_main, evaluate_main])
def test_a_missing_folder_is_one_clear_line(
    program: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--mouth-space", str(SPACE)] if program is train_main else ["--model", str(CHECKPOINT)]
    assert program(["--clips", str(tmp_path / "none"), *more]) == 1  # type: ignore[operator]
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: expected a folder of clips")
    assert "\n" not in said


def test_of_several_processes_only_the_first_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {}
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        assert train_main(["--clips", str(tmp_path / "none"), "--mouth-space", str(SPACE), "--json"]) == 1
        told = capsys.readouterr()
        assert told.err.startswith("error: "), "a person learns which process failed and why"
        outputs[rank] = told.out
    assert json.loads(outputs["0"])["event"] == "error" and not outputs["1"]


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(BadInputError):
        StudentConfig(steps=0)
