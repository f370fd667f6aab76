"""Sound files as an audio source: as fast as they are read, or at the pace of real time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from talkingface.audio_files import iter_audio
from talkingface.errors import BadInputError
from talkingface.records import AudioChunk
from talkingface.seams import AudioSource, Clock
from talkingface.timing import SAMPLE_RATE


class AudioFileSource:
    """Streams a file; memory does not grow with its length. See :class:`talkingface.seams.AudioSource`."""

    def __init__(
        self, path: Path | str, block_samples: int, clock: Clock | None = None, *, rate_hz: int = SAMPLE_RATE
    ) -> None:
        """Open the file and decode its beginning, so that a bad file is told at once.

        Args:
            path: anything that PyAV decodes.
            block_samples: samples given out at a time.
            clock: given, a block comes when it would have been spoken; None gives blocks at once.
            rate_hz: 16 kHz for all that computes; another for sound that people hear.

        Raises:
            BadAudioError: missing, unreadable, without sound, or of zero length.
        """
        self._blocks = iter_audio(path, block_samples, rate_hz)
        self._rate_hz = rate_hz
        self._next = next(self._blocks, None)
        self._clock = clock
        self._start_s: float | None = None
        self._position = 0

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`.

        Raises:
            BadAudioError: the file turns out to be damaged further on.
        """
        if self._next is None:
            return None
        block = self._next
        if self._clock is not None and not self._wait_until_spoken(self._clock, len(block), timeout_s):
            return AudioChunk(np.zeros(0, np.float32), self._position)
        chunk = AudioChunk(block, self._position)
        self._position += len(block)
        self._next = next(self._blocks, None)
        return chunk

    def close(self) -> None:
        """Stop reading."""
        self._next = None
        self._blocks = iter(())

    def _wait_until_spoken(self, clock: Clock, samples: int, timeout_s: float) -> bool:
        now_s = clock.now_s()
        if self._start_s is None:
            self._start_s = now_s
        wait_s = self._start_s + (self._position + samples) / self._rate_hz - now_s
        clock.sleep_s(min(wait_s, timeout_s))
        return wait_s <= timeout_s


class LimitedSource:
    """Ends another source after a number of samples, to the sample."""

    def __init__(self, source: AudioSource, limit_samples: int) -> None:
        """Wrap a source.

        Raises:
            BadInputError: a limit below one sample.
        """
        if limit_samples < 1:
            raise BadInputError(f"expected at least one sample of sound, found a limit of {limit_samples}")
        self._source = source
        self._left = limit_samples

    @property
    def lost_samples(self) -> int:
        """Sound that the wrapped source lost; 0 where it cannot lose any."""
        return int(getattr(self._source, "lost_samples", 0))

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`."""
        if self._left <= 0:
            return None
        chunk = self._source.read(timeout_s)
        if chunk is None:
            self._left = 0
            return None
        kept = AudioChunk(chunk.samples[: self._left], chunk.start_sample)
        self._left -= len(kept.samples)
        return kept

    def close(self) -> None:
        """Close the wrapped source."""
        self._source.close()


class SilenceSource:
    """Endless digital silence at the pace of real time: it keeps a character moving while nobody speaks."""

    def __init__(self, block_samples: int, clock: Clock) -> None:
        """Start with the first read."""
        self._block = np.zeros(block_samples, np.float32)
        self._clock = clock
        self._next_s: float | None = None
        self._position = 0

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`; what was missed by more than a second is not made up for."""
        now_s = self._clock.now_s()
        period_s = len(self._block) / SAMPLE_RATE
        if self._next_s is None or now_s - self._next_s > 1.0:
            self._next_s = now_s + period_s
        wait_s = self._next_s - now_s
        self._clock.sleep_s(min(wait_s, timeout_s))
        if wait_s > timeout_s:
            return AudioChunk(self._block[:0], self._position)
        self._next_s += period_s
        self._position += len(self._block)
        return AudioChunk(self._block, self._position - len(self._block))

    def close(self) -> None:
        """Nothing to free."""


def sound_seconds(path: Path | str) -> float | None:
    """Return how long a file says its sound is, for a progress bar; None where it does not say."""
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            stream = container.streams.audio[0]
            if stream.duration and stream.time_base:
                return float(stream.duration * stream.time_base)
            return container.duration / av.time_base if container.duration else None
    except (av.FFmpegError, OSError, ValueError, IndexError):
        return None
