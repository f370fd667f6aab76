"""When a live frame is due: the clock of the sound, carried onto the machine's clock."""

from __future__ import annotations

from collections import deque

from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, samples_needed

FRAME_PERIOD_S = 1.0 / FRAMES_PER_SECOND
MEMORY_S = 10.0


class AudioPacer:
    """Learns from each arrival of sound when sample n was heard, and from that when a frame is due.

    The earliest arrival of the last seconds counts: later ones were held up on their way. So a jittery device
    gives a steady picture, and a sound clock that drifts against the machine's is followed.
    """

    def __init__(self, look_ahead_ms: int, margin_s: float) -> None:
        """Start without knowledge.

        Args:
            look_ahead_ms: how much future sound the mouth model waits for.
            margin_s: how much later than its last sample a frame is shown, to even out arrivals in blocks.
        """
        self._look_ahead_ms = look_ahead_ms
        self.margin_s = margin_s
        self._arrivals: deque[tuple[float, float]] = deque()

    def arrived(self, end_sample: int, now_s: float) -> None:
        """Learn that the sound up to ``end_sample`` was there at ``now_s``."""
        offset_s = now_s - end_sample / SAMPLE_RATE
        while self._arrivals and self._arrivals[-1][1] >= offset_s:
            self._arrivals.pop()
        self._arrivals.append((now_s, offset_s))
        while self._arrivals[0][0] < now_s - MEMORY_S:
            self._arrivals.popleft()

    def heard_s(self, frame: int) -> float:
        """Return when the sound that frame ``frame`` answers was at the source, on the machine's clock."""
        return self._offset_s() + frame / FRAMES_PER_SECOND

    def due_s(self, frame: int) -> float:
        """Return when that frame should be handed over, on the machine's clock."""
        return self._offset_s() + samples_needed(frame, self._look_ahead_ms) / SAMPLE_RATE + self.margin_s

    def _offset_s(self) -> float:
        return self._arrivals[0][1] if self._arrivals else 0.0
