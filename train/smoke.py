"""Made-up people for the smoke training and for tests: drawn mouths, no video needed."""

from __future__ import annotations

import cv2
import numpy as np

from talkingface.landmarks import LIPS_OUTER
from talkingface.records import FloatArray, ImageArray
from train.patch_store import PersonPatches

SIDE = 128


def smoke_people(seed: int, people: int = 3, frames: int = 24) -> list[PersonPatches]:
    """Draw a few people; the last one is held out."""
    random = np.random.default_rng(seed)
    return [
        _person(f"drawn{n}", "validation" if n == people - 1 else "train", frames, random)
        for n in range(people)
    ]


def _person(name: str, split: str, frames: int, random: np.random.Generator) -> PersonPatches:
    skin, lip, teeth = random.integers(110, 220, 3), random.integers(90, 190, 3), random.integers(170, 250, 3)
    openness = random.uniform(0, 0.12, frames).astype(np.float32)
    width = random.uniform(0.25, 0.32, frames).astype(np.float32)
    truths, guides, rings = [], [], []
    for opening, wide in zip(openness, width, strict=True):
        truth, ring, inside = _mouth(skin, lip, teeth, float(opening), float(wide))
        guide = _mouth(skin, lip, np.array([120, 110, 100]), float(opening), float(wide))[0]
        truths.append(truth)
        guides.append(np.concatenate([guide, inside[..., None]], -1))
        rings.append(ring)
    return PersonPatches(
        name=name,
        split=split,
        truths=np.stack(truths),
        clips=np.zeros(frames, np.int32),
        frames=np.arange(frames, dtype=np.int32) * 5,
        lips=np.stack(rings),
        openness=openness,
        width=width,
        guides=np.stack(guides),
        answers=np.arange(frames, dtype=np.int32),
        weight=1.0,
    )


def _mouth(
    skin: np.ndarray, lip: np.ndarray, teeth: np.ndarray, opening: float, wide: float
) -> tuple[ImageArray, FloatArray, ImageArray]:
    """Draw a mouth: uint8 (128, 128, 3), its outer ring float32 (20, 2), and its inside uint8 (128, 128)."""
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    picture[:] = skin
    centre, half_width, half_height = (64, 56), wide * 130, opening * 130
    angle = np.linspace(0, 2 * np.pi, len(LIPS_OUTER), endpoint=False)
    ring = np.stack([64 - half_width * np.cos(angle), 56 + (half_height + 9) * np.sin(angle)], 1).astype(
        np.float32
    )
    cv2.fillPoly(picture, [np.round(ring).astype(np.int32)], [int(v) for v in lip], cv2.LINE_AA)
    axes = (int(half_width * 0.85), int(half_height))
    inside = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(inside, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    picture[inside > 127] = (50, 20, 20)
    upper = inside.copy()
    upper[centre[1] - int(half_height) // 3 :] = 0
    picture[upper > 127] = teeth
    return cv2.GaussianBlur(picture, (0, 0), 0.8), ring, inside
