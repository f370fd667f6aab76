"""How often each recording is shown in training: people count by the root of what they say, sets by their worth."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from train_audio.recordings import Recording

# Found by trial: continuous speech of many people teaches most, other models' outputs and single words less.
SET_WORTH = {
    "talkers": 1.5,
    "talkers_small": 1.2,
    "newsreaders_ar": 0.7,
    "synthetic": 0.7,
    "grid_s1": 0.5,
    "expressive": 0.5,
    "speech": 0.6,
    "made_speech": 0.3,
    "gathered_speech": 0.15,
}
ENOUGH_FRAMES = 800


def sampling_weights(recordings: list[Recording]) -> NDArray[np.float64]:
    """Return (n,) chances that add up to 1: by recording length within a person, by the root of it between people."""
    frames: Counter[str] = Counter()
    for recording in recordings:
        frames[recording.person] += recording.frames
    weights = np.array(
        [
            recording.frames
            / frames[recording.person]
            * np.sqrt(min(frames[recording.person], ENOUGH_FRAMES))
            * SET_WORTH.get(recording.set_name, 1.0)
            for recording in recordings
        ]
    )
    return weights / weights.sum()
