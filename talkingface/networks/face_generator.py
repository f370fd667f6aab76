"""The mouth painter: repairs a drawn mouth patch with what it learned of the person from reference patches.

A small relative of DINet (Zhang et al., AAAI 2023): the drawn guide is encoded, the reference patches are encoded once
per character, and those that resemble the wanted mouth count most. Patches are aligned with the skull, so teeth lie
nearly at the same place in all of them: beside features, *pixels* of the references are weighted place by place and
offered for copying. A decoder paints a residual on the guide and tells where to copy. Its last layer starts at zero, so
an untrained network returns the guide.

Inside, a picture of p pixels is held as *phases*: p/2 by p/2 places with the four pixels of each as channels of their
own (upper left, upper right, lower left, lower right). No layer then works at the full resolution, and nothing is
sorted back into pixels before the bytes are written; on a processor that sorting costs more than a convolution.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own convention)

from talkingface.engines.compiled_painter import EVEN_BORDER_PX, MOST_CHANNELS, SIDES_PX

REFERENCE_COUNT = 6
PHASES = 4
ReferenceParts = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class FaceGeneratorConfig:
    """Sizes of the network.

    Attributes:
        patch_px: side of the patch, 64 or 128.
        fine: channels at half the patch's resolution.
        middle: channels at a quarter.
        coarse: channels at an eighth.
        key: channels by which guide and references are compared place by place, at a quarter of the resolution.
        reference_middle: reference channels at a quarter, before they are turned into ``middle`` of them.
        descriptor: length of the vectors by which guide and references are compared as wholes.
        copy_px: side of the middle square within which pixels are copied from references, its border a multiple of 8.
        border_px: the residual fades to zero over this many pixels at the patch's edge.
    """

    patch_px: int = 128
    fine: int = 16
    middle: int = 16
    coarse: int = 32
    key: int = 8
    reference_middle: int = 16
    descriptor: int = 32
    copy_px: int = 96
    border_px: int = 12

    def __post_init__(self) -> None:
        """Check that the program will be able to run it.

        Raises:
            ValueError: sizes that its loops are not made for.
        """
        if self.patch_px not in SIDES_PX:
            raise ValueError(f"expected a patch side of 64 or 128 px, found {self.patch_px} px")
        if (self.patch_px - self.copy_px) % (2 * EVEN_BORDER_PX) or not 0 < self.copy_px <= self.patch_px:
            raise ValueError(
                f"expected a copied square with a border in multiples of 8, found {self.copy_px} px"
            )
        channels = self.fine, self.middle, self.coarse, self.key
        if any(count % 4 or not 0 < count <= MOST_CHANNELS for count in channels):
            raise ValueError(f"expected channels in multiples of 4 up to {MOST_CHANNELS}, found {channels}")

    @property
    def feature_length(self) -> int:
        """Length of one encoded reference."""
        return sum(self.part_lengths)

    @property
    def part_lengths(self) -> tuple[int, int, int, int]:
        """Lengths of the parts of one encoded reference, in order: pixels, keys, middle features, descriptor."""
        copied, quarter = self.copy_px**2, (self.patch_px // 4) ** 2
        return 3 * copied, self.key * copied // 16, self.middle * quarter, self.descriptor

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
        self.spread = nn.Conv2d(config.reference_middle, config.middle, 3, padding=1, bias=False)
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
        pixels = phases_of(_inside(references, border))
        return (
            pixels.flatten(1),
            keys.float().flatten(1),
            self.spread(self.middle(down)).float().flatten(1),
            descriptor.float(),
        )


class MouthPainter(nn.Module):
    """Paints one mouth patch from the drawn guide and the encoded references."""

    window: Tensor
    enlarge: Tensor

    def __init__(self, config: FaceGeneratorConfig) -> None:
        """Build the layers."""
        super().__init__()
        self.config = config
        c = config
        self.first = nn.Conv2d(4 * PHASES, c.fine, 3, padding=1)
        self.down = nn.Conv2d(c.fine, c.middle, 3, stride=2, padding=1)
        self.coarse = nn.Conv2d(c.middle, c.coarse, 3, stride=2, padding=1)
        self.deep = nn.Conv2d(c.coarse, c.coarse, 3, stride=2, padding=1)
        self.describe = nn.Linear(c.coarse * 16, c.descriptor)
        self.mix_coarse = nn.Conv2d(c.coarse, c.coarse, 3, padding=1)
        self.up_coarse = nn.Conv2d(c.coarse, c.middle, 1)
        self.mix_middle = nn.Conv2d(c.middle, c.middle, 3, padding=1)
        self.query = nn.Conv2d(c.middle, c.key, 1)
        self.up_middle = nn.Conv2d(c.middle, c.fine, 1)
        self.see_copy = nn.Conv2d(3 * PHASES, c.fine, 1)
        self.mix_fine = nn.Conv2d(c.fine, c.fine, 3, padding=1)
        self.paint = nn.Conv2d(c.fine, 4 * PHASES, 3, padding=1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # type: ignore[arg-type]
        window = phases_of(residual_window(c.patch_px, c.border_px))
        self.register_buffer("window", window, persistent=False)
        enlarge = bilinear_matrix(c.copy_px // 4, c.copy_px // 2)
        self.register_buffer("enlarge", enlarge, persistent=False)

    def forward(
        self, guide: Tensor, pixels: Tensor, keys: Tensor, middle_refs: Tensor, descriptors: Tensor
    ) -> Tensor:
        """Paint.

        Args:
            guide: (P*G, 16, p/2, p/2) float in 0..1: phases of RGB drawn and of A, the inside of the lips; G guides
                for each of P people.
            pixels: (P, R, 3 * copy_px**2), the first part of the encoded references.
            keys: (P, R, key * (copy_px/4)**2).
            middle_refs: (P, R, middle * (p/4)**2).
            descriptors: (P, R, descriptor).

        Returns:
            (P*G, 12, p/2, p/2) float, phases of RGB, about 0..1, not clamped.
        """
        first = _active(self.first(guide - 0.5))
        down = _active(self.down(first))
        coarse = _active(self.coarse(down))
        deep = _active(self.deep(coarse))
        wanted = self.describe(F.adaptive_avg_pool2d(deep, 4).flatten(1)).float()
        alike, middle_ref = self._likely_references(wanted, middle_refs, descriptors)

        coarse = coarse + _active(self.mix_coarse(coarse))
        middle = down + _twice(self.up_coarse(coarse))
        middle = down + _active(self.mix_middle(middle) + middle_ref)
        copied = self._copied(middle, alike, pixels, keys)
        border = self.config.copy_border_px // 2
        fine = first + _twice(self.up_middle(middle)) + _framed(self.see_copy(copied - 0.5), border)
        fine = first + _active(self.mix_fine(_active(fine)))
        painted = self.paint(fine).float()
        residual = _by_phase(painted[:, : 3 * PHASES])
        share = _inside(painted[:, 3 * PHASES :, None], border)
        drawn = _by_phase(guide)[:, :, :3]
        copying = share * (_by_phase(copied) - _inside(drawn, border))
        return (drawn + (residual + _framed(copying, border)) * self.window[:, :, None]).flatten(1, 2)

    def _likely_references(
        self, wanted: Tensor, middle_refs: Tensor, descriptors: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return (P, G, R) likeness of guides and references, and (P*G, middle, p/4, p/4) their weighted features."""
        c, people, quarter = self.config, descriptors.shape[0], self.config.patch_px // 4
        likeness = torch.matmul(wanted.reshape(people, -1, c.descriptor), descriptors.transpose(1, 2))
        alike = likeness / math.sqrt(c.descriptor)
        mixed = torch.matmul(torch.softmax(alike, 2), middle_refs)
        return alike, mixed.reshape(-1, c.middle, quarter, quarter)

    def _copied(self, middle: Tensor, alike: Tensor, pixels: Tensor, keys: Tensor) -> Tensor:
        """Return the phases (P*G, 12, c/2, c/2) of reference pixels, weighted by place."""
        c, (people, each, count), side = self.config, alike.shape, self.config.copy_px
        quarter, half = side // 4, side // 2
        query = self.query(_inside(middle, c.copy_border_px // 4)).float()
        query = query.reshape(people, each, 1, c.key, quarter**2)
        match = (query * keys.reshape(people, 1, count, c.key, quarter**2)).sum(3) / math.sqrt(c.key)
        share = torch.softmax(match + alike[..., None], 2).reshape(people * each, count, quarter, quarter)
        share = torch.matmul(self.enlarge, torch.matmul(share, self.enlarge.T))
        share = share.reshape(people, each, count, 1, half**2)
        weighted = (share * pixels.reshape(people, 1, count, 3 * PHASES, half**2)).flatten(3)
        copied = torch.matmul(torch.ones_like(alike)[:, :, None], weighted)
        return copied.reshape(-1, 3 * PHASES, half, half)


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
        parts = (part.reshape(people, count, -1) for part in encoded)
        return pixels_of(self.painter(phases_of(guides), *parts))


def phases_of(pictures: Tensor) -> Tensor:
    """Hold (B, C, p, p) pictures as (B, 4 * C, p/2, p/2) phases, each with all its channels together."""
    batch, channels, height, width = pictures.shape
    split = pictures.reshape(batch, channels, height // 2, 2, width // 2, 2)
    return split.permute(0, 3, 5, 1, 2, 4).reshape(batch, PHASES * channels, height // 2, width // 2)


def pixels_of(phases: Tensor) -> Tensor:
    """Return the (B, C, p, p) pictures of (B, 4 * C, p/2, p/2) phases."""
    batch, channels, height, width = phases.shape
    split = phases.reshape(batch, 2, 2, channels // PHASES, height, width)
    return split.permute(0, 3, 4, 1, 5, 2).reshape(batch, channels // PHASES, height * 2, width * 2)


def bilinear_matrix(small: int, large: int) -> Tensor:
    """Return (large, small) weights that enlarge a line of pixels bilinearly, as F.interpolate does."""
    eye = torch.eye(small)[:, None]
    return F.interpolate(eye, size=large, mode="linear", align_corners=False)[:, 0].T.contiguous()


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


def _by_phase(phases: Tensor) -> Tensor:
    """Split (B, 4 * C, h, w) into (B, 4, C, h, w)."""
    return phases.unflatten(1, (PHASES, -1))


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
