"""What networks cost, checked on the project's own weights against their files and the stated limits."""

from __future__ import annotations

import json
import struct
from math import prod
from pathlib import Path

import pytest

from mini_live.network_cost import network_cost
from talkingface.errors import CheckpointError

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"


def stored_parameters(path: Path) -> int:
    """Count the numbers in a safetensors file by its header."""
    content = path.read_bytes()
    header = json.loads(content[8 : 8 + struct.unpack("<Q", content[:8])[0]])
    return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def test_the_mouth_model_costs_what_its_weights_say() -> None:
    cost = network_cost(CHECKPOINT / "mouth_model.onnx")
    stored = stored_parameters(CHECKPOINT / "mouth_model.safetensors")
    assert 0.9 * stored <= cost.parameters <= 1.05 * stored
    assert 100_000 < cost.multiply_accumulates <= 700_000


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no_network.onnx").write_bytes(b"no network")
    with pytest.raises(CheckpointError, match="no_network"):
        network_cost(tmp_path / "no_network.onnx")
