"""Export of a trained mouth model: ONNX step function, parity check, safetensors and card."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from talkingface.checkpoints import save_tensors, write_card
from talkingface.engines.onnx_mouth import CARD_NAME, MODEL_NAME, SPACE_NAME, OnnxMouthModel
from talkingface.errors import CheckpointError
from talkingface.networks.mouth_lstm import MouthLstm
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS

WEIGHTS_NAME = "mouth_model.safetensors"
STATE_NAMES = ("band_mean", "heard_count", "last_input", "hidden_1", "cell_1", "hidden_2", "cell_2", "gate")
PARITY_LIMIT = 1e-4


class _Step(torch.nn.Module):
    """The step function with a flat signature, as an ONNX graph wants it."""

    def __init__(self, network: MouthLstm) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: torch.Tensor, *state: torch.Tensor) -> tuple[torch.Tensor, ...]:
        coefficients, after = self.network.step(features, state)
        return (coefficients, *after)


def export_onnx(network: MouthLstm, path: Path) -> None:
    """Write the step function as ONNX with its settings inside, whole or not at all."""
    network = network.eval()
    start = network.initial_state()
    example = (torch.zeros(1, FEATURES_PER_FRAME, MEL_BINS), *start)
    partial = path.with_name(f"{path.stem}.{os.getpid()}.part.onnx")
    torch.onnx.export(
        _Step(network).eval(),
        example,
        str(partial),
        input_names=["features", *STATE_NAMES],
        output_names=["coefficients", *(f"{name}_next" for name in STATE_NAMES)],
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    model = onnx.load(str(partial))
    settings = {
        "look_ahead_ms": network.config.look_ahead_ms,
        "coefficient_count": network.config.coefficient_count,
        "start": {"band_mean": start[0].tolist(), "heard_count": start[1].tolist()},
    }
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {"settings": json.dumps(settings)})
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(model, str(partial))
    partial.replace(path)


def parity_error(network: MouthLstm, model: OnnxMouthModel, frames: int = 200) -> float:
    """Return the largest difference of the coefficients between torch and ONNX over random speech-like features."""
    generator = np.random.default_rng(0)
    features = generator.normal(-6.0, 3.0, (FEATURES_PER_FRAME * frames, MEL_BINS)).astype(np.float32)
    found, _ = model.step(features, model.initial_state())
    state = network.eval().initial_state()
    worst = 0.0
    with torch.no_grad():
        for frame in range(frames):
            pair = torch.from_numpy(features[FEATURES_PER_FRAME * frame :][:FEATURES_PER_FRAME])[None]
            expected, state = network.step(pair, state)
            worst = max(worst, float(np.abs(expected[0].numpy() - found[frame]).max()))
    return worst


def export(
    network: MouthLstm,
    folder: Path,
    *,
    training_data: list[dict[str, Any]],
    metrics: dict[str, Any],
    licence: str = "Apache-2.0",
    **more: object,
) -> float:
    """Write ``mouth_model.onnx``, ``.safetensors`` and ``.json`` into a folder that holds the mouth space.

    Returns:
        The parity error.

    Raises:
        CheckpointError: ONNX and torch differ by more than 1e-4; nothing is replaced then.
    """
    folder.mkdir(parents=True, exist_ok=True)
    trial = folder / f"mouth_model.{os.getpid()}.trial.onnx"
    try:
        export_onnx(network, trial)
        error = parity_error(network, OnnxMouthModel(trial))
        if error > PARITY_LIMIT:
            raise CheckpointError(f"expected ONNX within {PARITY_LIMIT} of torch, found {error:.2g}")
        save_tensors(folder / WEIGHTS_NAME, network.state_dict())
        trial.replace(folder / MODEL_NAME)
    finally:
        trial.unlink(missing_ok=True)
    files = [name for name in (MODEL_NAME, WEIGHTS_NAME, SPACE_NAME) if (folder / name).is_file()]
    write_card(
        folder / CARD_NAME,
        kind="mouth_model",
        files=files,
        config=dataclasses.asdict(network.config) | {"multiply_accumulates_a_frame": network.multiply_accumulates()},
        training_data=training_data,
        licence=licence,
        metrics=metrics | {"parity_error": error},
        **more,
    )
    return error
