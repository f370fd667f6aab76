"""High dynamic range pictures (PQ and HLG, as phones film them) brought to the standard range of 8 bit video.

Display light of the HDR picture over its reference white (203 cd/m², ITU-R BT.2408) is kept as it is up to a
knee; what is brighter is pressed softly below white, with its hue. Then BT.2020 colours are told in BT.709's.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.records import FloatArray, ImageArray

# Transfer characteristics as ITU-T H.273 numbers them.
PQ, HLG = 16, 18
BT2020 = 9
REFERENCE_WHITE_CD_M2 = 203.0
HLG_PEAK_CD_M2, HLG_SYSTEM_GAMMA = 1000.0, 1.2
KNEE = 0.72
DISPLAY_GAMMA = 2.2
TABLE_BITS = 12
LUMINANCE_2020 = (0.2627, 0.6780, 0.0593)
# ITU-R BT.2087: linear BT.2020 to linear BT.709.
TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)


def is_hdr(transfer: int) -> bool:
    """Return whether a transfer characteristic is one of high dynamic range."""
    return transfer in (PQ, HLG)


class StandardRange:
    """Brings pictures of one HDR transfer to 8 bit."""

    def __init__(self, transfer: int) -> None:
        """Compute the tables.

        Args:
            transfer: :data:`PQ` or :data:`HLG`.
        """
        steps = np.linspace(0, 1, 1 << TABLE_BITS)
        self._scene_light = transfer == HLG
        self._light = (hlg_light(steps) if self._scene_light else pq_light(steps)).astype(np.float32)
        # Read by the square root of light, which spends its steps where eyes see them.
        self._shown = np.round(255 * steps ** (2 / DISPLAY_GAMMA)).astype(np.uint8)

    def convert(self, rgb: NDArray[np.uint16], colorspace: int) -> ImageArray:
        """Return a picture in the standard range.

        Args:
            rgb: uint16 (h, w, 3) of 16 bit, with the HDR transfer.
            colorspace: of the frame it came from, as H.273 numbers it; BT.2020's colours are told in BT.709's.

        Returns:
            uint8 (h, w, 3).
        """
        light = self._light[rgb >> (16 - TABLE_BITS)]
        if self._scene_light:
            bright = np.maximum(cv2.transform(light, np.array([LUMINANCE_2020], np.float32)), 1e-6)
            scale = HLG_PEAK_CD_M2 / REFERENCE_WHITE_CD_M2
            light *= (scale * cv2.pow(bright, HLG_SYSTEM_GAMMA - 1))[..., None]
        peak = np.maximum(light.max(-1), 1e-6)
        light *= (pressed(peak) / peak)[..., None]
        if colorspace in (BT2020, BT2020 + 1):
            light = cv2.transform(light, TO_BT709)
        root = cv2.sqrt(np.clip(light, 0, 1))
        return cast(ImageArray, self._shown[(root * (len(self._shown) - 1) + 0.5).astype(np.uint16)])


def pressed(light: FloatArray) -> FloatArray:
    """Return light over white with all above the knee softly below 1."""
    room = 1 - KNEE
    return np.where(light <= KNEE, light, 1 - room * np.exp((KNEE - light) / room)).astype(np.float32)


def pq_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return display light over reference white of PQ signals 0..1 (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    return 10_000 / REFERENCE_WHITE_CD_M2 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def hlg_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scene light 0..1 of HLG signals 0..1 (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
