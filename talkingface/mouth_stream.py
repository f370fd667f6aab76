"""Sound in, mouth out, as a stream: features, mouth model, silence gate and controls in one row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkingface.audio_features import FeatureStream
from talkingface.errors import BadAudioError
from talkingface.mouth_controls import ControlledMouth, MouthControls
from talkingface.records import FloatArray
from talkingface.seams import MouthModel
from talkingface.silence_gate import SilenceGate, gate_all
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS, flush_samples, frame_count, look_ahead_frames


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

    def __init__(self, model: MouthModel, controls: MouthControls | None = None) -> None:
        """Start a stream with the mouth at rest."""
        controls = controls or MouthControls()
        self._model = model
        self._state = model.initial_state()
        self._features = FeatureStream()
        self._odd = np.zeros((0, MEL_BINS), np.float32)
        self._gate = SilenceGate(look_ahead_frames(model.look_ahead_ms), controls.noise_gate_dbfs)
        self._controlled = ControlledMouth(controls)
        self._to_skip = look_ahead_frames(model.look_ahead_ms)
        self._samples = 0
        self._frames = 0
        self._finished = False

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
        return self._advance(samples)

    def finish(self, frames: int | None = None) -> MouthCurve:
        """End the sound and return the last frames.

        Args:
            frames: how many there are to be in all, where the sound was counted at another rate, which may make
                one frame of difference; None is ``timing.frame_count`` of the samples that came.
        """
        if self._finished:
            return self._curve(np.zeros((0, self._model.coefficient_count), np.float32), np.zeros(0, bool))
        self._finished = True
        total = frame_count(self._samples) if frames is None else frames
        wanted = max(0, total - self._frames)
        flush = flush_samples(self._samples, self._model.look_ahead_ms, total)
        curve = self._advance(np.zeros(flush, np.float32))
        self._frames = curve.first_frame + wanted
        return MouthCurve(curve.first_frame, curve.coefficients[:wanted], curve.silent[:wanted])

    def _advance(self, samples: FloatArray) -> MouthCurve:
        columns = np.concatenate([self._odd, self._features.push(samples)])
        whole = len(columns) - len(columns) % FEATURES_PER_FRAME
        columns, self._odd = columns[:whole], columns[whole:]
        coefficients, self._state = self._model.step(columns, self._state)
        skipped = min(self._to_skip, len(coefficients))
        self._to_skip -= skipped
        gated, silent = gate_all(self._gate, columns, coefficients, skipped)
        return self._curve(self._controlled.apply(gated), silent)

    def _curve(self, coefficients: FloatArray, silent: NDArray[np.bool_]) -> MouthCurve:
        curve = MouthCurve(self._frames, coefficients, silent)
        self._frames += len(coefficients)
        return curve


def mouth_of(samples: FloatArray, model: MouthModel, controls: MouthControls | None = None) -> MouthCurve:
    """Return the whole mouth curve of a whole sound: float32 (n,) 16 kHz mono to ``frame_count(n)`` frames."""
    stream = MouthStream(model, controls)
    parts = [stream.push(samples), stream.finish()]
    return MouthCurve(
        0,
        np.concatenate([part.coefficients for part in parts]),
        np.concatenate([part.silent for part in parts]),
    )
