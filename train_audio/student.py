"""Training of the streaming student: one step, its schedule, its averaged weights, and its state on disk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from talkingface.checkpoints import load_tensors, save_tensors
from talkingface.errors import BadInputError, CheckpointError
from talkingface.mouth_space import MouthSpace
from talkingface.networks.mouth_lstm import MouthLstm
from talkingface.timing import FEATURES_PER_FRAME, look_ahead_frames
from train_audio.examples import Batch
from train_audio.losses import LossWeights, mouth_loss, opening_weights
from train_audio.many_devices import Place

STEP_NAME = "step"
BEST_SCORE_NAME = "best_score"


@dataclass(frozen=True)
class StudentConfig:
    """Settings of the training.

    Attributes:
        steps: optimiser steps in all.
        batch: sequences a step.
        frames: length of a sequence.
        learning_rate: at its peak.
        weight_decay: of AdamW.
        average: share of the averaged weights kept a step; these are evaluated and exported.
        tracked_worth: weight of the tracked mouth in the loss.
        taught_worth: weight of the teachers' mouth.
        sounds_worth: weight of telling the classes of sound that the recogniser hears.
        voice_worth: weight of telling voice from none.
    """

    steps: int = 4000
    batch: int = 32
    frames: int = 125
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    average: float = 0.998
    tracked_worth: float = 0.25
    taught_worth: float = 1.5
    sounds_worth: float = 3.0
    voice_worth: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            BadInputError: sizes below 1.
        """
        if self.steps < 1 or self.batch < 1 or self.frames < 10:
            raise BadInputError(f"expected at least 1 step, 1 sequence and 10 frames, found {self}")


class Student:
    """A network in training, with everything that a resumed training needs."""

    def __init__(self, network: MouthLstm, space: MouthSpace, config: StudentConfig, place: Place) -> None:
        """Begin at step 0."""
        self.network = network.to(place.device)
        self.step = 0
        self.best_score = -math.inf
        self._config = config
        self._place = place
        self._opening = opening_weights(space).to(place.device)
        self._weights = LossWeights()
        self._optimiser = torch.optim.AdamW(
            network.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self._average = {name: value.detach().clone() for name, value in network.state_dict().items()}

    def learn(self, batch: Batch) -> dict[str, float]:
        """Take one optimiser step; returns the parts of the loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._learning_rate()
        self.network.train()
        tensors = {
            name: torch.from_numpy(value).to(self._place.device) for name, value in vars(batch).items()
        }
        with torch.no_grad():
            normalised = self.network.normalise_all(tensors["features"])
        with self._place.autocast():
            heads = self.network(normalised)
        late = look_ahead_frames(self.network.config.look_ahead_ms)
        parts = self._losses({name: value.float()[:, late:] for name, value in heads.items()}, tensors, late)
        loss = torch.stack(list(parts.values())).sum()
        self._optimiser.zero_grad()
        loss.backward()
        self._place.share_gradients(self.network)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        self._follow()
        return {name: float(value.detach()) for name, value in parts.items()} | {"loss": float(loss.detach())}

    def averaged(self) -> MouthLstm:
        """Return a copy of the network with its averaged weights, ready to be evaluated."""
        copy = MouthLstm(self.network.config)
        copy.load_state_dict({name: value.cpu() for name, value in self._average.items()})
        return copy.eval()

    def save(self, path: Path) -> None:
        """Write weights, averaged weights, optimiser, step and the best score so far."""
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self._average.items()}
        for index, state in self._optimiser.state_dict()["state"].items():
            tensors |= {f"optimiser.{index}.{name}": torch.as_tensor(value) for name, value in state.items()}
        tensors[STEP_NAME] = torch.tensor(self.step)
        tensors[BEST_SCORE_NAME] = torch.tensor(self.best_score, dtype=torch.float64)
        save_tensors(path, tensors)

    def restore(self, path: Path) -> None:
        """Go on from what :meth:`save` wrote.

        Raises:
            CheckpointError: missing, damaged, or of another network.
        """
        tensors = load_tensors(path)
        try:
            self.network.load_state_dict(_below("network.", tensors))
            self._average = {
                name: value.to(self._place.device) for name, value in _below("average.", tensors).items()
            }
            state = self._optimiser.state_dict()
            for name, value in _below("optimiser.", tensors).items():
                index, field = name.split(".")
                state["state"].setdefault(int(index), {})[field] = value
            self._optimiser.load_state_dict(state)
            self.step = int(tensors[STEP_NAME])
            self.best_score = float(tensors[BEST_SCORE_NAME])
        except (KeyError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"expected the state of such a training, found another in {path} ({error})"
            ) from error

    def _losses(self, heads: dict[str, Tensor], wanted: dict[str, Tensor], late: int) -> dict[str, Tensor]:
        """Return the weighted parts; the answer to frame k comes ``late`` frames after it."""
        config = self._config
        end = wanted["seen"].shape[1] - late
        cut = {name: value[:, :end] for name, value in wanted.items() if name != "features"}
        mouth = heads["mouth"]
        parts = {
            "tracked": config.tracked_worth
            * mouth_loss(mouth, cut["mouth"], cut["seen"], self._opening, self._weights),
            "voice": config.voice_worth
            * torch.nn.functional.binary_cross_entropy_with_logits(heads["voice"], cut["voice"]),
        }
        if cut["is_taught"].any():
            total = cut["is_taught"].sum()
            parts["taught"] = config.taught_worth * mouth_loss(
                mouth, cut["taught"], cut["is_taught"], self._opening, self._weights
            )
            if "sounds" in heads:
                guess = heads["sounds"].unflatten(2, (FEATURES_PER_FRAME, -1)).permute(0, 3, 1, 2)
                error = torch.nn.functional.cross_entropy(guess, cut["sounds"], reduction="none").mean(-1)
                parts["sounds"] = config.sounds_worth * (error * cut["is_taught"]).sum() / total
        return parts

    def _learning_rate(self) -> float:
        """Rise over the first twentieth, then fall as a cosine to a hundredth."""
        rise = max(1, self._config.steps // 20)
        if self.step < rise:
            return self._config.learning_rate * (self.step + 1) / rise
        share = min(1.0, (self.step - rise) / max(1, self._config.steps - rise))
        return self._config.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * share)))

    @torch.no_grad()
    def _follow(self) -> None:
        keep = min(self._config.average, (1 + self.step) / (10 + self.step))
        for name, value in self.network.state_dict().items():
            self._average[name].lerp_(value, 1.0 - keep)


@torch.no_grad()
def mouth_of_features(network: MouthLstm, features: np.ndarray, frames: int) -> np.ndarray:
    """Return float32 (frames, K) of a whole recording's float32 (2N, 80) features, N >= frames + look-ahead."""
    normalised = network.normalise_all(torch.from_numpy(np.ascontiguousarray(features, np.float32))[None])
    late = look_ahead_frames(network.config.look_ahead_ms)
    answer: np.ndarray = network(normalised)["mouth"][0, late : late + frames].numpy()
    return answer


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
