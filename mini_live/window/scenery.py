"""What stands behind the character: the chosen colour, and nothing at all where the companion is seen."""

from __future__ import annotations

from PySide6.QtCore import QObject

from mini_live.backdrop import Backdrop
from mini_live.window.character_card import COLOURS, CharacterCard
from mini_live.window.settings import WindowSettings
from mini_live.window.view_modes import ViewModes
from mini_live.window.worker import Worker


class Scenery(QObject):
    """Joins the list of backgrounds and the companion to the worker."""

    def __init__(
        self, parent: QObject, worker: Worker, card: CharacterCard, modes: ViewModes, settings: WindowSettings
    ) -> None:
        """Start with the background remembered."""
        super().__init__(parent)
        self._worker = worker
        self._card = card
        self._modes = modes
        self._settings = settings
        card.choose_background(settings.text("background"))
        card.background_picked.connect(self._picked)
        modes.changed.connect(self._apply)
        worker.matte_known.connect(card.set_matte)
        worker.character_ready.connect(lambda *_: self._apply())

    def _picked(self) -> None:
        self._settings.remember("background", self._card.background)
        self._apply()

    def _apply(self) -> None:
        colour = COLOURS[self._card.background]
        # A colour that was chosen is shown by the companion too, for who keys it out of the desktop.
        see_through = self._modes.is_companion and colour is None
        self._worker.set_backdrop(Backdrop(colour, cut_out=see_through))
