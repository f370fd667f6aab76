"""Where the sound comes from: microphone, file or text; its level; mute, push-to-talk, and who hears it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mini_live.messages import Messages
from mini_live.microphone import MicrophoneInfo
from mini_live.monitor import SpeakerInfo
from mini_live.speech_synthesis import MOST_CHARACTERS
from mini_live.window.card import Card
from mini_live.window.choice import Choice
from mini_live.window.level_meter import LevelMeter
from mini_live.window.theme import Theme
from mini_live.window.transport import Transport

MICROPHONE, FILE, TEXT = "microphone", "file", "text"
KINDS = (MICROPHONE, FILE, TEXT)
LONGEST_SHOWN = 34


class VoiceCard(Card):
    """The card; it knows nothing of threads or devices."""

    source_picked = Signal()
    refresh_wanted = Signal()
    file_wanted = Signal()
    mute_changed = Signal(bool)
    push_to_talk_changed = Signal(bool)
    monitor_picked = Signal(object)

    def __init__(self, messages: Messages) -> None:
        """Lay it out with the microphone as the source."""
        super().__init__(messages, "voice")
        self._file: Path | None = None
        self._key = ""
        self._add_sources()
        self._add_pages()
        self.meter = LevelMeter()
        self.body.addWidget(self.meter)
        self._add_voice_row()
        self._show_source()

    @property
    def kind(self) -> str:
        """The chosen source: ``microphone``, ``file`` or ``text``."""
        return next(kind for kind, button in self.buttons.items() if button.isChecked())

    @property
    def file(self) -> Path | None:
        """The sound file chosen last."""
        return self._file

    @property
    def device(self) -> str | None:
        """The chosen microphone's name, or None for the default."""
        return self.devices.currentData()

    @property
    def text(self) -> str:
        """The text to speak."""
        return self.editor.toPlainText().strip()

    @property
    def speaker(self) -> SpeakerInfo | None:
        """The speaker chosen to play the voice, or None."""
        return self.speakers.currentData()

    def set_microphones(self, microphones: list[MicrophoneInfo], wanted: str) -> None:
        """Fill the list; the wanted one, else the default, is chosen."""
        wanted = self.device or wanted
        self.devices.blockSignals(True)
        self.devices.clear()
        for microphone in microphones:
            name = microphone.name
            shown = self._text("default_device", name=name) if microphone.is_default else name
            self.devices.addItem(shown, name)
            if name == wanted or (microphone.is_default and not wanted):
                self.devices.setCurrentIndex(self.devices.count() - 1)
        if not microphones:
            self.devices.addItem(self._text("no_microphone"), None)
        self.devices.setEnabled(bool(microphones))
        self.devices.blockSignals(False)

    def set_speakers(self, speakers: list[SpeakerInfo]) -> None:
        """Fill the list of speakers behind the entry for none; the one that plays stays chosen."""
        playing = self.speaker
        self.speakers.blockSignals(True)
        while self.speakers.count() > 1:
            self.speakers.removeItem(1)
        for speaker in speakers:
            self.speakers.addItem(self._text("heard_on", name=speaker.name), speaker)
            if playing is not None and speaker.name == playing.name:
                self.speakers.setCurrentIndex(self.speakers.count() - 1)
        self.speakers.blockSignals(False)

    def show_monitor(self, playing: bool) -> None:
        """Show that no speaker plays where one could not be opened or went away."""
        if not playing:
            self.speakers.setCurrentIndex(0)

    def choose_speaker(self, name: str) -> SpeakerInfo | None:
        """Choose a speaker by its name, ``""`` for none; returns the one that is chosen then."""
        for row in range(self.speakers.count()):
            speaker = self.speakers.itemData(row)
            if ("" if speaker is None else speaker.name) == name:
                self.speakers.setCurrentIndex(row)
        return self.speaker

    def default_speaker(self) -> str:
        """Return the name of the system's own speaker; ``""`` where there is none."""
        speakers = [self.speakers.itemData(row) for row in range(1, self.speakers.count())]
        return next((speaker.name for speaker in speakers if speaker.is_default), "")

    def set_file(self, path: Path) -> None:
        """Show the chosen file and make it the source."""
        self._file = path
        self.buttons[FILE].setChecked(True)
        self._show_source()
        self.retranslate()

    def set_talk_key(self, name: str) -> None:
        """Name the key that is held to talk."""
        self._key = name
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours that no style sheet reaches."""
        self.meter.set_theme(theme)

    def retranslate(self) -> None:
        """Write every word again."""
        super().retranslate()
        text = self._text
        for kind, button in self.buttons.items():
            button.setText(text(kind))
        name = text("choose_file") if self._file is None else self._file.name
        self.file_chooser.setText(name if len(name) <= LONGEST_SHOWN else name[: LONGEST_SHOWN - 1] + "…")
        self.devices.setAccessibleName(text("microphone"))
        self.refresh.setToolTip(text("refresh"))
        self.refresh.setAccessibleName(text("refresh"))
        self.editor.setPlaceholderText(text("text_hint"))
        self.editor.setAccessibleName(text("text_hint"))
        self.meter.setAccessibleName(text("level"))
        self.meter.setToolTip(text("level"))
        self.speakers.setItemText(0, text("monitor_off"))
        self.speakers.setToolTip(text("monitor"))
        self.speakers.setAccessibleName(text("monitor"))
        self.mute.setText(text("muted") if self.mute.isChecked() else text("mute"))
        self.push_to_talk.setText(text("push_to_talk"))
        self.push_to_talk.setToolTip(text("push_to_talk_hint", talk_key=self._key))

    def _add_sources(self) -> None:
        self.buttons = {kind: QPushButton(checkable=True, objectName="segment") for kind in KINDS}
        self.buttons[MICROPHONE].setChecked(True)
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(6)
        for button in self.buttons.values():
            group.addButton(button)
            row.addWidget(button, 1)
        self.body.addLayout(row)
        group.buttonClicked.connect(self._source_clicked)

    def _add_pages(self) -> None:
        self.devices = Choice()
        self.refresh = QPushButton("⟳", objectName="quiet")
        microphone = QWidget()
        row = QHBoxLayout(microphone)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.devices, 1)
        row.addWidget(self.refresh)
        self.file_chooser = QPushButton()
        self.transport = Transport(self._messages)
        file = QWidget()
        column = QVBoxLayout(file)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.file_chooser)
        self.editor = QPlainTextEdit()
        self.editor.setFixedHeight(84)
        self.editor.setTabChangesFocus(True)
        self.editor.textChanged.connect(self._limit_text)
        self.pages = {MICROPHONE: microphone, FILE: file, TEXT: self.editor}
        for page in self.pages.values():
            self.body.addWidget(page)
        self.body.addWidget(self.transport)
        self.refresh.clicked.connect(self.refresh_wanted)
        self.file_chooser.clicked.connect(self.file_wanted)
        self.devices.activated.connect(lambda _: self.source_picked.emit())

    def _add_voice_row(self) -> None:
        self.mute = QPushButton(checkable=True, objectName="danger")
        self.push_to_talk = QPushButton(checkable=True)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.mute, 1)
        row.addWidget(self.push_to_talk, 1)
        self.body.addLayout(row)
        self.speakers = Choice()
        self.speakers.addItem("", None)
        self.body.addWidget(self.speakers)
        self.mute.toggled.connect(self._mute_toggled)
        self.push_to_talk.toggled.connect(self.push_to_talk_changed)
        self.speakers.activated.connect(lambda _: self.monitor_picked.emit(self.speaker))
        for button in (self.mute, self.push_to_talk):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _show_source(self) -> None:
        for kind, page in self.pages.items():
            page.setVisible(kind == self.kind)
        self.transport.setVisible(self.kind != MICROPHONE)
        self.push_to_talk.setEnabled(self.kind == MICROPHONE)

    def _source_clicked(self) -> None:
        self._show_source()
        if self.kind == FILE and self._file is None:
            self.file_wanted.emit()
        else:
            self.source_picked.emit()

    def _mute_toggled(self, muted: bool) -> None:
        self.retranslate()
        self.mute_changed.emit(muted)

    def _limit_text(self) -> None:
        if len(self.editor.toPlainText()) > MOST_CHARACTERS:
            cursor = self.editor.textCursor()
            self.editor.setPlainText(self.editor.toPlainText()[:MOST_CHARACTERS])
            self.editor.setTextCursor(cursor)
