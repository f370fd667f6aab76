"""Stand-ins for devices, time and models, so that the live path is tested without waiting."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkingface.records import AudioChunk, FloatArray, VideoFrame
from talkingface.seams import MouthState
from talkingface.stage_timing import StageTimer
from talkingface.timing import frame_time_s


class FakeClock:
    """Time that passes only when somebody sleeps or says so."""

    def __init__(self) -> None:
        self.time_s = 100.0

    def now_s(self) -> float:
        return self.time_s

    def sleep_s(self, seconds: float) -> None:
        self.time_s += max(0.0, seconds)


class LoudnessMouth:
    """A mouth model whose first coefficient is the mean of the features it saw; its state is a running count."""

    look_ahead_ms = 80
    coefficient_count = 12

    def initial_state(self) -> MouthState:
        return (np.zeros(1, np.float32),)

    def step(self, features: FloatArray, state: MouthState) -> tuple[FloatArray, MouthState]:
        rows = features.reshape(-1, 2, 80).mean((1, 2))
        coefficients = np.zeros((len(rows), self.coefficient_count), np.float32)
        coefficients[:, 0] = rows / 10
        coefficients[:, 1] = state[0] + np.arange(len(rows))
        return coefficients, (state[0] + len(rows),)


class PaintedComposer:
    """Composes small frames whose brightness tells the frame's index; may be slow on a fake clock."""

    def __init__(self, clock: FakeClock | None = None, compose_s: float = 0.0) -> None:
        self.stages = StageTimer()
        self.composed: list[tuple[int, FloatArray]] = []
        self.compose_s = compose_s
        self._clock = clock

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        if self._clock is not None:
            self._clock.time_s += self.compose_s
        self.composed.append((index, coefficients))
        rgb = np.full((32, 48, 3), index % 200 + 20, np.uint8)
        return VideoFrame(rgb, index, frame_time_s(index))


class KeepingSink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.frames: list[VideoFrame] = []
        self.chunks: list[AudioChunk] = []
        self.closed = 0

    def write(self, frame: VideoFrame) -> None:
        self.frames.append(frame)

    def write_audio(self, chunk: AudioChunk) -> None:
        self.chunks.append(chunk)

    def close(self) -> None:
        self.closed += 1

    def sound(self) -> FloatArray:
        return np.concatenate([np.zeros(0, np.float32), *(chunk.samples for chunk in self.chunks)])


def babble(seconds: float, rate_hz: int = 16_000, seed: int = 0) -> FloatArray:
    """Return float32 sound that swells and falls like syllables."""
    time_s = np.arange(round(seconds * rate_hz)) / rate_hz
    voice = sum(np.sin(2 * math.pi * 140 * k * time_s) / k for k in range(1, 12))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(time_s))
    swell = np.clip(np.sin(2 * math.pi * 2.7 * time_s), 0, None) ** 2
    return (0.2 * swell * voice + noise * swell).astype(np.float32)


def write_wav(path: Path, samples: NDArray[np.float32], rate_hz: int = 16_000) -> Path:
    """Write 16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path
