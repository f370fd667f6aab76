"""Measures a network while it is trained, on features that are computed once."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from talkingface.audio_features import features_of
from talkingface.errors import BadInputError
from talkingface.mouth_space import MouthSpace
from talkingface.networks.mouth_lstm import MouthLstm
from talkingface.records import FloatArray
from talkingface.timing import SAMPLES_PER_FRAME, WINDOW_SAMPLES, look_ahead_frames
from train_audio.evaluate import evaluate
from train_audio.recordings import Recording
from train_audio.student import mouth_of_features

# Single words judge little: continuous speech counts for more where both are there.
JUDGED_BY = {"newsreaders_ar": 0.25}
MOST_TRAINED_ON = 20
HELD_OUT = "people never trained on; the same clips chose the training step"
TRAINED_ON = "clips trained on, because nobody was held out: no measure of strangers"


def judged_recordings(recordings: list[Recording]) -> tuple[list[Recording], str]:
    """Return the genuine recordings to judge on and a sentence on who they are; held-out people where there are any.

    Raises:
        BadInputError: no genuine recording has a face.
    """
    genuine = [r for r in recordings if r.genuine and r.seen.any()]
    held_out = [r for r in genuine if r.split == "validation"]
    if held_out:
        return held_out, HELD_OUT
    if not genuine:
        raise BadInputError("expected genuine clips with a face to judge on, found none")
    return genuine[:: -(-len(genuine) // MOST_TRAINED_ON)], TRAINED_ON


class Judge:
    """Measures a network in training on the recordings that judge it."""

    def __init__(self, recordings: list[Recording], space: MouthSpace, look_ahead_ms: int) -> None:
        """Compute the features of the recordings."""
        self._space = space
        self._clips = recordings
        late = look_ahead_frames(look_ahead_ms)
        self._features = {
            r.name: features_of(
                np.pad(
                    r.samples,
                    (0, max(0, (r.frames + late) * SAMPLES_PER_FRAME + WINDOW_SAMPLES - len(r.samples))),
                )
            )[: 2 * (r.frames + late)]
            for r in recordings
        }

    def measure(self, network: MouthLstm) -> dict[str, Any]:
        """Return :func:`evaluate`'s measures and ``score``, the mean over sets of r0 and best_r."""

        def opening(recording: Recording) -> FloatArray:
            return self._space.lip_opening(
                mouth_of_features(network, self._features[recording.name], recording.frames)
            )

        result = evaluate(self._clips, opening)
        clips = result["clips"]
        groups: dict[str, list[float]] = defaultdict(list)
        for recording in self._clips:
            if recording.name in clips:
                row = clips[recording.name]
                groups[recording.set_name].append(row["r0"] + row["best_r"])
        weights = {name: JUDGED_BY.get(name, 1.0) * min(3, len(values)) for name, values in groups.items()}
        total = sum(weights.values())
        result["score"] = (
            sum(weights[name] * float(np.mean(values)) for name, values in groups.items()) / total
        )
        return result
