"""A character folder on its way to its place: it appears whole or not at all, made beside and then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from talkingface.errors import OutputError
from talkingface.sealed_folder import MANIFEST


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


def _beside(output: Path, ending: str) -> Path:
    """Return a new hidden name in the same folder, which nobody else uses."""
    return output.with_name(f".{output.name[:40]}.{secrets.token_hex(4)}.{ending}")
