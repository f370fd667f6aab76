"""Inner loops over pixels, vertices and network layers, compiled where numpy and OpenCV have no such operation.

A loop is compiled when it is first called and kept beside the code, or in the user's cache where that folder cannot
be written, so that only the very first start waits. The compiler itself is loaded at the first call of any loop, so
that a program which draws nothing does not wait for it. A loop works without Python's lock: other threads go on.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

# What numba looks for in vain here: linear algebra, foreign functions and a file of settings, which no loop uses and
# which would make every start of the program a third of a second longer.
LEFT_OUT = {
    "scipy.linalg": "numba.np.arraymath",
    "cffi": "numba.core.typing.cffi_utils",
    "yaml": "numba.core.config",
}

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Have a function of numbers and arrays compiled for the types it is called with.

    Nothing is checked inside: callers answer for shapes and types. What it calls must be compiled in the same file,
    because a kept loop is made anew only when its own file changes; so it keeps constants of other files as they were.
    """
    return cast(Loop, _Later(loop))


def compiled_fused(loop: Loop) -> Loop:
    """Do the same, but let a product and a sum be rounded once, together, where the processor can; for networks."""
    return cast(Loop, _Later(loop, fastmath={"contract"}))


def load_compiler() -> None:
    """Load the compiler now, where it is known that loops will be called."""
    _numba()


class _Later:
    """Stands for a loop until one of its file is called; then all of that file become numba's own."""

    def __init__(self, loop: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, loop)
        self._loop = loop
        self._options = {"nogil": True, "error_model": "numpy", **options}

    def __call__(self, *arguments: Any) -> Any:
        return self._code(*arguments)

    @functools.cached_property
    def _code(self) -> Callable[..., Any]:
        """The loop, with all others of its file made ready for it to call."""
        names = self._loop.__globals__
        for name, value in list(names.items()):
            if isinstance(value, _Later):
                names[name] = value._dispatcher
        return self._dispatcher

    @functools.cached_property
    def _dispatcher(self) -> Callable[..., Any]:
        compile_for = _numba().njit
        try:
            return cast("Callable[..., Any]", compile_for(cache=True, **self._options)(self._loop))
        except RuntimeError:  # no folder can be written: every start compiles anew
            return cast("Callable[..., Any]", compile_for(**self._options)(self._loop))


@functools.cache
def _numba() -> Any:
    left_out = [package for package in LEFT_OUT if package not in sys.modules]
    for package in left_out:
        sys.modules[package] = None  # type: ignore[assignment]  # which makes importing it fail
    try:
        numba = importlib.import_module("numba")
        for package in left_out:
            importlib.import_module(LEFT_OUT[package])
    finally:
        for package in left_out:
            del sys.modules[package]
    return numba
