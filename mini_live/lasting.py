"""Loads what stays to the end of the program, and spares it the search for garbage.

Modules, networks and a character are hundred thousands of objects, none of which becomes garbage. Python would go
through them over and over while they are made, and once more at the end of the program, a tenth of a second each time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Leave all that is there at the end of the block out of every later search; for what is loaded once."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
