"""Who is shown: the strip, the gallery, and characters in the making, joined to the worker."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from mini_live.messages import Messages
from mini_live.window.background import Background
from mini_live.window.character_card import CharacterCard
from mini_live.window.consent_sheet import ConsentSheet
from mini_live.window.dialogs import ARCHIVE_SUFFIX, Dialogs
from mini_live.window.gallery import Gallery
from mini_live.window.known_characters import KnownCharacters
from mini_live.window.preparation_strip import PreparationStrip
from mini_live.window.settings import WindowSettings
from mini_live.window.worker import Worker
from mini_live.wiring import DEFAULT_CHARACTER


class Casting(QObject):
    """Keeps strip, gallery and worker of one mind about the character."""

    picked = Signal()

    def __init__(
        self,
        window: QWidget,
        worker: Worker,
        card: CharacterCard,
        strip: PreparationStrip,
        messages: Messages,
        settings: WindowSettings,
        known: KnownCharacters,
        chosen: Path,
    ) -> None:
        """Show the known characters, one of them marked."""
        super().__init__(window)
        self._window = window
        self._worker = worker
        self._card = card
        self._strip = strip
        self._messages = messages
        self._settings = settings
        self._dialogs = Dialogs(window, messages, settings)
        self._background = Background(self)
        self.known = known
        self.chosen = chosen
        self._shown = chosen
        self._asked = False
        self.gallery: Gallery | None = None
        self.consent: ConsentSheet | None = None
        card.set_characters(known.all, chosen)
        card.character_picked.connect(self.show_character)
        card.video_wanted.connect(self.choose_video)
        card.gallery_wanted.connect(self.open_gallery)
        strip.made.connect(self._made)
        worker.character_ready.connect(lambda *_: self._is_shown())
        worker.character_refused.connect(self._refused)
        worker.character_lost.connect(lambda *_: self._lost())

    def show_character(self, folder: Path) -> None:
        """Ask for a character."""
        self.chosen = folder
        self._asked = True
        self._card.mark(folder)
        self._worker.show_character(folder)
        self.picked.emit()

    def choose_video(self) -> None:
        """Ask for a video and for the permission, and make a character of it."""
        video = self._dialogs.video_file()
        if video is not None:
            self._ask_permission(video)

    def take_in(self, path: Path) -> None:
        """Take a dropped file: a zip is imported, a video is prepared once its permission is told."""
        if path.suffix.lower() == ARCHIVE_SUFFIX:
            self.open_gallery()
            assert self.gallery is not None
            self.gallery.import_from(path)
        else:
            self._ask_permission(path)

    def open_gallery(self) -> None:
        """Show the gallery."""
        gallery = Gallery(self._window, self._messages, self.known, self._dialogs, self._background)
        gallery.look(self.chosen)
        gallery.chosen.connect(self.show_character)
        gallery.changed.connect(self._look)
        gallery.deleted.connect(self._deleted)
        gallery.video_wanted.connect(self.choose_video)
        gallery.finished.connect(gallery.deleteLater)
        self.gallery = gallery
        gallery.open()

    def close(self, timeout_ms: int) -> None:
        """End what is being made and moved."""
        self._strip.stop()
        self._background.wait(timeout_ms)

    def _ask_permission(self, video: Path) -> None:
        if self._strip.busy:
            return
        self.consent = ConsentSheet(self._window, self._messages, self._settings, video)
        self.consent.agreed.connect(lambda consent: self._strip.start(video, consent))
        self.consent.open()

    def _look(self) -> None:
        self.known.look()
        self._card.set_characters(self.known.all, self.chosen)

    def _made(self, folder: Path) -> None:
        self.known.add(folder)
        self._look()
        self.show_character(folder)

    def _deleted(self, folder: Path) -> None:
        if folder == self.chosen:
            self.show_character(DEFAULT_CHARACTER)

    def _is_shown(self) -> None:
        self._shown = self.chosen
        if self._asked:  # only one that can be opened is remembered
            self._settings.remember("character", str(self.chosen))

    def _refused(self, folder: Path | None) -> None:
        if folder == self.chosen:
            self.chosen = self._shown
            self._card.mark(self._shown)

    def _lost(self) -> None:
        """Mark the built-in character, which takes the place of one that can no longer be drawn."""
        self.chosen, self._asked = DEFAULT_CHARACTER, False
        self._card.mark(DEFAULT_CHARACTER)
