"""Makes a folder of talking clips whose mouths follow their sound, with face tracks in a cache: no tracker needed."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np

from talkingface.clips import load_clips, tracked
from talkingface.landmarks import LIPS
from talkingface.mouth_space import MouthSpace
from talkingface.tracking import FaceTrack
from train_audio.recordings import Recording

FRAME = 640


def talk(seconds: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a babble (n,) and its loudness a frame (T,) of 0 to 1."""
    frames = int(seconds * 25)
    level = np.convolve(rng.uniform(0, 1, frames) > 0.5, np.ones(4) / 4, "same")
    level[:5] = level[-5:] = 0
    pitch = rng.uniform(90, 220)
    time_s = np.arange(frames * FRAME) / 16_000
    voice = sum(np.sin(2 * np.pi * pitch * n * time_s) / n for n in range(1, 20))
    return 0.15 * voice * np.repeat(level, FRAME) + 0.0003 * rng.normal(size=len(time_s)), level


def make_clips(folder: Path, cache: Path, space: MouthSpace, people: int = 4, seconds: float = 4.0) -> Path:
    """Write ``people`` clips of one person each, the last for validation, and their face tracks."""
    (folder / "videos").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = []
    for person in range(people):
        sound, level = talk(seconds, rng)
        path = folder / "videos" / f"clip{person}.mkv"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16_000)
            file.writeframes((sound * 32767).astype("<i2").tobytes())
        split = "validation" if person == people - 1 else "train"
        rows.append({"file": f"videos/{path.name}", "set": "made", "person": f"p{person}", "split": split})
        _store_track(path, cache, _faces(level * rng.uniform(0.05, 0.08), space))
    (folder / "clips.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    for clip in load_clips(folder):
        assert tracked(clip, cache).found.all()
    return folder


def made_recording(
    person: str, width: float, rng: np.random.Generator, space: MouthSpace, seconds: float = 4.0
) -> Recording:
    """Return a recording whose mouth opens with its sound, ``width`` times the usual."""
    sound, level = talk(seconds, rng)
    coefficients = np.zeros((len(level), space.coefficient_count), np.float32)
    coefficients[:, 0] = width * (level - level.mean())
    return Recording(
        name=f"{person}-clip",
        set_name="made",
        person=person,
        split="train",
        language="?",
        licence="?",
        genuine=True,
        samples=sound.astype(np.float32),
        coefficients=coefficients,
        seen=np.ones(len(level), bool),
        opening=space.lip_opening(coefficients),
    )


def _faces(opening: np.ndarray, space: MouthSpace) -> np.ndarray:
    """Return (T, 478, 3) pixels of the mean face with its lower lips lowered by ``opening`` face heights."""
    faces = np.repeat(space.neutral[None], len(opening), 0).copy()
    middle = space.neutral[[13, 14], 1].mean()
    lower = [point for point in LIPS if space.neutral[point, 1] > middle]
    faces[:, lower, 1] += opening[:, None]
    return (faces * 200 + np.array([160, 120, 0])).astype(np.float32)


def _store_track(path: Path, cache: Path, points: np.ndarray) -> None:
    import hashlib

    key = hashlib.sha256(f"{path.name}:{path.stat().st_size}".encode()).hexdigest()[:12]
    cache.mkdir(parents=True, exist_ok=True)
    FaceTrack(points, np.ones(len(points), bool), 25.0).save(cache / f"{path.stem}-{key}.npz")
