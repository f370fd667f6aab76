"""The characters that can be chosen: the built-in ones, the person's own, and folders opened from elsewhere."""

from __future__ import annotations

from pathlib import Path

from mini_live.character_shelf import name_of
from mini_live.wiring import CHARACTERS_FOLDER, user_characters_folder
from talkingface.character import list_characters


class KnownCharacters:
    """Names and folders, read from the disk at :meth:`look`."""

    def __init__(self, opened: Path | None = None, *, own: Path | None = None) -> None:
        """Look.

        Args:
            opened: a folder from elsewhere that is known too.
            own: where the person's own characters are; None is the usual place.
        """
        self.own = user_characters_folder() if own is None else own
        self._opened: list[Path] = [] if opened is None else [opened]
        self.all: list[tuple[str, Path]] = []
        self.look()

    def look(self) -> None:
        """Read the names again."""
        built_in, own = list_characters(CHARACTERS_FOLDER), list_characters(self.own)
        folders = dict.fromkeys([*built_in, *own, *(path for path in self._opened if path.is_dir())])
        self.all = [(name_of(folder), folder) for folder in folders]

    def add(self, folder: Path) -> None:
        """Know a folder."""
        if folder not in self._opened:
            self._opened.append(folder)
        self.look()

    def is_own(self, folder: Path) -> bool:
        """Tell whether a folder may be renamed and deleted here."""
        return folder.parent == self.own

    def is_built_in(self, folder: Path) -> bool:
        """Tell whether a folder came with the program."""
        return folder.parent == CHARACTERS_FOLDER
