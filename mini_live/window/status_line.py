"""The discreet line at the window's foot: frame rate, lateness, latency, lost sound."""

from __future__ import annotations

from mini_live.live_statistics import LiveStatus
from mini_live.messages import Messages
from talkingface.timing import SAMPLE_RATE

GAP = "    "


def status_line(status: LiveStatus, messages: Messages) -> str:
    """Return the figures as one line of text; a blank where there are none yet."""
    if not status.frames:
        return " "
    text = messages.text
    parts = [
        text("status", fps=status.frames_per_second),
        text("status_late", late=status.late_frames, dropped=status.dropped_frames),
        text("status_latency", latency=status.latency_ms),
    ]
    if status.lost_samples:
        parts.append(text("lost", seconds=status.lost_samples / SAMPLE_RATE))
    return GAP.join(parts)
