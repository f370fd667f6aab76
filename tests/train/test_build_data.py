"""The command that makes patches of clips: what it tells, and whom it passes over."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from talkingface.clips import Clip
from talkingface.errors import NoFaceError
from train import build_data
from train.patch_store import PersonPatches, load_store
from train.smoke import smoke_people


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a command on clips of three people, one of whom has no face."""
    drawn = smoke_people(3, people=1, frames=12)[0]

    def built_at_once(name: str, *_: object) -> PersonPatches:
        if name == "faceless":
            raise NoFaceError("expected a face, found none")
        return PersonPatches(**{**vars(drawn), "name": name})

    monkeypatch.setattr(build_data, "build_person", built_at_once)
    monkeypatch.setattr(build_data, "OffscreenContext", lambda: SimpleNamespace(close=lambda: None))
    (tmp_path / "clips").mkdir()
    rows = []
    for person in ("anna", "faceless", "noah"):
        (tmp_path / "clips" / f"{person}.mp4").touch()
        rows.append(json.dumps({"file": f"{person}.mp4", "person": person, "split": "train"}))
    (tmp_path / "clips" / "clips.jsonl").write_text("\n".join(rows))
    return ["--clips", str(tmp_path / "clips"), "--store", str(tmp_path / "store")]


def test_progress_and_counts_are_told(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("talkingface.reporting.LINE_PERIOD_S", 0.0)
    assert build_data.main([*command, "--json"]) == 0
    told = capsys.readouterr()
    rows = [json.loads(line) for line in told.out.splitlines()]
    assert [(row["done"], row["stage"]) for row in rows[:-1]] == [
        (0.0, "patches"),
        (0.3333, "patches"),
        (0.6667, "patches"),
        (1, "patches"),
    ]
    assert (rows[-1]["event"], rows[-1]["people"], rows[-1]["passed_over"]) == ("result", 2, 1)
    assert "faceless: passed over (expected a face, found none)" in told.err
    assert sorted(person.name for person in load_store(tmp_path / "store")) == ["anna", "noah"]


def test_people_read_the_counts(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert build_data.main(command) == 0
    told = capsys.readouterr()
    assert not told.out and "2 people" in told.err and "1 passed over" in told.err


def test_of_newsreaders_a_few_clips_each_are_taken() -> None:
    clips = [Clip(Path(f"{number}.mp4"), str(number), "newsreaders", "one", "train") for number in range(20)]
    assert len(build_data.select(clips)["one"]) == 8
