"""The calibration of the lip-sync score: what its command tells, on made clips."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from talkingface.mouth_space import MouthSpace
from tests.train_audio.made_clips import make_clips
from train_audio.calibrate_sync_score import main


@pytest.fixture(scope="module")
def command(project: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root, checkpoint = tmp_path_factory.mktemp("clips"), project / "checkpoint"
    make_clips(root / "clips", root / "tracks", MouthSpace.load(checkpoint / "mouth_space.npz"))
    places = ["--clips", str(root / "clips"), "--tracks", str(root / "tracks")]
    return [*places, "--checkpoint", str(checkpoint)]


def test_progress_reaches_its_end_and_the_constants_are_told(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--split", "all", "--json"]) == 0
    *progress, result = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["stage"], row["done"]) for row in (progress[0], progress[-1])] == [
        ("track", 0),
        ("track", 1),
    ]
    assert set(result["calibration"]) == {"bias", "correlation", "confidence"}


def test_a_single_clip_is_refused_in_one_line(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--split", "validation"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: expected at least two clips") and told.endswith("found 1\n")
    assert told.count("\n") == 1
