"""The log file: written, bounded, and with the exceptions that nobody caught."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import logging, pathlib, sys, threading
from mini_live.log_file import start_log
path = start_log(pathlib.Path(sys.argv[1]))
logging.getLogger("mini_live.window").warning("the microphone is gone")
logging.getLogger("elsewhere").error("not ours")
thread = threading.Thread(target=lambda: 1 / 0, name="avatar")
thread.start()
thread.join()
for _ in range(20_000):
    logging.getLogger("mini_live.window").info("%s", "x" * 200)
raise KeyError("at the end")
"""


def test_the_log_tells_what_happened_and_stays_small(tmp_path: Path, project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "logs")],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "KeyError" in done.stderr
    files = sorted((tmp_path / "logs").glob("avatar.log*"))
    assert len(files) == 3 and sum(path.stat().st_size for path in files) < 3_100_000
    assert "KeyError: 'at the end'" in files[0].read_text()
    assert not any("not ours" in path.read_text() for path in files)


def test_an_exception_in_a_thread_is_in_it(tmp_path: Path, project: Path) -> None:
    script = SCRIPT.replace("range(20_000)", "range(1)")
    subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], cwd=project, capture_output=True, check=False
    )
    told = (tmp_path / "avatar.log").read_text()
    assert "ZeroDivisionError" in told and "[avatar]" in told and "the microphone is gone" in told


def test_where_no_log_can_be_written_work_goes_on(tmp_path: Path, project: Path) -> None:
    (tmp_path / "file").write_text("")
    script = "\n".join([*SCRIPT.splitlines()[1:4], "print(path)"])
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "file" / "logs")],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "None"
