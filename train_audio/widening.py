"""Gives a trained mouth its full movement back: a mean of what is likely neither opens nor closes wholly."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch

from talkingface.engines.onnx_mouth import OnnxMouthModel
from talkingface.mouth_stream import mouth_of
from talkingface.networks.mouth_lstm import MouthLstm
from talkingface.records import FloatArray
from train_audio.onnx_step import save_step
from train_audio.recordings import Recording


def widen_mouth(network: MouthLstm, mean: FloatArray, amplitude: float, openness: float) -> None:
    """Undo what a mean error does to a mouth: it never opens nor closes wholly.

    Args:
        network: changed in place.
        mean: float32 (K,) its mean coefficients while somebody speaks.
        amplitude: factor of the movement about that mean.
        openness: factor of the mean itself; below 1 lets lips close.
    """
    with torch.no_grad():
        network.mouth.weight.mul_(amplitude)
        network.mouth.bias.mul_(amplitude)
        network.mouth.bias.add_(torch.from_numpy(((openness - amplitude) * mean).astype(np.float32)))


def spoken_mean(network: MouthLstm, recordings: list[Recording], folder: Path, limit: int = 20) -> FloatArray:
    """Return the (K,) mean coefficients over the frames of some recordings in which somebody speaks."""
    trial = folder / f"mean.{os.getpid()}.onnx"
    save_step(network, trial)
    try:
        model = OnnxMouthModel(trial)
        curves = [mouth_of(r.samples, model) for r in recordings[:: max(1, len(recordings) // limit)]]
    finally:
        trial.unlink(missing_ok=True)
    mean: FloatArray = np.concatenate([curve.coefficients[~curve.silent] for curve in curves]).mean(0)
    return mean
