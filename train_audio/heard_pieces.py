"""Batches for a recogniser that is trained on: log-mel of clips in several voices, with the mouths that spoke them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import signal
from torch import Tensor

from talkingface.timing import SAMPLES_PER_FRAME
from train_audio.balance import sampling_weights
from train_audio.examples import stretched
from train_audio.recordings import Recording
from train_audio.sound_changes import stretch_factors, stretching_matrices
from train_audio.whisper_encoder import FFT_HOP_SAMPLES, MEL_BANDS, log_mel, mel_edges_hz

COLUMNS_PER_FRAME = SAMPLES_PER_FRAME // FFT_HOP_SAMPLES
# Speed and pitch together, in percent of the sound as it is; tempo alone is changed by up to a tenth more.
SPEEDS_PERCENT = (100, 84, 92, 109, 118)
TEMPO = 0.1
OWN_VOICE = 0.35
PIECE_FRAMES = 50
GAP_FRAMES = 2
SILENT_LOG_MEL = -10.0
WARP = 0.2
WARPS = 27
LN_10 = float(np.log(10.0))


@dataclass(frozen=True)
class Piece:
    """Where one clip in one voice lies: first column, first frame and frames."""

    column: int
    frame: int
    frames: int


@dataclass(frozen=True)
class HeardBatch:
    """Sequences on the device.

    Attributes:
        log_mel: float (B, 4T, 80) changed columns.
        mouth: float (B, T, K) coefficients, people opening equally wide.
        weight: float (B, T) 0 where no mouth is known.
    """

    log_mel: Tensor
    mouth: Tensor
    weight: Tensor


class HeardClips:
    """All clips of a training in memory of the device."""

    def __init__(self, recordings: list[Recording], device: torch.device) -> None:
        """Compute the log-mel of every clip in all its voices."""
        self._device = device
        self._recordings = recordings
        self._pieces: list[list[Piece]] = []
        columns, mouths, seen = [], [], []
        column = frame = 0
        for recording in recordings:
            own = []
            for percent in SPEEDS_PERCENT:
                frames = recording.frames * 100 // percent
                if frames < 2 * GAP_FRAMES:
                    continue
                times = np.minimum(np.arange(frames) * (percent / 100), recording.frames - 1)
                columns.append(columns_of(_sped(recording.samples, percent), frames, device).half())
                mouths.append(stretched(recording.coefficients, times) * np.float32(recording.amplitude))
                seen.append(recording.seen[np.round(times).astype(int)].astype(np.float32))
                own.append(Piece(column, frame, frames))
                column, frame = column + COLUMNS_PER_FRAME * frames, frame + frames
            self._pieces.append(own)
        silence = torch.full((1, MEL_BANDS), SILENT_LOG_MEL, device=device).half()
        self._columns = torch.cat([*columns, silence])
        self._mouths = torch.from_numpy(np.concatenate(mouths)).to(device)
        self._seen = torch.from_numpy(np.concatenate(seen)).to(device)
        self._warps = torch.from_numpy(warp_matrices()).to(device)

    def chances_without(self, people: set[str]) -> NDArray[np.float64]:
        """Return how often each clip is drawn where some people are held out; all are drawn where nobody is left."""
        kept = np.array([recording.person not in people for recording in self._recordings])
        kept |= not kept.any()
        chances = np.zeros(len(kept))
        chances[kept] = sampling_weights([r for r, keep in zip(self._recordings, kept, strict=True) if keep])
        return chances

    def batch(
        self, size: int, frames: int, generator: np.random.Generator, chances: NDArray[np.float64]
    ) -> HeardBatch:
        """Draw sequences of pieces of clips; the change of the sound draws from torch's own generator too."""
        places = np.full((size, COLUMNS_PER_FRAME * frames), len(self._columns) - 1.0)
        answers = np.zeros((size, frames))
        known = np.zeros((size, frames), np.float32)
        for row in range(size):
            tempo = float(np.exp(generator.uniform(-TEMPO, TEMPO)))
            position = 0
            while position < frames:
                piece = self._piece(generator, chances)
                wanted = min(
                    frames - position, int(generator.integers(min(PIECE_FRAMES, frames), frames + 1))
                )
                length = min(wanted, max(1, int((piece.frames - 2) / tempo)))
                start = int(generator.integers(0, max(1, piece.frames - int(length * tempo) - 1)))
                columns = (
                    COLUMNS_PER_FRAME * start + np.arange(COLUMNS_PER_FRAME * length, dtype=float) * tempo
                )
                last = COLUMNS_PER_FRAME * piece.frames - 1
                span = slice(COLUMNS_PER_FRAME * position, COLUMNS_PER_FRAME * (position + length))
                places[row, span] = piece.column + np.minimum(columns, last)
                here = slice(position, position + length)
                answers[row, here] = piece.frame + np.minimum(
                    start + np.arange(length) * tempo, piece.frames - 1
                )
                known[row, here] = 1.0
                position += length + GAP_FRAMES
        heard = _between(self._columns, places).float()
        warp = self._warps[torch.from_numpy(generator.integers(0, WARPS, size)).to(self._device)]
        return HeardBatch(
            log_mel=changed(torch.bmm(heard, warp)),
            mouth=_between(self._mouths, answers),
            weight=_between(self._seen[:, None], answers)[..., 0] * torch.from_numpy(known).to(self._device),
        )

    def _piece(self, generator: np.random.Generator, chances: NDArray[np.float64]) -> Piece:
        while True:
            own = self._pieces[generator.choice(len(self._pieces), p=chances)]
            if own:
                return own[0 if generator.random() < OWN_VOICE else int(generator.integers(0, len(own)))]


def columns_of(samples: np.ndarray, frames: int, device: torch.device) -> Tensor:
    """Return (4 * frames, 80) log-mel columns of float32 (n,) sound, cut or led out with silence."""
    length = max(2, frames) * SAMPLES_PER_FRAME
    padded = np.pad(samples[:length], (0, max(0, length - len(samples)))).astype(np.float32)
    return log_mel(torch.from_numpy(padded).to(device))[: COLUMNS_PER_FRAME * frames]


def changed(heard: Tensor) -> Tensor:
    """Return (B, N, 80) log10 mel with another microphone's colour, noise, lost bands and a lost moment."""
    size, length, bands = heard.shape
    device = heard.device
    place = (torch.arange(bands, device=device) + 0.5) * torch.pi / bands
    colour = sum(
        torch.randn(size, 1, device=device) * strength * torch.cos(wave * place)
        for wave, strength in ((1, 0.25), (2, 0.15), (3, 0.1))
    )
    heard = heard + colour[:, None]  # type: ignore[index]
    loudest = heard.amax((1, 2), keepdim=True)
    below = 1.0 + 5.0 * torch.rand(size, 1, 1, device=device)
    # Every other sequence is left nearly clean.
    below = below * torch.where(torch.rand(size, 1, 1, device=device) < 0.5, 1.0, 9.0)
    noise = loudest - below + 0.25 * torch.randn_like(heard)
    noise = noise + 0.5 * torch.randn(size, 1, 1, device=device) * torch.cos(place)
    heard = torch.logaddexp(heard * LN_10, noise * LN_10) / LN_10
    mean = heard.mean((1, 2), keepdim=True)
    for _ in range(2):
        heard = torch.where(_span(size, bands, 14, device)[:, None], mean, heard)
    return torch.where(_span(size, length, 20, device)[..., None], loudest - 8.0, heard)


def warp_matrices() -> np.ndarray:
    """Return float32 (27, 80, 80) matrices that stretch a column's frequencies by up to a fifth: other vocal tracts."""
    hertz = mel_edges_hz()[1:-1]
    sources = hertz * stretch_factors(WARP, WARPS)[:, None]
    return stretching_matrices(np.interp(sources, hertz, np.arange(MEL_BANDS, dtype=float)))


def _sped(samples: np.ndarray, percent: int) -> np.ndarray:
    return samples if percent == 100 else signal.resample_poly(samples, 100, percent).astype(np.float32)


def _between(rows: Tensor, places: np.ndarray) -> Tensor:
    """Return (B, T, n) linear interpolation of (N, n) rows at float (B, T) places."""
    below = np.minimum(places.astype(np.int64), len(rows) - 1)
    above = np.minimum(below + 1, len(rows) - 1)
    first, second = (torch.from_numpy(index).to(rows.device) for index in (below, above))
    share = torch.from_numpy((places - below).astype(np.float32)).to(rows.device)
    return torch.lerp(rows[first].float(), rows[second].float(), share[..., None])


def _span(size: int, length: int, longest: int, device: torch.device) -> Tensor:
    """Return bool (size, length): one stretch of up to ``longest`` in each row."""
    width = torch.randint(0, longest, (size, 1), device=device).clamp(max=length - 1)
    start = (torch.rand(size, 1, device=device) * (length - width)).long()
    index = torch.arange(length, device=device)[None]
    return (index >= start) & (index < start + width)
