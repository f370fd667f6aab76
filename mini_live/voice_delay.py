"""The voice as it is to be heard: each sample when its picture is shown, whatever picture and device do."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from talkingface.records import AudioChunk, FloatArray
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE

KEPT_SAMPLES = 2 * SAMPLE_RATE
REMEMBERED_FRAMES = FRAMES_PER_SECOND
JUMP_SAMPLES = 30 * SAMPLE_RATE // 1000
UNHEARD_SAMPLES = SAMPLE_RATE // 1000
MOST_STRETCH = 0.01
FADE_SAMPLES = 5 * SAMPLE_RATE // 1000


class VoiceDelay:
    """Keeps the sound of the last seconds and gives a device what belongs to the picture at the time it is heard.

    Frames tell how much later than its sound a picture is shown; the median of the last second counts. Where the
    sound is not quite where it should be, it is played up to one percent faster or slower, which nobody hears;
    beyond 30 ms it jumps. So neither the device's clock nor frames that come late or never make it drift.
    """

    def __init__(self) -> None:
        """Start without sound."""
        self._heard = np.zeros(0, np.float32)
        self._heard_from = 0
        self._shown_after_s: deque[float] = deque(maxlen=REMEMBERED_FRAMES)
        self._delay_s: float | None = None
        self._place: float | None = None
        self._lock = threading.Lock()
        self.jumps = 0
        self.gaps = 0

    def hear(self, chunk: AudioChunk) -> None:
        """Keep the sound that comes in, for two seconds."""
        with self._lock:
            if chunk.start_sample != self._heard_from + len(self._heard):
                self._heard, self._heard_from = np.zeros(0, np.float32), chunk.start_sample
            self._heard = np.concatenate([self._heard, chunk.samples])
            surplus = max(0, len(self._heard) - KEPT_SAMPLES)
            self._heard, self._heard_from = self._heard[surplus:], self._heard_from + surplus

    def show(self, frame_index: int, now_s: float) -> None:
        """Learn that a frame is shown now.

        Args:
            frame_index: its number.
            now_s: the time, on the clock that :meth:`take` is told.
        """
        self._shown_after_s.append(now_s - frame_index / FRAMES_PER_SECOND)
        self._delay_s = float(np.median(self._shown_after_s))

    def take(self, out: FloatArray, heard_s: float) -> None:
        """Fill float32 (n,) for the device; called from its thread.

        Args:
            out: what is handed to the device.
            heard_s: when its first sample will be heard.
        """
        if self._delay_s is None:
            out[:] = 0.0
            return
        wanted = (heard_s - self._delay_s) * SAMPLE_RATE
        jumped = self._place is None or abs(wanted - self._place) > JUMP_SAMPLES
        place = wanted if jumped or self._place is None else self._place
        step = 1.0 + _stretch(wanted - place)
        if step == 1.0:
            place = float(round(place))
        self._place = place + step * len(out)
        with self._lock:
            heard, begin = self._heard, place - self._heard_from
        last = begin + step * (len(out) - 1)
        _read(heard, begin, last, out)
        if jumped:
            self.jumps += 1
            ramp = min(FADE_SAMPLES, len(out))
            out[:ramp] *= np.linspace(0.0, 1.0, ramp, dtype=np.float32)
        if begin >= 0 and last > len(heard) - 1:
            self.gaps += 1


def _read(heard: FloatArray, first: float, last: float, out: FloatArray) -> None:
    """Fill ``out`` with the sound from a place to another, which need not be whole numbers; silence where none is."""
    begin = int(np.floor(first))
    end = int(np.floor(last)) + 2
    kept = heard[max(0, begin) : max(0, end)]
    if not len(kept):
        out[:] = 0.0
        return
    near = np.zeros(end - begin, np.float32)
    near[max(0, -begin) :][: len(kept)] = kept
    if end - begin == len(out) + 1 and first == begin:
        out[:] = near[: len(out)]
    else:
        out[:] = np.interp(np.linspace(first, last, len(out)) - begin, np.arange(len(near)), near)


def _stretch(missing_samples: float) -> float:
    """Return by which share to play faster, to make up for that many samples within a second."""
    if abs(missing_samples) < UNHEARD_SAMPLES:
        return 0.0
    return max(-MOST_STRETCH, min(MOST_STRETCH, missing_samples / SAMPLE_RATE))
