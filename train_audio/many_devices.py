"""Where a training runs: one CPU thread, one GPU, or several under ``torchrun``, with mixed precision on GPUs."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed

from talkingface.errors import DeviceError


@dataclass(frozen=True)
class Place:
    """One process of a training.

    Attributes:
        device: where the network lies.
        rank: number of this process; 0 evaluates, reports and writes.
        world: how many processes there are.
    """

    device: torch.device
    rank: int = 0
    world: int = 1

    def autocast(self) -> AbstractContextManager[Any]:
        """Return bfloat16 arithmetic on a GPU, nothing on a CPU."""
        if self.device.type != "cuda":
            return contextlib.nullcontext()
        return torch.autocast("cuda", torch.bfloat16)

    def share_gradients(self, network: torch.nn.Module) -> None:
        """Average the gradients over all processes."""
        if self.world == 1:
            return
        for parameter in network.parameters():
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            torch.distributed.all_reduce(parameter.grad)
            parameter.grad /= self.world


def process_rank() -> int:
    """Return the number of this process, as ``torchrun`` gave it; 0 where we run alone."""
    return int(os.environ.get("RANK", "0"))


def place_for(device: str, threads: int = 1) -> Place:
    """Return the place of this process; starts the process group where ``torchrun`` started us.

    Raises:
        DeviceError: a GPU was asked for and there is none.
    """
    torch.set_num_threads(threads)
    rank, world = process_rank(), int(os.environ.get("WORLD_SIZE", "1"))
    if device == "cuda" and not torch.cuda.is_available():
        raise DeviceError("expected a CUDA device, found none; use --device cpu")
    where = (
        torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        if device == "cuda"
        else torch.device("cpu")
    )
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if device == "cuda" else "gloo")
    return Place(where, rank, world)
