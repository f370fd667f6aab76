"""What stands behind a live character that has a matte: its own background, a plain colour for keying, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from mini_live.live_session import Composer
from talkingface.background import open_matte
from talkingface.character import Character
from talkingface.records import FloatArray, ImageArray, VideoFrame
from talkingface.stage_timing import StageTimer

FULL = 255


@dataclass(frozen=True)
class Backdrop:
    """What a person wishes.

    Attributes:
        rgb: a colour, 0..255 each; None is the character's own background.
        cut_out: whether the coverage is wanted too, for a see-through window.
    """

    rgb: tuple[int, int, int] | None = None
    cut_out: bool = False


class Coverages(Protocol):
    """The matte of a base loop."""

    def coverage(self, index: int) -> ImageArray:
        """Return uint8 (height, width), 255 where the person is in base frame ``index``."""

    def close(self) -> None:
        """Free it; may be called twice."""


class MatteLoop:
    """A character's matte video as an endless loop beside its base loop."""

    def __init__(self, character: Character) -> None:
        """Open the matte; the character must have one.

        Raises:
            CharacterError: it cannot be read.
        """
        assert character.matte_path is not None, "only a character with a matte has a matte loop"
        self._loop = open_matte(character)

    def coverage(self, index: int) -> ImageArray:
        """See :class:`Coverages`.

        Raises:
            CharacterError: the matte's video is damaged.
        """
        return cv2.extractChannel(self._loop.frame(index), 1)

    def close(self) -> None:
        """Close the video; may be called twice."""
        self._loop.close()


class BackdropComposer:
    """Puts a colour behind what another composer makes, and keeps the coverage of the frame made last."""

    def __init__(self, composer: Composer, matte: Coverages | None) -> None:
        """Start with the character's own background.

        Args:
            composer: makes the frames, fresh arrays each.
            matte: of the same base loop; None leaves every frame as it is.
        """
        self._composer = composer
        self._matte = matte
        self.backdrop = Backdrop()
        self.coverage: ImageArray | None = None

    @property
    def stages(self) -> StageTimer:
        """The composer's stage times."""
        return self._composer.stages

    @stages.setter
    def stages(self, timer: StageTimer) -> None:
        self._composer.stages = timer

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        """Make frame ``index``; :attr:`coverage` is then its own, or None where none is wanted or known."""
        frame = self._composer.compose(index, coefficients)
        wish = self.backdrop
        self.coverage = None
        if self._matte is None or (wish.rgb is None and not wish.cut_out):
            return frame
        with self.stages.stage("backdrop"):
            coverage = self._matte.coverage(index)
            if wish.cut_out:
                self.coverage = coverage
            if wish.rgb is not None:
                return VideoFrame(laid_on(frame.rgb, coverage, wish.rgb), frame.index, frame.pts_s)
        return frame


def laid_on(rgb: ImageArray, coverage: ImageArray, colour: tuple[int, int, int]) -> ImageArray:
    """Return a picture laid on a plain colour.

    Args:
        rgb: uint8 (height, width, 3).
        coverage: uint8 (height, width), 255 where the picture counts.
        colour: 0..255 each.
    """
    share = coverage.astype(np.float32) * np.float32(1 / FULL)
    plain = np.full_like(rgb, colour)
    return cv2.blendLinear(rgb, plain, share, 1 - share)
