"""MediaPipe, imported in half the time: without the plotting library that it names and nothing here uses."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

PLOTTING = "matplotlib"


def solution(name: str) -> Any:
    """Import one of ``mediapipe.python.solutions``.

    Raises:
        ImportError: mediapipe is not installed.
    """
    with without_plotting():
        return importlib.import_module(f"mediapipe.python.solutions.{name}")


@contextlib.contextmanager
def without_plotting() -> Iterator[None]:
    """Let an import of matplotlib find an empty stand-in, unless the real one is there; it is gone afterwards.

    MediaPipe's drawing of landmarks imports pyplot, which takes longer than all the rest of MediaPipe together.
    """
    if PLOTTING in sys.modules:
        yield
        return
    library, pyplot = ModuleType(PLOTTING), ModuleType(f"{PLOTTING}.pyplot")
    library.pyplot = pyplot  # type: ignore[attr-defined]
    sys.modules.update({library.__name__: library, pyplot.__name__: pyplot})
    try:
        yield
    finally:
        for stand_in in (library, pyplot):
            if sys.modules.get(stand_in.__name__) is stand_in:
                del sys.modules[stand_in.__name__]
