"""Training sequences: pieces of changed recordings joined with silence and noise, with all that is wanted of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkingface.audio_features import LOG_MEL_FLOOR, features_of
from talkingface.records import FloatArray
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS, SAMPLES_PER_FRAME, WINDOW_SAMPLES
from train_audio.balance import sampling_weights
from train_audio.recordings import Recording
from train_audio.sound_changes import NOISES, another_sound, changed_features, made_noise, warp_matrices
from train_audio.teacher import Taught

VOICE_RANGE_DB = 32.0
VOICE_HOLD_FRAMES = 3
NOISE_SECONDS = 20.0
# Pieces are short and mixed, so that whole utterances cannot be learnt by heart.
PIECE_FRAMES = (25, 100)


@dataclass(frozen=True)
class Example:
    """One recording in one voice.

    Attributes:
        features: float16 (2T, 80) log-mel.
        mouth: float32 (T, K) tracked coefficients, people opening equally wide.
        seen: float32 (T,) 1 where ``mouth`` is known.
        taught: float32 (T, K) the teachers' coefficients; (T, 0) without a teacher.
        sounds: int64 (T, 2) classes of sound; zeros without a teacher.
        voice: float32 (T,) 1 where somebody speaks.
    """

    features: NDArray[np.float16]
    mouth: FloatArray
    seen: FloatArray
    taught: FloatArray
    sounds: NDArray[np.int64]
    voice: FloatArray

    @property
    def frames(self) -> int:
        """T."""
        return len(self.seen)


@dataclass(frozen=True)
class Batch:
    """Sequences of B x L frames; weights of 0 leave a frame out.

    Attributes:
        features: float32 (B, 2L, 80).
        mouth: float32 (B, L, K) and ``seen`` (B, L) its weight.
        seen: see above.
        taught: float32 (B, L, K) and ``is_taught`` (B, L) its weight.
        is_taught: see above.
        sounds: int64 (B, L, 2), weighted by ``is_taught`` too.
        voice: float32 (B, L).
    """

    features: FloatArray
    mouth: FloatArray
    seen: FloatArray
    taught: FloatArray
    is_taught: FloatArray
    sounds: NDArray[np.int64]
    voice: FloatArray


def make_example(
    recording: Recording, taught: Taught | None, coefficients: int, samples: FloatArray, speed: float
) -> Example:
    """Make the example of a recording whose sound was changed to ``samples`` and sped up by ``speed``."""
    frames = int(recording.frames / speed)
    wanted = FEATURES_PER_FRAME * frames
    needed = frames * SAMPLES_PER_FRAME + WINDOW_SAMPLES
    features = features_of(np.pad(samples, (0, max(0, needed - len(samples)))))[:wanted]
    times = np.minimum(np.arange(frames) * speed, recording.frames - 1)
    mouth = np.zeros((frames, coefficients), np.float32)
    if recording.seen.any():
        mouth = half_earlier(stretched(recording.coefficients, times)) * np.float32(recording.amplitude)
    none = np.zeros((frames, 0), np.float32)
    return Example(
        features=features.astype(np.float16),
        mouth=mouth,
        seen=recording.seen[np.round(times).astype(int)].astype(np.float32),
        taught=none if taught is None else half_earlier(stretched(taught.mouth, times)),
        sounds=np.zeros((frames, 2), np.int64)
        if taught is None
        else taught.sounds[np.round(times).astype(int)],
        voice=voiced(features),
    )


def stretched(values: FloatArray, times: NDArray[np.float64]) -> FloatArray:
    """Return (len(times), n) linear interpolation of (T, n) rows at fractional rows."""
    below = np.minimum(times.astype(int), len(values) - 1)
    above = np.minimum(below + 1, len(values) - 1)
    share = (times - below)[:, None].astype(np.float32)
    return (values[below] * (1 - share) + values[above] * share).astype(np.float32)


def half_earlier(rows: FloatArray) -> FloatArray:
    """Return (T, n) rows at T - 1/2: what lies half-way between each row of (T, n) and the one before (cubic).

    A picture is exposed within its 40 ms, not at their beginning. Untouched, predicted and tracked lips fit best half
    a frame off; so the mouth of the sound at k * 40 ms is taken from between pictures k - 1 and k.
    """
    padded = np.pad(rows, ((2, 1), (0, 0)), mode="edge")
    middle = (9.0 * (padded[1:-2] + padded[2:-1]) - padded[:-3] - padded[3:]) / 16.0
    return middle.astype(np.float32) if rows.size else rows


def voiced(features: FloatArray) -> FloatArray:
    """Return float32 (T,) 1 where a clean recording speaks: by its level under its own loudest, held a little."""
    level = features[:, 6:70].mean(1)[: len(features) // 2 * 2].reshape(-1, FEATURES_PER_FRAME).max(1)
    if not len(level):
        return np.zeros(0, np.float32)
    threshold = max(float(np.quantile(level, 0.95)) - VOICE_RANGE_DB * 0.23 * 0.6, LOG_MEL_FLOOR + 1.5)
    loud = level > threshold
    held = loud.copy()
    for hold in range(1, VOICE_HOLD_FRAMES + 1):
        held[hold:] |= loud[:-hold]
        held[:-1] |= loud[1:]
    return held.astype(np.float32)


class ExamplePool:
    """All examples, and the sequences that are drawn from them."""

    def __init__(
        self,
        recordings: list[Recording],
        taught: dict[str, Taught],
        coefficients: int,
        *,
        variants: int,
        seed: int,
        speech_variants: int | None = None,
        on_recording: Callable[[float], None] | None = None,
    ) -> None:
        """Compute the features of every recording in its own voice and in ``variants`` others.

        Args:
            recordings: to train on.
            taught: what teachers say of them, by name; may be empty.
            coefficients: K.
            variants: changed copies a recording.
            seed: of all chance.
            speech_variants: the same of speech without a face; None is as many.
            on_recording: called with the share done.
        """
        self._seed = seed
        self._generator = np.random.default_rng(seed)
        self._coefficients = coefficients
        self._chances = sampling_weights(recordings)
        self._warps = warp_matrices()
        self._examples: list[list[Example]] = []
        for number, recording in enumerate(recordings):
            own = taught.get(recording.name)
            copies = [make_example(recording, own, coefficients, recording.samples, 1.0)]
            faceless = speech_variants is not None and not recording.seen.any()
            for _ in range(speech_variants or 0 if faceless else variants):
                samples, speed = another_sound(recording.samples, self._generator)
                copies.append(make_example(recording, own, coefficients, samples, speed))
            self._examples.append(copies)
            if on_recording is not None:
                on_recording((number + 1) / len(recordings))
        self._noises = [
            features_of(made_noise(kind, NOISE_SECONDS, self._generator)) for kind in NOISES for _ in range(3)
        ]

    def statistics(self) -> tuple[FloatArray, FloatArray]:
        """Return the (80,) mean and standard deviation of log-mel columns in which something is heard."""
        columns = np.concatenate([copies[0].features[::4] for copies in self._examples]).astype(np.float32)
        columns = columns[columns.mean(1) > -9.0] if (columns.mean(1) > -9.0).any() else columns
        return columns.mean(0), np.maximum(columns.std(0), 0.5)

    def batch(self, size: int, frames: int, step: int) -> Batch:
        """Draw ``size`` sequences of ``frames`` frames; what is drawn depends on the seed and the step alone."""
        self._generator = np.random.default_rng((self._seed, step))
        made = Batch(
            features=np.full((size, FEATURES_PER_FRAME * frames, MEL_BINS), LOG_MEL_FLOOR, np.float32),
            mouth=np.zeros((size, frames, self._coefficients), np.float32),
            seen=np.zeros((size, frames), np.float32),
            taught=np.zeros((size, frames, self._coefficients), np.float32),
            is_taught=np.zeros((size, frames), np.float32),
            sounds=np.zeros((size, frames, FEATURES_PER_FRAME), np.int64),
            voice=np.zeros((size, frames), np.float32),
        )
        for row in range(size):
            self._fill(made, row, frames)
        noise = np.stack([self._some_noise(FEATURES_PER_FRAME * frames) for _ in range(size)])
        changed = changed_features(made.features, noise, self._warps, self._generator)
        made.features[:] = changed
        return made

    def _fill(self, made: Batch, row: int, frames: int) -> None:
        """Fill one sequence with speech, now and then a silence or a noise."""
        position = 0
        while position < frames:
            if self._generator.random() < 0.2:
                position += self._put_silence(made, row, position, frames)
            if position < frames:
                position += self._put_speech(made, row, position, frames)

    def _put_silence(self, made: Batch, row: int, position: int, frames: int) -> int:
        """Put silence, or a noise without voice, with a resting mouth; returns its frames."""
        length = min(frames - position, int(self._generator.integers(8, 50)))
        noisy = self._generator.random() < 0.6
        if noisy:
            sound = self._some_noise(FEATURES_PER_FRAME * length)
            level = self._generator.uniform(-9.0, 1.0)
            put = np.maximum(sound - sound.mean() + level, LOG_MEL_FLOOR)
            made.features[row, FEATURES_PER_FRAME * position :][: len(put)] = put
        settled = slice(position + (6 if position else 0), position + length)
        made.seen[row, settled] = 0.5
        return length

    def _put_speech(self, made: Batch, row: int, position: int, frames: int) -> int:
        copies = self._examples[self._generator.choice(len(self._examples), p=self._chances)]
        example = copies[int(self._generator.integers(0, len(copies)))]
        longest = min(frames - position, int(self._generator.integers(*PIECE_FRAMES)))
        spare = example.frames - longest
        start = int(self._generator.integers(0, spare + 1)) if spare > 0 else 0
        length = min(longest, example.frames - start)
        here, there = slice(position, position + length), slice(start, start + length)
        span = slice(FEATURES_PER_FRAME * position, FEATURES_PER_FRAME * (position + length))
        made.features[row, span] = example.features[FEATURES_PER_FRAME * start :][
            : FEATURES_PER_FRAME * length
        ]
        made.mouth[row, here] = example.mouth[there]
        made.seen[row, here] = example.seen[there]
        made.voice[row, here] = example.voice[there]
        if example.taught.shape[1]:
            made.taught[row, here] = example.taught[there]
            made.sounds[row, here] = example.sounds[there]
            made.is_taught[row, here] = 1.0
        return length

    def _some_noise(self, columns: int) -> FloatArray:
        noise = self._noises[int(self._generator.integers(0, len(self._noises)))]
        start = int(self._generator.integers(0, max(1, len(noise) - columns)))
        rows = np.minimum(np.arange(start, start + columns), len(noise) - 1)
        return noise[rows]
