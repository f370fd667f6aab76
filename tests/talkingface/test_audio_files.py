"""Sound files of any kind become 16 kHz mono; what is no sound is one clear line."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from talkingface.audio_files import iter_audio, read_audio
from talkingface.errors import BadAudioError


def write_wav(path: Path, samples: np.ndarray, rate: int = 16_000) -> Path:
    """Write int16 mono or (n, channels)."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def tone(seconds: float, rate: int = 16_000, hertz: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)


def test_16_khz_mono_comes_through_unchanged(tmp_path: Path) -> None:
    sound = tone(0.5)
    read = read_audio(write_wav(tmp_path / "a.wav", sound))
    assert read.dtype == np.float32
    np.testing.assert_allclose(read, sound, atol=1e-4)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_other_rates_are_resampled(tmp_path: Path, rate: int) -> None:
    read = read_audio(write_wav(tmp_path / "a b 音.wav", tone(1.0, rate), rate))
    assert abs(len(read) - 16_000) <= 40
    middle = slice(2000, 14_000)
    expected = tone(1.0)
    assert np.corrcoef(read[middle], expected[: len(read)][middle])[0, 1] > 0.999


def test_stereo_is_mixed(tmp_path: Path) -> None:
    one = tone(0.5)
    read = read_audio(write_wav(tmp_path / "a.wav", np.stack([one, one], 1)))
    np.testing.assert_allclose(np.abs(read).max(), 0.5, atol=0.01)
    assert np.corrcoef(read, one[: len(read)])[0, 1] > 0.999


@pytest.mark.parametrize("block", [1, 441, 4096, 1_000_000])
def test_blocks_add_up_to_the_whole(tmp_path: Path, block: int) -> None:
    path = write_wav(tmp_path / "a.wav", tone(0.2, 44_100), 44_100)
    blocks = list(iter_audio(path, block))
    assert all(len(part) == block for part in blocks[:-1])
    np.testing.assert_array_equal(np.concatenate(blocks), read_audio(path))


def test_sound_of_a_video(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (tone(0.5) * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 16_000, 0
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    np.testing.assert_allclose(read_audio(path), tone(0.5), atol=1e-3)


def make_missing(path: Path) -> None:
    pass


def make_empty(path: Path) -> None:
    path.touch()


def make_text(path: Path) -> None:
    path.write_text("this is not a sound\n" * 20)


def make_zero_length(path: Path) -> None:
    write_wav(path, np.zeros(0))


def make_cut_header(path: Path) -> None:
    write_wav(path, tone(0.1))
    path.write_bytes(path.read_bytes()[:20])


def make_silent_film(path: Path) -> None:
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def make_not_finite(path: Path) -> None:
    samples = np.array([0.0, np.nan, 0.5, np.inf] * 100, "<f4").tobytes()
    header = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    header += (3).to_bytes(2, "little") + (1).to_bytes(2, "little") + (16_000).to_bytes(4, "little")
    header += (64_000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (32).to_bytes(2, "little")
    path.write_bytes(header + b"data" + len(samples).to_bytes(4, "little") + samples)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (make_missing, "found nothing"),
        (make_empty, "empty"),
        (make_text, "cannot be decoded"),
        (make_zero_length, "zero length"),
        (make_cut_header, "cannot be decoded|zero length"),
        (make_silent_film, "no sound stream"),
        (make_not_finite, "NaN"),
    ],
)
def test_bad_sound_is_named(tmp_path: Path, make: object, said: str) -> None:
    path = tmp_path / "bad.wav"
    make(path)  # type: ignore[operator]
    with pytest.raises(BadAudioError, match=said) as caught:
        read_audio(path)
    assert "\n" not in str(caught.value)
    assert "bad.wav" in str(caught.value)


def test_a_folder_is_no_sound(tmp_path: Path) -> None:
    with pytest.raises(BadAudioError):
        read_audio(tmp_path)


def test_blocks_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadAudioError, match="at least 1"):
        next(iter_audio(tmp_path / "a.wav", 0))
