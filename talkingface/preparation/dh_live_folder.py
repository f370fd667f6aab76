"""Characters prepared for DH_live (``01.mp4`` and ``combined_data.json.gz``) as a source, read as untrusted input.

The data hold ``uid``, ``frame_num``, ``face3D_obj`` (lines of text), ``ref_data`` (numbers of its network) and
``json_data``: for each frame of the video a ``rect`` around the mouth in pixels and ``points``, 16 numbers of a
matrix and then x, y of landmarks as whole tenths in a 128 px crop. That is too coarse to animate, so the video is
tracked again; the data are checked, so that a folder whose parts do not belong together is refused.
"""

from __future__ import annotations

import gzip
import json
import math
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkingface.errors import BadInputError
from talkingface.video_files import FRAMES_PER_SECOND, probe_video

VIDEO = "01.mp4"
DATA = "combined_data.json.gz"
SUB_FOLDER = "assets"
LARGEST_DATA_BYTES = 128 * 1024 * 1024
MOST_FRAMES = 20_000
MATRIX_NUMBERS = 16
MOST_NUMBERS = 4096
FRAME_TOLERANCE = 3
LONGEST_UID = 100


@dataclass(frozen=True)
class DhLiveCharacter:
    """A checked folder: the video to prepare, and what its maker called it."""

    video: Path
    uid: str


def find_dh_live(folder: Path) -> Path | None:
    """Return the folder that holds what DH_live prepared: this one or its ``assets``; None where there is none."""
    return next((place for place in (folder, folder / SUB_FOLDER) if (place / DATA).exists()), None)


def open_dh_live(folder: Path) -> DhLiveCharacter:
    """Return a DH_live character, after its parts were checked.

    Raises:
        BadInputError: a part is missing, a link, too large, not what DH_live writes, or of another video.
        BadVideoError: the video cannot be read.
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
    told = content.get("frame_num", len(frames))
    if told != len(frames):
        raise BadInputError(f"expected frame_num to be {len(frames)}, found {told!s:.20} in {folder / DATA}")
    numbers = _check_frame(frames[0], 0, folder)
    for number, frame in enumerate(frames):
        if _check_frame(frame, number, folder) != numbers:
            raise BadInputError(
                f"expected {numbers} points in frame {number} as in the first, found others in {folder / DATA}"
            )
    _check_video(folder, frames)
    uid = content.get("uid")
    return DhLiveCharacter(folder / VIDEO, uid[:LONGEST_UID] if isinstance(uid, str) else "")


def _check_frame(frame: Any, number: int, folder: Path) -> int:
    """Check one frame's data and return how many point numbers it has."""
    rect = frame.get("rect") if isinstance(frame, dict) else None
    if not _is_rectangle(rect):
        raise BadInputError(
            f"expected a rect of 4 numbers in frame {number}, found {rect!r:.60} in {folder / DATA}"
        )
    points = frame.get("points")
    good = isinstance(points, list) and MATRIX_NUMBERS < len(points) <= MOST_NUMBERS and len(points) % 2 == 0
    if not good or not all(_is_number(value) for value in points):
        raise BadInputError(
            f"expected points as {MATRIX_NUMBERS} numbers and pairs in frame {number}, "
            f"found other in {folder / DATA}"
        )
    return len(points)


def _check_video(folder: Path, frames: list[dict[str, Any]]) -> None:
    """Check that the data can be of this video: as many frames, and every rectangle inside the picture."""
    info = probe_video(folder / VIDEO)
    shown = round(info.duration_s * (info.frames_per_second or FRAMES_PER_SECOND))
    if abs(shown - len(frames)) > FRAME_TOLERANCE + 0.02 * len(frames):
        raise BadInputError(
            f"expected a video of {len(frames)} frames as in {DATA}, found {shown} in {folder / VIDEO}"
        )
    for number, frame in enumerate(frames):
        rect = frame["rect"]
        if rect[2] > info.width + 1 or rect[3] > info.height + 1:
            raise BadInputError(
                f"expected rect {rect} of frame {number} inside {info.width}x{info.height}, "
                f"found it outside: {DATA} belongs to another video than {folder / VIDEO}"
            )


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
    if not isinstance(rect, list) or len(rect) != 4 or not all(_is_number(value) for value in rect):
        return False
    return 0 <= rect[0] < rect[2] < 1e5 and 0 <= rect[1] < rect[3] < 1e5


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
