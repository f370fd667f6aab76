"""Videos made on the spot whose every frame carries its own number, so that a test can tell which one it sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS = 8
BLOCK_PX = 16


def numbered_picture(number: int, *, height: int = 48) -> NDArray[np.uint8]:
    """Return uint8 (height, 128, 3): the number as black and white bars in the upper 32 rows, grey below."""
    picture = np.full((height, BITS * BLOCK_PX, 3), 128, np.uint8)
    for bit in range(BITS):
        picture[:32, bit * BLOCK_PX : (bit + 1) * BLOCK_PX] = 235 if number >> bit & 1 else 20
    return picture


def number_in(picture: NDArray[np.uint8]) -> int:
    """Read the number that :func:`numbered_picture` drew, from a picture of any scale."""
    height, width = picture.shape[:2]
    row = picture[height // 4, :, 1].astype(int)
    centres = ((np.arange(BITS) + 0.5) * width / BITS).astype(int)
    return int(sum(1 << bit for bit, x in enumerate(centres) if row[x] > 128))


def write_video(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    times_ms: Sequence[int],
    *,
    codec: str = "libx264",
    sample_aspect: Fraction = Fraction(1),
) -> Path:
    """Write pictures at the given times in milliseconds; the container follows from the suffix."""
    with av.open(str(path), "w") as container:
        stream = None
        for picture, time_ms in zip(pictures, times_ms, strict=True):
            if stream is None:
                stream = container.add_stream(codec, rate=1000)
                stream.width, stream.height = picture.shape[1], picture.shape[0]
                stream.pix_fmt = "yuv420p"
                stream.time_base = Fraction(1, 1000)
                stream.codec_context.time_base = Fraction(1, 1000)
                stream.codec_context.sample_aspect_ratio = sample_aspect
                if codec == "libx264":
                    stream.options = {"preset": "ultrafast", "crf": "12", "bf": "0"}
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = time_ms
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))
    return path


def numbered_video(path: Path, times_ms: Sequence[int], *, sample_aspect: Fraction = Fraction(1)) -> Path:
    """Write a video whose frame ``i`` carries the number ``i`` and is shown from ``times_ms[i]`` on."""
    pictures = (numbered_picture(number) for number in range(len(times_ms)))
    return write_video(path, pictures, times_ms, sample_aspect=sample_aspect)


def turn_by_flag(path: Path, quarter_turns_clockwise: int) -> None:
    """Set the rotation flag of an mp4, as a phone does, by rewriting the matrix of its track header."""
    content = bytearray(path.read_bytes())
    one = 0x10000
    upright = (one, 0, 0, 0, one, 0, 0, 0, 0x40000000)
    turned = {
        1: (0, one, 0, -one, 0, 0, 0, 0, 0x40000000),
        2: (-one, 0, 0, 0, -one, 0, 0, 0, 0x40000000),
        3: (0, -one, 0, one, 0, 0, 0, 0, 0x40000000),
    }[quarter_turns_clockwise]
    start = content.index(_matrix(upright), content.index(b"tkhd"))
    content[start : start + 36] = _matrix(turned)
    path.write_bytes(bytes(content))


def _matrix(values: Sequence[int]) -> bytes:
    return b"".join(value.to_bytes(4, "big", signed=True) for value in values)
