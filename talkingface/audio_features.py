"""Sound to log-mel features, streaming: Kaldi Fbank, 50 ms window, 20 ms hop, 80 bins, no dither."""

from __future__ import annotations

import kaldi_native_fbank
import numpy as np

from talkingface.records import FloatArray
from talkingface.timing import HOP_SAMPLES, LEAD_IN_SAMPLES, MEL_BINS, SAMPLE_RATE, WINDOW_SAMPLES

# Below about -75 dBFS there is nothing to hear: digital zero and a very quiet room give the same feature.
LOG_MEL_FLOOR = -11.5
# Kaldi keeps what it was given until it is popped; short pieces keep the backlog short.
PIECE_SAMPLES = 16_000


class FeatureStream:
    """Cuts a stream of sound into log-mel columns; see ``talkingface.timing`` for which samples each covers.

    Columns depend on the sound alone, never on how it was chunked, and what was given out is forgotten.
    """

    def __init__(self) -> None:
        """Start a stream; one hop of silence leads it in."""
        options = kaldi_native_fbank.FbankOptions()
        options.frame_opts.samp_freq = SAMPLE_RATE
        options.frame_opts.dither = 0.0
        options.frame_opts.frame_length_ms = 1000.0 * WINDOW_SAMPLES / SAMPLE_RATE
        options.frame_opts.frame_shift_ms = 1000.0 * HOP_SAMPLES / SAMPLE_RATE
        options.frame_opts.snip_edges = True
        options.mel_opts.num_bins = MEL_BINS
        self._fbank = kaldi_native_fbank.OnlineFbank(options)
        self._given = 0
        self._fbank.accept_waveform(SAMPLE_RATE, np.zeros(LEAD_IN_SAMPLES, np.float32))

    def push(self, samples: FloatArray) -> FloatArray:
        """Take float32 (n,) 16 kHz sound in -1..1 and return the float32 (m, 80) columns that are ready."""
        samples = np.ascontiguousarray(samples, np.float32).reshape(-1)
        parts = [
            self._push_piece(samples[i : i + PIECE_SAMPLES]) for i in range(0, len(samples), PIECE_SAMPLES)
        ]
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else np.zeros((0, MEL_BINS), np.float32)

    def _push_piece(self, samples: FloatArray) -> FloatArray:
        self._fbank.accept_waveform(SAMPLE_RATE, samples)
        ready = self._fbank.num_frames_ready
        columns = np.empty((ready - self._given, MEL_BINS), np.float32)
        for row in range(len(columns)):
            columns[row] = self._fbank.get_frame(self._given + row)
        self._fbank.pop(len(columns))
        self._given = ready
        return np.maximum(columns, np.float32(LOG_MEL_FLOOR), out=columns)


def features_of(samples: FloatArray) -> FloatArray:
    """Return the float32 (m, 80) columns of a whole sound, without silence after it."""
    return FeatureStream().push(samples)
