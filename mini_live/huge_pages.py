"""Memory in huge pages, where the system gives them to those who ask.

Each frame goes through some ten megabytes. In pages of 4 KB that is more than a processor keeps the places of, and it
spends a twentieth to a tenth of its time looking them up, on a virtual machine most.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

SYSTEM = Path("/sys/kernel/mm/transparent_hugepage/enabled")
FOR_THOSE_WHO_ASK = "[madvise]"
TUNABLES, ASKING = "GLIBC_TUNABLES", "glibc.malloc.hugetlb"


def start_again_asking() -> None:
    """Start this program again, once, as one that asks: the C library can be told at its very start only.

    Returns where nothing would come of it: elsewhere than on Linux, where every program has huge pages or none has,
    and in a program that was told already. Programs that this one starts are told the same.
    """
    environment = asking(os.environ, _setting())
    if environment is None or not sys.executable:
        return
    with contextlib.suppress(OSError):  # slower then, but it runs
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606  (no shell is wanted)


def asking(environment: Mapping[str, str], setting: str) -> dict[str, str] | None:
    """Return the environment of a program that asks; None where there is nothing to change.

    Args:
        environment: of this program.
        setting: the kernel's, as it writes it.
    """
    told = environment.get(TUNABLES, "")
    if FOR_THOSE_WHO_ASK not in setting or ASKING in told:
        return None
    return {**environment, TUNABLES: ":".join(filter(None, [told, f"{ASKING}=1"]))}


def _setting() -> str:
    try:
        return SYSTEM.read_text(encoding="ascii")
    except OSError:
        return ""
