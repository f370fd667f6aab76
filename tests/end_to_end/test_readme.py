"""The example in the README runs as it stands there, in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from talkingface.audio_files import read_audio
from talkingface.timing import frame_count


def example(document: Path) -> str:
    (code,) = re.findall(r"```python\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    return code


def without_comments(code: str) -> list[str]:
    return [line.split("#")[0].rstrip() for line in code.splitlines()]


def test_both_languages_show_the_same_program(project: Path) -> None:
    english, chinese = (
        without_comments(example(project / name)) for name in ("README.md", "README.zh-CN.md")
    )
    assert english == chinese


@pytest.mark.timeout(240)
def test_the_example_runs(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", example(project / "README.md")],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stdout.splitlines() if line.endswith("3)")]
    sound = read_audio(project / "assets" / "speech" / "hello_en.flac")
    assert len(lines) == frame_count(len(sound))
    assert lines[0].startswith("0 0.0 (")
