"""What a user may turn on the mouth: gain, smoothing, attack, hold, noise gate and sound offset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from talkingface.errors import BadInputError
from talkingface.records import FloatArray
from talkingface.timing import FRAME_MS

LIMITS: dict[str, tuple[float, float]] = {
    "gain": (0.0, 2.0),
    "smoothing": (0.0, 0.95),
    "attack_ms": (0.0, 500.0),
    "hold_ms": (0.0, 1000.0),
    "noise_gate_dbfs": (-120.0, 0.0),
    "sound_offset_ms": (-300.0, 300.0),
}


@dataclass(frozen=True)
class MouthControls:
    """A user's settings of the mouth; the defaults change nothing.

    Attributes:
        gain: 0 (shut) to 2 (twice as wide), times every coefficient.
        smoothing: 0 (none) to 0.95: share of the last frame kept in the next.
        attack_ms: time to reach most of a new, wider mouth; 0 follows at once.
        hold_ms: for how long a wide mouth is kept before it may close; 0 follows at once.
        noise_gate_dbfs: sound below this level counts as silence; -120 is off.
        sound_offset_ms: positive shows the mouth later than the sound, negative earlier. The mouth stream does
            not use it: whoever paces frames against sound does.
    """

    gain: float = 1.0
    smoothing: float = 0.0
    attack_ms: float = 0.0
    hold_ms: float = 0.0
    noise_gate_dbfs: float = -120.0
    sound_offset_ms: float = 0.0

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            BadInputError: a setting outside its limits.
        """
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise BadInputError(
                    f"expected {name.replace('_', ' ')} of {low:g} to {high:g}, found {value:g}"
                )


class ControlledMouth:
    """Applies the controls to a stream of coefficients, frame by frame."""

    def __init__(self, controls: MouthControls) -> None:
        """Start at rest."""
        self._controls = controls
        self._shown: FloatArray | None = None
        self._held_ms = 0.0

    def set_controls(self, controls: MouthControls) -> None:
        """Go on with other settings."""
        self._controls = controls

    def apply(self, coefficients: FloatArray) -> FloatArray:
        """Return float32 (T, K) coefficients as the user wants them shown."""
        controls = self._controls
        wanted = coefficients * np.float32(controls.gain)
        if not (controls.smoothing or controls.attack_ms or controls.hold_ms):
            if len(wanted):
                self._shown, self._held_ms = wanted[-1].copy(), 0.0
            return wanted
        shown = np.empty_like(wanted)
        for row, target in enumerate(wanted):
            shown[row] = self._next(target)
        return shown

    def _next(self, target: FloatArray) -> FloatArray:
        last = np.zeros_like(target) if self._shown is None else self._shown
        opening = float(np.linalg.norm(target)) >= float(np.linalg.norm(last))
        keep = self._controls.smoothing
        if opening:
            self._held_ms = 0.0
            if self._controls.attack_ms:
                keep = max(keep, float(np.exp(-FRAME_MS / self._controls.attack_ms * 2.3)))
        else:
            self._held_ms += FRAME_MS
            if self._held_ms <= self._controls.hold_ms:
                keep = 1.0
        shown = (keep * last + (1.0 - keep) * target).astype(np.float32)
        if not target.any() and float(np.abs(shown).max(initial=0.0)) < 0.01:
            shown = np.zeros_like(shown)
        self._shown = shown
        return shown
