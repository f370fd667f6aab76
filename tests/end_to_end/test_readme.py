"""The example in the README runs as it stands there, on a shorter sound, and is the same in both languages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from talkingface.audio_files import read_audio
from talkingface.timing import frame_count
from tests.mini_live.fakes import write_wav

SPEECH = "assets/speech/hello_en.flac"


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


def test_the_example_runs(project: Path, tmp_path: Path) -> None:
    code = example(project / "README.md")
    assert code.count(f'"{SPEECH}"') == 1
    sound = read_audio(project / SPEECH)[: 3 * 16_000]
    short = write_wav(tmp_path / "short.wav", sound)
    done = subprocess.run(
        [sys.executable, "-c", code.replace(f'"{SPEECH}"', repr(str(short)))],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stdout.splitlines() if line.endswith("3)")]
    assert len(lines) == frame_count(len(sound))
    assert lines[0].startswith("0 0.0 (")
