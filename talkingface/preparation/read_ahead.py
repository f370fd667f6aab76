"""Decoding in a thread of its own, a few frames ahead of whoever looks at them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

POLL_S = 0.1
Item = TypeVar("Item")


def read_ahead(items: Iterator[Item], count: int) -> Iterator[Item]:
    """Yield the same items in the same order, up to ``count`` of them made before they are asked for.

    Whatever the iterator raises is raised here, after the items before it. When this is closed early, the thread
    ends after the item that it is at.
    """
    waiting: queue.Queue[tuple[Item] | BaseException | None] = queue.Queue(count)
    stopped = threading.Event()

    def put(entry: tuple[Item] | BaseException | None) -> None:
        while not stopped.is_set():
            try:
                waiting.put(entry, timeout=POLL_S)
            except queue.Full:
                continue
            return

    def work() -> None:
        try:
            for item in items:
                put((item,))
                if stopped.is_set():
                    return
            put(None)
        except BaseException as error:  # whatever it is, it must reach the caller
            put(error)

    thread = threading.Thread(target=work, name="read ahead", daemon=True)
    thread.start()
    try:
        while (entry := waiting.get()) is not None:
            if isinstance(entry, BaseException):
                raise entry
            yield entry[0]
    finally:
        stopped.set()
        thread.join()
