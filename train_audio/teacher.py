"""The teacher: a bidirectional network over a speech recogniser's states, which the streaming student follows.

Every training clip is answered by a network that never saw the label of its person, so the student is not taught what
a teacher learned by heart; plain speech and validation clips are answered by the mean of all networks.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray
from talkingface.timing import FEATURES_PER_FRAME
from train_audio.balance import SET_WORTH, sampling_weights
from train_audio.losses import LossWeights, mouth_loss, opening_weights
from train_audio.measures import lagged_correlation
from train_audio.recordings import Recording

SEQUENCE_FRAMES = 75
BATCH = 32
GAP_FRAMES = 2
RELAG_GAIN = 0.03
RELAG_FLOOR = 0.35
RELAG_RANGE = range(-4, 5)


@dataclass(frozen=True)
class TeacherConfig:
    """Settings of the teachers.

    Attributes:
        folds: how many groups the people are put in; one network a group, which it does not see.
        steps: training steps of each network.
        state_width: principal components of the recogniser's states that are kept.
        classes: of sound that the student must tell.
        hidden: units of the LSTM in each direction.
        learning_rate: at its peak.
    """

    folds: int = 4
    steps: int = 300
    state_width: int = 96
    classes: int = 100
    hidden: int = 128
    learning_rate: float = 2e-3


@dataclass(frozen=True)
class Taught:
    """What the teachers say of one recording.

    Attributes:
        mouth: float32 (T, K) coefficients, people opening equally wide.
        sounds: int64 (T, 2) which class of sound the recogniser hears in each of a frame's two columns.
    """

    mouth: FloatArray
    sounds: NDArray[np.int64]


class Teacher(nn.Module):
    """One bidirectional LSTM between two linear layers, with much dropout."""

    def __init__(self, inputs: int, coefficients: int, hidden: int) -> None:
        """Make a network with random weights."""
        super().__init__()
        self.project = nn.Linear(inputs, 96)
        self.recurrent = nn.LSTM(96, hidden, batch_first=True, bidirectional=True)
        self.mouth = nn.Linear(2 * hidden, coefficients)
        self.drop_input = nn.Dropout(0.2)
        self.drop = nn.Dropout(0.4)

    def forward(self, heard: Tensor) -> Tensor:
        """Return (B, T, K) coefficients of (B, T, inputs)."""
        hidden, _ = self.recurrent(self.drop(torch.relu(self.project(self.drop_input(heard)))))
        mouth: Tensor = self.mouth(self.drop(hidden))
        return mouth


def reduced_states(
    states: dict[str, NDArray[np.float16]], learn_from: Sequence[str], width: int
) -> dict[str, FloatArray]:
    """Return (T, 2 * width) principal components, half whitened, of (2T, n) states by name."""
    sample = np.concatenate([states[name][::3] for name in learn_from]).astype(np.float32)
    mean = sample.mean(0)
    values, vectors = np.linalg.eigh((sample - mean).T @ (sample - mean) / len(sample))
    order = np.argsort(values)[::-1][:width]
    matrix = vectors[:, order] / np.maximum(values[order], 1e-9) ** 0.25
    matrix /= np.sqrt(np.mean(((sample - mean) @ matrix) ** 2))
    return {
        name: ((rows.astype(np.float32) - mean) @ matrix)
        .astype(np.float32)
        .reshape(-1, FEATURES_PER_FRAME * width)
        for name, rows in states.items()
    }


def sound_classes(
    heard: dict[str, FloatArray], learn_from: Sequence[str], classes: int, seed: int, rounds: int = 15
) -> dict[str, NDArray[np.int64]]:
    """Return (T, 2) classes of sound by name: k-means over single columns of (T, 2 * width) reduced states.

    To tell them is a task that needs phones and no faces (after HuBERT, Hsu et al. 2021).
    """
    generator = np.random.default_rng(seed)
    columns = np.concatenate([heard[name].reshape(2 * len(heard[name]), -1) for name in learn_from])
    columns = columns[generator.permutation(len(columns))[:40_000]]
    centres = columns[:classes].copy()
    for _ in range(rounds):
        nearest = _nearest(columns, centres)
        for index in range(len(centres)):
            own = columns[nearest == index]
            centres[index] = own.mean(0) if len(own) else columns[int(generator.integers(0, len(columns)))]
    return {name: _nearest(h.reshape(2 * len(h), -1), centres).reshape(-1, 2) for name, h in heard.items()}


def _nearest(columns: FloatArray, centres: FloatArray) -> NDArray[np.int64]:
    distance = (centres**2).sum(1) - 2.0 * columns @ centres.T
    return distance.argmin(1).astype(np.int64)


def teach(
    recordings: list[Recording],
    heard: dict[str, FloatArray],
    sounds: dict[str, NDArray[np.int64]],
    space: MouthSpace,
    config: TeacherConfig,
    seed: int,
    on_step: Callable[[float], None] | None = None,
) -> dict[str, Taught]:
    """Train the teachers and return what they say of every recording, by name."""
    seen = [r for r in recordings if r.seen.any() and r.split != "validation"]
    people = sorted({r.person for r in seen})
    np.random.default_rng(seed).shuffle(people)
    folds = max(2, min(config.folds, len(people)))
    answers: dict[str, list[FloatArray]] = {}
    for fold in range(folds):
        held = set(people[fold::folds])
        learned = [r for r in seen if r.person not in held] or seen

        def progress(share: float, done: int = fold) -> None:
            if on_step is not None:
                on_step((done + share) / folds)

        network = _train(learned, heard, space, config, seed + fold, progress)
        for recording in recordings:
            if recording.split == "validation" or recording.person in held or recording not in seen:
                answers.setdefault(recording.name, []).append(_answer(network, heard[recording.name]))
    return {
        name: Taught(np.mean(mouths, axis=0, dtype=np.float32), sounds[name])
        for name, mouths in answers.items()
    }


def better_lags(recordings: list[Recording], taught: dict[str, Taught], space: MouthSpace) -> dict[str, int]:
    """Return each training clip's lag by where the teachers' answer fits best; short clips vote by person.

    A lag is changed only where the fit gains clearly and is a fit at all.
    """
    groups: dict[str, list[Recording]] = {}
    for recording in recordings:
        if recording.seen.any() and recording.split != "validation":
            name = recording.person if recording.frames < 3 * SEQUENCE_FRAMES // 2 else recording.name
            groups.setdefault(name, []).append(recording)
    lags = {}
    for members in groups.values():
        lengths = np.array([member.frames for member in members], float)
        fits = {
            lag: float(
                np.average(
                    [
                        lagged_correlation(space.lip_opening(taught[m.name].mouth), m.opening, lag)
                        for m in members
                    ],
                    weights=lengths,
                )
            )
            for lag in RELAG_RANGE
        }
        best = max(fits, key=lambda lag: fits[lag])
        for member in members:
            gain = fits[best] - fits.get(member.lag_frames, -1.0)
            lags[member.name] = best if gain > RELAG_GAIN and fits[best] > RELAG_FLOOR else member.lag_frames
    return lags


def teaching_key(
    recordings: list[Recording],
    space: MouthSpace,
    config: TeacherConfig,
    seed: int,
    lags: dict[str, int] | None = None,
) -> str:
    """Return a hash of all that the teachers' answers depend on; ``lags`` are those given, None if estimated."""
    parts = [repr(replace(config, classes=0)), str(seed), *sorted(f"{r.key} {r.split}" for r in recordings)]
    parts += [repr(sorted(SET_WORTH.items())), repr(lags and sorted(lags.items()))]
    return hashlib.sha256("\n".join(parts).encode() + space.basis.tobytes()).hexdigest()[:12]


def save_teaching(path: Path, lags: dict[str, int], taught: dict[str, Taught]) -> None:
    """Keep the lags and the teachers' mouths."""
    arrays: dict[str, NDArray[Any]] = {f"mouth:{name}": answer.mouth for name, answer in taught.items()}
    arrays |= {f"lag:{name}": np.array(lag, np.int32) for name, lag in lags.items()}
    partial = path.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as file:
        np.savez(file, **arrays)
    partial.replace(path)


def load_teaching(path: Path) -> tuple[dict[str, int], dict[str, FloatArray]]:
    """Read what :func:`save_teaching` kept: lags and mouths by name."""
    lags: dict[str, int] = {}
    mouths: dict[str, FloatArray] = {}
    with np.load(path, allow_pickle=False) as stored:
        for entry in stored.files:
            kind, name = entry.split(":", 1)
            if kind == "lag":
                lags[name] = int(stored[entry])
            else:
                mouths[name] = stored[entry]
    return lags, mouths


def _train(
    recordings: list[Recording],
    heard: dict[str, FloatArray],
    space: MouthSpace,
    config: TeacherConfig,
    seed: int,
    on_step: Callable[[float], None],
) -> Teacher:
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    chances = sampling_weights(recordings)
    width = heard[recordings[0].name].shape[1]
    network = Teacher(width, space.coefficient_count, config.hidden)
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=config.steps)
    opening = opening_weights(space)
    for step in range(config.steps):
        states, mouth, mask = _batch(recordings, heard, chances, generator, space.coefficient_count)
        loss = mouth_loss(network(states), mouth, mask, opening, LossWeights(closed=0.0))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        on_step((step + 1) / config.steps)
    return network.eval()


def _batch(
    recordings: list[Recording],
    heard: dict[str, FloatArray],
    chances: NDArray[np.float64],
    generator: np.random.Generator,
    coefficients: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Fill sequences with pieces of recordings, two frames of nothing between them."""
    width = heard[recordings[0].name].shape[1]
    states = np.zeros((BATCH, SEQUENCE_FRAMES, width), np.float32)
    mouth = np.zeros((BATCH, SEQUENCE_FRAMES, coefficients), np.float32)
    mask = np.zeros((BATCH, SEQUENCE_FRAMES), np.float32)
    for row in range(BATCH):
        position = 0
        while position < SEQUENCE_FRAMES:
            recording = recordings[generator.choice(len(recordings), p=chances)]
            spare = recording.frames - SEQUENCE_FRAMES
            start = int(generator.integers(0, recording.frames - SEQUENCE_FRAMES // 2)) if spare > 0 else 0
            length = min(SEQUENCE_FRAMES - position, recording.frames - start)
            here, there = slice(position, position + length), slice(start, start + length)
            states[row, here] = heard[recording.name][there]
            mouth[row, here] = recording.coefficients[there] * recording.amplitude
            mask[row, here] = recording.seen[there]
            position += length + GAP_FRAMES
    return torch.from_numpy(states), torch.from_numpy(mouth), torch.from_numpy(mask)


@torch.no_grad()
def _answer(network: Teacher, heard: FloatArray) -> FloatArray:
    answer: FloatArray = network(torch.from_numpy(heard)[None])[0].numpy()
    return answer
