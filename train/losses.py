"""What the painter is trained on: weighted L1 at several scales, gradients, structure, judge, and VGG if supplied."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

from talkingface.checkpoints import load_tensors
from talkingface.errors import CheckpointError

# Convolutions of VGG19 up to relu4_1: channels, "M" halves (Simonyan & Zisserman 2015).
VGG19_LAYERS: tuple[int | str, ...] = (64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512)
VGG19_LISTENED = (1, 6, 11, 20)
VGG_MEAN, VGG_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class LossWeights:
    """How much each term counts; those of the judge count only once it has joined."""

    pixels: float = 1.0
    coarse: float = 0.5
    gradient: float = 0.6
    structure: float = 0.15
    judge: float = 0.025
    features: float = 0.3
    vgg: float = 0.05


def picture_losses(painted: Tensor, truth: Tensor, importance: Tensor) -> dict[str, Tensor]:
    """Compare (B, 3, p, p) pictures under a (B, 1, p, p) importance of mean about 1."""
    difference = (painted - truth).abs()
    coarse = painted.new_zeros(())
    small, small_truth, small_importance = painted, truth, importance
    for _ in range(2):
        small, small_truth = F.avg_pool2d(small, 2), F.avg_pool2d(small_truth, 2)
        small_importance = F.avg_pool2d(small_importance, 2)
        coarse = coarse + ((small - small_truth).abs() * small_importance).mean()
    return {
        "pixels": (difference * importance).mean(),
        "coarse": coarse,
        "gradient": _gradient_difference(painted, truth, importance),
        "structure": (1 - structure_map(painted, truth)).mul(F.avg_pool2d(importance, 4)).mean(),
    }


def structure_map(first: Tensor, second: Tensor) -> Tensor:
    """Return the SSIM map over 8x8 boxes of (B, 3, p, p) pictures, on luminance, at a quarter of the resolution."""
    a, b = first.mean(1, keepdim=True), second.mean(1, keepdim=True)

    def box(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 8, stride=4, padding=2, count_include_pad=False)

    mean_a, mean_b = box(a), box(b)
    var_a, var_b = box(a * a) - mean_a**2, box(b * b) - mean_b**2
    covariance = box(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    return ((2 * mean_a * mean_b + c1) * (2 * covariance + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (var_a.clamp(min=0) + var_b.clamp(min=0) + c2)
    )


def judge_losses(verdict_true: Tensor, verdict_painted: Tensor, importance: Tensor) -> Tensor:
    """Return the judge's own hinge loss, its squares weighted by (B, 1, h, w) importance of mean about 1."""
    return ((F.relu(1 - verdict_true) + F.relu(1 + verdict_painted)) * importance).mean()


def feature_matching(painted: list[Tensor], true: list[Tensor]) -> Tensor:
    """Return the mean distance of the judge's inner features."""
    total = painted[0].new_zeros(())
    for a, b in zip(painted, true, strict=True):
        total = total + (a - b.detach()).abs().mean()
    return total / len(painted)


class VggDistance(nn.Module):
    """Perceptual distance in VGG19 features, with weights that the user supplies."""

    mean: Tensor
    std: Tensor

    def __init__(self, weights: Path | str) -> None:
        """Load convolutions from safetensors named like torchvision's ``features.N.weight`` and ``.bias``.

        Raises:
            CheckpointError: missing, damaged, or of other shapes.
        """
        super().__init__()
        tensors = load_tensors(weights)
        layers: list[nn.Module] = []
        before = 3
        for width in VGG19_LAYERS:
            if width == "M":
                layers.append(nn.MaxPool2d(2))
                continue
            convolution = nn.Conv2d(before, int(width), 3, padding=1)
            for part in ("weight", "bias"):
                name = f"features.{len(layers)}.{part}"
                wanted = getattr(convolution, part)
                if name not in tensors or tensors[name].shape != wanted.shape:
                    found = tuple(tensors[name].shape) if name in tensors else "nothing"
                    raise CheckpointError(
                        f"expected {name} of {tuple(wanted.shape)} in {weights}, found {found}"
                    )
                wanted.data.copy_(tensors[name])
            layers += [convolution, nn.ReLU()]
            before = int(width)
        self.layers = nn.ModuleList(layers).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(VGG_MEAN).reshape(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(VGG_STD).reshape(1, 3, 1, 1))

    def forward(self, painted: Tensor, truth: Tensor) -> Tensor:
        """Return the distance of (B, 3, p, p) pictures in 0..1."""
        a, b = (painted - self.mean) / self.std, (truth - self.mean) / self.std
        total = painted.new_zeros(())
        for number, layer in enumerate(self.layers):
            a, b = layer(a), layer(b)
            if number in VGG19_LISTENED:
                total = total + (a - b).abs().mean()
        return total


def _gradient_difference(painted: Tensor, truth: Tensor, importance: Tensor) -> Tensor:
    difference = painted - truth
    along_x = (difference[..., :, 1:] - difference[..., :, :-1]).abs() * importance[..., :, 1:]
    along_y = (difference[..., 1:, :] - difference[..., :-1, :]).abs() * importance[..., 1:, :]
    return along_x.mean() + along_y.mean()
