"""The judge of the training: tells painted mouth patches from photographed ones, square by square (PatchGAN)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)


class PatchDiscriminator(nn.Module):
    """A small PatchGAN (Isola et al., CVPR 2017) with spectral normalisation; it also returns its inner features."""

    def __init__(self, channels: int = 4, widths: tuple[int, ...] = (24, 48, 72)) -> None:
        """Build the layers.

        Args:
            channels: of the judged picture: RGB and the inside of the lips.
            widths: channels after each halving.
        """
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for width in widths:
            layers.append(
                nn.utils.parametrizations.spectral_norm(nn.Conv2d(before, width, 4, stride=2, padding=1))
            )
            before = width
        self.layers = nn.ModuleList(layers)
        self.verdict = nn.Conv2d(before, 1, 3, padding=1)

    def forward(self, picture: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge (B, 4, h, w) pictures in 0..1: (B, 1, h/8, w/8) verdicts, and the features of each layer."""
        features = []
        x = picture * 2 - 1
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.verdict(x), features
