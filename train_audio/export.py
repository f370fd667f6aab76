"""Export of a trained mouth model: ONNX step function, parity check, safetensors and card."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch

from talkingface.checkpoints import save_tensors, write_card
from talkingface.engines.onnx_mouth import CARD_NAME, MODEL_NAME, SPACE_NAME, OnnxMouthModel
from talkingface.errors import CheckpointError
from talkingface.networks.mouth_lstm import MouthLstm
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS
from train_audio.onnx_step import save_step

WEIGHTS_NAME = "mouth_model.safetensors"
PARITY_LIMIT = 1e-4


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
        save_step(network, trial)
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
        config=dataclasses.asdict(network.config)
        | {"multiply_accumulates_a_frame": network.multiply_accumulates()},
        training_data=training_data,
        licence=licence,
        metrics=metrics | {"parity_error": error},
        **more,
    )
    return error
