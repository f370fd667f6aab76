"""Export of the face generator to ONNX beside its card, checked against torch before it counts."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from talkingface.checkpoints import load_card, load_tensors, save_tensors, verified_file, write_card
from talkingface.engines.onnx_generator import CARD_NAME, ENCODER_NAME, KIND, PAINTER_NAME
from talkingface.errors import CheckpointError
from talkingface.networks.face_generator import (
    REFERENCE_COUNT,
    FaceGeneratorConfig,
    FaceGeneratorNetwork,
    ReferenceParts,
)

TENSORS_NAME = "face_generator.safetensors"
OPSET = 17
FEATURE_PARTS = ("pixels", "keys", "middle", "descriptors")
PARITY_LIMIT_LEVELS = 1.0


class BytePainter(nn.Module):
    """The painter with bytes at its border: conversion costs less inside the graph than outside."""

    def __init__(self, network: FaceGeneratorNetwork) -> None:
        """Wrap the network's painter."""
        super().__init__()
        self.painter = network.painter

    def forward(
        self, guide: Tensor, pixels: Tensor, keys: Tensor, middle: Tensor, descriptors: Tensor
    ) -> Tensor:
        """Paint uint8 (1, p, p, 4) to uint8 (1, p, p, 3)."""
        _, side, _, channels = guide.shape
        half = side // 2
        rows = guide.reshape(half, 2, half, 2 * channels)
        above_below = [rows[:, row].reshape(half * half, 2 * channels).T for row in range(2)]
        phases = torch.cat(above_below).reshape(1, 4 * channels, half, half)
        painted = self.painter(phases.to(torch.float32) * (1 / 255), pixels, keys, middle, descriptors)
        as_bytes = (painted * 255 + 0.5).clamp(0, 255).to(torch.uint8).reshape(2, 6, half * half)
        return torch.cat([as_bytes[row].T.reshape(half, 1, side * 3) for row in range(2)], 1).reshape(
            1, side, side, 3
        )


class ByteEncoder(nn.Module):
    """The reference encoder with bytes at its border."""

    def __init__(self, network: FaceGeneratorNetwork) -> None:
        """Wrap the network's encoder."""
        super().__init__()
        self.encoder = network.encoder

    def forward(self, references: Tensor) -> ReferenceParts:
        """Encode uint8 (R, p, p, 3) to four parts of float (R, length)."""
        encoded: ReferenceParts = self.encoder(references.to(torch.float32).permute(0, 3, 1, 2) * (1 / 255))
        pixels, keys, middle, descriptors = (
            part.reshape(-1, length)
            for part, length in zip(encoded, self.encoder.config.part_lengths, strict=True)
        )  # so that the lengths stand in the graph
        return pixels, keys, middle, descriptors


def export_generator(
    network: FaceGeneratorNetwork,
    folder: Path,
    *,
    training_data: list[dict[str, Any]],
    metrics: dict[str, Any],
    licence: str,
) -> float:
    """Write ONNX graphs, safetensors and card, each whole or not at all.

    Returns:
        The largest difference between onnxruntime and torch, in levels of 0..255.

    Raises:
        CheckpointError: onnxruntime and torch disagree.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = _plain_copy(network)
    suffix = f".{os.getpid()}.part"
    targets = {name: folder / (name + suffix) for name in (PAINTER_NAME, ENCODER_NAME)}
    try:
        difference = _write_graphs(plain, targets[PAINTER_NAME], targets[ENCODER_NAME])
        if difference > PARITY_LIMIT_LEVELS:
            raise CheckpointError(
                f"expected onnxruntime and torch to agree, found {difference:.2f} levels apart"
            )
        save_tensors(folder / TENSORS_NAME, dict(plain.state_dict()))
        for name, partial in targets.items():
            partial.replace(folder / name)
    finally:
        for partial in targets.values():
            partial.unlink(missing_ok=True)
    write_card(
        folder / CARD_NAME,
        kind=KIND,
        files=[PAINTER_NAME, ENCODER_NAME, TENSORS_NAME],
        config=plain.config.flattened(),
        training_data=training_data,
        licence=licence,
        metrics=metrics,
        parity_levels=difference,
    )
    return difference


def load_network(folder: Path | str) -> FaceGeneratorNetwork:
    """Build the torch network of a checkpoint folder.

    Raises:
        CheckpointError: missing, damaged, or of another shape.
    """
    folder = Path(folder)
    card = load_card(folder / CARD_NAME, kind=KIND)
    try:
        network = FaceGeneratorNetwork(FaceGeneratorConfig(**card["config"]))
        network.load_state_dict(load_tensors(verified_file(folder, TENSORS_NAME, card)))
    except (RuntimeError, TypeError) as error:
        raise CheckpointError(
            f"expected weights of the card's network in {folder}, found others ({error})"
        ) from error
    return network


def export_painter(network: FaceGeneratorNetwork, path: Path) -> float:
    """Write only the painter's graph, for a character whose references the general encoder encodes.

    Returns:
        The largest difference between onnxruntime and torch, in levels of 0..255.

    Raises:
        CheckpointError: onnxruntime and torch disagree.
    """
    encoder_path = path.with_suffix(".encoder.part")
    try:
        difference = _write_graphs(_plain_copy(network), path, encoder_path)
    finally:
        encoder_path.unlink(missing_ok=True)
    if difference > PARITY_LIMIT_LEVELS:
        raise CheckpointError(f"expected onnxruntime and torch to agree, found {difference:.2f} levels apart")
    return difference


def _plain_copy(network: FaceGeneratorNetwork) -> FaceGeneratorNetwork:
    plain = FaceGeneratorNetwork(network.config)
    state = {
        name: value.detach().float().contiguous().clone() for name, value in network.state_dict().items()
    }
    plain.load_state_dict(state)
    return plain.eval()


def _write_graphs(network: FaceGeneratorNetwork, painter_path: Path, encoder_path: Path) -> float:
    """Write both graphs and return how far onnxruntime and torch are apart on random input."""
    painter, encoder = BytePainter(network).eval(), ByteEncoder(network).eval()
    random = torch.Generator().manual_seed(7)
    side = network.config.patch_px
    references = torch.randint(0, 256, (REFERENCE_COUNT, side, side, 3), generator=random, dtype=torch.uint8)
    guide = torch.randint(0, 256, (1, side, side, 4), generator=random, dtype=torch.uint8)
    with torch.no_grad():
        parts = [part[None].contiguous() for part in encoder(references)]
        painted = painter(guide, *parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            (references,),
            str(encoder_path),
            input_names=["references"],
            output_names=list(FEATURE_PARTS),
            dynamic_axes={name: {0: "count"} for name in ("references", *FEATURE_PARTS)},
            opset_version=OPSET,
            dynamo=False,
        )
        torch.onnx.export(
            painter,
            (guide, *parts),
            str(painter_path),
            input_names=["guide", *FEATURE_PARTS],
            output_names=["painted"],
            dynamic_axes={name: {1: "count"} for name in FEATURE_PARTS},
            opset_version=OPSET,
            dynamo=False,
        )
    encoded = _session(encoder_path).run(None, {"references": references.numpy()})
    feed = dict(zip(FEATURE_PARTS, (part.numpy() for part in parts), strict=True))
    bytes_out = _session(painter_path).run(None, {"guide": guide.numpy(), **feed})[0]
    apart_features = max(
        float(np.abs(got - part.numpy()[0]).max()) for got, part in zip(encoded, parts, strict=True)
    )
    apart_levels = float(np.abs(bytes_out.astype(int) - painted.numpy().astype(int)).max())
    return max(apart_levels, apart_features * 100)


def _session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
