"""Losses that keep amplitude, movement and closure of the mouth, not only a mean error that flattens it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from talkingface.landmarks import LOWER_LIP_INNER_MIDDLE, UPPER_LIP_INNER_MIDDLE
from talkingface.mouth_space import MouthSpace

# Lip opening enters in percent of face height, which is about the size of a coefficient.
PERCENT = 100.0
CLOSED_BELOW_PERCENT = 0.8


@dataclass(frozen=True)
class LossWeights:
    """How much each part counts.

    Attributes:
        opening: squared error of the lip opening, beside that of the coefficients.
        velocity: squared error of the change from frame to frame.
        correlation: one minus the correlation of the lip opening over a sequence.
        closed: extra weight of frames whose lips are closed (p, b, m and rest).
    """

    opening: float = 0.5
    velocity: float = 2.0
    correlation: float = 3.0
    closed: float = 0.5


def opening_weights(space: MouthSpace) -> Tensor:
    """Return (K,) weights that give the lip opening in percent of face height, to first order."""
    lower, upper = (
        int((space.vertices == point).argmax()) for point in (LOWER_LIP_INNER_MIDDLE, UPPER_LIP_INNER_MIDDLE)
    )
    return torch.from_numpy(space.basis[:, lower, 1] - space.basis[:, upper, 1]) * PERCENT


def mouth_loss(
    predicted: Tensor, wanted: Tensor, mask: Tensor, opening: Tensor, weights: LossWeights
) -> Tensor:
    """Return the loss of (B, T, K) coefficients over the frames where ``mask`` (B, T) is above 0.

    Args:
        predicted: what the network says.
        wanted: the mouth, people opening equally wide.
        mask: weight of each frame; 0 leaves it out.
        opening: (K,) of :func:`opening_weights`.
        weights: how much each part counts.
    """
    total = mask.sum().clamp(min=1.0)
    error = predicted - wanted
    position = (error**2).mean(-1) + weights.opening * (error @ opening) ** 2
    shut = ((wanted @ opening) < CLOSED_BELOW_PERCENT).to(mask.dtype)
    loss = (position * mask * (1.0 + weights.closed * shut)).sum() / total
    change = error[:, 1:] - error[:, :-1]
    both = mask[:, 1:] * mask[:, :-1]
    speed = (change**2).mean(-1) + weights.opening * (change @ opening) ** 2
    loss = loss + weights.velocity * (speed * both).sum() / total
    if weights.correlation:
        loss = loss + weights.correlation * _uncorrelated(predicted @ opening, wanted @ opening, mask)
    return loss


def _uncorrelated(one: Tensor, other: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of one minus r over the sequences that have frames; a constant keeps still ones calm."""
    count = mask.sum(1, keepdim=True)
    share = mask / count.clamp(min=1.0)
    one = (one - (one * share).sum(1, keepdim=True)) * mask
    other = (other - (other * share).sum(1, keepdim=True)) * mask
    r = (one * other).sum(1) / torch.sqrt((one**2).sum(1) * (other**2).sum(1) + 1.0)
    known = (count[:, 0] > 0).to(r.dtype)
    return ((1.0 - r) * known).sum() / known.sum().clamp(min=1.0)
