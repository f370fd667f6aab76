"""The mouth space's card tells what it was fitted on: a row a set, without the people held out; the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from talkingface.checkpoints import load_card, verified_file
from talkingface.clips import Clip
from talkingface.errors import BadInputError, CheckpointError
from talkingface.mouth_space import MouthSpace
from tests.train_audio.made_clips import make_clips
from train_audio import build_mouth_space
from train_audio.build_mouth_space import build, data_table, write_space_card

REPORT = {"train": {"variance_explained": 0.9, "lip_error_percent": 0.3}}


def clip(name: str, set_name: str, person: str, split: str = "train", licence: str = "MIT") -> Clip:
    return Clip(Path(f"{name}.mp4"), name, set_name, person, split, licence=licence)


CLIPS = [
    clip("a", "talkers", "anna"),
    clip("b", "talkers", "anna", licence="CC BY 4.0"),
    clip("c", "talkers", "bert"),
    clip("d", "talkers", "carl", "validation", "held out"),
    clip("e", "actors", "dora"),
    clip("f", "judged", "emil", "validation"),
]


def test_a_row_a_set_counts_clips_and_labels_and_lists_licences_of_what_was_fitted() -> None:
    assert data_table(CLIPS) == [
        {"name": "actors", "clips": 1, "labels": 1, "genuine": True, "licences": ["MIT"]},
        {"name": "talkers", "clips": 3, "labels": 2, "genuine": True, "licences": ["CC BY 4.0", "MIT"]},
    ]


def test_the_card_holds_the_hash_of_the_file_beside_it(project: Path, tmp_path: Path) -> None:
    space = MouthSpace.load(project / "checkpoint" / "mouth_space.npz")
    path = tmp_path / "space.npz"
    space.save(path)
    write_space_card(space, path, CLIPS, REPORT)
    card = load_card(tmp_path / "space.json", kind="mouth_space")
    assert verified_file(tmp_path, "space.npz", card) == path
    assert card["metrics"]["train"] == REPORT["train"]
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(CheckpointError, match="sha256"):
        verified_file(tmp_path, "space.npz", card)


def test_nobody_to_fit_on_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="expected clips of people to fit on") as failure:
        build([], tmp_path, 12)
    assert "\n" not in str(failure.value)


def test_the_command_tells_programs_its_progress_and_its_figures(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    space = MouthSpace.load(project / "checkpoint" / "mouth_space.npz")
    make_clips(tmp_path / "clips", tmp_path / "tracks", space)
    places = ["--clips", str(tmp_path / "clips"), "--cache", str(tmp_path / "tracks")]
    places += ["--output", str(tmp_path / "space.npz"), "--components", "4"]
    assert build_mouth_space.main([*places, "--json"]) == 0
    told = capsys.readouterr()
    *progress, result = [json.loads(line) for line in told.out.splitlines()]
    assert [(row["event"], row["stage"], row["done"]) for row in (progress[0], progress[-1])] == [
        ("progress", "track", 0.0),
        ("progress", "track", 1.0),
    ]
    assert (result["event"], result["train"]["labels"], result["validation"]["labels"]) == ("result", 3, 1)
    assert MouthSpace.load(tmp_path / "space.npz").coefficient_count == 4
    assert not told.err


def test_the_command_tells_an_error_and_an_interrupt_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["--clips", str(tmp_path)]
    assert build_mouth_space.main([*command, "--components", "13"]) == 1
    assert capsys.readouterr() == ("", "error: expected 1 to 12 components, found 13\n")

    def interrupted(folder: Path) -> list[Clip]:
        raise KeyboardInterrupt

    monkeypatch.setattr(build_mouth_space, "load_clips", interrupted)
    assert build_mouth_space.main(command) == 130
    assert capsys.readouterr() == ("", "error: interrupted\n")
