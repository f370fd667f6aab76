"""What the window remembers from one day to the next."""

from __future__ import annotations

from dataclasses import fields

from PySide6.QtCore import QByteArray, QLocale, QSettings

from talkingface.errors import BadInputError
from talkingface.mouth_controls import MouthControls

ORGANISATION = "TalkingAvatar"


class WindowSettings:
    """Language, theme, devices, character and mouth settings, kept by the system's own means."""

    def __init__(self, store: QSettings | None = None) -> None:
        """Open the store; None is the user's own."""
        self._store = QSettings(ORGANISATION, ORGANISATION) if store is None else store

    def text(self, key: str, default: str = "") -> str:
        """Return a remembered text."""
        return str(self._store.value(key, default) or default)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return a remembered yes or no."""
        return self.text(key, "yes" if default else "no") == "yes"

    def remember_flag(self, key: str, value: bool) -> None:
        """Remember a yes or no."""
        self.remember(key, "yes" if value else "no")

    @property
    def place(self) -> QByteArray:
        """Where the window was and how large; empty where nobody knows."""
        return QByteArray.fromBase64(self.text("place").encode("ascii", "ignore"))

    def remember_place(self, place: QByteArray) -> None:
        """Remember where the window is."""
        self.remember("place", bytes(place.toBase64().data()).decode("ascii"))

    def save(self) -> None:
        """Write what is remembered to the disk now: whole, beside the old file, then in its place."""
        self._store.sync()

    def remember(self, key: str, value: str) -> None:
        """Remember a text."""
        self._store.setValue(key, value)

    @property
    def language(self) -> str:
        """The language chosen, else the system's: ``en`` or ``zh``."""
        chinese = QLocale.system().language() == QLocale.Language.Chinese
        return self.text("language", "zh" if chinese else "en")

    @property
    def controls(self) -> MouthControls:
        """The mouth settings; the defaults where what was stored makes no sense."""
        values = {}
        for field in fields(MouthControls):
            try:
                values[field.name] = float(self.text(f"mouth/{field.name}", str(field.default)))
            except ValueError:
                continue
        try:
            return MouthControls(**values)
        except BadInputError:
            return MouthControls()

    def remember_controls(self, controls: MouthControls) -> None:
        """Remember the mouth settings."""
        for field in fields(controls):
            self.remember(f"mouth/{field.name}", str(getattr(controls, field.name)))
