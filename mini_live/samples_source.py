"""Samples in memory as an audio source."""

from __future__ import annotations

from talkingface.errors import BadInputError
from talkingface.records import AudioChunk, FloatArray


class SamplesSource:
    """Gives out samples as fast as they are read. See :class:`talkingface.seams.AudioSource`."""

    def __init__(self, samples: FloatArray, block_samples: int) -> None:
        """Keep the samples.

        Args:
            samples: float32 (n,) mono in -1..1, n > 0.
            block_samples: samples given out at a time.

        Raises:
            BadInputError: no samples, or a block below one.
        """
        if not len(samples) or block_samples < 1:
            raise BadInputError(
                f"expected samples in blocks of one or more, found {len(samples)} in blocks of {block_samples}"
            )
        self._samples = samples
        self._block = block_samples
        self._position = 0

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`."""
        start = self._position
        if start >= len(self._samples):
            return None
        block = self._samples[start : start + self._block]
        self._position += len(block)
        return AudioChunk(block, start)

    def close(self) -> None:
        """Give out nothing more."""
        self._position = len(self._samples)
