"""Sound to mouth: a small stateful LSTM from log-mel features to mouth coefficients, with its own normalisation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from talkingface.errors import BadInputError
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS, look_ahead_frames

# A frame whose mean log-mel is above this has something to hear in it and may teach the running mean.
HEARD_LOG_MEL = -9.0
# The gate opens at once, is held for 20 frames without voice (people do not rest in short pauses), shuts in ten.
VOICE_OPEN = 0.15
GATE_RISE = 1.0
GATE_FALL = 0.1
GATE_FULL = 3.0


@dataclass(frozen=True)
class MouthLstmConfig:
    """The shape of the network.

    Attributes:
        coefficient_count: K.
        look_ahead_ms: how late the answer is, beside the feature window.
        hidden: units of each of the two LSTM layers.
        projection: width of the layer that sees this and the last frame's features.
        sound_classes: classes of a head used in training only, which must tell sounds apart; 0 is none.
        mean_memory_frames: how many heard frames the running mean of each band remembers.
        prior_frames: how many frames of the training mean it starts with.
        dropout: share dropped between layers in training.
    """

    coefficient_count: int = 12
    look_ahead_ms: int = 80
    hidden: int = 208
    projection: int = 128
    sound_classes: int = 0
    mean_memory_frames: float = 250.0
    prior_frames: float = 10.0
    dropout: float = 0.3

    def __post_init__(self) -> None:
        """Check the settings.

        Raises:
            BadInputError: a size below 1 or a look-ahead between frames.
        """
        look_ahead_frames(self.look_ahead_ms)
        if min(self.coefficient_count, self.hidden, self.projection) < 1 or self.sound_classes < 0:
            raise BadInputError(f"expected positive network sizes, found {self}")


class MouthLstm(nn.Module):
    """Two LSTM layers over running-mean-normalised log-mel; one step a video frame.

    State (all float32, batch first): band mean (B, 80), heard count (B, 1), last normalised input (B, 160),
    hidden and cell of both layers (B, hidden) each, gate (B, 1).
    """

    band_mean: Tensor
    band_scale: Tensor

    def __init__(self, config: MouthLstmConfig) -> None:
        """Make a network with random weights; ``set_normalisation`` gives it the training statistics."""
        super().__init__()
        self.config = config
        inputs = FEATURES_PER_FRAME * MEL_BINS
        self.register_buffer("band_mean", torch.full((MEL_BINS,), -6.0))
        self.register_buffer("band_scale", torch.full((MEL_BINS,), 2.5))
        self.project = nn.Sequential(
            nn.Linear(2 * inputs, config.projection), nn.LayerNorm(config.projection), nn.ReLU()
        )
        self.first = nn.LSTM(config.projection, config.hidden, batch_first=True)
        self.second = nn.LSTM(config.hidden, config.hidden, batch_first=True)
        self.drop = nn.Dropout(config.dropout)
        self.mouth = nn.Linear(config.hidden, config.coefficient_count)
        self.voice = nn.Linear(config.hidden, 1)
        self.sounds = (
            nn.Linear(config.hidden, FEATURES_PER_FRAME * config.sound_classes)
            if config.sound_classes
            else None
        )

    def set_normalisation(self, mean: Tensor, scale: Tensor) -> None:
        """Take the training set's (80,) mean and standard deviation of heard log-mel columns."""
        self.band_mean.copy_(mean)
        self.band_scale.copy_(scale)

    def initial_state(self, batch: int = 1) -> tuple[Tensor, ...]:
        """Return the state before the first sound."""
        device = self.band_mean.device
        hidden = [torch.zeros(batch, self.config.hidden, device=device) for _ in range(4)]
        mean = self.band_mean.expand(batch, -1).clone()
        count = torch.full((batch, 1), self.config.prior_frames, device=device)
        last = torch.zeros(batch, FEATURES_PER_FRAME * MEL_BINS, device=device)
        return (mean, count, last, *hidden, torch.zeros(batch, 1, device=device))

    def normalise(self, pair: Tensor, mean: Tensor, count: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalise one frame's columns (B, 2, 80) by the running mean; returns (B, 160), mean and count."""
        column = pair.mean(1)
        heard = (column.mean(1, keepdim=True) > HEARD_LOG_MEL).to(pair.dtype)
        count = torch.clamp(count + heard, max=self.config.mean_memory_frames)
        mean = mean + heard / count * (column - mean)
        normal = (pair - mean[:, None]) / self.band_scale
        return normal.flatten(1), mean, count

    def normalise_all(self, features: Tensor) -> Tensor:
        """Normalise whole sequences (B, 2T, 80) to (B, T, 320): each frame's columns after the frame before's."""
        batch = len(features)
        pairs = features.reshape(batch, -1, FEATURES_PER_FRAME, MEL_BINS)
        if pairs.shape[1] + self.config.prior_frames <= self.config.mean_memory_frames:
            return self._normalise_short(pairs)
        mean, count, last = self.initial_state(batch)[:3]
        rows = []
        for index in range(pairs.shape[1]):
            normal, mean, count = self.normalise(pairs[:, index], mean, count)
            rows.append(torch.cat([last, normal], 1))
            last = normal
        return torch.stack(rows, 1)

    def _normalise_short(self, pairs: Tensor) -> Tensor:
        """Normalise (B, T, 2, 80) to (B, T, 320) at once: while nothing is forgotten the mean is a running sum."""
        columns = pairs.mean(2)
        heard = (columns.mean(2, keepdim=True) > HEARD_LOG_MEL).to(pairs.dtype)
        prior = self.config.prior_frames
        mean = (prior * self.band_mean + (heard * columns).cumsum(1)) / (prior + heard.cumsum(1))
        normal = ((pairs - mean[:, :, None]) / self.band_scale).flatten(2)
        last = torch.cat([torch.zeros_like(normal[:, :1]), normal[:, :-1]], 1)
        return torch.cat([last, normal], 2)

    def forward(self, normalised: Tensor) -> dict[str, Tensor]:
        """Run whole sequences for training.

        Args:
            normalised: (B, T, 320) of :meth:`normalise_all`.

        Returns:
            ``mouth`` (B, T, K), ``voice`` (B, T) logits, and, with such a head, ``sounds`` (B, T, 2 * classes) logits.
        """
        projected = self.drop(self.project(normalised))
        first, _ = self.first(projected)
        second, _ = self.second(self.drop(first))
        second = self.drop(second)
        heads = {"mouth": self.mouth(second), "voice": self.voice(second)[..., 0]}
        if self.sounds is not None:
            heads["sounds"] = self.sounds(second)
        return heads

    def step(self, features: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Advance by one frame: (B, 2, 80) log-mel in, (B, K) gated coefficients and state out."""
        mean, count, last, hidden_1, cell_1, hidden_2, cell_2, gate = state
        normal, mean, count = self.normalise(features, mean, count)
        projected = self.project(torch.cat([last, normal], 1))
        hidden_1, cell_1 = _cell(self.first, projected, hidden_1, cell_1)
        hidden_2, cell_2 = _cell(self.second, hidden_1, hidden_2, cell_2)
        voiced = (torch.sigmoid(self.voice(hidden_2)) > VOICE_OPEN).to(gate.dtype)
        gate = torch.clamp(gate + voiced * (GATE_RISE + GATE_FALL) - GATE_FALL, 0.0, GATE_FULL)
        coefficients = self.mouth(hidden_2) * gate.clamp(max=1.0)
        return coefficients, (mean, count, normal, hidden_1, cell_1, hidden_2, cell_2, gate)

    def multiply_accumulates(self) -> int:
        """Return the multiply-accumulates of one step, heads of the live path included."""
        matrices = [next(self.project.parameters()), self.mouth.weight, self.voice.weight]
        for layer in (self.first, self.second):
            matrices += layer.all_weights[0][:2]
        return sum(matrix.numel() for matrix in matrices)


def _cell(layer: nn.LSTM, inputs: Tensor, hidden: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """Advance one LSTM layer by one frame with plain matrix products, which export everywhere."""
    of_inputs, of_hidden, bias_of_inputs, bias_of_hidden = layer.all_weights[0]
    gates = nn.functional.linear(inputs, of_inputs, bias_of_inputs)
    gates = gates + nn.functional.linear(hidden, of_hidden, bias_of_hidden)
    entry, forget, candidate, output = gates.chunk(4, 1)
    cell = torch.sigmoid(forget) * cell + torch.sigmoid(entry) * torch.tanh(candidate)
    return torch.sigmoid(output) * torch.tanh(cell), cell
