"""``prepare`` as a person runs it: a folder with consent and report, and nothing at all after Ctrl-C."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import cv2
import pytest

from talkingface.character import load_character
from talkingface.video_files import read_frames
from tests.end_to_end.program import CHARACTER, end_of, needs_character, run_app, start_app
from tests.made_videos import write_video

pytestmark = [needs_character]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mediapipe")
    frames = [cv2.resize(frame, (270, 360)) for frame in read_frames(CHARACTER / "frames.mp4", seconds=2.0)]
    folder = tmp_path_factory.mktemp("videos")
    return write_video(folder / "我的 clip (1).mp4", frames, [40 * k for k in range(len(frames))])


def test_a_character_with_its_consent_and_its_report(clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "my 角色"
    outcome = run_app(
        "prepare", clip, "--output", folder, "--consent", "it is me, 21 May", "--licence", "CC0", "--json"
    )
    assert outcome.code == 0, outcome.told
    character = load_character(folder)
    assert (character.consent, character.licence) == ("it is me, 21 May", "CC0")
    assert outcome.result["report"] == json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert (folder / "report.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["my 角色"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("stage", ["write", pytest.param("track", marks=pytest.mark.slow)])
def test_ctrl_c_leaves_nothing(stage: str, clip: Path, tmp_path: Path) -> None:
    process = start_app("prepare", clip, "--output", tmp_path / "me", "--matte", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("stage") == stage:
            break
    process.send_signal(signal.SIGINT)
    assert end_of(process).code == 130
    assert list(tmp_path.iterdir()) == []
