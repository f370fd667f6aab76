"""Recordings that a crash or a power cut left unfinished: found again and put in their place."""

from __future__ import annotations

import time
from pathlib import Path

from talkingface.mp4_fragments import keep_whole_fragments

STILL_WRITTEN_S = 2.0
SHOWN_NAME = 40


def rescue_recording(path: Path) -> bool:
    """Bring back what there is of a recording whose program ended before it did.

    Args:
        path: where the recording was to be. What lies there already is left alone.

    Returns:
        Whether the file is there now and was not before. One that is still being written is left alone.
    """
    try:
        parts = [
            part
            for part in path.parent.glob(".*.part")
            if part.name.startswith(f".{path.name[:SHOWN_NAME]}.")
        ]
        for part in sorted(parts, key=lambda part: part.stat().st_mtime, reverse=True):
            untouched_s = time.time() - part.stat().st_mtime
            if path.exists() or untouched_s < STILL_WRITTEN_S:
                return False
            if keep_whole_fragments(part):
                part.replace(path)
                return True
            part.unlink()
    except OSError:
        return False
    return False
