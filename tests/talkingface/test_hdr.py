"""HDR and 10 bit videos: greys and skin come out as they look, highlights keep their hue, nothing is washed out."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from talkingface.hdr import HLG, PQ, hlg_light, pq_light, standard_colours
from talkingface.video_files import read_frames

FROM_BT709 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])


def pq_signal(light: np.ndarray) -> np.ndarray:
    """Return the PQ signal of light over reference white, by looking it up backwards."""
    steps = np.linspace(0, 1, 100_001)
    return np.interp(light, pq_light(steps), steps)


def hlg_signal(light: np.ndarray) -> np.ndarray:
    """Return the HLG signal of (n, 3) light over reference white, the system gamma undone."""
    steps = np.linspace(0, 1, 100_001)
    shown = light * 203 / 1000
    bright = np.maximum(shown @ np.array([0.2627, 0.6780, 0.0593]), 1e-9)[:, None]
    return np.interp(shown * bright ** (1 / 1.2 - 1), hlg_light(steps), steps)


def converted(transfer: int, light_709: np.ndarray) -> np.ndarray:
    light = np.maximum(light_709 @ FROM_BT709.T, 0)
    signal = pq_signal(light) if transfer == PQ else hlg_signal(light)
    return np.round(255 * standard_colours(np.clip(signal, 0, 1), transfer, wide=True)).astype(int)


def test_known_values_of_the_standards() -> None:
    assert pq_light(np.array([1.0]))[0] * 203 == pytest.approx(10_000, rel=1e-3)
    assert pq_light(np.array([0.5806]))[0] == pytest.approx(1.0, rel=0.01)
    assert hlg_light(np.array([0.5, 1.0])) == pytest.approx([1 / 12, 1.0], rel=1e-3)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_below_the_knee_everything_looks_as_in_standard_range(transfer: int) -> None:
    light = np.array(
        [[0.02, 0.02, 0.02], [0.2, 0.2, 0.2], [0.6, 0.6, 0.6], [0.5, 0.3, 0.2], [0.1, 0.3, 0.05]]
    )
    expected = np.round(255 * light ** (1 / 2.2))
    np.testing.assert_allclose(converted(transfer, light), expected, atol=4)


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_highlights_stay_below_white_in_order_and_in_their_hue(transfer: int) -> None:
    greys = converted(transfer, np.array([[x, x, x] for x in (0.7, 1.0, 1.6, 3.0)]))
    assert (np.diff(greys[:, 1]) > 0).all() and greys.max() <= 255
    assert np.ptp(greys, axis=1).max() <= 3
    lamp = converted(transfer, np.array([[2.0, 1.2, 0.6]]))[0]
    assert lamp[0] > lamp[1] > lamp[2] > 60


def ten_bit_video(path: Path, levels: list[tuple[int, int, int]], transfer: int) -> Path:
    """Write frames of one 10 bit colour each, as Y, Cb, Cr."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        context = stream.codec_context
        context.time_base = Fraction(1, 25)
        context.color_trc, context.colorspace, context.color_primaries, context.color_range = (
            transfer,
            9,
            9,
            1,
        )
        for number, level in enumerate(levels):
            frame = av.VideoFrame(64, 48, "yuv420p10le")
            for plane, value in zip(frame.planes, level, strict=True):
                plane.update(np.full(plane.buffer_size // 2, value, "<u2").tobytes())
            frame.pts, frame.time_base = number, Fraction(1, 25)
            frame.color_range, frame.colorspace = 1, 9
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("transfer", "level", "expected"),
    [(1, 940, 255), (1, 502, 128), (PQ, 573, 243), (PQ, 940, 255), (HLG, 721, 243), (HLG, 64, 0)],
)
def test_a_ten_bit_file(transfer: int, level: int, expected: int, tmp_path: Path) -> None:
    frames = list(read_frames(ten_bit_video(tmp_path / "phone.mkv", [(level, 512, 512)] * 3, transfer)))
    assert len(frames) == 3
    assert frames[0].dtype == np.uint8
    assert abs(int(frames[0][20, 30, 1]) - expected) <= 8, frames[0][20, 30]
    assert np.ptp(frames[0][20, 30].astype(int)) <= 2


def test_colours_of_a_file_and_a_smaller_size(tmp_path: Path) -> None:
    light = np.array([[0.5, 0.28, 0.2], [0.05, 0.2, 0.4]])
    signal = pq_signal(np.maximum(light @ FROM_BT709.T, 0))
    luma = signal @ np.array([0.2627, 0.6780, 0.0593])
    blue, red = (signal[:, 2] - luma) / 1.8814, (signal[:, 0] - luma) / 1.4746
    levels = np.round(np.stack([64 + 876 * luma, 512 + 896 * blue, 512 + 896 * red], -1)).astype(int)
    path = ten_bit_video(tmp_path / "skin and sky.mkv", [tuple(row) for row in levels], PQ)
    for frame, wanted in zip(read_frames(path, longest_side_px=32), light, strict=True):
        assert frame.shape == (24, 32, 3)
        np.testing.assert_allclose(frame[9, 9], 255 * wanted ** (1 / 2.2), atol=5)
