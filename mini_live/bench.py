"""Measures the stages of one frame on one thread, and what the networks cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

from talkingface.frame_composer import FrameComposer
from talkingface.mouth_stream import MouthStream
from talkingface.seams import MouthModel
from talkingface.stage_timing import StageTimer, percentiles
from talkingface.timing import SAMPLES_PER_FRAME

WARM_UP_FRAMES = 10
VOICE_HZ = 140.0


@dataclass(frozen=True)
class NetworkCost:
    """What a network costs.

    Attributes:
        file: its ONNX file.
        parameters: numbers in its weights.
        multiply_accumulates: of one run; convolutions, matrix products and recurrent layers are counted.
        ms: one run on one thread, percentiles.
    """

    file: str
    parameters: int
    multiply_accumulates: int
    ms: dict[str, float]

    def as_fields(self) -> dict[str, Any]:
        """Return plain fields."""
        return asdict(self)


def measure_stages(
    composer: FrameComposer, model: MouthModel, frames: int, on_frame: Callable[[int], None]
) -> dict[str, dict[str, float]]:
    """Compose frames one after the other, driven by a synthetic voice, and time every stage.

    Args:
        composer: a character, owned by this thread.
        model: the mouth model.
        frames: how many to measure, after some to warm up.
        on_frame: told the number done.

    Returns:
        {stage: {"p50", "p95", "p99"}} in milliseconds; ``all`` is the whole frame.
    """
    stream = MouthStream(model)
    timer = StageTimer()
    done = 0
    composer.stages = StageTimer()
    for block in range(frames + WARM_UP_FRAMES + 16):
        begin_s = time.perf_counter()
        curve = stream.push(_voice(block))
        mouth_ms = (time.perf_counter() - begin_s) * 1000
        for row, coefficients in enumerate(curve.coefficients):
            begin_s = time.perf_counter()
            composer.compose(curve.first_frame + row, coefficients)
            timer.add("mouth", mouth_ms / len(curve.coefficients))
            timer.add("all", mouth_ms / len(curve.coefficients) + (time.perf_counter() - begin_s) * 1000)
            done += 1
            if done == WARM_UP_FRAMES:
                timer, composer.stages = StageTimer(), StageTimer()
            on_frame(done)
        if done >= frames + WARM_UP_FRAMES:
            break
    return {**composer.stages.summary(), **timer.summary()}


def network_cost(path: Path, run: Callable[[], object], runs: int) -> NetworkCost:
    """Count a network's parameters and multiply-accumulates, and time it.

    Args:
        path: its ONNX file.
        run: runs it once.
        runs: how often to time it.
    """
    model = shape_inference.infer_shapes(onnx.load(str(path)), data_prop=True)
    times_ms = []
    for _ in range(WARM_UP_FRAMES + runs):
        begin_s = time.perf_counter()
        run()
        times_ms.append((time.perf_counter() - begin_s) * 1000)
    return NetworkCost(
        path.name,
        sum(int(np.prod(weight.dims)) for weight in model.graph.initializer if len(weight.dims) > 0),
        _multiply_accumulates(model),
        percentiles(times_ms[WARM_UP_FRAMES:]),
    )


def _voice(block: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    time_s = (np.arange(SAMPLES_PER_FRAME) + block * SAMPLES_PER_FRAME) / (SAMPLES_PER_FRAME * 25)
    swell = np.clip(np.sin(2 * np.pi * 2.5 * time_s), 0, None)
    voice = sum(np.sin(2 * np.pi * VOICE_HZ * k * time_s) / k for k in range(1, 10))
    return (0.2 * swell * voice).astype(np.float32)


def _multiply_accumulates(model: onnx.ModelProto) -> int:
    graph = model.graph
    shapes: dict[str, list[int]] = {weight.name: list(weight.dims) for weight in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant" and node.attribute and node.attribute[0].HasField("t"):
            shapes[node.output[0]] = list(numpy_helper.to_array(node.attribute[0].t).shape)
    for value in (*graph.input, *graph.value_info, *graph.output):
        shapes[value.name] = [max(1, side.dim_value) for side in value.type.tensor_type.shape.dim]
    return sum(_of_node(node, shapes) for node in graph.node)


def _of_node(node: onnx.NodeProto, shapes: dict[str, list[int]]) -> int:
    inputs = [shapes.get(name, []) for name in node.input]
    output = shapes.get(node.output[0], [])
    if node.op_type == "Conv":
        return int(np.prod(output) * np.prod(inputs[1][1:]))
    if node.op_type == "ConvTranspose":
        return int(np.prod(inputs[0]) * np.prod(inputs[1][1:]))
    if node.op_type in ("MatMul", "Gemm"):
        return int(np.prod(output) * (inputs[0][-1] if inputs[0] else 0))
    if node.op_type in ("LSTM", "GRU"):
        return int((np.prod(inputs[1]) + np.prod(inputs[2])) * (inputs[0][0] if inputs[0] else 1))
    return 0
