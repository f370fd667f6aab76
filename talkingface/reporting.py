"""What a command tells: a progress bar and sentences for people, or one JSON object a line for programs."""

from __future__ import annotations

import json
import math
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_PERIOD_S = 0.5  # a training of hours is to fill no disk
BAR_PERIOD_S = 0.1
BAR_WIDTH = 20


class Reporter:
    """Speaks for one command; JSON goes to standard output, all else to standard error."""

    def __init__(self, *, as_json: bool, silent: bool = False) -> None:
        """Choose the audience.

        Args:
            as_json: whether to print JSON lines on standard output.
            silent: whether to tell nothing but errors, and those to people alone, as do all but the first of
                several processes.
        """
        self.as_json = as_json and not silent
        self._silent = silent
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._last: tuple[float, str, float] = (0.0, "", 0.0)

    def progress(self, done: float, stage: str, note: str = "") -> None:
        """Tell how far the command is: every stage's begin and end, and what is between them now and then.

        Args:
            done: 0..1.
            stage: one word for what is being done.
            note: for people, beside the bar, as much of it as there is room for.
        """
        now_s = time.monotonic()
        last_s, last_stage, last_done = self._last
        begins = stage != last_stage
        ends = last_done < 1.0 <= done
        if not begins and not ends and now_s - last_s < (LINE_PERIOD_S if self.as_json else BAR_PERIOD_S):
            return
        self._last = (now_s, stage, done)
        if self.as_json:
            self._line({"event": "progress", "done": round(min(max(done, 0.0), 1.0), 4), "stage": stage})
        elif sys.stderr.isatty() and not self._silent:
            bar = self._bar(stage)
            assert self._task is not None, "made with the bar"
            if begins:  # its time is reckoned anew
                bar.reset(self._task, description=stage)
            bar.update(self._task, completed=done, note=note)

    def note(self, text: str) -> None:
        """Say one sentence to a person."""
        if self._silent:
            return
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
            return
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def event(self, kind: str, fields: dict[str, Any]) -> None:
        """Give programs an intermediate event; people do not see it."""
        if self.as_json:
            self._line({"event": kind, **fields})

    def result(self, fields: dict[str, Any], text: str) -> None:
        """Give the outcome: the fields to programs, the sentence to people."""
        self.close()
        if self.as_json:
            self._line({"event": "result", **fields})
        else:
            self.note(text)

    def error(self, message: str) -> None:
        """Say in one line what went wrong."""
        message = " ".join(message.split())
        self.close()
        if self.as_json:
            self._line({"event": "error", "message": message})
        sys.stderr.write(f"error: {message}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Take the progress bar away; may be called twice."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _bar(self, stage: str) -> Progress:
        if self._progress is None:
            # Here, because the window starts sooner without it.
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
            from rich.table import Column

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(BAR_WIDTH),
                TextColumn("{task.percentage:>3.0f}%"),
                TimeRemainingColumn(),
                TextColumn(
                    "{task.fields[note]}",
                    markup=False,
                    table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),  # what the others leave
                ),
                console=Console(stderr=True, highlight=False),
                transient=True,
                expand=True,
            )
            self._task = self._progress.add_task(stage, total=1.0, note="")
            self._progress.start()
        return self._progress

    def _line(self, fields: dict[str, Any]) -> None:
        # ASCII alone: a pipe's encoding may know no other characters.
        print(json.dumps(_sayable(fields)), flush=True)


def _sayable(value: Any) -> Any:
    """Return the value with null for every number that JSON cannot say."""
    if isinstance(value, dict):
        return {key: _sayable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
