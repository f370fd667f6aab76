"""Training patches on disk: one folder a person, raw arrays that are memory-mapped, so that any size fits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.clips import Clip
from talkingface.errors import BadInputError
from talkingface.records import FloatArray, ImageArray

STORE_VERSION = 1
FACTS = "facts.npz"
SETS = "sets.json"


@dataclass(frozen=True)
class PersonPatches:
    """All patches of one person.

    Attributes:
        name: the anonymous label.
        split: ``train`` or ``validation``.
        truths: uint8 (n, p, p, 3) aligned mouth patches of genuine frames.
        clips: int32 (n,) number of the clip each truth comes from.
        frames: int32 (n,) its frame in that clip.
        lips: float32 (n, 20, 2) outer lip ring in patch pixels.
        openness: float32 (n,) lip opening over face height.
        width: float32 (n,) lip width over face height.
        guides: uint8 (m, p, p, 4) drawn patches.
        answers: int32 (m,) the truth that each guide stands for.
        weight: how often this person is drawn in training.
    """

    name: str
    split: str
    truths: ImageArray
    clips: NDArray[np.int32]
    frames: NDArray[np.int32]
    lips: FloatArray
    openness: FloatArray
    width: FloatArray
    guides: ImageArray
    answers: NDArray[np.int32]
    weight: float

    def save(self, store: Path) -> None:
        """Write the person's folder; the facts come last and make it count as whole."""
        folder = store / self.name
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "truths.npy", self.truths)
        np.save(folder / "guides.npy", self.guides)
        partial = folder / "facts.part"
        with open(partial, "wb") as file:
            np.savez(
                file,
                version=STORE_VERSION,
                split=self.split,
                clips=self.clips,
                frames=self.frames,
                lips=self.lips,
                openness=self.openness,
                width=self.width,
                answers=self.answers,
                weight=self.weight,
            )
        partial.replace(folder / FACTS)


def load_person(folder: Path) -> PersonPatches:
    """Map one person's patches.

    Raises:
        BadInputError: damaged or of another version.
    """
    try:
        with np.load(folder / FACTS, allow_pickle=False) as facts:
            if int(facts["version"]) != STORE_VERSION:
                raise BadInputError(
                    f"expected patches of version {STORE_VERSION}, found {facts['version']} in {folder}"
                )
            return PersonPatches(
                name=folder.name,
                split=str(facts["split"]),
                truths=np.load(folder / "truths.npy", mmap_mode="r", allow_pickle=False),
                clips=facts["clips"],
                frames=facts["frames"],
                lips=facts["lips"],
                openness=facts["openness"],
                width=facts["width"],
                guides=np.load(folder / "guides.npy", mmap_mode="r", allow_pickle=False),
                answers=facts["answers"],
                weight=float(facts["weight"]),
            )
    except (OSError, KeyError, ValueError) as error:
        raise BadInputError(f"expected training patches in {folder}, found damage ({error})") from error


def write_sets(store: Path, clips: list[Clip]) -> None:
    """Write which sets, with how many people and under which licences, the store's training patches come from."""
    rows = []
    for name in sorted({clip.set_name for clip in clips}):
        among = [clip for clip in clips if clip.set_name == name]
        people, licences = {clip.person for clip in among}, sorted({clip.licence for clip in among})
        rows.append({"set": name, "people": len(people), "clips": len(among), "licence": "; ".join(licences)})
    (store / SETS).write_text(json.dumps(rows, indent=2), encoding="utf-8")


def read_sets(store: Path | str) -> list[dict[str, Any]]:
    """Return what :func:`write_sets` wrote; nothing where it was not called."""
    path = Path(store) / SETS
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return rows


def load_store(store: Path | str) -> list[PersonPatches]:
    """Map every person of a store.

    Raises:
        BadInputError: no store there; ``python -m train.build_data`` makes one.
    """
    store = Path(store)
    folders = sorted(entry.parent for entry in store.glob(f"*/{FACTS}"))
    if not folders:
        raise BadInputError(
            f"expected training patches in {store}, found none: run python -m train.build_data first"
        )
    return [load_person(folder) for folder in folders]
