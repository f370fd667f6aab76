"""The mouth painter: repairs a drawn mouth patch with what it learned of the person from reference patches.

A small relative of DINet (Zhang et al., AAAI 2023): the drawn guide is encoded, the reference patches are
encoded once per character, the references that resemble the wanted mouth are weighted together, and their features
are moved by adaptive affine transformations (one rotation, scale and shift a channel). Patches are aligned with the
skull, so teeth lie nearly at the same place in all of them: beside the features, *pixels* of the references are
weighted place by place, moved by a small smooth flow, and offered for copying. A decoder paints a residual on the
guide and tells where to copy. Its last layer starts at zero, so an untrained network returns the guide.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

REFERENCE_COUNT = 6
ReferenceParts = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class FaceGeneratorConfig:
    """Sizes of the network.

    Attributes:
        patch_px: side of the patch, a multiple of 8.
        fine: channels at half the patch's resolution.
        middle: channels at a quarter.
        coarse: channels at an eighth.
        key: channels by which guide and references are compared place by place, at a quarter of the resolution.
        reference_middle: reference channels at a quarter that are moved by affine transformations.
        descriptor: length of the vectors by which guide and references are compared as wholes.
        copy_px: side of the middle square within which pixels are copied from references, a multiple of 8.
        largest_flow: how far a copied pixel may come from, as a share of half that square.
        border_px: the residual fades to zero over this many pixels at the patch's edge.
    """

    patch_px: int = 128
    fine: int = 16
    middle: int = 32
    coarse: int = 64
    key: int = 16
    reference_middle: int = 16
    descriptor: int = 32
    copy_px: int = 96
    largest_flow: float = 0.2
    border_px: int = 12

    def __post_init__(self) -> None:
        """Check the patch size.

        Raises:
            ValueError: a side that cannot be halved three times.
        """
        if self.patch_px % 8 or self.patch_px <= 2 * self.border_px:
            raise ValueError(f"expected a patch side in multiples of 8, found {self.patch_px} px")
        if self.copy_border_px % 4 or not 0 < self.copy_px <= self.patch_px:
            raise ValueError(
                f"expected a copied square with a border in multiples of 4, found {self.copy_px} px"
            )

    @property
    def feature_length(self) -> int:
        """Length of one encoded reference."""
        return sum(self.part_lengths)

    @property
    def part_lengths(self) -> tuple[int, int, int, int]:
        """Lengths of the parts of one encoded reference, in order: pixels, keys, middle features, descriptor."""
        copied, quarter = self.copy_px**2, (self.patch_px // 4) ** 2
        return 3 * copied, self.key * copied // 16, self.reference_middle * quarter, self.descriptor

    @property
    def copy_border_px(self) -> int:
        """Width of the frame around the square within which pixels are copied."""
        return (self.patch_px - self.copy_px) // 2

    def flattened(self) -> dict[str, int]:
        """Return the fields as a plain dictionary, for the card beside the weights."""
        return asdict(self)


class ReferenceEncoder(nn.Module):
    """Encodes reference patches, once per character."""

    def __init__(self, config: FaceGeneratorConfig) -> None:
        """Build the layers."""
        super().__init__()
        self.config = config
        self.first = nn.Conv2d(3, config.fine, 6, stride=2, padding=2)
        self.down = nn.Conv2d(config.fine, config.middle, 3, stride=2, padding=1)
        self.middle = nn.Conv2d(config.middle, config.reference_middle, 3, padding=1)
        self.key = nn.Conv2d(config.middle, config.key, 1)
        self.coarse = nn.Conv2d(config.middle, config.coarse, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(config.coarse, config.coarse, 3, stride=2, padding=1)
        self.describe = nn.Linear(config.coarse * 16, config.descriptor)

    def forward(self, references: Tensor) -> ReferenceParts:
        """Encode (R, 3, p, p) float in 0..1 to four parts of (R, length), see FaceGeneratorConfig.part_lengths."""
        first = _active(self.first(references - 0.5))
        down = _active(self.down(first))
        deep = _active(self.deep(_active(self.coarse(down))))
        descriptor = self.describe(F.adaptive_avg_pool2d(deep, 4).flatten(1))
        border = self.config.copy_border_px
        keys = _inside(self.key(down), border // 4)
        pixels = _inside(references, border)
        return (
            pixels.flatten(1),
            keys.float().flatten(1),
            self.middle(down).float().flatten(1),
            descriptor.float(),
        )


class AdaptiveAffine(nn.Module):
    """Moves every channel by its own rotation, scale and shift, told by a descriptor (AdaAT of DINet)."""

    x: Tensor
    y: Tensor

    def __init__(self, descriptor: int, channels: int, side: int) -> None:
        """Start as the identity."""
        super().__init__()
        self.channels = channels
        self.parameters_of = nn.Linear(descriptor, channels * 4)
        nn.init.normal_(self.parameters_of.weight, std=0.01)
        nn.init.zeros_(self.parameters_of.bias)
        axis = (torch.arange(side) + 0.5) * 2 / side - 1
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.register_buffer("x", x.reshape(1, 1, -1), persistent=False)
        self.register_buffer("y", y.reshape(1, 1, -1), persistent=False)
        self.side = side

    def forward(self, features: Tensor, descriptor: Tensor) -> Tensor:
        """Move (B, C, s, s) features as (B, D) descriptors say."""
        batch = features.shape[0]
        told = self.parameters_of(descriptor).reshape(batch, self.channels, 4).float()
        angle = torch.tanh(told[..., 0:1]) * (math.pi / 4)
        scale = torch.exp(torch.tanh(told[..., 1:2]) * 0.7)
        shift_x, shift_y = torch.tanh(told[..., 2:3]) * 0.6, torch.tanh(told[..., 3:4]) * 0.6
        cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
        grid_x = cos * self.x - sin * self.y + shift_x
        grid_y = sin * self.x + cos * self.y + shift_y
        grid = torch.stack([grid_x, grid_y], -1).reshape(batch * self.channels, self.side, self.side, 2)
        flat = features.float().reshape(batch * self.channels, 1, self.side, self.side)
        moved = _sampled(flat, grid)
        return moved.reshape(batch, self.channels, self.side, self.side)


class MouthPainter(nn.Module):
    """Paints one mouth patch from the drawn guide and the encoded references."""

    window: Tensor
    places: Tensor

    def __init__(self, config: FaceGeneratorConfig) -> None:
        """Build the layers."""
        super().__init__()
        self.config = config
        c = config
        self.first = nn.Conv2d(4, c.fine, 6, stride=2, padding=2)
        self.down = nn.Conv2d(c.fine, c.middle, 3, stride=2, padding=1)
        self.coarse = nn.Conv2d(c.middle, c.coarse, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(c.coarse, c.coarse, 3, stride=2, padding=1)
        self.describe = nn.Linear(c.coarse * 16, c.descriptor)
        self.move_middle = AdaptiveAffine(2 * c.descriptor, c.reference_middle, c.patch_px // 4)
        self.mix_coarse = nn.Conv2d(c.coarse, c.coarse, 3, padding=1)
        self.up_coarse = nn.Conv2d(c.coarse, c.middle, 1)
        self.mix_middle = nn.Conv2d(c.middle + c.reference_middle, c.middle, 3, padding=1)
        self.query = nn.Conv2d(c.middle, c.key, 1)
        self.flow = nn.Conv2d(c.middle, 2, 3, padding=1)
        self.up_middle = nn.Conv2d(c.middle, c.fine, 1)
        self.see_copy = nn.Conv2d(3, c.fine, 4, stride=2, padding=1)
        self.mix_fine = nn.Conv2d(c.fine, c.fine, 3, padding=1)
        self.paint = nn.Conv2d(c.fine, 16, 3, padding=1)
        for layer in (self.paint, self.flow):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        self.register_buffer("window", residual_window(c.patch_px, c.border_px), persistent=False)
        axis = (torch.arange(c.copy_px) + 0.5) * 2 / c.copy_px - 1
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        self.register_buffer("places", torch.stack([x, y], -1)[None], persistent=False)

    def forward(
        self, guide: Tensor, pixels: Tensor, keys: Tensor, middle_refs: Tensor, descriptors: Tensor
    ) -> Tensor:
        """Paint.

        Args:
            guide: (P*G, 4, p, p) float in 0..1: RGB drawn, A inside of the lips; G guides for each of P people.
            pixels: (P, R, 3 * copy_px**2), the first part of the encoded references.
            keys: (P, R, key * (copy_px/4)**2).
            middle_refs: (P, R, reference_middle * (p/4)**2).
            descriptors: (P, R, descriptor).

        Returns:
            (P*G, 3, p, p) float, about 0..1, not clamped.
        """
        first = _active(self.first(guide - 0.5))
        down = _active(self.down(first))
        coarse = _active(self.coarse(down))
        deep = _active(self.deep(coarse))
        wanted = self.describe(F.adaptive_avg_pool2d(deep, 4).flatten(1)).float()
        alike, middle_ref = self._moved_references(wanted, middle_refs, descriptors)

        coarse = coarse + _active(self.mix_coarse(coarse))
        middle = down + _twice(self.up_coarse(coarse))
        middle = down + _active(self.mix_middle(torch.cat([middle, middle_ref], 1)))
        copied = self._copied(middle, alike, pixels, keys)
        border = self.config.copy_border_px
        fine = first + _twice(self.up_middle(middle)) + _framed(self.see_copy(copied - 0.5), border // 2)
        fine = first + _active(self.mix_fine(_active(fine)))
        painted = F.pixel_shuffle(self.paint(fine), 2).float()
        drawn = guide[:, :3]
        copying = _inside(painted[:, 3:], border) * (copied - _inside(drawn, border))
        return drawn + (painted[:, :3] + _framed(copying, border)) * self.window

    def _moved_references(
        self, wanted: Tensor, middle_refs: Tensor, descriptors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (P, G, R) likeness of guides and references, and (P*G, C, p/4, p/4) moved features."""
        c, people, quarter = self.config, descriptors.shape[0], self.config.patch_px // 4
        likeness = torch.matmul(wanted.reshape(people, -1, c.descriptor), descriptors.transpose(1, 2))
        alike = likeness / math.sqrt(c.descriptor)
        share = torch.softmax(alike, 2)
        mixed = torch.matmul(share, middle_refs).reshape(-1, c.reference_middle, quarter, quarter)
        told = torch.matmul(share, descriptors).reshape(-1, c.descriptor)
        return alike, self.move_middle(mixed, torch.cat([wanted, told], 1))

    def _copied(self, middle: Tensor, alike: Tensor, pixels: Tensor, keys: Tensor) -> Tensor:
        """Return (P*G, 3, c, c) reference pixels, weighted place by place and moved by a smooth flow."""
        c, (people, each, count), side = self.config, alike.shape, self.config.copy_px
        quarter = side // 4
        middle = _inside(middle, c.copy_border_px // 4)
        query = self.query(middle).float().reshape(people, each, 1, c.key, quarter**2)
        match = (query * keys.reshape(people, 1, count, c.key, quarter**2)).sum(3) / math.sqrt(c.key)
        share = torch.softmax(match + alike[..., None], 2).reshape(people * each, count, quarter, quarter)
        share = _four_times(share).reshape(people, each, count, 1, side**2)
        copied = (share * pixels.reshape(people, 1, count, 3, side**2)).sum(2).reshape(-1, 3, side, side)
        flow = _four_times(torch.tanh(self.flow(middle).float()) * c.largest_flow).permute(0, 2, 3, 1)
        return _sampled(copied, self.places + flow)


class FaceGeneratorNetwork(nn.Module):
    """Reference encoder and painter together, as they are trained."""

    def __init__(self, config: FaceGeneratorConfig | None = None) -> None:
        """Build both parts."""
        super().__init__()
        self.config = config or FaceGeneratorConfig()
        self.encoder = ReferenceEncoder(self.config)
        self.painter = MouthPainter(self.config)

    def forward(self, guides: Tensor, references: Tensor) -> Tensor:
        """Paint (P*G, 4, p, p) guides of P people, G each, with (P, R, 3, p, p) references."""
        people, count = references.shape[:2]
        encoded = self.encoder(references.flatten(0, 1))
        return self.painter(guides, *(part.reshape(people, count, -1) for part in encoded))


def residual_window(patch_px: int, border_px: int) -> Tensor:
    """Return (1, 1, p, p) weights: one inside, falling smoothly to zero over ``border_px`` at the edge."""
    position = torch.arange(patch_px) + 0.5
    ramp = (torch.minimum(position, patch_px - position) / border_px).clamp(0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return torch.minimum(ramp[None, :], ramp[:, None])[None, None]


def multiply_accumulates(module: nn.Module, *inputs: Tensor) -> int:
    """Count multiply-accumulates of convolutions and linear layers in one call of ``module``."""
    total = 0

    def count(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += output.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += output.numel() * layer.in_features

    handles = [m.register_forward_hook(count) for m in module.modules()]
    try:
        with torch.no_grad():
            module(*inputs)
    finally:
        for handle in handles:
            handle.remove()
    return total


def _active(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.1)


def _inside(x: Tensor, border: int) -> Tensor:
    return x[..., border : x.shape[-2] - border, border : x.shape[-1] - border] if border else x


def _framed(x: Tensor, border: int) -> Tensor:
    return F.pad(x, (border, border, border, border))


def _sampled(pictures: Tensor, grid: Tensor) -> Tensor:
    """Sample square pictures, the outermost pixels repeated beyond the edge.

    Places are clamped to the outermost pixels' middles and the sampler is told that nothing lies beyond: the same
    answer as its own "border" mode, for which onnxruntime needs about four times as long.
    """
    last = 1 - 1 / pictures.shape[-1]
    return F.grid_sample(pictures, grid.clamp(-last, last), padding_mode="zeros", align_corners=False)


def _four_times(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=4.0, mode="bilinear", align_corners=False)


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
