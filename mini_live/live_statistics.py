"""What a live session measures of itself: frames, lateness, latency with its parts, frame rate, sound level."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from talkingface.records import FloatArray
from talkingface.stage_timing import percentiles
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, WINDOW_MS

KEPT_FRAMES = 20_000
RECENT_FRAMES = 2 * FRAMES_PER_SECOND
SILENCE_DBFS = -120.0
LEVEL_FALL_DB = 1.5


@dataclass(frozen=True)
class LiveStatus:
    """A snapshot for whoever watches; made by the worker, read by anyone.

    Attributes:
        frames: handed over since the start.
        late_frames: of those, more than one frame period after they were due.
        dropped_frames: not composed because the next one was due already.
        frames_per_second: over the last two seconds.
        latency_ms: median of the last two seconds, from the sound at the source to the frame handed over.
        look_ahead_ms: part of the latency, as are the next two and the feature window.
        compute_ms: median of the last two seconds, spent on the mouth and the picture.
        pacing_ms: median of the last two seconds, waited so that the picture moves evenly.
        level_dbfs: loudness peak of the sound, falling slowly.
        lost_samples: sound that the device delivered faster than it was taken.
        seconds: sound consumed.
    """

    frames: int = 0
    late_frames: int = 0
    dropped_frames: int = 0
    frames_per_second: float = 0.0
    latency_ms: float = 0.0
    look_ahead_ms: int = 0
    compute_ms: float = 0.0
    pacing_ms: float = 0.0
    level_dbfs: float = SILENCE_DBFS
    lost_samples: int = 0
    seconds: float = 0.0


@dataclass
class LiveStatistics:
    """Counts and measures; belongs to the worker thread."""

    look_ahead_ms: int
    frames: int = 0
    late_frames: int = 0
    dropped_frames: int = 0
    level_dbfs: float = SILENCE_DBFS
    _total_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    _compute_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    _pacing_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    _handed_s: deque[float] = field(default_factory=lambda: deque(maxlen=RECENT_FRAMES))

    def handed_over(self, heard_s: float, now_s: float, compute_ms: float, *, late: bool) -> None:
        """Count one frame.

        Args:
            heard_s: when the sound it answers was at the source.
            now_s: when it was handed over.
            compute_ms: time spent on its mouth and its picture.
            late: whether it came more than a frame period after it was due.
        """
        self.frames += 1
        self.late_frames += late
        total_ms = (now_s - heard_s) * 1000
        self._total_ms.append(total_ms)
        self._compute_ms.append(compute_ms)
        self._pacing_ms.append(total_ms - compute_ms - WINDOW_MS - self.look_ahead_ms)
        self._handed_s.append(now_s)

    def heard(self, samples: FloatArray) -> None:
        """Follow the level of float32 (n,) sound."""
        if len(samples):
            peak = max(float(samples.max()), -float(samples.min()))
            now_dbfs = 20 * math.log10(peak) if peak > 1e-6 else SILENCE_DBFS
            self.level_dbfs = max(now_dbfs, self.level_dbfs - LEVEL_FALL_DB, SILENCE_DBFS)

    def status(self, samples: int, lost_samples: int) -> LiveStatus:
        """Return a snapshot."""
        span_s = self._handed_s[-1] - self._handed_s[0] if len(self._handed_s) > 1 else 0.0
        return LiveStatus(
            frames=self.frames,
            late_frames=self.late_frames,
            dropped_frames=self.dropped_frames,
            frames_per_second=(len(self._handed_s) - 1) / span_s if span_s > 0 else 0.0,
            latency_ms=_recent_median(self._total_ms),
            look_ahead_ms=self.look_ahead_ms,
            compute_ms=_recent_median(self._compute_ms),
            pacing_ms=_recent_median(self._pacing_ms),
            level_dbfs=self.level_dbfs,
            lost_samples=lost_samples,
            seconds=samples / SAMPLE_RATE,
        )

    def figures(self, samples: int, stages: dict[str, Any]) -> dict[str, Any]:
        """Return the figures of a session under the names that the result of ``live`` has for them.

        Args:
            samples: sound consumed, at 16 kHz.
            stages: what each stage took; see :meth:`talkingface.stage_timing.StageTimer.summary`.
        """
        return {
            "frames": self.frames,
            "late_frames": self.late_frames,
            "dropped_frames": self.dropped_frames,
            "seconds": round(samples / SAMPLE_RATE, 4),
            "stages": stages,
            "latency_ms": self.latency(),
        }

    def latency(self) -> dict[str, Any]:
        """Return the latency and its parts in milliseconds, as the result of ``live`` shows it."""
        none = {"p50": 0.0, "p95": 0.0, "p99": 0.0}
        parts: dict[str, Any] = {"window": WINDOW_MS, "look_ahead": self.look_ahead_ms}
        parts["compute"] = percentiles(self._compute_ms) if self._compute_ms else none
        parts["pacing"] = percentiles(self._pacing_ms) if self._pacing_ms else none
        return {**(percentiles(self._total_ms) if self._total_ms else none), "parts": parts}


def _recent_median(values: deque[float]) -> float:
    """Return the median of the last two seconds; 0 where there is nothing yet."""
    first = max(0, len(values) - RECENT_FRAMES)
    return float(np.median(list(islice(values, first, None)))) if values else 0.0
