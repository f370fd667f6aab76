"""What a long command tells: a bar for people on standard error, JSON events for programs on standard output."""

from __future__ import annotations

import json
import sys
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Reporter:
    """Reports stages, notes and the result of one command; a context manager."""

    def __init__(self, as_json: bool) -> None:
        """Start reporting.

        Args:
            as_json: print one JSON object a line on standard output.
        """
        self._as_json = as_json
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description:<14}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"),
            TimeElapsedColumn(), TextColumn("{task.fields[note]}"), console=self._console,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._told: dict[str, int] = {}

    def __enter__(self) -> Reporter:
        """Show the bar."""
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def progress(self, stage: str, done: float, note: str = "") -> None:
        """Tell that a share of 0 to 1 of a stage is done; as JSON at most once a percent."""
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=1.0, note="")
        self._bar.update(self._tasks[stage], completed=done, note=note)
        percent = int(100 * done)
        if self._as_json and self._told.get(stage) != percent:
            self._told[stage] = percent
            self._print({"event": "progress", "done": round(done, 4), "stage": stage})

    def note(self, text: str) -> None:
        """Say a line to people."""
        self._console.print(text, highlight=False, markup=False)

    def event(self, kind: str, /, **facts: Any) -> None:
        """Print an event for programs, if they listen."""
        if self._as_json:
            self._print({"event": kind, **facts})

    def result(self, **facts: Any) -> None:
        """Print the result: the last line of standard output."""
        self._print({"event": "result", **facts})

    def _print(self, row: dict[str, Any]) -> None:
        print(json.dumps(row), file=sys.stdout, flush=True)
