"""A character folder on its way to its place: it appears whole or not at all, made beside and then renamed."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from talkingface.errors import OutputError
from talkingface.sealed_folder import MANIFEST

NAME_SIGNS = 40
# A work folder is written to all the time; on Windows this alone tells that nobody works in it any more.
QUIET_S = 600.0 if sys.platform == "win32" else 3.0


def check_output(output: Path) -> None:
    """Check that a character may be put there: nothing, an empty folder, or another character.

    Raises:
        OutputError: something else is there, or the folder around it is missing or cannot be written.
    """
    if not output.name or output.name in (".", ".."):
        raise OutputError(f"expected the name of a new folder, found {output}")
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise OutputError(f"expected a folder or a new name for the character, found a file at {output}")
    if output.is_dir() and any(output.iterdir()) and not (output / MANIFEST).is_file():
        raise OutputError(f"expected a new or empty folder for the character, found other files in {output}")
    if not output.parent.is_dir():
        raise OutputError(f"expected an existing folder for {output.name}, found none at {output.parent}")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise OutputError(f"expected permission to write into {output.parent}, found none")


@contextlib.contextmanager
def work_folder(output: Path) -> Iterator[Path]:
    """Give a fresh folder beside the output; whatever is left in it at the end is removed."""
    clear_left_behind(output)
    work = _beside(output, "part")
    try:
        work.mkdir()
    except OSError as error:
        raise OutputError(
            f"the character cannot be written to {output}: {error.strerror or error}"
        ) from error
    try:
        yield work
    except OSError as error:
        raise OutputError(
            f"the character cannot be written to {output}: {error.strerror or error}"
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_in_place(work: Path, output: Path) -> None:
    """Rename the finished folder to its place; a character that was there is replaced.

    Raises:
        OSError: it cannot be renamed; what was there before is there again, as after an interrupt.
    """
    old = _beside(output, "old")
    try:
        if output.exists():
            output.rename(old)
        work.rename(output)
    except BaseException:
        if old.exists() and not output.exists():
            old.rename(output)
        raise
    finally:
        if output.exists():
            shutil.rmtree(old, ignore_errors=True)


def clear_left_behind(output: Path) -> None:
    """Remove what a preparation of the same name left beside it when it was killed; a character it moved comes back.

    Only folders that carry the number of a process that is gone, and that nobody has written to for a while.
    """
    pattern = re.compile(re.escape(f".{output.name[:NAME_SIGNS]}.") + r"(\d{1,9})-[0-9a-f]{8}\.(part|old)")
    with contextlib.suppress(OSError):
        for entry in sorted(output.parent.iterdir()):
            match = pattern.fullmatch(entry.name)
            if match is None or entry.is_symlink() or not entry.is_dir():
                continue
            if _runs(int(match[1])) or time.time() - _last_change_s(entry) < QUIET_S:
                continue
            if match[2] == "old" and not output.exists():
                entry.rename(output)
            else:
                shutil.rmtree(entry, ignore_errors=True)


def _runs(process: int) -> bool:
    """Return whether a process is there, or may be."""
    if process == os.getpid():
        return True
    if sys.platform == "win32":  # where asking by a signal would end it
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _last_change_s(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


def _beside(output: Path, ending: str) -> Path:
    """Return a new hidden name in the same folder, which nobody else uses and tells whose it is."""
    own = f"{os.getpid()}-{secrets.token_hex(4)}"
    return output.with_name(f".{output.name[:NAME_SIGNS]}.{own}.{ending}")
