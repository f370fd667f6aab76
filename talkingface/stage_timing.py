"""Per-stage wall times of a pipeline, in milliseconds, kept in bounded memory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

KEPT = 20_000


class StageTimer:
    """Measures named stages; keeps the newest measurements of each."""

    def __init__(self, kept: int = KEPT) -> None:
        """Start empty, keeping ``kept`` measurements a stage."""
        self._kept = kept
        self._times_ms: dict[str, deque[float]] = {}

    @contextmanager
    def stage(self, name: str, frames: int = 1) -> Iterator[None]:
        """Time the block under a name; what it did for several frames counts as so many alike."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            each_ms = (time.perf_counter() - begin) * 1000 / max(1, frames)
            for _ in range(frames):
                self.add(name, each_ms)

    def add(self, name: str, milliseconds: float) -> None:
        """Count one measurement."""
        self._times_ms.setdefault(name, deque(maxlen=self._kept)).append(milliseconds)

    def summary(self) -> dict[str, dict[str, float]]:
        """Return {stage: {"p50", "p95", "p99"}} in milliseconds, rounded to a microsecond."""
        return {name: percentiles(values) for name, values in self._times_ms.items()}


def percentiles(values_ms: deque[float] | list[float]) -> dict[str, float]:
    """Return the 50th, 95th and 99th percentile."""
    p50, p95, p99 = np.percentile(np.fromiter(values_ms, float), (50, 95, 99))
    return {"p50": round(float(p50), 3), "p95": round(float(p95), 3), "p99": round(float(p99), 3)}
