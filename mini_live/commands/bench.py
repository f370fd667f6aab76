"""``bench``: the time of every stage and the cost of the networks, on one thread."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from mini_live.arguments import ArgumentValueError
from mini_live.bench import WARM_UP_FRAMES, measure_runs, measure_stages
from mini_live.network_cost import network_cost
from mini_live.reporting import Reporter
from mini_live.wiring import network_runs, open_avatar, open_mouth


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Measure and print.

    Raises:
        ArgumentValueError: fewer than one frame.
        CharacterError: the character cannot be used.
        CheckpointError: weights are missing or damaged.
        GraphicsError: drawing failed.
    """
    frames: int = arguments.frames
    if frames < 1:
        raise ArgumentValueError(f"expected at least 1 frame to measure, found {frames}")
    mouth = open_mouth()
    avatar = open_avatar(arguments.character, arguments.renderer, mouth.space, reporter.note)
    try:
        stages = measure_stages(
            avatar.composer,
            mouth.model,
            frames,
            lambda done: reporter.progress(0.8 * done / (frames + WARM_UP_FRAMES), "stages"),
        )
        networks: list[dict[str, Any]] = [
            {"file": path.name, **asdict(network_cost(path)), "ms": measure_runs(once, frames)}
            for path, once in network_runs(mouth.model, avatar.character)
        ]
    finally:
        avatar.close()
    size = f"{avatar.character.width}x{avatar.character.height}"
    result: dict[str, Any] = {
        "command": "bench",
        "character": avatar.character.name,
        "size": size,
        "renderer": avatar.renderer_name,
        "frames": frames,
        "stages": stages,
        "networks": networks,
    }
    lines = [
        f"{avatar.character.name}, {size}, drawn by {avatar.renderer_name}: milliseconds a frame, one thread"
    ]
    lines += [f"  {name:10} p50 {of['p50']:7.2f}   p95 {of['p95']:7.2f}" for name, of in stages.items()]
    lines += [
        f"  {network['file']}: {network['parameters']:,} parameters, "
        f"{network['multiply_accumulates'] / 1e6:.2f} MMAC, p50 {network['ms']['p50']:.2f} ms"
        for network in networks
    ]
    reporter.result(result, "\n".join(lines))
