"""Runs the program as a person does, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CHARACTER = Path(os.environ.get("TALKING_CHARACTER", PROJECT / "assets" / "characters" / "default"))
SPEECH = PROJECT / "assets" / "speech" / "hello_en.flac"

needs_character = pytest.mark.skipif(
    not (CHARACTER / "character.json").is_file(), reason=f"needs a prepared character at {CHARACTER}"
)


@dataclass(frozen=True)
class Outcome:
    """What a run of the program left.

    Attributes:
        code: its exit code.
        lines: the JSON objects on standard output.
        told: standard error.
        raw: standard output as it was.
    """

    code: int
    lines: list[dict[str, Any]]
    told: str
    raw: str

    @property
    def result(self) -> dict[str, Any]:
        """The last line, which must be the result."""
        assert self.lines and self.lines[-1]["event"] == "result", (
            f"no result: {self.raw[-500:]} {self.told[-500:]}"
        )
        return self.lines[-1]


def environment(**more: str) -> dict[str, str]:
    """Return an environment without a display, for one numeric thread."""
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kept.pop("QT_QPA_PLATFORM", None)
    return {**kept, "OMP_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8", **more}


def start_app(
    *arguments: object, env: dict[str, str] | None = None, error_path: Path | None = None
) -> subprocess.Popen[str]:
    """Start the program and return at once; a Ctrl-C that tests in the background ignore is not ignored by it.

    Args:
        arguments: of the command line.
        env: its environment.
        error_path: where standard error goes, for a program that runs long: a pipe that nobody empties holds up
            whoever writes into it, such as the sound system's thread.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with open(os.devnull if error_path is None else error_path, "ab") as errors:
        return subprocess.Popen(
            [sys.executable, "app.py", *(str(argument) for argument in arguments)],
            cwd=PROJECT,
            env=environment() if env is None else env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if error_path is None else errors,
            text=True,
            encoding="utf-8",
        )


def end_of(process: subprocess.Popen[str], within_s: float = 100) -> Outcome:
    """Wait for a started program."""
    try:
        out, err = process.communicate(timeout=within_s)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"still running after {within_s} s: {err[-500:]}") from None
    lines = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return Outcome(process.returncode, lines, err, out)


def run_app(*arguments: object, env: dict[str, str] | None = None, within_s: float = 100) -> Outcome:
    """Run the program to its end."""
    return end_of(start_app(*arguments, env=env), within_s)
