"""High dynamic range pictures (PQ and HLG, as phones film them) brought to the standard range of 8 bit video.

Display light of the HDR picture over its reference white (203 cd/m², ITU-R BT.2408) is kept as it is up to a
knee; what is brighter is pressed softly below white, with its hue. Then BT.2020 colours are told in BT.709's.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from talkingface.records import FloatArray, ImageArray

# Transfer characteristics as ITU-T H.273 numbers them.
PQ, HLG = 16, 18
BT2020 = 9
REFERENCE_WHITE_CD_M2 = 203.0
HLG_PEAK_CD_M2, HLG_SYSTEM_GAMMA = 1000.0, 1.2
KNEE = 0.72
DISPLAY_GAMMA = 2.2
CUBE_STEPS = 33
LUMINANCE_2020 = (0.2627, 0.6780, 0.0593)
# ITU-R BT.2087: linear BT.2020 to linear BT.709.
TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)


def is_hdr(transfer: int) -> bool:
    """Return whether a transfer characteristic is one of high dynamic range."""
    return transfer in (PQ, HLG)


class StandardRange:
    """Brings frames of one HDR transfer and colour space to 8 bit RGB, by a table over all colours."""

    def __init__(self, transfer: int, colorspace: int) -> None:
        """Compute the table.

        Args:
            transfer: :data:`PQ` or :data:`HLG`.
            colorspace: as H.273 numbers it; BT.2020's colours are told in BT.709's.
        """
        self._cube = _as_text(shown_colours(transfer, wide=colorspace in (BT2020, BT2020 + 1)))
        self._reformatter = VideoReformatter()
        self._graph: av.filter.Graph | None = None
        self._size = (0, 0)

    def convert(self, frame: av.VideoFrame, size: tuple[int, int]) -> ImageArray:
        """Return a frame as uint8 (height, width, 3) in the standard range.

        Args:
            frame: as it was decoded.
            size: wanted width and height.
        """
        planar = self._reformatter.reformat(
            frame, *size, format="gbrp12le", interpolation=Interpolation.AREA, threads=1
        )
        planar.pts = None
        if self._graph is None or self._size != size:
            self._graph, self._size = self._open(size), size
        self._graph.push(planar)
        return cast(ImageArray, self._graph.pull().to_ndarray())

    def _open(self, size: tuple[int, int]) -> av.filter.Graph:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "table.cube").write_text(self._cube, encoding="ascii")
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=size[0], height=size[1], format=av.VideoFormat("gbrp12le"), time_base=Fraction(1, 25)
            )
            table = graph.add("lut3d", interp="tetrahedral", file=str(Path(folder, "table.cube")))
            graph.link_nodes(source, table, graph.add("format", "rgb24"), graph.add("buffersink")).configure()
        return graph


def shown_colours(transfer: int, *, wide: bool) -> FloatArray:
    """Return float32 (n, n, n, 3): the standard picture's RGB 0..1 over steps of HDR signal of blue, green, red."""
    steps = np.linspace(0, 1, CUBE_STEPS)
    signal = np.stack(np.meshgrid(steps, steps, steps, indexing="ij")[::-1], axis=-1)
    return standard_colours(signal, transfer, wide=wide)


def standard_colours(signal: NDArray[np.float64], transfer: int, *, wide: bool) -> FloatArray:
    """Return float32 (..., 3) RGB 0..1 of the standard range for (..., 3) HDR signals 0..1.

    Args:
        signal: RGB with the HDR transfer.
        transfer: :data:`PQ` or :data:`HLG`.
        wide: whether its primaries are BT.2020's.
    """
    if transfer == HLG:
        scene = hlg_light(signal)
        bright = np.maximum(scene @ np.array(LUMINANCE_2020), 1e-9)[..., None]
        light = HLG_PEAK_CD_M2 / REFERENCE_WHITE_CD_M2 * scene * bright ** (HLG_SYSTEM_GAMMA - 1)
    else:
        light = pq_light(signal)
    peak = np.maximum(light.max(-1, keepdims=True), 1e-9)
    light = light * pressed(peak) / peak
    if wide:
        light = light @ TO_BT709.T
    return (np.clip(light, 0, 1) ** (1 / DISPLAY_GAMMA)).astype(np.float32)


def pressed(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return light over white with all above the knee softly below 1."""
    room = 1 - KNEE
    return np.where(light <= KNEE, light, 1 - room * np.exp((KNEE - light) / room))


def pq_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return display light over reference white of PQ signals 0..1 (SMPTE ST 2084)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    return 10_000 / REFERENCE_WHITE_CD_M2 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)


def hlg_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scene light 0..1 of HLG signals 0..1 (ITU-R BT.2100)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)


def _as_text(cube: FloatArray) -> str:
    """Return a table as a .cube file, red first."""
    rows = "\n".join(f"{r:.5f} {g:.5f} {b:.5f}" for r, g, b in cube.reshape(-1, 3))
    return f"LUT_3D_SIZE {len(cube)}\n{rows}\n"
