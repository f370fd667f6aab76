"""The character that is shown: opened, exchanged for another, given up where it can no longer be drawn."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mini_live.backdrop import Backdrop, BackdropComposer, MatteLoop
from mini_live.still_composer import StillComposer
from mini_live.wiring import Avatar, CharacterParts, change_character, load_parts, open_avatar
from talkingface.errors import AvatarError, GraphicsError
from talkingface.mouth_space import MouthSpace
from talkingface.records import ImageArray

LOGGER = logging.getLogger(__name__)


class OnStage:
    """Owned by the worker's thread; only :meth:`load` may be called from another one."""

    def __init__(
        self, renderer: str, on_note: Callable[[str], None], on_ready: Callable[[str], None]
    ) -> None:
        """Show nobody yet.

        Args:
            renderer: ``auto``, ``gl`` or ``cpu``.
            on_note: told in a sentence what had to be left out.
            on_ready: told the name of each character that is ready.
        """
        self._renderer = renderer
        self._on_note = on_note
        self._on_ready = on_ready
        self._avatar: Avatar | None = None
        self._matte: MatteLoop | None = None
        self._backdrop = Backdrop()
        self._composer: BackdropComposer | None = None

    @property
    def avatar(self) -> Avatar:
        """Who is shown."""
        assert self._avatar is not None, "somebody is shown"
        return self._avatar

    @property
    def has_matte(self) -> bool:
        """Whether another background can be put behind who is shown."""
        return self._matte is not None

    @property
    def coverage(self) -> ImageArray | None:
        """The coverage of the frame made last, uint8 (height, width), where it is wanted and known."""
        return None if self._composer is None else self._composer.coverage

    def open(self, folder: Path | None, space: MouthSpace) -> BackdropComposer:
        """Open the first character, or all anew.

        Raises:
            AvatarError: it cannot be opened.
        """
        avatar = open_avatar(folder, self._renderer, space, self._on_note)
        avatar.warm_up()
        self.close()
        return self._show(avatar)

    def load(self, folder: Path | None) -> CharacterParts:
        """Load another one beside the live loop, in any thread.

        Raises:
            AvatarError: it cannot be loaded.
        """
        return load_parts(folder, self._on_note, self._avatar)

    def exchange(self, parts: CharacterParts, space: MouthSpace) -> BackdropComposer:
        """Show another character; only what needs the drawing context is left to do.

        Raises:
            AvatarError: it cannot be drawn; the one before stays.
        """
        return self._show(change_character(self.avatar, parts, space))

    def set_backdrop(self, backdrop: Backdrop) -> None:
        """Put something else behind whoever is shown."""
        self._backdrop = backdrop
        if self._composer is not None:
            self._composer.backdrop = backdrop

    def give_up(self, error: AvatarError, last: ImageArray | None) -> StillComposer:
        """Return what keeps the last picture, where the character cannot be drawn any more."""
        character = self.avatar.character
        LOGGER.error("%s cannot be drawn any more: %s", character.name, error)
        if isinstance(error, GraphicsError):
            self._renderer = "cpu"  # the next one is opened without OpenGL
        self._composer = None
        size = (character.height, character.width, 3)
        return StillComposer(np.zeros(size, np.uint8) if last is None else last)

    def close(self) -> None:
        """Free everything; may be called twice."""
        avatar, self._avatar, self._composer = self._avatar, None, None
        if avatar is not None:
            avatar.close()
        self._close_matte()

    def _show(self, avatar: Avatar) -> BackdropComposer:
        self._avatar = avatar
        self._close_matte()
        try:
            self._matte = None if avatar.character.matte_path is None else MatteLoop(avatar.character)
        except AvatarError as error:
            self._on_note(str(error))
        self._composer = BackdropComposer(avatar.live_composer(), self._matte)
        self._composer.backdrop = self._backdrop
        LOGGER.info("ready: %s, drawn by %s", avatar.character.name, avatar.renderer_name)
        self._on_ready(avatar.character.name)
        return self._composer

    def _close_matte(self) -> None:
        matte, self._matte = self._matte, None
        if matte is not None:
            matte.close()
