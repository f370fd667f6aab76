"""Outputs that appear whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
from pathlib import Path

from mini_live.arguments import ArgumentValueError
from talkingface.errors import OutputError


def check_writable(path: Path) -> None:
    """Find out before a long work whether its output can be written.

    Raises:
        OutputError: no such folder, no permission, or a folder stands in the place.
    """
    parent = path.absolute().parent
    if not parent.is_dir():
        raise OutputError(f"expected a folder to write into, found none at {parent}")
    if path.is_dir():
        raise OutputError(f"expected a file name to write, found a folder at {path}")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"expected permission to write into {parent}, found none")


def check_video_path(path: Path) -> None:
    """Refuse a name that is not an mp4's.

    Raises:
        ArgumentValueError: another ending.
    """
    if path.suffix.lower() != ".mp4":
        raise ArgumentValueError(f"expected an output ending in .mp4, found {path.name!r}")


def check_transparent_path(path: Path) -> None:
    """Refuse a name that is neither a WebM's nor a new folder's.

    Raises:
        ArgumentValueError: another ending.
        OutputError: something stands in the place of the folder.
    """
    if path.suffix and path.suffix.lower() != ".webm":
        raise ArgumentValueError(
            "expected an output ending in .webm, or a folder's name without an ending for PNG pictures, "
            f"with --background transparent, found {path.name!r}"
        )
    if not path.suffix and path.exists():
        raise OutputError(f"expected a new folder for the pictures, found something at {path}")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file beside its place and rename it.

    Raises:
        OutputError: it cannot be written; nothing is left behind.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"expected to write {path}, found: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)
