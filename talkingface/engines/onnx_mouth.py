"""The mouth model on onnxruntime: one frame a step, one thread, state in and state out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from talkingface.checkpoints import load_card, verified_file
from talkingface.engines.onnx_session import open_session
from talkingface.errors import BadInputError, CheckpointError
from talkingface.records import FloatArray
from talkingface.seams import MouthState
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS

CARD_NAME = "mouth_model.json"
MODEL_NAME = "mouth_model.onnx"
SPACE_NAME = "mouth_space.npz"


class OnnxMouthModel:
    """A :class:`talkingface.seams.MouthModel` from an ONNX file that carries its own settings."""

    def __init__(self, path: Path | str) -> None:
        """Load the model.

        Raises:
            CheckpointError: missing, damaged, or not a mouth model.
        """
        self._session = open_session(path, "a mouth model")
        try:
            settings = json.loads(self._session.get_modelmeta().custom_metadata_map["settings"])
            self._look_ahead_ms = int(settings["look_ahead_ms"])
            self._count = int(settings["coefficient_count"])
            self._initial = tuple(
                np.asarray(settings["start"].get(entry.name, 0.0), np.float32)
                + np.zeros(entry.shape, np.float32)
                for entry in self._session.get_inputs()[1:]
            )
        except Exception as error:  # settings of any shape may lie in a foreign file
            raise CheckpointError(f"expected a mouth model (ONNX), found {path} ({error})") from error
        self._outputs = [entry.name for entry in self._session.get_outputs()]
        self._inputs = [entry.name for entry in self._session.get_inputs()]

    @property
    def look_ahead_ms(self) -> int:
        """See :class:`talkingface.seams.MouthModel`."""
        return self._look_ahead_ms

    @property
    def coefficient_count(self) -> int:
        """K."""
        return self._count

    def initial_state(self) -> MouthState:
        """Return the state before the first sound."""
        return tuple(array.copy() for array in self._initial)

    def step(self, features: FloatArray, state: MouthState) -> tuple[FloatArray, MouthState]:
        """Advance by T frames: float32 (2T, 80) log-mel in, float32 (T, K) coefficients and state out.

        Raises:
            BadInputError: features of another shape.
        """
        if features.ndim != 2 or features.shape[1] != MEL_BINS or len(features) % FEATURES_PER_FRAME:
            raise BadInputError(f"expected features (2T, {MEL_BINS}), found {features.shape}")
        pairs = np.asarray(features, np.float32).reshape(-1, 1, FEATURES_PER_FRAME, MEL_BINS)
        coefficients = np.zeros((len(pairs), self._count), np.float32)
        for row, pair in enumerate(pairs):
            feed = dict(zip(self._inputs, (pair, *state), strict=True))
            coefficients[row], *state = self._session.run(self._outputs, feed)
        return coefficients, tuple(state)


def load_mouth_model(folder: Path | str = "checkpoint") -> OnnxMouthModel:
    """Load ``mouth_model.onnx`` from a folder after checking its card and hash.

    Raises:
        CheckpointError: card or model missing, damaged or changed, or a mouth space it was not trained for.
    """
    folder = Path(folder)
    card = load_card(folder / CARD_NAME, kind="mouth_model")
    if SPACE_NAME in card["files"]:
        verified_file(folder, SPACE_NAME, card)
    return OnnxMouthModel(verified_file(folder, MODEL_NAME, card))
