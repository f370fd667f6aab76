"""Reporting of a training: a progress bar or JSON events for people and programs, scalars for TensorBoard."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any, TextIO


class Reporter:
    """Prints progress: JSON lines on standard output where asked for, a bar on standard error."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None, err: TextIO | None = None) -> None:
        """Choose where to write; None means the process' own streams."""
        self._json = as_json
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._last_s = 0.0

    def progress(self, done: float, stage: str, note: str = "") -> None:
        """Tell how far a stage is, 0..1; at most twice a second."""
        now = time.monotonic()
        if now - self._last_s < 0.5 and done < 1:
            return
        self._last_s = now
        if self._json:
            self._write({"event": "progress", "done": round(done, 4), "stage": stage})
        bar = "#" * int(done * 30)
        self._err.write(f"\r{stage:10s} [{bar:30s}] {done:6.1%} {note}")
        if done >= 1:
            self._err.write("\n")
        self._err.flush()

    def say(self, text: str) -> None:
        """Write a line for people."""
        self._err.write(f"\n{text}\n")
        self._err.flush()

    def result(self, **values: Any) -> None:
        """Write the last event."""
        if self._json:
            self._write({"event": "result", **values})
        else:
            self._err.write("\n" + json.dumps(values, indent=2) + "\n")

    def _write(self, event: dict[str, Any]) -> None:
        self._out.write(json.dumps(_finite(event)) + "\n")
        self._out.flush()


def _finite(value: Any) -> Any:
    """Return the value with null for every number that JSON cannot say."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class ScalarLog:
    """Scalars over steps for TensorBoard, or nowhere."""

    def __init__(self, folder: Path | None) -> None:
        """Open an event file in ``folder``; None keeps nothing."""
        self._writer: Any = None
        if folder is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder))

    def write(self, values: dict[str, float], step: int) -> None:
        """Add values at a step."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
