"""Decoding in a thread of its own, a few frames ahead of whoever looks at them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

POLL_S = 0.1
Item = TypeVar("Item")


class ReadAhead(Generic[Item]):
    """The same items in the same order, some of them made before they are asked for, beginning at once.

    Whatever the iterator raises is raised here, after the items before it. When this is closed early, or nobody has it
    any more, the thread ends after the item that it is at, and a generator of items is closed too.
    """

    def __init__(self, items: Iterator[Item], count: int) -> None:
        """Start the thread; up to ``count`` items wait."""
        waiting: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue(count)
        self._waiting = waiting
        self._stopped = threading.Event()
        # Not a method, because the thread must not keep this alive.
        self._thread = threading.Thread(
            target=_work, args=(items, waiting, self._stopped), name="read ahead", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[Item]:
        """Return this."""
        return self

    def __next__(self) -> Item:
        """Wait for the next item."""
        entry = None if self._stopped.is_set() else self._waiting.get()
        if isinstance(entry, tuple):
            return entry[0]
        self.close()
        if entry is None:
            raise StopIteration
        raise entry

    def close(self) -> None:
        """End the thread; may be called twice."""
        self._stopped.set()
        self._thread.join()

    def __del__(self) -> None:
        """End the thread with the last who had this."""
        if hasattr(self, "_thread"):
            self.close()


def _work(
    items: Iterator[Item],
    waiting: queue.Queue[tuple[Item] | BaseException | None],
    stopped: threading.Event,
) -> None:
    def put(entry: tuple[Item] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=POLL_S)
            except queue.Full:
                continue
            return

    try:
        for item in items:
            put((item,))
            if stopped.is_set():
                return
        put(None)
    except BaseException as error:  # whatever it is, it must reach the caller
        put(error)
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
