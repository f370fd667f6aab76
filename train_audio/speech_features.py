"""What a large speech recogniser hears: Whisper encoder states as a teacher's input, cached per recording.

The recogniser is optional: any Whisper model in CTranslate2 form (a folder with ``model.bin``), and the package
``ctranslate2``. Its log-mel front end follows the published one (Radford et al. 2022): 25 ms Hann window, 10 ms hop,
80 Slaney mel bands, log10, range of 8, scaled by ``(x + 4) / 4``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import CheckpointError, MissingPackageError
from talkingface.records import FloatArray
from talkingface.timing import FEATURES_PER_FRAME, HOP_SAMPLES, SAMPLE_RATE
from train_audio.recordings import Recording

WINDOW_SECONDS = 30
FFT_SAMPLES = 400
FFT_HOP_SAMPLES = 160
MEL_BANDS = 80
OVERLAP_SAMPLES = SAMPLE_RATE
GAP_SAMPLES = 6400
TAIL_SAMPLES = SAMPLE_RATE // 2


class SpeechEncoder:
    """Whisper's encoder: 16 kHz sound to states at 50 a second."""

    def __init__(self, folder: Path) -> None:
        """Load the model on one CPU thread.

        Raises:
            MissingPackageError: ctranslate2 is not installed.
            CheckpointError: no such model.
        """
        try:
            import ctranslate2
        except ImportError as error:
            raise MissingPackageError(
                "a speech teacher needs ctranslate2: pip install ctranslate2"
            ) from error
        if not (folder / "model.bin").is_file():
            raise CheckpointError(f"expected a CTranslate2 Whisper model, found no model.bin in {folder}")
        self._storage: Any = ctranslate2.StorageView
        self._model: Any = ctranslate2.models.Whisper(
            str(folder), device="cpu", compute_type="float32", intra_threads=1
        )
        self._filters = mel_filters()

    def encode(self, samples: FloatArray) -> FloatArray:
        """Return float32 (N, width) states of up to 30 s of float32 sound (n,) and half a second of silence behind it.

        The recogniser was trained on full windows; states of shorter ones correlate with those at 0.99 and cost less.
        """
        mel = self._log_mel(samples)[None]
        heard = -(-(len(samples) + TAIL_SAMPLES) // HOP_SAMPLES) * (HOP_SAMPLES // FFT_HOP_SAMPLES)
        mel = mel[:, :, :heard]
        return np.array(self._model.encode(self._storage.from_array(np.ascontiguousarray(mel))))[0]

    def _log_mel(self, samples: FloatArray) -> FloatArray:
        padded = np.pad(samples, (0, WINDOW_SECONDS * SAMPLE_RATE - len(samples)))
        padded = np.pad(padded, FFT_SAMPLES // 2, mode="reflect")
        window = np.hanning(FFT_SAMPLES + 1)[:-1].astype(np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::FFT_HOP_SAMPLES]
        power = (
            np.abs(np.fft.rfft(frames[: WINDOW_SECONDS * SAMPLE_RATE // FFT_HOP_SAMPLES] * window, axis=1))
            ** 2
        )
        log = np.log10(np.maximum(power @ self._filters.T, 1e-10))
        return ((np.maximum(log, log.max() - 8.0) + 4.0) / 4.0).T.astype(np.float32)


def mel_filters() -> FloatArray:
    """Return float32 (80, 201) triangles on Slaney's mel scale, each of unit area."""
    linear_hz, step = 200.0 / 3.0, np.log(6.4) / 27.0
    top = 15.0 + np.log(SAMPLE_RATE / 2 / 1000.0) / step
    mels = np.linspace(0.0, top, MEL_BANDS + 2)
    edges = np.where(mels < 15.0, mels * linear_hz, 1000.0 * np.exp(step * (mels - 15.0)))
    bins = np.linspace(0.0, SAMPLE_RATE / 2, FFT_SAMPLES // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None]).astype(np.float32)


def cached_states(
    recordings: list[Recording],
    cache: Path,
    load: Callable[[], SpeechEncoder],
    on_window: Callable[[float], None] | None = None,
) -> dict[str, NDArray[np.float16]]:
    """Return float16 (2T, width) states of each recording by name; what is not in the cache is computed and kept.

    Short recordings share a window, with silence between them.
    """
    cache.mkdir(parents=True, exist_ok=True)
    missing = [recording for recording in recordings if not _stored(cache, recording).is_file()]
    if missing:
        encoder = load()
        windows = _packed(missing)
        for number, window in enumerate(windows):
            _encode_window(encoder, window, cache)
            if on_window is not None:
                on_window((number + 1) / len(windows))
    states = {}
    for recording in recordings:
        with np.load(_stored(cache, recording), allow_pickle=False) as stored:
            states[recording.name] = stored["states"]
    return states


def _stored(cache: Path, recording: Recording) -> Path:
    return cache / f"{recording.key}.npz"


def _packed(recordings: list[Recording]) -> list[list[Recording]]:
    """Group recordings so that each group fits a window; a longer one stands alone."""
    groups: list[list[Recording]] = [[]]
    used = 0
    for recording in recordings:
        length = len(recording.samples) + GAP_SAMPLES
        if used + length > WINDOW_SECONDS * SAMPLE_RATE and groups[-1]:
            groups.append([])
            used = 0
        groups[-1].append(recording)
        used += length
    return groups


def _encode_window(encoder: SpeechEncoder, recordings: list[Recording], cache: Path) -> None:
    if len(recordings) == 1 and len(recordings[0].samples) > WINDOW_SECONDS * SAMPLE_RATE - GAP_SAMPLES:
        _store(cache, recordings[0], _encode_long(encoder, recordings[0].samples))
        return
    sound = np.zeros(WINDOW_SECONDS * SAMPLE_RATE, np.float32)
    starts, position = [], 0
    for recording in recordings:
        starts.append(position)
        sound[position : position + len(recording.samples)] = recording.samples[: len(sound) - position]
        position += -(-(len(recording.samples) + GAP_SAMPLES // 2) // HOP_SAMPLES) * HOP_SAMPLES
    states = encoder.encode(sound[:position])
    for recording, start in zip(recordings, starts, strict=True):
        _store(cache, recording, states[start // HOP_SAMPLES :])


def _encode_long(encoder: SpeechEncoder, samples: FloatArray) -> FloatArray:
    """Encode in windows that overlap by a second on both sides."""
    step = WINDOW_SECONDS * SAMPLE_RATE - 2 * OVERLAP_SAMPLES
    parts = []
    for start in range(0, len(samples), step):
        first = max(0, start - OVERLAP_SAMPLES)
        states = encoder.encode(samples[first : start + step + OVERLAP_SAMPLES])
        parts.append(states[(start - first) // HOP_SAMPLES :][: step // HOP_SAMPLES])
    return np.concatenate(parts)


def _store(cache: Path, recording: Recording, states: FloatArray) -> None:
    wanted = FEATURES_PER_FRAME * recording.frames
    rows = np.minimum(np.arange(wanted), len(states) - 1)
    path = _stored(cache, recording)
    partial = path.with_suffix(f".{os.getpid()}.part")
    with partial.open("wb") as file:
        np.savez(file, states=states[rows].astype(np.float16))
    partial.replace(path)
