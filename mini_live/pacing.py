"""When a live frame is due: the clock of the sound, carried onto the machine's clock."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, samples_needed

FRAME_PERIOD_S = 1.0 / FRAMES_PER_SECOND
MEMORY_S = 10.0
RECENT_S = 0.5
JUMP_S = 0.1
REMEMBERED_FRAMES = 20 * FRAMES_PER_SECOND
FEWEST_FRAMES = 2 * FRAMES_PER_SECOND
IN_TIME_SHARE = 0.95
MOST_MORE_S = 0.08
LATER_BY_S = 0.00025
EARLIER_BY_S = 0.0001
SPARE_S = 0.01


class AudioPacer:
    """Learns from each arrival of sound when sample n was heard, and from that when a frame is due.

    The earliest arrival of the last seconds counts: later ones were held up on their way. So a jittery device
    gives a steady picture, and a sound clock that drifts against the machine's is followed. Where all arrivals
    of the last half second are much later (the device lost sound), what was learnt before is forgotten.

    How much later than its last sample a frame is shown is learnt too: as late as 95 of 100 frames are ready, where
    sound comes in bursts or computing takes its time. It grows by a quarter of a millisecond a frame, which nobody
    sees, at most to 80 ms more than the least; where it is far too much it shrinks by a tenth of a millisecond.
    """

    def __init__(self, look_ahead_ms: int, margin_s: float) -> None:
        """Start without knowledge.

        Args:
            look_ahead_ms: how much future sound the mouth model waits for.
            margin_s: how much later than its last sample a frame is shown at least, to even out arrivals in blocks.
        """
        self._look_ahead_ms = look_ahead_ms
        self._least_s = margin_s
        self._margin_s = margin_s
        self._lags_s = _SlidingQuantile(REMEMBERED_FRAMES, IN_TIME_SHARE)
        self._free_s = 0.0
        self.delay_s = 0.0
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

    def made(self, frame: int, heard_s: float, compute_s: float) -> None:
        """Learn how long a frame took, in order.

        Args:
            frame: its number.
            heard_s: when the last of the sound that it needs had come.
            compute_s: spent on it; had nothing been waited for, it would have been ready that much later.
        """
        self._free_s = max(self._free_s, heard_s) + compute_s
        self._lags_s.add(self._free_s - self._promised_s(frame))
        if len(self._lags_s) < FEWEST_FRAMES:
            return
        wanted_s = min(max(self._lags_s.value, self._least_s), self._least_s + MOST_MORE_S)
        if wanted_s > self._margin_s:
            self._margin_s += min(wanted_s - self._margin_s, LATER_BY_S)
        elif wanted_s < self._margin_s - SPARE_S:
            self._margin_s -= EARLIER_BY_S

    def restart(self) -> None:
        """Forget what was learnt: another source goes on."""
        self._lags_s.clear()
        kept_s = self._lowest.value
        self._recent, self._lowest = _SlidingMinimum(RECENT_S, kept_s), _SlidingMinimum(MEMORY_S, kept_s)

    def heard_s(self, frame: int) -> float:
        """Return when the sound that frame ``frame`` answers was at the source, on the machine's clock."""
        return self._lowest.value + frame / FRAMES_PER_SECOND

    def due_s(self, frame: int) -> float:
        """Return when that frame should be handed over, on the machine's clock."""
        return self._promised_s(frame) + self._margin_s + self.delay_s

    def _promised_s(self, frame: int) -> float:
        """Return when the last sample that a frame needs is there, if nothing is held up."""
        return self._lowest.value + samples_needed(frame, self._look_ahead_ms) / SAMPLE_RATE


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


class _SlidingQuantile:
    """The value which a share of the last values does not pass, between two of them where it falls so."""

    def __init__(self, most: int, share: float) -> None:
        self._most = most
        self._share = share
        self._in_order: deque[float] = deque()
        self._by_size: list[float] = []

    def __len__(self) -> int:
        return len(self._in_order)

    @property
    def value(self) -> float:
        place = self._share * (len(self._by_size) - 1)
        below = int(place)
        above = min(below + 1, len(self._by_size) - 1)
        return self._by_size[below] + (place - below) * (self._by_size[above] - self._by_size[below])

    def add(self, value: float) -> None:
        if len(self._in_order) == self._most:
            del self._by_size[bisect_left(self._by_size, self._in_order.popleft())]
        self._in_order.append(value)
        insort(self._by_size, value)

    def clear(self) -> None:
        self._in_order.clear()
        self._by_size.clear()
