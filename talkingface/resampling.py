"""Stream resampling: a microphone's rate to 16 kHz, the same samples for any chunking."""

from __future__ import annotations

import numpy as np
import soxr

from talkingface.errors import BadAudioError
from talkingface.records import FloatArray
from talkingface.timing import SAMPLE_RATE

# soxr decides by chunk length where it cuts its work; a fixed length makes its output the same for any chunking.
BLOCK_SECONDS = 0.01


class StreamResampler:
    """Resamples mono float32 from ``source_rate_hz`` to 16 kHz; samples leave some milliseconds after they enter."""

    def __init__(self, source_rate_hz: int) -> None:
        """Make a resampler for one stream.

        Raises:
            BadAudioError: a rate outside 4 to 384 kHz.
        """
        if not 4_000 <= source_rate_hz <= 384_000:
            raise BadAudioError(f"expected a sample rate of 4000 to 384000 Hz, found {source_rate_hz}")
        self._same = source_rate_hz == SAMPLE_RATE
        self._block = max(1, round(source_rate_hz * BLOCK_SECONDS))
        self._waiting = np.zeros(0, np.float32)
        self._stream = (
            None if self._same else soxr.ResampleStream(source_rate_hz, SAMPLE_RATE, 1, dtype="float32")
        )

    def push(self, samples: FloatArray) -> FloatArray:
        """Take float32 (n,) at the source's rate and return the float32 (m,) at 16 kHz that are ready."""
        samples = np.asarray(samples, np.float32).reshape(-1)
        if self._stream is None:
            return samples
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) - len(self._waiting) % self._block
        ready = [
            self._stream.resample_chunk(self._waiting[start : start + self._block])
            for start in range(0, whole, self._block)
        ]
        self._waiting = self._waiting[whole:]
        return np.concatenate(ready) if ready else np.zeros(0, np.float32)

    def finish(self) -> FloatArray:
        """Return the last samples; nothing may be pushed after."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        rest = self._stream.resample_chunk(self._waiting, last=True)
        self._waiting = np.zeros(0, np.float32)
        return np.asarray(rest, np.float32)
