"""Frames kept in memory from the first reading of a clip, so that a short one is not decoded a second time."""

from __future__ import annotations

from collections.abc import Iterator

from talkingface.records import ImageArray

MOST_BYTES = 400_000_000


class KeptPlanes:
    """Keeps every frame that passes while all of them fit, else none."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Keep nothing yet.

        Args:
            most_bytes: beyond this everything is let go.
        """
        self._most_bytes = most_bytes
        self._bytes = 0
        self._frames: list[ImageArray] = []
        self._whole = False

    def passing(self, frames: Iterator[ImageArray]) -> Iterator[ImageArray]:
        """Yield the same frames; keep the arrays, which nobody may change."""
        for frame in frames:
            if not self._frames or frame is not self._frames[-1]:
                self._bytes += frame.nbytes
            if self._bytes <= self._most_bytes:
                self._frames.append(frame)
            else:
                self._frames.clear()
            yield frame
        self._whole = self._bytes <= self._most_bytes

    def again(self) -> Iterator[ImageArray] | None:
        """Return all frames once more, or None where they were too many, or not all passed."""
        return iter(self._frames) if self._whole else None
