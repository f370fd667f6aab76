"""The discreet line at the window's foot: frame rate, lateness, load, latency with its parts, lost sound."""

from __future__ import annotations

import logging
import time

from PySide6.QtWidgets import QLabel

from mini_live.live_statistics import LiveStatus
from mini_live.messages import Messages
from talkingface.timing import SAMPLE_RATE, WINDOW_MS

GAP = "     "
LOAD_PERIOD_S = 2.0
LOG_PERIOD_S = 60.0
SHOWN_EVERY_S = 1.0
NONE_YET = " "
LOGGER = logging.getLogger(__name__)


class ProcessorLoad:
    """How much of one processor core this program uses, over the last two seconds."""

    def __init__(self) -> None:
        """Start to measure."""
        self._before = (time.monotonic(), time.process_time())
        self.percent = 0.0

    def look(self) -> float:
        """Return the load in percent of one core."""
        wall_s, used_s = time.monotonic(), time.process_time()
        if wall_s - self._before[0] >= LOAD_PERIOD_S:
            self.percent = 100 * (used_s - self._before[1]) / (wall_s - self._before[0])
            self._before = (wall_s, used_s)
        return self.percent


class StatusLine(QLabel):
    """Shows the figures, and writes them into the log once a minute."""

    def __init__(self, messages: Messages) -> None:
        """Start without figures."""
        super().__init__(objectName="status")
        self._messages = messages
        self._load = ProcessorLoad()
        self._logged_s = time.monotonic()
        self._next_s = 0.0

    def show_figures(self, status: LiveStatus) -> None:
        """Show the figures of now, once a second: nobody reads them faster."""
        now_s = time.monotonic()
        if now_s < self._next_s and self.text() != NONE_YET:
            return
        self._next_s = now_s + SHOWN_EVERY_S
        load_percent = self._load.look()
        self.setText(status_text(status, self._messages, load_percent))
        if now_s - self._logged_s >= LOG_PERIOD_S:
            self._logged_s = now_s
            LOGGER.info(
                "figures: frames=%d late=%d dropped=%d fps=%.1f latency_ms=%.0f lost_samples=%d seconds=%.0f cpu=%.0f",
                status.frames, status.late_frames, status.dropped_frames, status.frames_per_second,
                status.latency_ms, status.lost_samples, status.seconds, load_percent,
            )  # fmt: skip

    def retranslate(self) -> None:
        """Write the tool tip again; the figures come by themselves, and at once."""
        self._next_s = 0.0
        self.setToolTip(self._messages.text("latency_hint"))


def status_text(status: LiveStatus, messages: Messages, load_percent: float) -> str:
    """Return the figures as one line of text; a blank where there are none yet."""
    if not status.frames:
        return NONE_YET
    text = messages.text
    parts = [
        text("status", fps=status.frames_per_second),
        text("status_late", late=status.late_frames, dropped=status.dropped_frames),
        text("status_load", load=load_percent),
        text(
            "status_latency",
            latency=status.latency_ms,
            window=WINDOW_MS,
            look_ahead=status.look_ahead_ms,
            compute=status.compute_ms,
            pacing=status.pacing_ms,
        ),
    ]
    if status.lost_samples:
        parts.append(text("lost", seconds=status.lost_samples / SAMPLE_RATE))
    return GAP.join(parts)
