"""Data building: talking clips and plain speech as sound beside the mouth that belongs to it."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkingface.audio_files import read_audio
from talkingface.clips import Clip, load_clips, tracked
from talkingface.errors import BadAudioError, BadInputError
from talkingface.head_pose import fit_poses, personal_neutral, to_head
from talkingface.landmarks import lip_opening
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray
from talkingface.timing import FEATURES_PER_FRAME, HOP_SAMPLES, frame_count

# A lag beyond this was not measured but guessed from a clip that cannot tell.
BELIEVED_LAG_FRAMES = 5
NEUTRAL_FRAMES = 1500
AMPLITUDE_POWER = 0.7
AMPLITUDE_LIMITS = (0.4, 2.5)
SPEECH_SET = "speech"
FEW_PEOPLE = {"train": 4, "validation": 2}


@dataclass(frozen=True)
class Recording:
    """One sound and, where there was a video, the mouth that spoke it.

    Attributes:
        name: unique.
        set_name: the collection it is from.
        person: anonymous label.
        split: ``train`` or ``validation``.
        language: two letters, or "?".
        licence: as the source states it.
        genuine: False for another model's output.
        samples: float32 (n,) 16 kHz mono.
        coefficients: float32 (T, K) mouth from the person's own rest, known lag removed; zeros without a video.
        seen: bool (T,) where ``coefficients`` are known.
        opening: float32 (T,) tracked lip opening as it lies on the video, lag and all; zeros without a video.
        amplitude: what the coefficients are multiplied with so that all people open equally wide.
        lag_frames: the lag that was removed, positive where the lips led.
    """

    name: str
    set_name: str
    person: str
    split: str
    language: str
    licence: str
    genuine: bool
    samples: FloatArray
    coefficients: FloatArray
    seen: NDArray[np.bool_]
    opening: FloatArray
    amplitude: float = 1.0
    lag_frames: int = 0

    @property
    def frames(self) -> int:
        """T."""
        return len(self.seen)

    @property
    def key(self) -> str:
        """A hash of name and sound, for caches."""
        return f"{self.name}-{hashlib.sha256(self.samples.tobytes()).hexdigest()[:12]}"


def from_clips(
    folder: Path,
    tracks: Path,
    space: MouthSpace,
    *,
    lags: dict[str, int] | None = None,
    few: bool = False,
    on_clip: Callable[[float], None] | None = None,
) -> list[Recording]:
    """Build recordings from a folder of clips; those without sound or without sound that fits are passed over.

    Args:
        folder: with ``clips.jsonl``, or of videos.
        tracks: where face tracks are kept; missing ones are tracked now.
        space: what mouths are measured in.
        lags: better lags than the listing's, by clip name.
        few: take one small clip of each of a few people only; for trials.
        on_clip: called with the share done.

    Raises:
        BadInputError: no clip can be used.
    """
    people: dict[str, list[Clip]] = defaultdict(list)
    clips = [clip for clip in load_clips(folder) if clip.lips_follow_sound]
    clips = _some(clips) if few else clips
    for clip in clips:
        people[clip.person].append(clip)
    found: list[Recording] = []
    done = 0
    for own in people.values():
        found += _of_person(own, tracks, space, lags or {})
        done += len(own)
        if on_clip is not None:
            on_clip(done / len(clips))
    if not found:
        raise BadInputError(f"expected clips with a face and with sound, found none in {folder}")
    return with_equal_amplitude(found, space)


def from_speech(listing: Path, most: int | None = None) -> list[Recording]:
    """Read ``speech.jsonl``, its first ``most`` lines or all: speech without a face; singing is left out.

    Raises:
        BadInputError: a damaged line.
    """
    found = []
    for number, line in enumerate(listing.read_text(encoding="utf-8").splitlines()[:most], 1):
        try:
            row = json.loads(line)
            if row.get("singing"):
                continue
            samples = read_audio(listing.parent / row["file"])
        except (ValueError, KeyError) as error:
            raise BadInputError(
                f"expected a line of speech, found a damaged line {number} in {listing}"
            ) from error
        found.append(
            from_sound(
                row["name"],
                samples,
                set_name=row.get("set", SPEECH_SET),
                language=row.get("language") or "?",
                licence=row.get("licence") or "?",
            )
        )
    return found


def from_sound(
    name: str, samples: FloatArray, *, set_name: str = SPEECH_SET, language: str = "?", licence: str = "?"
) -> Recording:
    """Make a recording of a sound without a face; each is a person of its own."""
    frames = frame_count(len(samples))
    return Recording(
        name=f"{SPEECH_SET}-{name}",
        set_name=set_name,
        person=f"{SPEECH_SET}-{name}",
        split="train",
        language=language,
        licence=licence,
        genuine=True,
        samples=samples,
        coefficients=np.zeros((frames, 0), np.float32),
        seen=np.zeros(frames, bool),
        opening=np.zeros(frames, np.float32),
    )


def with_equal_amplitude(recordings: list[Recording], space: MouthSpace) -> list[Recording]:
    """Set each person's ``amplitude`` so that lip openings spread alike, with shrinkage towards 1.

    What is typical is told by the people of the training alone.
    """
    openings: dict[str, list[FloatArray]] = defaultdict(list)
    for recording in recordings:
        if recording.seen.any():
            openings[recording.person].append(space.lip_opening(recording.coefficients[recording.seen]))
    spread = {person: float(np.concatenate(parts).std()) for person, parts in openings.items()}
    learned = {r.person for r in recordings if r.split != "validation"} & set(spread) or set(spread)
    if not learned:
        return recordings
    typical = float(np.median([spread[person] for person in learned]))
    low, high = AMPLITUDE_LIMITS
    return [
        replace(
            recording,
            amplitude=float(
                np.clip((typical / max(spread[recording.person], 0.002)) ** AMPLITUDE_POWER, low, high)
            ),
        )
        if recording.person in spread
        else recording
        for recording in recordings
    ]


def shifted(values: NDArray[np.generic], lag_frames: int) -> NDArray[np.generic]:
    """Return the rows moved later by ``lag_frames`` (earlier where negative); the first or last row fills up."""
    rows = np.clip(np.arange(len(values)) - lag_frames, 0, len(values) - 1)
    return values[rows]


def _some(clips: list[Clip]) -> list[Clip]:
    """Return the smallest clip of a few people of each split, those with the smallest ones."""
    smallest: dict[str, Clip] = {}
    for clip in sorted(clips, key=lambda clip: clip.path.stat().st_size):
        if clip.genuine:
            smallest.setdefault(clip.person, clip)
    return [
        clip
        for split, count in FEW_PEOPLE.items()
        for clip in [clip for clip in smallest.values() if clip.split == split][:count]
    ]


def _of_person(clips: list[Clip], tracks: Path, space: MouthSpace, lags: dict[str, int]) -> list[Recording]:
    tracked_clips = [(clip, tracked(clip, tracks)) for clip in clips]
    seen_points = [track.points[track.found] for _, track in tracked_clips]
    points = np.concatenate(seen_points)
    if len(points) < 10:
        return []
    some = points[np.unique(np.linspace(0, len(points) - 1, NEUTRAL_FRAMES).astype(int))]
    rest = personal_neutral(some, space.neutral)
    found = []
    for clip, track in tracked_clips:
        try:
            samples = read_audio(clip.path)
        except BadAudioError:
            continue
        frames = min(len(track.found), frame_count(len(samples)))
        if frames < 2:
            continue
        samples = samples[: (FEATURES_PER_FRAME * frames + 2) * HOP_SAMPLES]
        coefficients = np.zeros((frames, space.coefficient_count), np.float32)
        face = track.points[:frames]
        good = track.found[:frames]
        if good.any():
            moved = to_head(face[good], fit_poses(face[good], rest)) - rest
            coefficients[good] = space.project(moved.astype(np.float32))
        listed = clip.sound_lag_frames if abs(clip.sound_lag_frames) <= BELIEVED_LAG_FRAMES else 0
        lag = lags.get(clip.name, listed)
        found.append(
            Recording(
                name=clip.name,
                set_name=clip.set_name,
                person=clip.person,
                split=clip.split,
                language=clip.language,
                licence=clip.licence,
                genuine=clip.genuine,
                samples=samples,
                coefficients=shifted(coefficients, lag).astype(np.float32),
                seen=shifted(good, lag).astype(bool),
                opening=lip_opening(face),
                lag_frames=lag,
            )
        )
    return found
