"""The set-up that `make run` begins with, tried in a folder of its own with a pretended machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("bash"), reason="the set-up is a bash script"
)

TOOLS = (
    "bash",
    "cat",
    "cksum",
    "dirname",
    "env",
    "grep",
    "id",
    "ldconfig",
    "mkdir",
    "rm",
    "cp",
    "chmod",
    "uname",
)
PRETENDED_PYTHON = """
echo "$@" >> "{log}"
case "$1 $2" in
    "--version "*) echo "Python 3.11.7" ;;
    "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && chmod +x "$3/bin/python" ;;
esac
exit {code}
"""


@pytest.fixture
def machine(tmp_path: Path, project: Path) -> Path:
    """Return a folder with the project's set-up and a PATH that holds nothing but shell tools."""
    (tmp_path / "project" / ".ci").mkdir(parents=True)
    shutil.copy(project / ".ci" / "setup", tmp_path / "project" / ".ci" / "setup")
    for requirements in project.glob("requirements*.txt"):
        shutil.copy(requirements, tmp_path / "project")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin")
        if found:
            (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def add_program(machine: Path, name: str, script: str) -> None:
    path = machine / "bin" / name
    path.unlink(missing_ok=True)
    path.write_text(f"#!/usr/bin/env bash\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def add_python(machine: Path, *, fits: bool = True) -> Path:
    log = machine / "python.log"
    add_program(machine, "python3.11", PRETENDED_PYTHON.format(log=log, code=0 if fits else 1))
    return log


def set_up(machine: Path, level: str = "run") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", ".ci/setup", level],
        cwd=machine / "project",
        env={"PATH": str(machine / "bin"), "HOME": str(machine)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def installs(log: Path) -> list[str]:
    return [line.split()[-1] for line in log.read_text().splitlines() if line.startswith("-m pip install")]


def test_without_python_it_says_what_to_type(machine: Path) -> None:
    done = set_up(machine)
    assert done.returncode == 1
    assert "Expected Python 3.11 or 3.12" in done.stderr
    assert "sudo apt-get install python3" in done.stderr
    assert "brew install python@3.11" in done.stderr
    assert not (machine / "project" / ".venv").exists()


def test_a_python_that_does_not_fit_is_passed_over(machine: Path) -> None:
    add_python(machine, fits=False)
    done = set_up(machine)
    assert done.returncode == 1
    assert "found neither" in done.stderr


def test_what_is_done_is_not_done_again_until_a_requirement_changes(machine: Path) -> None:
    log = add_python(machine)
    for _ in range(2):
        done = set_up(machine)
        assert done.returncode == 0, done.stderr
    assert installs(log) == ["requirements.txt"]
    with (machine / "project" / "requirements.txt").open("a") as requirements:
        requirements.write("# changed\n")
    set_up(machine)
    assert installs(log) == ["requirements.txt"] * 2
    set_up(machine, "dev")
    assert installs(log)[2:] == ["requirements-dev.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for Linux libraries")
def test_where_it_may_not_install_libraries_it_prints_the_line(machine: Path) -> None:
    add_python(machine)
    add_program(machine, "id", "echo 1000")
    add_program(machine, "ldconfig", "echo 'libEGL.so.1 => somewhere'")
    add_program(machine, "apt-get", "exit 1")
    done = set_up(machine)
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if "sudo apt-get install" in line]
    assert "libportaudio2" in line
    assert "libxcb-cursor0" in line
    assert "libegl1" not in line


@pytest.mark.skipif(sys.platform != "linux", reason="looks for Linux libraries")
def test_as_root_it_installs_what_is_missing(machine: Path) -> None:
    add_python(machine)
    add_program(machine, "id", "echo 0")
    add_program(machine, "ldconfig", "true")
    add_program(machine, "apt-get", f'echo "$@" >> "{machine}/apt.log"')
    assert set_up(machine).returncode == 0
    (asked,) = (machine / "apt.log").read_text().splitlines()
    assert {"install", "-y", "libegl1", "libportaudio2"} <= set(asked.split())
    assert "pulseaudio" not in asked.split(), "only the tests need it"


def test_an_unknown_level_is_refused(machine: Path) -> None:
    done = set_up(machine, "nonsense")
    assert done.returncode == 1
    assert "expected 'run' or 'dev', found 'nonsense'" in done.stderr


def test_what_the_first_frame_would_wait_for_is_compiled_once(machine: Path) -> None:
    log = add_python(machine)
    (machine / "project" / "talkingface").mkdir()
    loops = machine / "project" / "talkingface" / "loops.py"
    for text, times in (("one", 1), ("one", 1), ("two", 2)):
        loops.write_text(text, encoding="utf-8")
        assert set_up(machine).returncode == 0
        assert log.read_text(encoding="utf-8").count("app.py bench") == times


def test_modules_are_made_ready_where_python_would_not_keep_them(machine: Path) -> None:
    log = add_python(machine)
    (machine / "project" / "talkingface").mkdir()
    (machine / "project" / "talkingface" / "loops.py").touch()
    assert set_up(machine).returncode == 0
    assert "-m compileall -q mini_live talkingface" in log.read_text(encoding="utf-8")
