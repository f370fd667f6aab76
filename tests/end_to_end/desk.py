"""A desk to sit at: a virtual display and a private sound server, on which the window is used by clicks and keys."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.end_to_end.program import environment, start_app
from tests.mini_live.sound_server import SoundServer, missing_programs

TITLE = "Talking avatar"
HEARD = "avatar_heard"
NEEDED = ("Xvfb", "xdotool")


def missing() -> list[str]:
    """Return which of the programs that a desk needs are not installed."""
    return [name for name in NEEDED if shutil.which(name) is None] + missing_programs()


class Desk:
    """Display, sound and one running window; everything of it lies in one folder."""

    def __init__(self, folder: Path, *, size: str = "1400x1000") -> None:
        """Start display and sound."""
        self.folder = folder
        self.sound = SoundServer(folder / "pulse")
        self.sound.pactl("load-module", "module-null-sink", f"sink_name={HEARD}", "rate=48000", "channels=2")
        self._display_server = subprocess.Popen(
            ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._display_server.stdout is not None
        self.display = f":{self._display_server.stdout.readline().strip()}"
        kept = ("PULSE", "XDG_RUNTIME", "HOME")
        sound = {name: text for name, text in self.sound.environment.items() if name.startswith(kept)}
        places = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CONFIG", "DATA", "STATE")}
        self.environment = environment(
            **sound, **places, DISPLAY=self.display, QT_QPA_PLATFORM="xcb", LANG="C.UTF-8",
            PULSE_SINK=HEARD, PULSE_SOURCE="avatar_test.monitor",
        )  # fmt: skip
        self.app: subprocess.Popen[str] | None = None

    @classmethod
    def second(cls, first: Desk, folder: Path) -> Desk:
        """Return a desk of its own settings that shares another's sound."""
        desk = cls(folder)
        desk.remember(language="en")
        for name in (
            "PULSE_SERVER",
            "PULSE_COOKIE",
            "PULSE_RUNTIME_PATH",
            "PULSE_STATE_PATH",
            "XDG_RUNTIME_DIR",
        ):
            desk.environment[name] = first.environment[name]
        return desk

    def window_size(self) -> tuple[int, int]:
        """Return width and height of the window; its corner lies in the display's."""
        window = self.xdo("search", "--sync", "--onlyvisible", "--name", TITLE).split()[-1]
        self.xdo("windowmove", "--sync", window, "0", "0")
        told = dict(
            line.split("=")
            for line in self.xdo("getwindowgeometry", "--shell", window).splitlines()
            if "=" in line
        )
        return int(told["WIDTH"]), int(told["HEIGHT"])

    @property
    def log(self) -> str:
        """What the program has written into its log."""
        files = sorted((self.folder / "state").rglob("avatar.log"))
        return files[0].read_text(encoding="utf-8") if files else ""

    def remember(self, **settings: str) -> None:
        """Write settings before the start; ``__`` stands for a slash."""
        path = self.folder / "config" / "TalkingAvatar" / "TalkingAvatar.conf"
        path.parent.mkdir(parents=True, exist_ok=True)
        groups: dict[str, list[str]] = {"General": []}
        for name, text in settings.items():
            group, _, key = name.rpartition("__")
            groups.setdefault(group or "General", []).append(f"{key}={text}")
        path.write_text("".join(f"[{group}]\n" + "\n".join(lines) + "\n" for group, lines in groups.items()))

    def open_app(self, *arguments: object) -> None:
        """Start the program and wait until its character is ready."""
        self.app = start_app(*arguments, env=self.environment, error_path=self.folder / "errors.txt")
        self.wait_for(lambda: "ready:" in self.log, "the character")
        self.type_into_window()

    def type_into_window(self) -> None:
        """Give the window the keyboard, as a click on it does."""
        window = self.xdo("search", "--sync", "--onlyvisible", "--name", TITLE).split()[-1]
        self.xdo("windowfocus", "--sync", window)

    def xdo(self, *arguments: str) -> str:
        """Move the mouse or press keys; returns what xdotool tells."""
        done = subprocess.run(
            ["xdotool", *arguments], env={**os.environ, "DISPLAY": self.display},
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        return done.stdout.strip()

    def press(self, keys: str) -> None:
        """Press and release keys."""
        self.xdo("key", keys)

    def click(self, x: int, y: int) -> None:
        """Click with the left button at a place of the display."""
        self.xdo("mousemove", str(x), str(y), "click", "1")

    def wait_for(self, ready: Callable[[], object], what: str, within_s: float = 60.0) -> None:
        """Wait for something, while the program runs."""
        limit_s = time.monotonic() + within_s
        while not ready():
            assert self.app is None or self.app.poll() is None, (
                f"the program has ended before {what}: {self.log[-800:]}"
            )
            assert time.monotonic() < limit_s, f"not within {within_s:g} s: {what}; {self.log[-800:]}"
            time.sleep(0.05)

    def told(self, pattern: str, since: int = 0) -> bool:
        """Tell whether the log, from a place on, has a line like that."""
        return re.search(pattern, self.log[since:]) is not None

    def process(self) -> psutil.Process:
        """Return the running program."""
        assert self.app is not None
        return psutil.Process(self.app.pid)

    def shot(self, path: Path) -> Path:
        """Take a picture of the display."""
        grab = (
            "import sys; from PySide6.QtGui import QGuiApplication as Q; a = Q([]); "
            "a.primaryScreen().grabWindow(0).save(sys.argv[1])"
        )
        subprocess.run([sys.executable, "-c", grab, str(path)], env=self.environment, check=True, timeout=60)
        return path

    def close_app(self, within_s: float = 10.0) -> int:
        """Close the window by its keys; returns the exit code."""
        assert self.app is not None
        app, self.app = self.app, None
        app.terminate()
        app.communicate(timeout=within_s)
        return app.returncode

    def close(self) -> None:
        """End everything."""
        if self.app is not None and self.app.poll() is None:
            self.app.kill()
            self.app.communicate()
        self._display_server.terminate()
        self._display_server.wait(10)
        self.sound.close()
