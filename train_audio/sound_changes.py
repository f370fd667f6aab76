"""Changes of sound that leave the mouth alone or stretch it along: other voices, rooms, microphones and noises."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from talkingface.audio_features import LOG_MEL_FLOOR
from talkingface.records import FloatArray
from talkingface.timing import MEL_BINS, SAMPLE_RATE

DECIBEL = np.log(10.0) / 10.0
# Microphones as they are made: spread of three cosines over the bands, gain, and for the dull ones the mel band where
# they begin to lose and how much more they lose with each band after it.
COLOUR_DB = np.array([3.5, 2.2, 1.5])
GAIN_DB = (-22.0, 8.0)
DULL_SHARE = 0.25
FIRST_LOST_BAND = (33.0, 78.0)
LOST_DB_A_BAND = (0.5, 3.5)
LOW_MEL, HIGH_MEL = (1127.0 * np.log(1.0 + hz / 700.0) for hz in (20.0, SAMPLE_RATE / 2))


def another_sound(
    samples: FloatArray, generator: np.random.Generator, speed_limits: tuple[float, float] = (0.84, 1.2)
) -> tuple[FloatArray, float]:
    """Return a changed copy of a sound: speed and pitch together, room, microphone, codec.

    Args:
        samples: float32 (n,) 16 kHz.
        generator: the source of chance.
        speed_limits: slowest and fastest.

    Returns:
        float32 (about n / speed,) sound, and the speed that the mouth must be given as well.
    """
    speed = float(np.exp(generator.uniform(*np.log(speed_limits))))
    steps = max(1, round(100 * speed))
    changed = signal.resample_poly(samples, 100, steps).astype(np.float32)
    if generator.random() < 0.5:
        changed = in_room(changed, generator)
    if generator.random() < 0.4:
        changed = through_line(changed, generator)
    return np.clip(changed, -1.0, 1.0).astype(np.float32), steps / 100


def in_room(samples: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return the sound in a made room: exponentially dying noise after the direct sound (60 dB in 0.15 to 0.7 s)."""
    decay_s = generator.uniform(0.15, 0.7)
    length = int(decay_s * SAMPLE_RATE)
    tail = generator.normal(size=length) * np.exp(-6.9 * np.arange(length) / length)
    tail[: int(0.002 * SAMPLE_RATE)] = 0.0
    tail *= generator.uniform(0.15, 0.8) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    return signal.fftconvolve(samples, tail)[: len(samples)].astype(np.float32)


def through_line(samples: FloatArray, generator: np.random.Generator) -> FloatArray:
    """Return the sound as a poor microphone or codec gives it: band-limited, some clipped or coarsely quantised."""
    low, high = generator.uniform(40, 250), generator.uniform(3200, 7500)
    passed = signal.sosfilt(signal.butter(2, [low, high], "band", fs=SAMPLE_RATE, output="sos"), samples)
    kind = generator.integers(3)
    if kind == 1:
        limit = np.quantile(np.abs(passed), generator.uniform(0.97, 0.999)) + 1e-6
        passed = np.clip(passed, -limit, limit)
    elif kind == 2:
        squeezed = np.sign(passed) * np.log1p(255.0 * np.minimum(np.abs(passed), 1.0)) / np.log(256.0)
        coarse = np.round(squeezed * 127.0) / 127.0
        passed = np.sign(coarse) * (256.0 ** np.abs(coarse) - 1.0) / 255.0
    return passed.astype(np.float32)


def made_noise(kind: str, seconds: float, generator: np.random.Generator) -> FloatArray:
    """Return a noise without voice, float32 in -1..1: white, pink, brown, hum, clicks, breath or music."""
    count = int(seconds * SAMPLE_RATE)
    time_s = np.arange(count) / SAMPLE_RATE
    if kind in ("white", "pink", "brown"):
        power = {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind]
        spectrum = np.fft.rfft(generator.normal(size=count))
        noise = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 1.0) ** power, count)
    elif kind == "hum":
        base = generator.uniform(45, 130)
        noise = sum(
            generator.uniform(0, 1) / n * np.sin(2 * np.pi * (base * n * time_s + generator.random()))
            for n in range(1, 12)
        )
        noise = noise + 0.05 * generator.normal(size=count)
    elif kind == "clicks":
        noise = 0.002 * generator.normal(size=count)
        for start in generator.integers(0, max(1, count - 400), max(1, int(seconds * 5))):
            length = int(generator.integers(40, 400))
            decay = np.exp(-5 * np.arange(length) / length)
            noise[start : start + length] += generator.normal(size=length)[: count - start] * decay
    elif kind == "breath":
        low = generator.uniform(300, 800)
        band = signal.butter(2, [low, generator.uniform(2000, 6000)], "band", fs=SAMPLE_RATE, output="sos")
        swell = (
            np.maximum(
                0.0, np.sin(2 * np.pi * generator.uniform(0.3, 0.8) * time_s + generator.uniform(0, 6))
            )
            ** 2
        )
        noise = signal.sosfilt(band, generator.normal(size=count)) * swell
    else:
        noise = _music(time_s, generator)
    return (noise / (np.abs(noise).max() + 1e-9) * 0.5).astype(np.float32)


NOISES = ("white", "pink", "brown", "hum", "clicks", "breath", "music")


def _music(time_s: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return chords of plucked and held tones: no voice in it."""
    sound = np.zeros(len(time_s))
    beat_s = generator.uniform(0.25, 0.6)
    for start_s in np.arange(0.0, time_s[-1] if len(time_s) else 0.0, beat_s):
        after = time_s - start_s
        alive = (after >= 0) & (after < 4 * beat_s)
        decay = np.exp(-after[alive] / generator.uniform(0.1, 0.8))
        for _ in range(int(generator.integers(1, 4))):
            pitch = 110.0 * 2.0 ** (generator.integers(0, 36) / 12.0)
            for harmonic in range(1, 6):
                sound[alive] += decay / harmonic**1.3 * np.sin(2 * np.pi * pitch * harmonic * after[alive])
    return sound


def warp_matrices(strength: float = 0.2, count: int = 27) -> FloatArray:
    """Return float32 (count, 80, 80) matrices that stretch a log-mel column's frequencies, as a vocal tract would."""
    centres = LOW_MEL + (HIGH_MEL - LOW_MEL) * np.arange(1, MEL_BINS + 1) / (MEL_BINS + 1)
    hertz = 700.0 * (np.exp(centres / 1127.0) - 1.0)
    places = []
    for factor in stretch_factors(strength, count):
        source = 1127.0 * np.log(1.0 + hertz * factor / 700.0)
        places.append((source - centres[0]) / (centres[1] - centres[0]))
    return stretching_matrices(np.stack(places))


def stretch_factors(strength: float, count: int) -> NDArray[np.float64]:
    """Return (count,) factors of the frequency from ``exp(-strength)`` to ``exp(strength)``."""
    return np.exp(np.linspace(-strength, strength, count))


def stretching_matrices(places: NDArray[np.float64]) -> FloatArray:
    """Return float32 (n, 80, 80): a column times one takes each band from where float (n, 80) ``places`` say."""
    matrices = np.zeros((len(places), MEL_BINS, MEL_BINS), np.float32)
    bands = np.arange(MEL_BINS)
    for matrix, place in zip(matrices, np.clip(places, 0, MEL_BINS - 1.001), strict=True):
        below = place.astype(int)
        matrix[below, bands] = 1.0 - (place - below)
        matrix[below + 1, bands] += place - below
    return matrices


def microphone_response_db(count: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return (count, 80) decibels by which made microphones and their gain change each band.

    Each is a smooth curve of three cosines over the bands; a quarter of them lose the high bands as well.
    """
    bands = np.arange(MEL_BINS)
    cosines = np.cos(np.arange(1, 4)[:, None] * np.pi * (bands + 0.5) / MEL_BINS)
    colour = (generator.normal(size=(count, 3)) * COLOUR_DB) @ cosines
    first_lost = generator.uniform(*FIRST_LOST_BAND, (count, 1))
    slope_db = generator.uniform(*LOST_DB_A_BAND, (count, 1)) * (generator.random((count, 1)) < DULL_SHARE)
    gain = generator.uniform(*GAIN_DB, (count, 1))
    return colour + gain - np.maximum(bands - first_lost, 0.0) * slope_db


def changed_features(
    features: FloatArray, noise: FloatArray, warps: FloatArray, generator: np.random.Generator
) -> FloatArray:
    """Return changed copies of log-mel sequences: vocal tract, gain, microphone colour, noise, gaps.

    Args:
        features: float32 (B, N, 80).
        noise: float32 (B, N, 80) log-mel of noise as loud as it was made.
        warps: :func:`warp_matrices`.
        generator: the source of chance.
    """
    batch, length, _ = features.shape
    changed = np.matmul(features, warps[generator.integers(0, len(warps), batch)])
    changed = changed + (microphone_response_db(batch, generator) * DECIBEL)[:, None, :].astype(np.float32)
    loud = np.quantile(changed.mean(2), 0.9, axis=1)[:, None, None]
    noise_loud = np.quantile(noise.mean(2), 0.9, axis=1)[:, None, None]
    below = np.where(generator.random((batch, 1, 1)) < 0.5, generator.uniform(5, 40, (batch, 1, 1)), 90.0)
    changed = np.logaddexp(changed, noise - noise_loud + loud - (below * DECIBEL).astype(np.float32))
    for row in range(batch):
        if generator.random() < 0.4:
            first, width = int(generator.integers(0, MEL_BINS - 10)), int(generator.integers(2, 10))
            changed[row, :, first : first + width] = changed[row].mean()
        if generator.random() < 0.3:
            first, width = int(generator.integers(0, length - 4)), int(generator.integers(1, 4))
            changed[row, first : first + width] = LOG_MEL_FLOOR
    return np.maximum(changed, LOG_MEL_FLOOR).astype(np.float32)
