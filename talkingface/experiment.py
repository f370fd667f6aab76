"""What both trainings write down of a run: scalars over its steps, for TensorBoard."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class ScalarLog:
    """An event file of scalars."""

    def __init__(self, folder: Path) -> None:
        """Open a file in ``folder``; torch is needed from here on."""
        from torch.utils.tensorboard import SummaryWriter

        self._writer: Any = SummaryWriter(str(folder))

    def write(self, values: dict[str, float], step: int) -> None:
        """Add values at a step."""
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
