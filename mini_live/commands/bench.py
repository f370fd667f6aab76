"""``bench``: the time of every stage and the cost of the networks, on one thread."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2

from mini_live.arguments import ArgumentValueError
from mini_live.bench import WARM_UP_FRAMES, measure_runs, measure_stages
from mini_live.busy_cores import busy_cores
from mini_live.lasting import lasting
from mini_live.network_cost import network_cost
from mini_live.resized_character import resized_character
from mini_live.wiring import Avatar, Mouth, find_character, network_runs, open_avatar, open_mouth
from talkingface.character import load_character
from talkingface.reporting import Reporter

MOST_BUSY = 64


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Measure and print.

    Raises:
        ArgumentValueError: fewer than one frame, or too many busy cores.
        CharacterError: the character cannot be used.
        OutputError: there is no room for a copy of it in another size.
        CheckpointError: weights are missing or damaged.
        GraphicsError: drawing failed.
    """
    frames: int = arguments.frames
    if frames < 1:
        raise ArgumentValueError(f"expected at least 1 frame to measure, found {frames}")
    if not 0 <= arguments.busy <= MOST_BUSY:
        raise ArgumentValueError(f"expected 0 to {MOST_BUSY} busy cores, found {arguments.busy}")
    with tempfile.TemporaryDirectory() as folder:
        chosen = _in_size(arguments.character, arguments.size, Path(folder), frames)
        with lasting():
            mouth = open_mouth()
            avatar = open_avatar(chosen, arguments.renderer, mouth.space, reporter.note)
        _measure(arguments, mouth, avatar, reporter)


def _in_size(character: Path | None, size: tuple[int, int] | None, folder: Path, frames: int) -> Path | None:
    """Return the character, or a copy of it in another size."""
    if size is None:
        return character
    return resized_character(load_character(find_character(character)), *size, folder, frames).folder


def _measure(arguments: argparse.Namespace, mouth: Mouth, avatar: Avatar, reporter: Reporter) -> None:
    frames: int = arguments.frames
    cv2.setNumThreads(1)
    try:
        # As it is live but for the first seconds, when every frame of the loop is decoded once.
        for index in range(avatar.character.frame_count):
            avatar.base.planes(index)
        with busy_cores(arguments.busy):
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
        "busy_cores": arguments.busy,
        "stages": stages,
        "networks": networks,
    }
    beside = f", beside {arguments.busy} busy cores" if arguments.busy else ""
    lines = [
        f"{avatar.character.name}, {size}, drawn by {avatar.renderer_name}: "
        f"milliseconds a frame, one thread{beside}"
    ]
    lines += [f"  {name:10} p50 {of['p50']:7.2f}   p95 {of['p95']:7.2f}" for name, of in stages.items()]
    lines += [
        f"  {network['file']}: {network['parameters']:,} parameters, "
        f"{network['multiply_accumulates'] / 1e6:.2f} MMAC, p50 {network['ms']['p50']:.2f} ms"
        for network in networks
    ]
    reporter.result(result, "\n".join(lines))
