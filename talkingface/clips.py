"""Sets of talking clips: a folder with ``clips.jsonl``, or any folder of videos, and their cached face tracks."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from talkingface.errors import BadInputError
from talkingface.tracking import FaceTrack, MediaPipeTracker, track_frames
from talkingface.video_files import FRAMES_PER_SECOND, read_frames

SPLITS = ("train", "validation")
UNMARKED = "unmarked"
HELD_OUT_SHARE = 0.2
VIDEO_SUFFIXES = frozenset({".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v"})


@dataclass(frozen=True)
class Clip:
    """One talking clip.

    Attributes:
        path: the video file.
        name: unique within its set.
        set_name: which collection it belongs to.
        person: anonymous label; clips of one person never stand on both sides of a split.
        split: ``train`` or ``validation``; :func:`load_clips` decides where the set does not say.
        genuine: False for another model's output (may train, never judges).
        lips_follow_sound: whether sound and picture belong together.
        sound_lag_frames: known lag in frames of 40 ms, positive where the lips lead.
        language: two letters, or "?".
        licence: as the source states it.
        face_px: face width in pixels, 0 if unknown.
    """

    path: Path
    name: str
    set_name: str
    person: str
    split: str
    genuine: bool = True
    lips_follow_sound: bool = True
    sound_lag_frames: int = 0
    language: str = "?"
    licence: str = "?"
    face_px: int = 0


def load_clips(folder: Path | str) -> list[Clip]:
    """List the clips of a folder: by its ``clips.jsonl``, else every video below it (one person a sub-folder or file).

    People whom nobody put on a side are split by :func:`split_by_person`.

    Raises:
        BadInputError: no such folder, no clip in it, or a damaged line.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInputError(f"expected a folder of clips, found nothing at {folder}")
    listing = folder / "clips.jsonl"
    clips = _listed(listing) if listing.is_file() else _scanned(folder)
    if not clips:
        raise BadInputError(f"expected clips.jsonl or videos, found neither in {folder}")
    return split_by_person(clips)


def split_by_person(clips: list[Clip]) -> list[Clip]:
    """Put the clips marked ``UNMARKED`` on a side, whole people at a time and always the same way for the same clips.

    A person with a marked clip stays where it is. Of the others, about a fifth of those with genuine clips is held out
    for validation, at least one where there are two people; all are trained on where somebody marked validation clips.
    """
    marked: dict[str, str] = {}
    for clip in clips:
        if clip.split != UNMARKED and marked.get(clip.person) != "validation":
            marked[clip.person] = clip.split
    free = {clip.person for clip in clips} - set(marked)
    can_judge = sorted({c.person for c in clips if c.person in free and c.genuine and c.lips_follow_sound})
    held: set[str] = set()
    if can_judge and len(free) + len(marked) > 1 and "validation" not in marked.values():
        count = max(1, round(HELD_OUT_SHARE * len(can_judge)))
        held = set(can_judge[:: len(can_judge) // count][:count])
    sides = {person: "validation" if person in held else "train" for person in free} | marked
    return [replace(clip, split=sides[clip.person]) if clip.split == UNMARKED else clip for clip in clips]


def tracked(clip: Clip, cache: Path | str, on_frame: Callable[[int], None] | None = None) -> FaceTrack:
    """Return the clip's face track at 25 fps, from the cache or tracked now and stored there."""
    cache = Path(cache)
    stat = clip.path.stat()
    key = hashlib.sha256(f"{clip.path.name}:{stat.st_size}".encode()).hexdigest()[:12]
    stored = cache / f"{clip.name}-{key}.npz"
    if stored.is_file():
        return FaceTrack.load(stored)
    cache.mkdir(parents=True, exist_ok=True)
    tracker = MediaPipeTracker()
    try:
        track = track_frames(read_frames(clip.path), tracker, FRAMES_PER_SECOND, on_frame)
    finally:
        tracker.close()
    partial = stored.with_suffix(f".{os.getpid()}.part")
    track.save(partial)
    partial.replace(stored)
    return track


def _listed(listing: Path) -> list[Clip]:
    clips = []
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                clips.append(_from_row(json.loads(line), listing.parent))
            except (KeyError, ValueError, TypeError) as error:
                raise BadInputError(
                    f"expected a clip, found a damaged line {number} in {listing} ({error})"
                ) from error
    return clips


def _from_row(row: dict[str, Any], folder: Path) -> Clip:
    path = folder / row["file"]
    split = row.get("split") or UNMARKED
    if split not in (*SPLITS, UNMARKED):
        raise ValueError(f"expected the split {' or '.join(SPLITS)}, found {split}")
    return Clip(
        path=path,
        name=row.get("name") or path.stem,
        set_name=row.get("set", folder.name),
        person=row.get("person") or path.stem,
        split=split,
        genuine=bool(row.get("genuine", True)),
        lips_follow_sound=row.get("lips_follow_sound", "follows") is not None,
        sound_lag_frames=int(row.get("sound_lag_frames") or 0),
        language=row.get("language") or "?",
        licence=row.get("licence") or "?",
        face_px=int(row.get("face_px") or 0),
    )


def _scanned(folder: Path) -> list[Clip]:
    clips = []
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file():
            inside = path.relative_to(folder)
            person = inside.parts[0] if len(inside.parts) > 1 else path.stem
            name = "_".join(inside.with_suffix("").parts)
            clips.append(Clip(path, name, folder.name, person, UNMARKED))
    return clips
