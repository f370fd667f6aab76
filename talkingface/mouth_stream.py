"""Sound in, mouth out, as a stream: features, mouth model, silence gate and controls in one row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkingface.audio_features import FeatureStream, features_of
from talkingface.errors import BadAudioError
from talkingface.mouth_controls import ControlledMouth, MouthControls
from talkingface.records import FloatArray
from talkingface.seams import MouthModel
from talkingface.silence_gate import SilenceGate, gate_all
from talkingface.timing import (
    FEATURES_PER_FRAME,
    MEL_BINS,
    SAMPLE_RATE,
    flush_samples,
    frame_count,
    look_ahead_frames,
)


@dataclass(frozen=True)
class MouthCurve:
    """The mouth of consecutive frames.

    Attributes:
        first_frame: number of the first frame since the stream began.
        coefficients: float32 (T, K); exactly zero is rest.
        silent: bool (T,) True where the mouth rests because nothing is said.
    """

    first_frame: int
    coefficients: FloatArray
    silent: NDArray[np.bool_]

    def __len__(self) -> int:
        """T."""
        return len(self.coefficients)


class MouthStream:
    """One stream of sound through a mouth model; frames leave as soon as their look-ahead has arrived.

    The frames depend on the sound alone, never on how it was chunked, and nothing grows with its length.
    """

    def __init__(
        self, model: MouthModel, controls: MouthControls | None = None, offset_ms: float = 0.0
    ) -> None:
        """Start a stream with the mouth at rest.

        Args:
            model: sound features to mouth.
            controls: the user's settings; their ``sound_offset_ms`` is not used.
            offset_ms: by how much later than its sound the mouth moves; below 0 it moves earlier, and every frame
                waits for that much more sound.
        """
        controls = controls or MouthControls()
        self._model = model
        self._state = model.initial_state()
        self._features = FeatureStream()
        self._odd = np.zeros((0, MEL_BINS), np.float32)
        self._gate = SilenceGate(look_ahead_frames(model.look_ahead_ms), controls.noise_gate_dbfs)
        self._controlled = ControlledMouth(controls)
        self._to_skip = look_ahead_frames(model.look_ahead_ms)
        self.offset_ms = offset_ms
        self._offset_samples = round(offset_ms * SAMPLE_RATE / 1000)
        self._to_drop = max(0, -self._offset_samples)
        self._ready = (np.zeros((0, model.coefficient_count), np.float32), np.zeros(0, bool))
        self._samples = 0
        self._frames = 0
        self._finished = False
        self._advance(np.zeros(max(0, self._offset_samples), np.float32))

    def set_controls(self, controls: MouthControls) -> None:
        """Turn the user's settings from the next frame on, without a jump in the stream."""
        self._controlled.set_controls(controls)
        self._gate.set_threshold(controls.noise_gate_dbfs)

    def push(self, samples: FloatArray) -> MouthCurve:
        """Take the next float32 (n,) 16 kHz mono samples in -1..1 and return the frames that are ready, maybe none.

        Raises:
            BadAudioError: not one-dimensional, not finite, or pushed after the end.
        """
        samples = np.asarray(samples, np.float32)
        if self._finished:
            raise BadAudioError("expected no sound after the end of the stream, found more")
        if samples.ndim != 1 or not np.isfinite(samples).all():
            raise BadAudioError(
                f"expected finite mono samples (n,), found {samples.shape} or non-finite values"
            )
        self._samples += len(samples)
        dropped = min(self._to_drop, len(samples))
        self._to_drop -= dropped
        self._advance(samples[dropped:])
        return self._released(frame_count(self._samples))

    def finish(self, frames: int | None = None) -> MouthCurve:
        """End the sound and return the last frames.

        Args:
            frames: how many there are to be in all, where the sound was counted at another rate, which may make
                one frame of difference; None is ``timing.frame_count`` of the samples that came.
        """
        total = frame_count(self._samples) if frames is None else frames
        if not self._finished:
            self._finished = True
            fed = max(0, self._samples + self._offset_samples)
            self._advance(np.zeros(flush_samples(fed, self._model.look_ahead_ms, total), np.float32))
        return self._released(total)

    def _advance(self, samples: FloatArray) -> None:
        """Run the model over more sound and keep its frames ready."""
        columns = self._features.push(samples)
        if len(self._odd):
            columns = np.concatenate([self._odd, columns])
        whole = len(columns) - len(columns) % FEATURES_PER_FRAME
        columns, self._odd = columns[:whole], columns[whole:]
        if not whole:
            return
        coefficients, self._state = self._model.step(columns, self._state)
        skipped = min(self._to_skip, len(coefficients))
        self._to_skip -= skipped
        gated, silent = gate_all(self._gate, columns, coefficients, skipped)
        kept, kept_silent = self._ready
        shown = self._controlled.apply(gated)
        if len(kept_silent):
            shown, silent = np.concatenate([kept, shown]), np.concatenate([kept_silent, silent])
        self._ready = shown, silent

    def _released(self, until: int) -> MouthCurve:
        """Hand out the frames that are ready, those below ``until``: a late mouth runs ahead of its sound otherwise."""
        coefficients, silent = self._ready
        count = min(len(silent), max(0, until - self._frames))
        self._ready = (coefficients[count:], silent[count:])
        curve = MouthCurve(self._frames, coefficients[:count], silent[:count])
        self._frames += count
        return curve


def ungated_mouth_of(samples: FloatArray, model: MouthModel) -> FloatArray:
    """Return float32 (frame_count(n), K) what a model alone says of float32 (n,) samples, without gate and controls."""
    flush = np.zeros(flush_samples(len(samples), model.look_ahead_ms), np.float32)
    columns = features_of(np.concatenate([samples, flush]))
    whole = len(columns) - len(columns) % FEATURES_PER_FRAME
    coefficients, _ = model.step(columns[:whole], model.initial_state())
    return coefficients[look_ahead_frames(model.look_ahead_ms) :][: frame_count(len(samples))]


def mouth_of(
    samples: FloatArray, model: MouthModel, controls: MouthControls | None = None, offset_ms: float = 0.0
) -> MouthCurve:
    """Return the whole mouth curve of a whole sound: float32 (n,) 16 kHz mono to ``frame_count(n)`` frames."""
    stream = MouthStream(model, controls, offset_ms)
    parts = [stream.push(samples), stream.finish()]
    return MouthCurve(
        0,
        np.concatenate([part.coefficients for part in parts]),
        np.concatenate([part.silent for part in parts]),
    )
