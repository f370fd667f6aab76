"""Start and stop: which source speaks, who hears it, and what the window shows of it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from mini_live.monitor import SpeakerInfo
from mini_live.window.settings import WindowSettings
from mini_live.window.voice_card import FILE, MICROPHONE, VoiceCard
from mini_live.window.worker import Worker

NOBODY = "-"
ON_AIR = ("microphone", "file", "text", "lost", "making")


class Speaking(QObject):
    """Joins the voice card to the worker; ``changed`` tells the caption's key and the source's name."""

    changed = Signal(str, str)
    file_wanted = Signal()

    def __init__(self, worker: Worker, card: VoiceCard, settings: WindowSettings, parent: QObject) -> None:
        """Say nothing yet."""
        super().__init__(parent)
        self._worker = worker
        self._card = card
        self._settings = settings
        self.active = False
        self.lost = False
        worker.source_changed.connect(self._source_changed)
        worker.speakers_found.connect(self._speakers_found)
        worker.microphones_found.connect(lambda found: card.set_microphones(found, settings.text("device")))
        worker.monitor_changed.connect(card.show_monitor)
        card.source_picked.connect(self._source_picked)
        card.refresh_wanted.connect(worker.look_for_microphones)
        card.monitor_picked.connect(self._monitor_picked)
        card.transport.pause_wanted.connect(worker.pause)
        card.transport.place_wanted.connect(worker.seek)

    def toggle(self) -> None:
        """Start, or stop."""
        if self.active:
            self._worker.fall_silent()
        else:
            self.start()

    def start(self) -> None:
        """Start the chosen source from its beginning."""
        card = self._card
        if card.kind == MICROPHONE:
            self._worker.listen_to_microphone(card.device)
        elif card.kind == FILE:
            if card.file is None:
                self.file_wanted.emit()
            else:
                self._worker.play_file(card.file)
        elif card.text:
            self._source_changed("making", "")
            self._worker.say(card.text)
        else:
            card.editor.setFocus()
            self.changed.emit("text_needed", "")

    def choose_file(self, path: Path) -> None:
        """Make a file the source; it goes on air where something was."""
        self._card.set_file(path)
        self._source_picked()

    def show_position(self) -> None:
        """Show where the sound is that is played."""
        if self._card.kind == MICROPHONE:
            return
        played = self._worker.played
        if played is None:
            self._card.transport.show_played(0.0, None, paused=False, playing=False)
        else:
            self._card.transport.show_played(
                played.position_s, played.seconds, paused=played.paused, playing=True
            )

    def _source_changed(self, kind: str, name: str) -> None:
        back = self.lost and kind == "microphone"
        self.active = kind in ON_AIR
        self.lost = kind == "lost"
        self.changed.emit("back" if back else kind, name)

    def _source_picked(self) -> None:
        card = self._card
        if card.kind == MICROPHONE and card.device:
            self._settings.remember("device", card.device)
        self._choose_speaker()
        if self.active:
            if card.kind in (MICROPHONE, FILE):
                self.start()
            else:
                self._worker.fall_silent()

    def _speakers_found(self, speakers: list[SpeakerInfo]) -> None:
        first = self._card.speakers.count() == 1
        self._card.set_speakers(speakers)
        if first:
            self._choose_speaker()

    def _monitor_picked(self, speaker: SpeakerInfo | None) -> None:
        self._settings.remember(self._monitor_key(), NOBODY if speaker is None else speaker.name)
        self._worker.set_monitor(speaker)

    def _choose_speaker(self) -> None:
        """Play to whom it was played last from such a source: a file to the speakers, a microphone to nobody."""
        before = self._card.speaker
        # One's own voice from the speakers would come in again by the microphone.
        usual = NOBODY if self._card.kind == MICROPHONE else self._card.default_speaker()
        wanted = self._settings.text(self._monitor_key(), usual)
        speaker = self._card.choose_speaker("" if wanted == NOBODY else wanted)
        if speaker != before:
            self._worker.set_monitor(speaker)

    def _monitor_key(self) -> str:
        return "monitor/microphone" if self._card.kind == MICROPHONE else "monitor/played"
