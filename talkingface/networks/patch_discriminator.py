"""The judge of the training: tells painted mouth patches from photographed ones, square by square (PatchGAN)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

COLOURS = 3
DETAIL_GAIN = 8.0
SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """A small PatchGAN (Isola et al., CVPR 2017); it also returns its inner features.

    It is shown the fine detail apart (picture minus its blur), since blur is what betrays a painted mouth first.

    It has no normalisation: a short training needs a judge that learns fast, and feature matching keeps it steady.
    """

    def __init__(self, channels: int = 4, widths: tuple[int, ...] = (24, 48, 72)) -> None:
        """Build the layers.

        Args:
            channels: of the judged picture: RGB and the inside of the lips.
            widths: channels after each halving.
        """
        super().__init__()
        layers: list[nn.Module] = []
        before = channels + COLOURS
        for width in widths:
            layers.append(nn.Conv2d(before, width, 4, stride=2, padding=1))
            nn.init.kaiming_normal_(layers[-1].weight, a=SLOPE)  # type: ignore[arg-type]
            nn.init.zeros_(layers[-1].bias)  # type: ignore[arg-type]
            before = width
        self.layers = nn.ModuleList(layers)
        self.verdict = nn.Conv2d(before, 1, 3, padding=1)

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge (B, 4, h, w) pictures in 0..1: (B, 1, h/8, w/8) verdicts, and the features of each layer."""
        features = []
        colours = picture[:, :COLOURS]
        detail = colours - F.avg_pool2d(colours, 3, stride=1, padding=1, count_include_pad=False)
        x = torch.cat([picture * 2 - 1, detail * DETAIL_GAIN], 1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        return self.verdict(x), features
