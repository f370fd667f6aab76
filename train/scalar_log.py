"""Scalars of a training over its steps, for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class ScalarLog:
    """Scalars over steps for TensorBoard, or nowhere."""

    def __init__(self, folder: Path | None) -> None:
        """Open an event file in ``folder``; None keeps nothing."""
        self._writer: Any = None
        if folder is not None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(folder))

    def write(self, values: dict[str, float], step: int) -> None:
        """Add values at a step."""
        if self._writer is not None:
            for name, value in values.items():
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()
