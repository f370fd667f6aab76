"""The better teacher, for a GPU: Whisper's own upper layers learn to tell the mouth, from clips in many voices.

A few people's minutes are learnt by heart within some hundred steps, so each network stops where it fits the people it
does not see best. On the validation people it reaches r 0.70 where a network over Whisper's finished states has 0.66.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray
from train_audio.heard_pieces import COLUMNS_PER_FRAME, HeardBatch, HeardClips, columns_of
from train_audio.losses import LossWeights, mouth_loss, opening_weights
from train_audio.many_devices import Place
from train_audio.measures import correlation
from train_audio.recordings import Recording
from train_audio.whisper_encoder import WhisperEncoder, load_whisper

STATES_PER_FRAME = 2
WINDOW_FRAMES, OVERLAP_FRAMES = 600, 25


@dataclass(frozen=True)
class FineTuning:
    """Settings of the training of these teachers.

    Attributes:
        folds: groups that the people are put in.
        rounds: networks a group, which do not see it.
        steps: of each network.
        batch: sequences a step, of ``frames`` frames.
        frames: see above.
        trained_layers: how many of the recogniser's last layers learn.
        encoder_rate: their learning rate at its peak.
        head_rate: that of the new layers.
        dropout: in the new layers.
        hidden: units of the LSTM in each direction.
        judge_every: steps between two looks at the people held out.
        average: share of the averaged weights kept a step.
    """

    folds: int = 4
    rounds: int = 2
    steps: int = 200
    batch: int = 20
    frames: int = 200
    trained_layers: int = 3
    encoder_rate: float = 4e-5
    head_rate: float = 1e-3
    dropout: float = 0.45
    hidden: int = 160
    judge_every: int = 40
    average: float = 0.995


class FineTunedTeacher(nn.Module):
    """Whisper's encoder, a learnt mixture of its layers, and one bidirectional LSTM."""

    def __init__(self, encoder: WhisperEncoder, coefficients: int, config: FineTuning) -> None:
        """Put a new head on an encoder."""
        super().__init__()
        self.encoder = encoder
        layers = len(encoder.layers)
        self.mixture = nn.Parameter(torch.linspace(0.0, 0.5, layers))
        self.level = nn.LayerNorm(encoder.width, elementwise_affine=False)
        self.project = nn.Linear(STATES_PER_FRAME * encoder.width, config.hidden)
        self.recurrent = nn.LSTM(config.hidden, config.hidden, batch_first=True, bidirectional=True)
        self.mouth = nn.Linear(2 * config.hidden, coefficients)
        self.drop_input, self.drop = nn.Dropout(config.dropout / 2), nn.Dropout(config.dropout)
        frozen = [encoder.first, encoder.second, *encoder.layers[: max(0, layers - config.trained_layers)]]
        for part in frozen:
            part.requires_grad_(requires_grad=False)

    def forward(self, log_mel: Tensor) -> Tensor:
        """Return (B, T, K) coefficients of (B, 4T, 80) log-mel."""
        shares = torch.softmax(self.mixture, 0)
        layers = self.encoder(log_mel)
        states = torch.stack([share * self.level(layer) for share, layer in zip(shares, layers, strict=True)])
        joined = states.sum(0).flatten(1).unflatten(1, (-1, self.project.in_features))
        entered = self.drop(torch.relu(self.project(self.drop_input(joined))))
        hidden, _ = self.recurrent(entered)
        mouth: Tensor = self.mouth(self.drop(hidden))
        return mouth


def teach_finely(
    recordings: list[Recording],
    folder: Path,
    space: MouthSpace,
    config: FineTuning,
    seed: int,
    place: Place,
    on_step: Callable[[float], None] | None = None,
) -> dict[str, FloatArray]:
    """Train the teachers; returns each recording's float32 (T, K) mouth by name.

    Clips of the training are answered by networks that never saw their person, all else by the mean of all.

    Raises:
        CheckpointError: no Whisper model in ``folder``.
    """
    seen = [r for r in recordings if r.seen.any() and r.split != "validation"]
    people = sorted({r.person for r in seen})
    np.random.default_rng(seed).shuffle(people)
    folds = max(2, min(config.folds, len(people)))
    clips = HeardClips(seen, place.device)
    answers: dict[str, list[FloatArray]] = {}
    for number in range(folds * config.rounds):
        held = set(people[number % folds :: folds])

        def progress(share: float, done: int = number) -> None:
            if on_step is not None:
                on_step((done + share) / (folds * config.rounds))

        network = _train(clips, seen, held, folder, space, config, 1000 * seed + number, place, progress)
        for recording in recordings:
            if recording.split == "validation" or recording.person in held or not recording.seen.any():
                answers.setdefault(recording.name, []).append(answer(network, recording, place))
    return {name: np.mean(mouths, axis=0, dtype=np.float32) for name, mouths in answers.items()}


@torch.no_grad()
def answer(network: FineTunedTeacher, recording: Recording, place: Place) -> FloatArray:
    """Return float32 (T, K): what a teacher says of a recording, in windows that overlap by a second."""
    frames = recording.frames
    columns = columns_of(recording.samples, frames + OVERLAP_FRAMES, place.device)
    parts = []
    for begin in range(0, frames, WINDOW_FRAMES):
        first, end = max(0, begin - OVERLAP_FRAMES), min(frames, begin + WINDOW_FRAMES)
        window = columns[COLUMNS_PER_FRAME * first : COLUMNS_PER_FRAME * (end + OVERLAP_FRAMES)]
        with place.autocast():
            said = network(window[None])[0]
        parts.append(said[begin - first : end - first].float().cpu().numpy())
    return np.concatenate(parts).astype(np.float32)


def _train(
    clips: HeardClips,
    seen: list[Recording],
    held: set[str],
    folder: Path,
    space: MouthSpace,
    config: FineTuning,
    seed: int,
    place: Place,
    on_step: Callable[[float], None],
) -> FineTunedTeacher:
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    network = FineTunedTeacher(load_whisper(folder), space.coefficient_count, config).to(place.device)
    chances = clips.chances_without(held)
    judged = [r for r in seen if r.person in held]
    opening = opening_weights(space).to(place.device)
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    head = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    optimiser = torch.optim.AdamW([{"params": encoder}, {"params": head}], weight_decay=0.05)
    learning = {name: p for name, p in network.named_parameters() if p.requires_grad}
    average = {name: p.detach().clone() for name, p in learning.items()}
    best_score, best = -math.inf, average
    for step in range(config.steps):
        rate = _rate(step / config.steps)
        optimiser.param_groups[0]["lr"] = rate * config.encoder_rate
        optimiser.param_groups[1]["lr"] = rate * config.head_rate
        _learn(
            network, clips.batch(config.batch, config.frames, generator, chances), optimiser, opening, place
        )
        keep = min(config.average, (1 + step) / (10 + step))
        for name, parameter in learning.items():
            average[name].lerp_(parameter.detach(), 1.0 - keep)
        if (step + 1) % config.judge_every == 0 or step + 1 == config.steps:
            score = _score(network, average, judged, space, place)
            if score > best_score:
                best_score, best = score, {name: tensor.clone() for name, tensor in average.items()}
        on_step((step + 1) / config.steps)
    _take(learning, best)
    return network.eval()


def _learn(
    network: FineTunedTeacher,
    batch: HeardBatch,
    optimiser: torch.optim.Optimizer,
    opening: Tensor,
    place: Place,
) -> None:
    network.train()
    with place.autocast():
        said = network(batch.log_mel)
    loss = mouth_loss(said.float(), batch.mouth, batch.weight, opening, LossWeights(closed=0.0))
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0)
    optimiser.step()


def _score(
    network: FineTunedTeacher,
    average: dict[str, Tensor],
    judged: list[Recording],
    space: MouthSpace,
    place: Place,
) -> float:
    """Return the mean r over held-out people's clips, each person counting alike, with the averaged weights."""
    learning = {name: p for name, p in network.named_parameters() if p.requires_grad}
    own = {name: p.detach().clone() for name, p in learning.items()}
    _take(learning, average)
    network.eval()
    by_person: dict[str, list[float]] = {}
    for recording in judged:
        said = space.lip_opening(answer(network, recording, place))
        by_person.setdefault(recording.person, []).append(
            correlation(said, space.lip_opening(recording.coefficients))
        )
    _take(learning, own)
    return float(np.mean([np.mean(values) for values in by_person.values()])) if by_person else 0.0


@torch.no_grad()
def _take(parameters: dict[str, nn.Parameter], values: dict[str, Tensor]) -> None:
    for name, parameter in parameters.items():
        parameter.copy_(values[name])


def _rate(share: float) -> float:
    """Rise over the first twelfth, then fall as a cosine to a hundredth."""
    if share < 1 / 12:
        return 12 * share + 0.02
    return 0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * (share - 1 / 12) / (11 / 12)))
