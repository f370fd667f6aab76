"""Work that would hold the window up, done in another thread; the answer comes back into the window's own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from talkingface.errors import AvatarError

LOGGER = logging.getLogger(__name__)


class Background(QObject):
    """Does one thing after another; :attr:`busy` while there is something to do."""

    _answered = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        """Have nothing to do."""
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._waiting = 0
        self._answered.connect(self._answer)

    @property
    def busy(self) -> bool:
        """Whether something is being done."""
        return self._waiting > 0

    def do(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[str], None]) -> None:
        """Do something.

        Args:
            work: called in another thread.
            done: called in the window's thread with what it returned.
            failed: called in the window's thread with one sentence instead.
        """
        self._waiting += 1

        def run() -> None:
            try:
                result = work()
            except AvatarError as error:
                told = str(error)
                self._answered.emit(failed, told)
            except Exception as error:  # a thread has no caller: the person must be told all the same
                LOGGER.exception("unexpected")
                told = f"unexpected {type(error).__name__}: {error}"
                self._answered.emit(failed, told)
            else:
                self._answered.emit(done, result)

        self._pool.start(QRunnable.create(run))

    def wait(self, timeout_ms: int) -> bool:
        """Wait for what is being done; returns whether it ended."""
        return self._pool.waitForDone(timeout_ms)

    def _answer(self, told: Callable[[object], None], value: object) -> None:
        self._waiting -= 1
        told(value)
