"""A pool of earlier paintings, so that the judge does not chase only the painter's last step (Shrivastava 2017)."""

from __future__ import annotations

import torch
from torch import Tensor


class ImagePool:
    """Keeps up to ``size`` earlier pictures and mixes them among new ones."""

    def __init__(self, size: int = 200, seed: int = 0) -> None:
        """Start empty."""
        self._size = size
        self._kept: list[Tensor] = []
        self._random = torch.Generator().manual_seed(seed)

    def __len__(self) -> int:
        """How many pictures are kept."""
        return len(self._kept)

    def mixed(self, pictures: Tensor) -> Tensor:
        """Return (B, C, h, w) pictures of which about half were exchanged for earlier ones."""
        chosen = []
        for picture in pictures.detach():
            if len(self._kept) < self._size:
                self._kept.append(picture.clone())
                chosen.append(picture)
            elif float(torch.rand((), generator=self._random)) < 0.5:
                place = int(torch.randint(self._size, (), generator=self._random))
                chosen.append(self._kept[place])
                self._kept[place] = picture.clone()
            else:
                chosen.append(picture)
        return torch.stack(chosen)
