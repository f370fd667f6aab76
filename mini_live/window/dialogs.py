"""The questions for files and folders; each remembers where the person was."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from mini_live.messages import Messages
from mini_live.window.settings import WindowSettings

ARCHIVE_SUFFIX = ".zip"
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
SOUND_SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", *VIDEO_SUFFIXES)


class Dialogs:
    """Asks a person; every method returns None where the person thought better of it."""

    def __init__(self, parent: QWidget, messages: Messages, settings: WindowSettings) -> None:
        """Ask on behalf of a window."""
        self._parent = parent
        self._messages = messages
        self._settings = settings

    def sound_file(self) -> Path | None:
        """Ask for a sound to speak."""
        return self._existing("choose_file", "sound_files", SOUND_SUFFIXES)

    def video_file(self) -> Path | None:
        """Ask for a video to make a character from."""
        return self._existing("new_character", "videos", VIDEO_SUFFIXES)

    def character_folder(self) -> Path | None:
        """Ask for a character folder."""
        folder = QFileDialog.getExistingDirectory(self._parent, self._messages.text("open_character"))
        return Path(folder) if folder else None

    def archive(self) -> Path | None:
        """Ask for a character in one file."""
        return self._existing("import", "archives", (ARCHIVE_SUFFIX,))

    def new_archive(self, name: str) -> Path | None:
        """Ask where a character in one file goes."""
        return self._new("export", ARCHIVE_SUFFIX, "".join(sign if sign.isalnum() else "-" for sign in name))

    def recording(self) -> Path | None:
        """Ask where a recording goes."""
        return self._new("save_recording", ".mp4")

    def snapshot(self) -> Path | None:
        """Ask where a picture goes."""
        return self._new("save_snapshot", ".png")

    def _existing(self, title: str, kind: str, suffixes: tuple[str, ...]) -> Path | None:
        text = self._messages.text
        patterns = " ".join(f"*{suffix}" for suffix in suffixes)
        path, _ = QFileDialog.getOpenFileName(
            self._parent,
            text(title),
            self._settings.text("folder"),
            f"{text(kind)} ({patterns});;{text('all_files')} (*)",
        )
        if not path:
            return None
        self._settings.remember("folder", str(Path(path).parent))
        return Path(path)

    def _new(self, title: str, suffix: str, name: str = "") -> Path | None:
        folder = Path(self._settings.text("recordings", str(Path.home())))
        suggestion = folder / ((name or time.strftime("avatar-%Y%m%d-%H%M%S")) + suffix)
        path, _ = QFileDialog.getSaveFileName(
            self._parent, self._messages.text(title), str(suggestion), f"{suffix[1:].upper()} (*{suffix})"
        )
        if not path:
            return None
        chosen = Path(path) if path.lower().endswith(suffix) else Path(path + suffix)
        self._settings.remember("recordings", str(chosen.parent))
        return chosen


def dropped_file(event: QDropEvent) -> Path | None:
    """Return the first file among what is dropped that the window knows what to do with."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    known = (*SOUND_SUFFIXES, ARCHIVE_SUFFIX)
    return next((path for path in paths if path.suffix.lower() in known), None)
