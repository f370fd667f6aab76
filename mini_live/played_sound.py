"""A sound at the pace of real time that can be paused and moved about in, such as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from mini_live.audio_file_source import sound_seconds
from talkingface.audio_files import iter_audio
from talkingface.records import AudioChunk, FloatArray
from talkingface.seams import Clock
from talkingface.timing import SAMPLE_RATE

LONGEST_CATCH_UP_S = 1.0

Blocks = Callable[[float], Iterator[FloatArray]]


class PlayedSound:
    """An audio source with a position; while paused it gives silence, so that the character goes on moving.

    See :class:`talkingface.seams.AudioSource`. :attr:`position_s` and :attr:`paused` may be read by any thread;
    all else belongs to the one that reads.
    """

    def __init__(self, blocks_from: Blocks, block_samples: int, clock: Clock, seconds: float | None) -> None:
        """Open the sound at its beginning, so that a bad one is told at once.

        Args:
            blocks_from: gives float32 (n,) blocks of 16 kHz sound, n at most ``block_samples``, from a time in
                seconds on.
            block_samples: length of a block, and of the silence while paused.
            clock: a block comes when it would have been spoken.
            seconds: how long the sound is; None where nobody knows.

        Raises:
            BadAudioError: the sound cannot be read.
        """
        self._blocks_from = blocks_from
        self._clock = clock
        self._silence = np.zeros(block_samples, np.float32)
        self._blocks = blocks_from(0.0)
        self._next: FloatArray | None = next(self._blocks, None)
        self._due_s: float | None = None
        self._given = 0
        self.seconds = seconds
        self.position_s = 0.0
        self.paused = False

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`.

        Raises:
            BadAudioError: the sound turns out to be damaged further on.
        """
        block = self._silence if self.paused else self._next
        if block is None:
            return None
        if not self._wait_until_spoken(len(block) / SAMPLE_RATE, timeout_s):
            return AudioChunk(self._silence[:0], self._given)
        if not self.paused:
            self.position_s += len(block) / SAMPLE_RATE
            self._next = next(self._blocks, None)
        self._given += len(block)
        return AudioChunk(block, self._given - len(block))

    def seek(self, position_s: float) -> None:
        """Go on from another place.

        Raises:
            BadAudioError: the sound cannot be read any more.
        """
        latest_s = position_s if self.seconds is None else min(position_s, self.seconds)
        self.position_s = max(0.0, latest_s)
        self._blocks = self._blocks_from(self.position_s)
        self._next = next(self._blocks, None)

    def close(self) -> None:
        """Stop reading; may be called twice."""
        self._next = None
        self._blocks = iter(())
        self.paused = False

    def _wait_until_spoken(self, block_s: float, timeout_s: float) -> bool:
        """Wait for the end of the next block; what was missed by more than a second is not made up for."""
        now_s = self._clock.now_s()
        if self._due_s is None or now_s - self._due_s > LONGEST_CATCH_UP_S:
            self._due_s = now_s
        wait_s = self._due_s + block_s - now_s
        self._clock.sleep_s(min(wait_s, timeout_s))
        if wait_s > timeout_s:
            return False
        self._due_s += block_s
        return True


def played_file(path: Path, block_samples: int, clock: Clock) -> PlayedSound:
    """Return the sound of a file or video.

    Raises:
        BadAudioError: missing, unreadable, without sound, or of zero length.
    """
    return PlayedSound(
        lambda start_s: iter_audio(path, block_samples, start_s=start_s),
        block_samples,
        clock,
        sound_seconds(path),
    )


def played_samples(samples: FloatArray, block_samples: int, clock: Clock) -> PlayedSound:
    """Return float32 (n,) sound at 16 kHz as one that is played."""

    def blocks_from(start_s: float) -> Iterator[FloatArray]:
        for begin in range(round(start_s * SAMPLE_RATE), len(samples), block_samples):
            yield samples[begin : begin + block_samples]

    return PlayedSound(blocks_from, block_samples, clock, len(samples) / SAMPLE_RATE)
