"""This program as the command line of another process, for work that is better done outside the window."""

from __future__ import annotations

import sys

from mini_live.wiring import PROGRAM_FOLDER


def child_command() -> list[str]:
    """Return what starts this program; a command and its arguments follow."""
    return [sys.executable, str(PROGRAM_FOLDER / "app.py")]
