"""Silence that is silence: decides from the features when nothing is said, and lets the mouth come to exact rest."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from talkingface.records import FloatArray
from talkingface.timing import FEATURES_PER_FRAME, FRAMES_PER_SECOND

# Bands of roughly 150 Hz to 7 kHz, where speech is; hum and rumble lie below.
FIRST_BAND, LAST_BAND = 6, 76
# What must be added to the level of those bands so that white noise reads its own level in dBFS.
LEVEL_AT_FULL_SCALE_DB = 35.1
SILENT_BELOW_DBFS = -58.0
# A steady sound (fan, hiss) is learned as background while it is quieter than this; speech stands out of it.
BACKGROUND_BELOW_DBFS = -36.0
STANDS_OUT_DB = 5.0
BACKGROUND_RISE_DB = 3.0 / FRAMES_PER_SECOND
# People do not rest in short pauses: steady silence is waited on for 280 ms, anything else for 800 ms; closing takes
# 80 ms. Silence is steady where nobody is; between two words it still has the room's echo and a breath in it.
SILENCE_HOLD_FRAMES = 7
BACKGROUND_HOLD_FRAMES = 20
STEADY_DB = 3.0
# A click is heard in two frames; it does not make silence unsteady.
CLICK_FRAMES = 2
OPEN_STEP = 0.5
CLOSE_STEP = 0.5


def level_dbfs(features: FloatArray) -> float:
    """Return the loudness of one frame's float32 (2, 80) log-mel columns, in dBFS of white noise as loud."""
    powers = features[:, FIRST_BAND:LAST_BAND].astype(np.float64)
    np.exp(powers, out=powers)
    return 10.0 * math.log10(float(powers.sum()) / powers.size) - LEVEL_AT_FULL_SCALE_DB


class SilenceGate:
    """Turns coefficients to exactly zero where nothing is heard: softly, and the same for any chunking.

    Steady silence is rest within 400 ms; a steady background, or faint sounds, within about a second.
    """

    def __init__(self, look_ahead_frames: int, threshold_dbfs: float = SILENT_BELOW_DBFS) -> None:
        """Start shut.

        Args:
            look_ahead_frames: by how many frames the features run ahead of the coefficients.
            threshold_dbfs: sound below this level is silence.
        """
        self._levels_dbfs: deque[float] = deque(maxlen=look_ahead_frames + 1 + BACKGROUND_HOLD_FRAMES)
        self._outstanding: deque[bool] = deque(maxlen=look_ahead_frames + 1 + BACKGROUND_HOLD_FRAMES)
        self._silence_frames = look_ahead_frames + 1 + SILENCE_HOLD_FRAMES
        self._threshold_dbfs = max(threshold_dbfs, SILENT_BELOW_DBFS)
        self._background_dbfs = self._threshold_dbfs
        self._drones = False
        self._shut = True
        self._open = 0.0

    def set_threshold(self, threshold_dbfs: float) -> None:
        """Count sound below another level as silence from now on; the same level again changes nothing."""
        threshold_dbfs = max(threshold_dbfs, SILENT_BELOW_DBFS)
        if threshold_dbfs != self._threshold_dbfs:
            self._threshold_dbfs = self._background_dbfs = threshold_dbfs

    def listen(self, features: FloatArray) -> None:
        """Take the float32 (2, 80) columns of the next step."""
        level = level_dbfs(features)
        self._levels_dbfs.append(level)
        self._drones = self._is_droning()
        if self._drones:
            self._background_dbfs = max(self._background_dbfs, level)
        elif level < self._background_dbfs:
            self._background_dbfs = max(level, self._threshold_dbfs - STANDS_OUT_DB)
        else:
            risen = min(self._background_dbfs + BACKGROUND_RISE_DB, level, BACKGROUND_BELOW_DBFS)
            self._background_dbfs = max(self._background_dbfs, risen)
        self._outstanding.append(level > max(self._threshold_dbfs, self._background_dbfs + STANDS_OUT_DB))

    def next_weight(self) -> float:
        """Return by what the next frame's coefficients count, 0..1, from what was heard around it; 0 is silence."""
        recent_dbfs = list(self._levels_dbfs)[-self._silence_frames :]
        if self._drones or not any(self._outstanding):
            self._shut = True
        elif max(recent_dbfs) > self._threshold_dbfs:
            self._shut = False
        elif _steady(recent_dbfs):
            self._shut = True
        self._open = min(1.0, max(0.0, self._open + (-CLOSE_STEP if self._shut else OPEN_STEP)))
        # Away from 0 and 1 the ramp has no corners, so the mouth does not pop.
        return self._open * self._open * (3.0 - 2.0 * self._open)

    def _is_droning(self) -> bool:
        """Return whether a sound too faint for a speaker has been steady for so long that it is none."""
        levels = self._levels_dbfs
        return len(levels) == levels.maxlen and max(levels) < BACKGROUND_BELOW_DBFS and _steady(levels)


def _steady(levels_dbfs: Iterable[float]) -> bool:
    """Return whether the levels stay alike, the two loudest left out."""
    levels = sorted(levels_dbfs)
    without_click = levels[: max(1, len(levels) - CLICK_FRAMES)]
    return without_click[-1] - without_click[0] < STEADY_DB


def gate_all(
    gate: SilenceGate, features: FloatArray, coefficients: FloatArray, skipped: int
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Run the gate over T steps; the first ``skipped`` answer no frame and are only listened to.

    Args:
        gate: keeps its state between calls.
        features: float32 (2T, 80).
        coefficients: float32 (T, K) of the same steps.
        skipped: how many of them come before frame 0.

    Returns:
        float32 (T - skipped, K) coefficients and bool (T - skipped,) silent.
    """
    shown = coefficients[skipped:].copy()
    silent = np.zeros(len(shown), bool)
    for row in range(len(coefficients)):
        gate.listen(features[FEATURES_PER_FRAME * row : FEATURES_PER_FRAME * (row + 1)])
        if row >= skipped:
            weight = gate.next_weight()
            if weight < 1:
                shown[row - skipped] *= np.float32(weight)
                silent[row - skipped] = weight == 0
    return shown, silent
