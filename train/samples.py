"""Batches of guides, truths and references: who is drawn, which references go with them, and augmentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkingface.errors import BadInputError
from talkingface.records import FloatArray, ImageArray
from talkingface.reference_choice import OPENING_SPREAD, REFERENCE_COUNT, WIDTH_SPREAD
from train.patch_store import PersonPatches

REFERENCE_DISTANCE_FRAMES = 10
IMPORTANCE_OUTSIDE, IMPORTANCE_AROUND, IMPORTANCE_LIPS, IMPORTANCE_INSIDE = 0.1, 1.0, 1.5, 1.5
AROUND_PX, AROUND_FEATHER_PX = 23, 4.5


@dataclass(frozen=True)
class Batch:
    """People times guides, the references shared by each person's guides.

    Attributes:
        guides: float (P*G, 4, p, p) in 0..1.
        truths: float (P*G, 3, p, p) in 0..1.
        importance: float (P*G, 1, p, p) of mean 1 in each sample.
        references: float (P, R, 3, p, p) in 0..1.
    """

    guides: Tensor
    truths: Tensor
    importance: Tensor
    references: Tensor


@dataclass(frozen=True)
class Picked:
    """One person's share of a batch, still as bytes: guides (G, p, p, 4), truths, lips (G, 20, 2), references."""

    guides: ImageArray
    truths: ImageArray
    lips: FloatArray
    references: ImageArray


def training_batches(
    people: list[PersonPatches], people_a_batch: int, guides_each: int, seed: int, *, augment: bool = True
) -> Iterator[Batch]:
    """Yield batches for ever, augmented unless told not to.

    Raises:
        BadInputError: nobody to train on.
    """
    if not people:
        raise BadInputError("expected people to train on, found none in the store")
    random = np.random.default_rng(seed)
    chance = np.array([person.weight for person in people])
    chance /= chance.sum()
    while True:
        picked = []
        for number in random.choice(len(people), people_a_batch, p=chance):
            person = people[int(number)]
            rows = random.integers(0, len(person.guides), guides_each)
            part = pick(person, rows, random)
            picked.append(augmented(part, random) if augment else part)
        yield as_batch(picked)


def pick(person: PersonPatches, rows: NDArray[np.int64], random: np.random.Generator | None) -> Picked:
    """Take guides by row, their truths, and references none of which is near any of the truths."""
    answers = person.answers[rows]
    references = reference_rows(person, answers, random)
    return Picked(
        np.stack([person.guides[row] for row in rows]),
        np.stack([person.truths[row] for row in answers]),
        person.lips[answers].copy(),
        np.stack([person.truths[row] for row in references]),
    )


def reference_rows(
    person: PersonPatches, answers: NDArray[np.int32], random: np.random.Generator | None
) -> NDArray[np.int64]:
    """Choose references that cover closed to open; at random within that, or by fixed coverage without ``random``."""
    near = np.zeros(len(person.truths), bool)
    for answer in answers:
        same = person.clips == person.clips[answer]
        near |= same & (np.abs(person.frames - person.frames[answer]) < REFERENCE_DISTANCE_FRAMES)
    allowed = np.flatnonzero(~near)
    if len(allowed) < REFERENCE_COUNT:
        distance = np.min(np.abs(person.frames[:, None] - person.frames[answers][None]), axis=1)
        allowed = np.argsort(distance)[-REFERENCE_COUNT:]
    by_opening = allowed[np.argsort(person.openness[allowed], kind="stable")]
    if random is not None:
        edges = np.linspace(0, len(by_opening), REFERENCE_COUNT + 1)
        places = [int(random.integers(int(a), max(int(b), int(a) + 1))) for a, b in pairwise(edges)]
        if random.random() < 0.5:
            places[0], places[-1] = 0, len(by_opening) - 1
        return by_opening[places]
    shapes = np.stack([person.openness / OPENING_SPREAD, person.width / WIDTH_SPREAD], 1)
    chosen = [int(by_opening[0]), int(by_opening[-1])]
    while len(chosen) < REFERENCE_COUNT:
        distance = np.linalg.norm(shapes[allowed][:, None] - shapes[chosen][None], axis=-1).min(1)
        chosen.append(int(allowed[distance.argmax()]))
    return np.array(sorted(chosen, key=lambda row: float(person.openness[row])))


def augmented(picked: Picked, random: np.random.Generator) -> Picked:
    """Change a person's look, size and place, all pictures alike, and the exposure of the guides a little alone."""
    guides, truths, references, lips = picked.guides, picked.truths, picked.references, picked.lips
    side = truths.shape[1]
    if random.random() < 0.5:
        guides, truths, references = (x[:, :, ::-1] for x in (guides, truths, references))
        lips = np.stack([side - 1 - lips[..., 0], lips[..., 1]], -1)
    if random.random() < 0.35:
        affine = cv2.getRotationMatrix2D(
            ((side - 1) / 2, (side - 1) / 2), random.uniform(-6, 6), random.uniform(0.92, 1.12)
        )
        affine[:, 2] += random.uniform(-4, 4, 2)
        guides, truths, references = (_moved(x, affine) for x in (guides, truths, references))
        lips = (lips @ affine[:, :2].T + affine[:, 2]).astype(np.float32)
    if random.random() < 0.15:
        small = int(random.integers(56, 112))
        guides = np.concatenate([_blurred(guides[..., :3], small), guides[..., 3:]], -1)
        truths, references = _blurred(truths, small), _blurred(references, small)
    table = _colour_table(random)
    truths, references = _recoloured(truths, table), _recoloured(references, table)
    colours = []
    for guide in guides:
        own = _recoloured(guide[None, ..., :3], table)[0].astype(np.float32)
        colours.append(
            np.clip(own * random.normal(1, 0.015, 3) + random.normal(0, 1.5), 0, 255).astype(np.uint8)
        )
    guides = np.concatenate([np.stack(colours), guides[..., 3:]], -1)
    return Picked(guides, truths, lips, references)


def importance_maps(lips: FloatArray, guides: ImageArray) -> FloatArray:
    """Return float32 (G, p, p) of mean 1: high on lips and inside, falling off around them (where paint is laid)."""
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (AROUND_PX, AROUND_PX))
    maps = []
    for ring, guide in zip(lips, guides, strict=True):
        mask = np.zeros(guide.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 255)
        around = cv2.GaussianBlur(cv2.dilate(mask, reach), (0, 0), AROUND_FEATHER_PX)
        inside = np.ascontiguousarray(guide[..., 3])
        weight = (
            IMPORTANCE_OUTSIDE
            + IMPORTANCE_AROUND * (around / np.float32(255))
            + IMPORTANCE_LIPS * (cv2.GaussianBlur(mask, (0, 0), 1.5) / np.float32(255))
            + IMPORTANCE_INSIDE * (cv2.GaussianBlur(inside, (0, 0), 1.5) / np.float32(255))
        )
        maps.append(weight / weight.mean())
    return np.stack(maps).astype(np.float32)


def as_batch(picked: list[Picked]) -> Batch:
    """Join people into one batch of tensors."""
    guides = np.concatenate([part.guides for part in picked])
    importance = np.concatenate([importance_maps(part.lips, part.guides) for part in picked])
    return Batch(
        guides=_tensor(guides),
        truths=_tensor(np.concatenate([part.truths for part in picked])),
        importance=torch.from_numpy(importance)[:, None],
        references=torch.stack([_tensor(part.references) for part in picked]),
    )


def _tensor(pictures: ImageArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float().div_(255)


def _moved(pictures: ImageArray, affine: NDArray[np.float64]) -> ImageArray:
    size = pictures.shape[2], pictures.shape[1]
    border = cv2.BORDER_REPLICATE
    return np.stack(
        [cv2.warpAffine(np.ascontiguousarray(x), affine, size, borderMode=border) for x in pictures]
    )


def _blurred(pictures: ImageArray, small: int) -> ImageArray:
    size = pictures.shape[2], pictures.shape[1]
    shrunk = [
        cv2.resize(np.ascontiguousarray(x), (small, small), interpolation=cv2.INTER_AREA) for x in pictures
    ]
    return np.stack([cv2.resize(x, size, interpolation=cv2.INTER_LINEAR) for x in shrunk])


def _colour_table(random: np.random.Generator) -> ImageArray:
    """Return a uint8 (256, 3) table: gamma, gain and offset a channel."""
    level = np.arange(256)[:, None] / 255
    gamma = np.exp(random.normal(0, 0.15)) * np.exp(random.normal(0, 0.04, 3))
    gain = random.uniform(0.75, 1.1) * (1 + random.normal(0, 0.04, 3))
    return np.clip((level**gamma * gain + random.normal(0, 0.015)) * 255, 0, 255).astype(np.uint8)


def _recoloured(pictures: ImageArray, table: ImageArray) -> ImageArray:
    return cv2.LUT(np.ascontiguousarray(pictures).reshape(-1, pictures.shape[2], 3), table[:, None]).reshape(
        pictures.shape
    )
