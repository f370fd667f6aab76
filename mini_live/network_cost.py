"""Counts what a network costs: parameters and multiply-accumulates of one run, as onnxruntime's profile shows them."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from talkingface.errors import CheckpointError

BYTES_A_PARAMETER = 4
TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int64)": np.int64}


@dataclass(frozen=True)
class NetworkCost:
    """What one run takes.

    Attributes:
        parameters: weights of its convolutions, matrix products, recurrent and other layers.
        multiply_accumulates: of convolutions, matrix products and recurrent layers; the rest is not counted.
    """

    parameters: int
    multiply_accumulates: int


def network_cost(path: Path) -> NetworkCost:
    """Run a network once on zeros and count.

    Args:
        path: its ONNX file; sides without a fixed length are taken as 1.

    Raises:
        CheckpointError: it cannot be loaded or run.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        # Packed weights would be missing from the profile.
        options.add_session_config_entry("session.disable_prepacking", "1")
        # Constants are folded so that they count as parameters, but channels are not padded yet.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            session.run(None, {entry.name: _zeros(entry) for entry in session.get_inputs()})
            events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
        except Exception as error:  # onnxruntime raises its own classes straight from Exception
            raise CheckpointError(f"expected a network that runs, found {path} ({error})") from error
    nodes = [
        event["args"] for event in events if event.get("cat") == "Node" and "op_name" in event.get("args", {})
    ]
    return NetworkCost(
        sum(int(node.get("parameter_size", 0)) for node in nodes) // BYTES_A_PARAMETER,
        sum(_multiply_accumulates(node) for node in nodes),
    )


def _zeros(entry: Any) -> np.ndarray[Any, np.dtype[Any]]:
    shape = [side if isinstance(side, int) and side > 0 else 1 for side in entry.shape]
    return np.zeros(shape, TYPES[entry.type])


def _multiply_accumulates(node: dict[str, Any]) -> int:
    inputs = [shape for entry in node.get("input_type_shape", []) for shape in entry.values()]
    outputs = [shape for entry in node.get("output_type_shape", []) for shape in entry.values()]
    if not inputs or not outputs:
        return 0
    kind = node["op_name"]
    if kind == "Conv":
        return math.prod(outputs[0]) * math.prod(inputs[1][1:])
    if kind == "ConvTranspose":
        return math.prod(inputs[0]) * math.prod(inputs[1][1:])
    if kind in ("MatMul", "Gemm"):
        return math.prod(outputs[0]) * inputs[0][-1]
    if kind in ("LSTM", "GRU"):
        return (math.prod(inputs[1]) + math.prod(inputs[2])) * inputs[0][0]
    return 0
