"""The records that travel between rooms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
ImageArray = NDArray[np.uint8]


@dataclass(frozen=True)
class AudioChunk:
    """A stretch of sound.

    Attributes:
        samples: float32 (n,) in -1..1, mono, 16 kHz.
        start_sample: position of the first sample in the whole stream.
    """

    samples: FloatArray
    start_sample: int


@dataclass(frozen=True)
class VideoFrame:
    """One finished picture.

    Attributes:
        rgb: uint8 (height, width, 3).
        index: frame number since the stream began; never repeats, never loops.
        pts_s: presentation time in seconds, on the clock of the sound.
    """

    rgb: ImageArray
    index: int
    pts_s: float


@dataclass(frozen=True)
class HeadPose:
    """A similarity that carries head coordinates into pixels: ``pixel = scale * rotation @ head + translation``.

    Attributes:
        rotation: float32 (3, 3), determinant 1.
        scale_px: pixels per face height.
        translation_px: float32 (3,).
    """

    rotation: FloatArray
    scale_px: float
    translation_px: FloatArray

    def to_pixels(self, head: FloatArray) -> FloatArray:
        """Carry (n, 3) head coordinates into (n, 3) pixels."""
        return (self.scale_px * head @ self.rotation.T + self.translation_px).astype(np.float32)

    def to_head(self, pixels: FloatArray) -> FloatArray:
        """Carry (n, 3) pixels into (n, 3) head coordinates."""
        return ((pixels - self.translation_px) @ self.rotation / self.scale_px).astype(np.float32)


@dataclass(frozen=True)
class CropRectangle:
    """A rectangle of whole pixels in a frame: the part that the renderer draws again."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class MouthGeometry:
    """All that a renderer needs to draw one frame's lower face; every position is in pixels of the crop.

    Attributes:
        source_px: float32 (V, 2) where each wrap vertex takes its colour from in the crop.
        target_px: float32 (V, 3) where it is drawn; z in pixels, smaller is nearer.
        upper_teeth_px: float32 (U, 3) upper teeth, fixed to the skull.
        lower_teeth_px: float32 (L, 3) lower teeth, fixed to the jaw.
        patch_to_crop: float32 (2, 3) affine from generator-patch pixels to crop pixels.
        openness: lip opening (landmarks 13 to 14) over face height.
    """

    source_px: FloatArray
    target_px: FloatArray
    upper_teeth_px: FloatArray
    lower_teeth_px: FloatArray
    patch_to_crop: FloatArray
    openness: float


@dataclass(frozen=True)
class TeethLook:
    """The colours of a character's mouth inside: each float32 (3,) RGB in 0..1."""

    teeth: FloatArray
    cavity: FloatArray
