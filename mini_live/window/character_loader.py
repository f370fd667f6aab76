"""Loads characters beside the live loop, one at a time; who is asked for last is who comes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from mini_live.wiring import CharacterParts
from talkingface.errors import AvatarError


class CharacterLoader:
    """A thread that lives while something is to be loaded. All methods may be called from any thread."""

    def __init__(
        self,
        load: Callable[[Path | None], CharacterParts],
        on_loaded: Callable[[], None],
        on_failed: Callable[[Path | None, AvatarError], None],
    ) -> None:
        """Load nothing yet.

        Args:
            load: loads a folder, in this loader's thread.
            on_loaded: told, in that thread, that :meth:`take` has something.
            on_failed: told, in that thread, which folder cannot be loaded and why.
        """
        self._load = load
        self._on_loaded = on_loaded
        self._on_failed = on_failed
        self._lock = threading.Lock()
        self._wanted: list[Path | None] = []
        self._loaded: CharacterParts | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, folder: Path | None) -> None:
        """Have a folder loaded instead of whatever was asked for before."""
        with self._lock:
            self._wanted = [folder]
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="character", daemon=True)
                self._thread.start()

    def take(self) -> CharacterParts | None:
        """Return what was loaded last, once; the caller closes it."""
        with self._lock:
            loaded, self._loaded = self._loaded, None
        return loaded

    def close(self) -> None:
        """Load nothing more and free what nobody took."""
        with self._lock:
            self._closed, self._wanted = True, []
            thread = self._thread
        if thread is not None:
            thread.join()
        self._put(None)

    def _work(self) -> None:
        while (folder := self._next()) is not _NOTHING:
            assert folder is None or isinstance(folder, Path)
            try:
                parts = self._load(folder)
            except AvatarError as error:
                self._on_failed(folder, error)
                continue
            self._put(parts)
            self._on_loaded()

    def _next(self) -> object:
        with self._lock:
            if self._wanted:
                return self._wanted.pop()
            self._thread = None
            return _NOTHING

    def _put(self, parts: CharacterParts | None) -> None:
        with self._lock:
            before, self._loaded = self._loaded, parts
        if before is not None:
            before.close()


_NOTHING = object()
