"""Huge pages: the program starts again once, as it was called, and only where the system waits to be asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mini_live import huge_pages
from mini_live.huge_pages import ASKING, TUNABLES, asking, start_again_asking

PROJECT = Path(__file__).resolve().parents[2]
WAITS, GIVES_ALL, GIVES_NONE = (
    "always [madvise] never\n",
    "[always] madvise never\n",
    "always madvise [never]\n",
)


def test_it_asks_where_the_system_waits_for_it() -> None:
    assert asking({"HOME": "/"}, WAITS) == {"HOME": "/", TUNABLES: f"{ASKING}=1"}
    assert asking({TUNABLES: "glibc.malloc.check=1"}, WAITS) == {TUNABLES: f"glibc.malloc.check=1:{ASKING}=1"}


@pytest.mark.parametrize("setting", [GIVES_ALL, GIVES_NONE, ""])
def test_nothing_changes_elsewhere(setting: str) -> None:
    assert asking({}, setting) is None


def test_it_asks_once_and_leaves_the_users_own_choice() -> None:
    assert asking(asking({}, WAITS) or {}, WAITS) is None
    assert asking({TUNABLES: f"{ASKING}=0"}, WAITS) is None


def test_the_program_starts_again_as_it_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "enabled").write_text(WAITS, encoding="ascii")
    monkeypatch.setattr(huge_pages, "SYSTEM", tmp_path / "enabled")
    monkeypatch.delenv(TUNABLES, raising=False)
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "app.py", "speak", "--audio", "a b.wav"])
    started = []
    monkeypatch.setattr(os, "execve", lambda *how: started.append(how))
    start_again_asking()
    ((program, arguments, environment),) = started
    assert program == sys.executable
    assert arguments[1:] == ["-X", "dev", "app.py", "speak", "--audio", "a b.wav"]
    assert environment[TUNABLES] == f"{ASKING}=1"
    monkeypatch.setenv(TUNABLES, environment[TUNABLES])
    start_again_asking()
    assert len(started) == 1


@pytest.mark.skipif("[madvise]" not in huge_pages._setting(), reason="this system does not wait to be asked")
def test_arguments_and_exit_code_survive() -> None:
    environment = {name: value for name, value in os.environ.items() if name != TUNABLES}
    done = subprocess.run(
        [sys.executable, "app.py", "bench", "--frames", "a b"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "a b" in done.stderr
