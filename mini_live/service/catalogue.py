"""The characters that the service offers, by the names of their folders; callers never give a path."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mini_live.service.refusals import NotReadyError, UnknownNameError
from mini_live.wiring import DEFAULT_CHARACTER
from talkingface.character import list_characters, load_character
from talkingface.errors import CharacterError
from talkingface.sealed_folder import MANIFEST


@dataclass(frozen=True)
class Offer:
    """One character.

    Attributes:
        id: the name of its folder.
        folder: where it lies.
        name: as people call it.
        width: pixels.
        height: pixels.
        seconds: length of its base loop.
        error: what is wrong with it; empty where it can be used.
    """

    id: str
    folder: Path
    name: str
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    error: str = ""


class Catalogue:
    """Lists and verifies characters; each is looked at again only when its manifest changed."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        """Keep the folders; they are read at each question."""
        self._folders = folders
        self._known: dict[Path, tuple[int, Offer]] = {}

    def offers(self) -> list[Offer]:
        """Return every character, whole ones first; where two share a name, the one found first."""
        found: dict[str, Offer] = {}
        for folder in self._found():
            found.setdefault(folder.name, self._look(folder))
        return sorted(
            found.values(), key=lambda offer: (bool(offer.error), offer.id != DEFAULT_CHARACTER.name)
        )

    def folder(self, name: str | None) -> Path:
        """Return the folder of a character, of the first one for None.

        Raises:
            UnknownNameError: there is none of that name.
            NotReadyError: there is none at all.
            CharacterError: it is damaged.
        """
        offers = self.offers()
        if name is None:
            if not offers or offers[0].error:
                raise NotReadyError("expected a character to show, found none: make one with `prepare`")
            return offers[0].folder
        offer = next((offer for offer in offers if offer.id == name), None)
        if offer is None:
            known = ", ".join(offer.id for offer in offers) or "none"
            raise UnknownNameError(f"expected a character of {known}, found {name!r}")
        if offer.error:
            raise CharacterError(offer.error)
        return offer.folder

    def _found(self) -> list[Path]:
        found: list[Path] = []
        for folder in self._folders:
            found += [folder] if (folder / MANIFEST).is_file() else list_characters(folder)
        return found

    def _look(self, folder: Path) -> Offer:
        try:
            changed = (folder / MANIFEST).stat().st_mtime_ns
        except OSError:
            changed = 0
        kept = self._known.get(folder)
        if kept is None or kept[0] != changed:
            kept = (changed, _verified(folder))
            self._known[folder] = kept
        return kept[1]


def _verified(folder: Path) -> Offer:
    try:
        character = load_character(folder)
    except CharacterError as error:
        return Offer(folder.name, folder, folder.name, error=str(error).replace(str(folder), folder.name))
    seconds = character.frame_count / character.frames_per_second
    return Offer(folder.name, folder, character.name, character.width, character.height, round(seconds, 2))
