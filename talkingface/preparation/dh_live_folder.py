"""Characters prepared for DH_live (``01.mp4`` and ``combined_data.json.gz``) as a source, read as untrusted input.

Its landmarks are whole pixels of a 128 px crop, so the video is tracked again; the stored frames are only checked,
so that a folder whose parts do not belong together is refused.
"""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from talkingface.errors import BadInputError

VIDEO = "01.mp4"
DATA = "combined_data.json.gz"
LARGEST_DATA_BYTES = 128 * 1024 * 1024
MOST_FRAMES = 20_000


def is_dh_live_folder(folder: Path) -> bool:
    """Return whether a folder looks as if DH_live had prepared it."""
    return folder.is_dir() and (folder / DATA).exists()


def dh_live_video(folder: Path) -> Path:
    """Return the video of a DH_live character, after its data was checked.

    Raises:
        BadInputError: a part is missing, a link, too large, or not what DH_live writes.
    """
    for name in (VIDEO, DATA):
        if (folder / name).is_symlink() or not (folder / name).is_file():
            raise BadInputError(
                f"expected {VIDEO} and {DATA} of a DH_live character, found no {name} in {folder}"
            )
    content = _unpacked(folder / DATA)
    frames = content.get("json_data") if isinstance(content, dict) else None
    if not isinstance(frames, list) or not 0 < len(frames) <= MOST_FRAMES:
        raise BadInputError(
            f"expected a list json_data of 1 to {MOST_FRAMES} frames, found none in {folder / DATA}"
        )
    for number, frame in enumerate(frames):
        rect = frame.get("rect") if isinstance(frame, dict) else None
        if not _is_rectangle(rect):
            raise BadInputError(
                f"expected a rect of 4 numbers in frame {number}, found {rect!r:.60} in {folder / DATA}"
            )
    return folder / VIDEO


def _unpacked(path: Path) -> Any:
    try:
        with gzip.open(path, "rb") as file:
            data = file.read(LARGEST_DATA_BYTES + 1)
        if len(data) > LARGEST_DATA_BYTES:
            raise BadInputError(f"expected at most {LARGEST_DATA_BYTES} bytes of data, found more in {path}")
        return json.loads(data)
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise BadInputError(f"expected gzipped JSON, found damage in {path} ({error})") from error


def _is_rectangle(rect: object) -> bool:
    if not isinstance(rect, list) or len(rect) != 4:
        return False
    if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in rect):
        return False
    return 0 <= rect[0] < rect[2] < 1e5 and 0 <= rect[1] < rect[3] < 1e5
