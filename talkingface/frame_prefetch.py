"""Base frames decoded ahead in a thread, for callers that ask for them in order."""

from __future__ import annotations

import queue
import threading
from typing import Protocol

from talkingface.records import ImageArray

AHEAD_FRAMES = 3
POLL_S = 0.1


class OrderedFrames(Protocol):
    """A base video that gives any frame."""

    def frame(self, index: int) -> ImageArray:
        """Return a fresh uint8 (height, width, 3) RGB array."""

    def close(self) -> None:
        """Free it; may be called twice."""


class PrefetchedFrames:
    """Decodes the frames after the last one asked for, so that they wait when they are wanted.

    Decoding runs outside of Python's lock, so a second core takes it off the caller's time. One thread may ask.
    """

    def __init__(self, frames: OrderedFrames) -> None:
        """Take over a base video; it is then used by the decoding thread alone, and closed with this object."""
        self._frames = frames
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._ready: queue.Queue[tuple[int, ImageArray | Exception]] = queue.Queue(AHEAD_FRAMES)
        self._expected = -1

    def frame(self, index: int) -> ImageArray:
        """Return frame ``index``; a jump starts the decoding anew.

        Raises:
            AvatarError: what decoding raised.
        """
        if index != self._expected or self._thread is None:
            self._restart(index)
        number, found = self._ready.get()
        assert number == index
        if isinstance(found, Exception):
            self._halt()
            raise found
        self._expected = index + 1
        return found

    def close(self) -> None:
        """Stop the thread and close the base video; may be called twice."""
        self._halt()
        self._frames.close()

    def _restart(self, index: int) -> None:
        self._halt()
        self._stop = threading.Event()
        self._ready = queue.Queue(AHEAD_FRAMES)
        self._expected = index
        self._thread = threading.Thread(
            target=self._decode, args=(index, self._stop, self._ready), name="base-frames", daemon=True
        )
        self._thread.start()

    def _halt(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _decode(
        self, index: int, stop: threading.Event, ready: queue.Queue[tuple[int, ImageArray | Exception]]
    ) -> None:
        while not stop.is_set():
            found: ImageArray | Exception
            try:
                found = self._frames.frame(index)
            except Exception as error:  # whatever it is, the caller must not wait for ever
                found = error
            while not stop.is_set():
                try:
                    ready.put((index, found), timeout=POLL_S)
                    break
                except queue.Full:
                    continue
            if isinstance(found, Exception):
                return
            index += 1
