"""The student's step function as an ONNX graph, node by node: small, the same on every run, readable in any viewer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from talkingface.networks.mouth_lstm import (
    GATE_FALL,
    GATE_FULL,
    GATE_RISE,
    HEARD_LOG_MEL,
    VOICE_OPEN,
    MouthLstm,
)
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS

OPSET = 17
IR_VERSION = 8
STATE_NAMES = ("band_mean", "heard_count", "last_input", "hidden_1", "cell_1", "hidden_2", "cell_2", "gate")


class _Graph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[np.generic] | list[int] | float) -> str:
        array = np.asarray(values)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind: str, *inputs: str, to: str | None = None, **attributes: Any) -> str:
        name = to or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def linear(self, entered: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        return self.node("Gemm", entered, self.constant(weight), self.constant(bias), transB=1)

    def lstm(
        self, entered: str, hidden: str, cell: str, weights: dict[str, NDArray[np.float32]], number: int
    ) -> str:
        """Advance one layer by one frame; returns its new hidden state."""
        bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
        gates = self.node(
            "Add",
            self.linear(entered, weights["weight_ih_l0"], bias),
            self.node("MatMul", hidden, self.constant(weights["weight_hh_l0"].T)),
        )
        parts = [f"gate_{number}_{part}" for part in ("entry", "forget", "candidate", "output")]
        self.nodes.append(helper.make_node("Split", [gates], parts, axis=1))
        entry, forget, output = (self.node("Sigmoid", parts[index]) for index in (0, 1, 3))
        kept = self.node("Mul", forget, cell)
        added = self.node("Mul", entry, self.node("Tanh", parts[2]))
        after = self.node("Add", kept, added, to=f"cell_{number}_next")
        return self.node("Mul", output, self.node("Tanh", after), to=f"hidden_{number}_next")


def step_model(network: MouthLstm) -> onnx.ModelProto:
    """Return the ONNX model of one step with its settings in the metadata.

    Inputs are ``features`` (1, 2, 80) and the state; outputs ``coefficients`` (1, K) and the state after.
    """
    weights = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
    graph = _Graph()
    normal = _normalised(graph, weights, network.config.mean_memory_frames)
    pair = graph.node("Concat", "last_input", normal, axis=1)
    projected = graph.node(
        "LayerNormalization",
        graph.linear(pair, weights["project.0.weight"], weights["project.0.bias"]),
        graph.constant(weights["project.1.weight"]),
        graph.constant(weights["project.1.bias"]),
        axis=-1,
        epsilon=1e-5,
    )
    first = graph.lstm(graph.node("Relu", projected), "hidden_1", "cell_1", _below("first.", weights), 1)
    second = graph.lstm(first, "hidden_2", "cell_2", _below("second.", weights), 2)
    gate = _gate(graph, graph.linear(second, weights["voice.weight"], weights["voice.bias"]))
    mouth = graph.linear(second, weights["mouth.weight"], weights["mouth.bias"])
    graph.node("Mul", mouth, gate, to="coefficients")
    start = network.initial_state()
    shapes = {name: list(value.shape) for name, value in zip(STATE_NAMES, start, strict=True)}
    made = helper.make_graph(
        graph.nodes,
        "mouth_step",
        [_value("features", [1, FEATURES_PER_FRAME, MEL_BINS]), *(_value(n, s) for n, s in shapes.items())],
        [_value("coefficients", [1, network.config.coefficient_count])]
        + [_value(f"{n}_next", s) for n, s in shapes.items()],
        graph.constants,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    settings = {
        "look_ahead_ms": network.config.look_ahead_ms,
        "coefficient_count": network.config.coefficient_count,
        "start": {"band_mean": start[0].tolist(), "heard_count": start[1].tolist()},
    }
    helper.set_model_props(model, {"settings": json.dumps(settings)})
    onnx.checker.check_model(model)
    return model


def save_step(network: MouthLstm, path: Path) -> None:
    """Write :func:`step_model`."""
    onnx.save(step_model(network), str(path))


def _normalised(graph: _Graph, weights: dict[str, NDArray[np.float32]], memory_frames: float) -> str:
    """Add the running-mean normalisation; returns the (1, 160) normalised columns."""
    column = graph.node("ReduceMean", "features", axes=[1], keepdims=0)
    level = graph.node("ReduceMean", column, axes=[1], keepdims=1)
    heard = _cast(graph, graph.node("Greater", level, graph.constant(HEARD_LOG_MEL)))
    counted = graph.node("Add", "heard_count", heard)
    count = graph.node("Min", counted, graph.constant(memory_frames), to="heard_count_next")
    share = graph.node("Div", heard, count)
    change = graph.node("Mul", share, graph.node("Sub", column, "band_mean"))
    mean = graph.node("Add", "band_mean", change, to="band_mean_next")
    centred = graph.node("Sub", "features", graph.node("Unsqueeze", mean, graph.constant([1])))
    scaled = graph.node("Div", centred, graph.constant(weights["band_scale"]))
    return graph.node(
        "Reshape", scaled, graph.constant([1, FEATURES_PER_FRAME * MEL_BINS]), to="last_input_next"
    )


def _gate(graph: _Graph, voice: str) -> str:
    """Add the gate that opens with voice and shuts without; returns it, 0 to 1."""
    voiced = _cast(graph, graph.node("Greater", graph.node("Sigmoid", voice), graph.constant(VOICE_OPEN)))
    change = graph.node("Mul", voiced, graph.constant(GATE_RISE + GATE_FALL))
    moved = graph.node("Sub", graph.node("Add", "gate", change), graph.constant(GATE_FALL))
    after = graph.node("Clip", moved, graph.constant(0.0), graph.constant(GATE_FULL), to="gate_next")
    return graph.node("Min", after, graph.constant(1.0))


def _cast(graph: _Graph, truth: str) -> str:
    name = f"number_{len(graph.nodes)}"
    graph.nodes.append(helper.make_node("Cast", [truth], [name], to=TensorProto.FLOAT))
    return name


def _below(prefix: str, weights: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    return {name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)}


def _value(name: str, shape: list[int]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
