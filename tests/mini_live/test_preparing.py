"""A character made from the window: another process does it, its progress and its errors arrive."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from mini_live.window.preparing import Preparing

PREPARES = """
import json, pathlib, sys, time
assert sys.argv[1] == "prepare" and sys.argv[3] == "--output" and sys.argv[5] == "--json"
print("a line that is no event")
for done in (0.25, 0.5, 1.0):
    print(json.dumps({"event": "progress", "done": done, "stage": "track"}), flush=True)
if "bad" in sys.argv[2]:
    print(json.dumps({"event": "error", "message": "expected a face, found none"}))
    sys.exit(1)
if "slow" in sys.argv[2]:
    time.sleep(30)
pathlib.Path(sys.argv[4]).mkdir()
pathlib.Path(sys.argv[4], "consent").write_text(sys.argv[7], encoding="utf-8")
print(json.dumps({"event": "result"}))
"""


@pytest.fixture
def preparing(application: QApplication) -> Preparing:
    return Preparing(program=[sys.executable, "-c", PREPARES])


def run(preparing: Preparing, video: Path, folder: Path) -> list[tuple[object, ...]]:
    told: list[tuple[object, ...]] = []
    preparing.progress.connect(lambda stage, percent: told.append(("progress", stage, percent)))
    preparing.done.connect(lambda path: told.append(("done", Path(path))))
    preparing.failed.connect(lambda text: told.append(("failed", text)))
    preparing.start(video, folder, "--Änn: 我的脸")
    limit_s = time.monotonic() + 20
    while preparing.busy and time.monotonic() < limit_s:
        QCoreApplication.processEvents()
        time.sleep(0.01)
    return told


def test_progress_and_the_new_folder_are_told(preparing: Preparing, tmp_path: Path) -> None:
    (tmp_path / "Ann_ 1").mkdir()
    told = run(preparing, Path("Ann. 1.mp4"), tmp_path)
    assert ("progress", "track", 50) in told
    assert told[-1] == ("done", tmp_path / "Ann_ 1 2")
    assert (tmp_path / "Ann_ 1 2" / "consent").read_text(encoding="utf-8") == "--consent=--Änn: 我的脸"


def test_an_error_arrives_as_its_sentence(preparing: Preparing, tmp_path: Path) -> None:
    told = run(preparing, Path("bad.mp4"), tmp_path)
    assert told[-1] == ("failed", "expected a face, found none")


def test_a_program_that_is_not_there_is_told(application: QApplication, tmp_path: Path) -> None:
    preparing = Preparing(program=[str(tmp_path / "nothing")])
    assert run(preparing, Path("a.mp4"), tmp_path)[-1][0] == "failed"


def test_breaking_off_takes_less_than_a_second(preparing: Preparing, tmp_path: Path) -> None:
    preparing.start(Path("slow.mp4"), tmp_path)
    begin_s = time.monotonic()
    preparing.stop()
    assert time.monotonic() - begin_s < 1.5 and not preparing.busy
