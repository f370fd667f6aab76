"""Keeps processor cores busy while something is measured, as other programs of a person would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SPINNING = "while True: pass"


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Have ``count`` other programs compute without a pause inside the block."""
    others = [subprocess.Popen([sys.executable, "-c", SPINNING]) for _ in range(count)]  # noqa: S603  (ourselves)
    try:
        yield
    finally:
        for other in others:
            other.kill()
        for other in others:
            other.wait()
