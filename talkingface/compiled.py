"""Inner loops over pixels, compiled to machine code where numpy and OpenCV have no such operation.

A loop is compiled when it is first called and kept beside the code, or in the user's cache where that folder cannot
be written, so that only the very first start waits. It works without Python's lock: other threads go on.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar, cast

# What numba looks for in vain here: linear algebra and foreign functions, which no loop uses and which would make
# every start of the program a third of a second longer.
LEFT_OUT = {"scipy.linalg": "numba.np.arraymath", "cffi": "numba.core.typing.cffi_utils"}

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Have a function of numbers and arrays compiled for the types it is called with.

    Nothing is checked inside: callers answer for shapes and types. What it calls must be compiled in the same file,
    because a kept loop is made anew only when its own file changes.
    """
    compile_for = _numba().njit
    try:
        return cast(Loop, compile_for(cache=True, nogil=True, error_model="numpy")(loop))
    except RuntimeError:  # no folder can be written: every start compiles anew
        return cast(Loop, compile_for(nogil=True, error_model="numpy")(loop))


@functools.cache
def _numba() -> Any:
    numba = importlib.import_module("numba")
    for package, user in LEFT_OUT.items():
        if package in sys.modules:
            continue
        sys.modules[package] = None  # type: ignore[assignment]  # which makes importing it fail
        try:
            importlib.import_module(user)
        finally:
            del sys.modules[package]
    return numba
