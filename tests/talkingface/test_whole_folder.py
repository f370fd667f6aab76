"""A character folder appears whole or not at all, and nobody else's files beside it are touched."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from talkingface.preparation.whole_folder import QUIET_S, put_in_place, work_folder


def made(output: Path, text: str) -> None:
    with work_folder(output) as work:
        (work / "told").write_text(text)
        put_in_place(work, output)


def test_a_folder_is_replaced_and_neighbours_stay(tmp_path: Path) -> None:
    for name in (".mira.part", ".mira.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "own").touch()
    made(tmp_path / "mira", "one")
    made(tmp_path / "mira", "two")
    assert (tmp_path / "mira" / "told").read_text() == "two"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mira.old", ".mira.part", "mira"]
    assert (tmp_path / ".mira.old" / "own").exists() and (tmp_path / ".mira.part" / "own").exists()


def left_behind(output: Path, process: int, kind: str, age_s: float) -> Path:
    folder = output.with_name(f".{output.name}.{process}-0123abcd.{kind}")
    folder.mkdir()
    for path in (folder / "character.json", folder):
        path.touch()
        os.utime(path, (time.time() - age_s,) * 2)
    return folder


def gone_process() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_what_a_killed_run_left_is_cleared_by_the_next_one(tmp_path: Path) -> None:
    gone, there = gone_process(), os.getppid()
    old, new = QUIET_S + 60, 0.0
    stays = [
        left_behind(tmp_path / "mira", there, "part", old),
        left_behind(tmp_path / "mira", gone, "old", new),
        left_behind(tmp_path / "miranda", gone, "part", old),
    ]
    goes = left_behind(tmp_path / "mira", gone, "part", old)
    made(tmp_path / "mira", "one")
    assert all(folder.exists() for folder in stays) and not goes.exists()


def test_a_character_that_a_killed_run_had_moved_comes_back(tmp_path: Path) -> None:
    moved = left_behind(tmp_path / "mira", gone_process(), "old", QUIET_S + 60)
    (moved / "own").touch()
    os.utime(moved, (time.time() - QUIET_S - 60,) * 2)
    os.utime(moved / "own", (time.time() - QUIET_S - 60,) * 2)
    with pytest.raises(RuntimeError), work_folder(tmp_path / "mira"):
        raise RuntimeError
    assert (tmp_path / "mira" / "own").exists() and not moved.exists()


def test_two_works_on_one_name_do_not_meet(tmp_path: Path) -> None:
    with work_folder(tmp_path / "mira") as one, work_folder(tmp_path / "mira") as two:
        (one / "a").touch()
        assert list(two.iterdir()) == []


def test_an_interrupt_between_the_renames_brings_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "mira"
    made(output, "one")
    rename = Path.rename

    def interrupted(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(output, "two")
    assert (output / "told").read_text() == "one"
    assert [path.name for path in tmp_path.iterdir()] == ["mira"]
