"""One thread that owns the models, the drawing and every avatar; all others hand it work and wait."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from mini_live.service.refusals import BusyError, ClosedError
from mini_live.wiring import Avatar, Mouth, open_avatar, open_mouth

MOST_ORDERS = 64
CLOSING_S = 10.0
Result = TypeVar("Result")
LongWork = Callable[[Callable[[], None]], None]


@dataclass(frozen=True)
class _Order:
    """Something short to do, and who waits for it."""

    do: Callable[[], None]
    promise: Future[Any] | None = None


class Studio:
    """Does short orders between the frames of long works, so that a live picture goes on while videos are made."""

    def __init__(self, renderer: str) -> None:
        """Keep the renderer's name; nothing starts before :meth:`start`."""
        self._renderer = renderer
        self._orders: queue.Queue[_Order] = queue.Queue()
        self._works: deque[LongWork] = deque()
        self._avatars: dict[int, Avatar] = {}
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._mouth: Mouth | None = None
        self._log = logging.getLogger(__name__)

    @property
    def mouth(self) -> Mouth:
        """The mouth model and space; its streams are the studio thread's.

        Raises:
            ClosedError: the studio was not started.
        """
        if self._mouth is None:
            raise ClosedError("expected a running studio, found one that was not started")
        return self._mouth

    def start(self) -> None:
        """Load the mouth model and start the thread; may be called twice.

        Raises:
            CheckpointError: the weights are missing or damaged.
        """
        if self._thread is None:
            self._mouth = open_mouth()
            self._thread = threading.Thread(target=self._work, name="studio", daemon=True)
            self._thread.start()

    def call(self, order: Callable[[], Result]) -> Future[Result]:
        """Have something short done by the thread, between two frames of whatever it does.

        Raises:
            BusyError: too many orders wait.
            ClosedError: the studio is closed or was not started.
        """
        if self._thread is None or self._stopping.is_set():
            raise ClosedError("the service is shutting down")
        if self._orders.qsize() >= MOST_ORDERS:
            raise BusyError(f"expected at most {MOST_ORDERS} orders at once, found more: try again later")
        promise: Future[Result] = Future()
        self._orders.put(_Order(partial(_fulfil, promise, order), promise))
        return promise

    def post(self, order: Callable[[], None]) -> None:
        """Have something short done that nobody waits for; a closed studio forgets it."""
        self._orders.put(_Order(order))

    def submit(self, work: LongWork) -> None:
        """Have something long done, one after another; it gets a function to call between its frames."""
        self._works.append(work)
        self.post(_nothing)

    def open_avatar(self, folder: Path) -> Avatar:
        """Open a character; on the studio's thread only. See :func:`mini_live.wiring.open_avatar`."""
        avatar = open_avatar(folder, self._renderer, self.mouth.space)
        self._avatars[id(avatar)] = avatar
        return avatar

    def close_avatar(self, avatar: Avatar) -> None:
        """Close a character that was opened here; on the studio's thread only, may be called twice."""
        if self._avatars.pop(id(avatar), None) is not None:
            avatar.close()

    def close(self) -> None:
        """Break off what runs, free everything and end the thread; may be called twice, from any other thread."""
        self._stopping.set()
        self.post(_nothing)
        if self._thread is not None:
            self._thread.join(CLOSING_S)

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                self._obey(self._orders.get())
                while self._works and not self._stopping.is_set():
                    self._do(self._works.popleft())
        finally:
            self._free()

    def _do(self, work: LongWork) -> None:
        try:
            work(self._breathe)
        except ClosedError:
            return
        except Exception:  # a work reports its own failures; whatever else comes must not end the thread
            self._log.exception("a long work failed")

    def _breathe(self) -> None:
        """Do the orders that wait now.

        Raises:
            ClosedError: the studio is closing.
        """
        for _ in range(self._orders.qsize()):
            with suppress(queue.Empty):
                self._obey(self._orders.get_nowait())
        if self._stopping.is_set():
            raise ClosedError("the service is shutting down")

    def _obey(self, order: _Order) -> None:
        try:
            order.do()
        except Exception:  # nobody waits for it, and it must not end the thread
            self._log.exception("an order failed")

    def _free(self) -> None:
        for avatar in list(self._avatars.values()):
            with suppress(Exception):
                self.close_avatar(avatar)
        with suppress(queue.Empty):
            while True:
                promise = self._orders.get_nowait().promise
                if promise is not None and promise.set_running_or_notify_cancel():
                    promise.set_exception(ClosedError("the service is shutting down"))


def _nothing() -> None:
    """Wake the thread."""


def _fulfil(promise: Future[Result], order: Callable[[], Result]) -> None:
    if not promise.set_running_or_notify_cancel():
        return
    try:
        promise.set_result(order())
    except BaseException as error:  # it belongs to whoever waits
        promise.set_exception(error)
