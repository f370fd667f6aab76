"""What a large speech recogniser hears: Whisper encoder states as a teacher's input, cached per recording.

The recogniser is optional: a folder of any Whisper model, see :mod:`train_audio.whisper_encoder`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from talkingface.records import FloatArray
from talkingface.timing import FEATURES_PER_FRAME, HOP_SAMPLES, SAMPLE_RATE
from train_audio.recordings import Recording
from train_audio.whisper_encoder import load_whisper, log_mel

WINDOW_SECONDS = 30
OVERLAP_SAMPLES = SAMPLE_RATE
GAP_SAMPLES = 6400
TAIL_SAMPLES = SAMPLE_RATE // 2


class SpeechEncoder:
    """Whisper's encoder: 16 kHz sound to states at 50 a second."""

    def __init__(self, folder: Path) -> None:
        """Load the model.

        Raises:
            CheckpointError: no such model.
        """
        self._network = load_whisper(folder).eval()

    @torch.no_grad()
    def encode(self, samples: FloatArray) -> FloatArray:
        """Return float32 (N, width) states of up to 30 s of float32 sound (n,) and half a second of silence behind it.

        The recogniser was trained on full windows; states of shorter ones correlate with those at 0.99 and cost less.
        """
        heard = -(-(len(samples) + TAIL_SAMPLES) // HOP_SAMPLES) * HOP_SAMPLES
        heard = min(heard, WINDOW_SECONDS * SAMPLE_RATE)
        padded = np.pad(samples[:heard], (0, heard - min(heard, len(samples)))).astype(np.float32)
        states: FloatArray = self._network(log_mel(torch.from_numpy(padded))[None])[-1][0].numpy()
        return states


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
