"""When a live frame is due: the clock of the sound, carried onto the machine's clock."""

from __future__ import annotations

from collections import deque

from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, samples_needed

FRAME_PERIOD_S = 1.0 / FRAMES_PER_SECOND
MEMORY_S = 10.0
RECENT_S = 0.5
JUMP_S = 0.1


class AudioPacer:
    """Learns from each arrival of sound when sample n was heard, and from that when a frame is due.

    The earliest arrival of the last seconds counts: later ones were held up on their way. So a jittery device
    gives a steady picture, and a sound clock that drifts against the machine's is followed. Where all arrivals
    of the last half second are much later (the device lost sound), what was learnt before is forgotten.
    """

    def __init__(self, look_ahead_ms: int, margin_s: float) -> None:
        """Start without knowledge.

        Args:
            look_ahead_ms: how much future sound the mouth model waits for.
            margin_s: how much later than its last sample a frame is shown, to even out arrivals in blocks.
        """
        self._look_ahead_ms = look_ahead_ms
        self.margin_s = margin_s
        self._lowest = _SlidingMinimum(MEMORY_S)
        self._recent = _SlidingMinimum(RECENT_S)

    def arrived(self, end_sample: int, now_s: float) -> None:
        """Learn that the sound up to ``end_sample`` was there at ``now_s``."""
        offset_s = now_s - end_sample / SAMPLE_RATE
        self._recent.add(now_s, offset_s)
        self._lowest.add(now_s, offset_s)
        if self._recent.covers_its_span and self._recent.value - self._lowest.value > JUMP_S:
            self._lowest.clear()
            self._lowest.add(now_s, self._recent.value)

    def restart(self) -> None:
        """Forget what was learnt: another source goes on."""
        kept_s = self._lowest.value
        self._recent, self._lowest = _SlidingMinimum(RECENT_S, kept_s), _SlidingMinimum(MEMORY_S, kept_s)

    def heard_s(self, frame: int) -> float:
        """Return when the sound that frame ``frame`` answers was at the source, on the machine's clock."""
        return self._lowest.value + frame / FRAMES_PER_SECOND

    def due_s(self, frame: int) -> float:
        """Return when that frame should be handed over, on the machine's clock."""
        return self._lowest.value + samples_needed(frame, self._look_ahead_ms) / SAMPLE_RATE + self.margin_s


class _SlidingMinimum:
    """The smallest of the values of the last seconds."""

    def __init__(self, span_s: float, before: float = 0.0) -> None:
        self._span_s = span_s
        self._before = before
        self._kept: deque[tuple[float, float]] = deque()
        self._began_s: float | None = None
        self.covers_its_span = False

    @property
    def value(self) -> float:
        return self._kept[0][1] if self._kept else self._before

    def add(self, now_s: float, value: float) -> None:
        if self._began_s is None:
            self._began_s = now_s
        self.covers_its_span = now_s - self._began_s > self._span_s
        while self._kept and self._kept[-1][1] >= value:
            self._kept.pop()
        self._kept.append((now_s, value))
        while self._kept[0][0] < now_s - self._span_s:
            self._kept.popleft()

    def clear(self) -> None:
        self._kept.clear()
