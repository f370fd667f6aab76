"""The side panel: where the sound comes from, who speaks, and how the mouth moves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mini_live.messages import Messages
from mini_live.microphone import MicrophoneInfo
from mini_live.monitor import SpeakerInfo
from mini_live.window.level_meter import LevelMeter
from mini_live.window.slider_row import Setting, SliderRow
from mini_live.window.theme import Theme
from talkingface.mouth_controls import MouthControls

GATE_AUTOMATIC_DBFS = -55.0
GATE_OFF_DBFS = -120.0
SETTINGS = (
    Setting("gain", 0.0, 2.0, 0.05, 1.0, "×", decimals=2),
    Setting("smoothing", 0.0, 0.95, 0.05, 0.0, "", decimals=2),
    Setting("gate", GATE_AUTOMATIC_DBFS, -15.0, 1.0, GATE_AUTOMATIC_DBFS, " dB", lowest_is_automatic=True),
    Setting("offset", 0.0, 300.0, 10.0, 0.0, " ms"),
)


class Panel(QWidget):
    """Everything a person turns; it knows nothing of threads or models."""

    controls_changed = Signal(object)
    refresh_wanted = Signal()
    file_wanted = Signal()
    source_picked = Signal()
    character_picked = Signal(object)
    folder_wanted = Signal()
    video_wanted = Signal()
    mute_changed = Signal(bool)
    monitor_picked = Signal(object)

    def __init__(self, messages: Messages) -> None:
        """Lay everything out; :meth:`retranslate` writes the words."""
        super().__init__()
        self._messages = messages
        self._file: Path | None = None
        self._given = MouthControls()
        self._labels: dict[str, QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(14)
        layout.addWidget(self._voice_card())
        layout.addWidget(self._character_card())
        layout.addWidget(self._mouth_card())
        layout.addStretch(1)
        self.retranslate()

    @property
    def uses_microphone(self) -> bool:
        """Whether the microphone is the chosen source."""
        return self.microphone_button.isChecked()

    @property
    def file(self) -> Path | None:
        """The sound file chosen last."""
        return self._file

    @property
    def device(self) -> str | None:
        """The chosen microphone's name, or None for the default."""
        return self.devices.currentData()

    @property
    def controls(self) -> MouthControls:
        """The mouth's settings as they stand."""
        gate_dbfs = self.rows["gate"].value
        return replace(
            self._given,
            gain=self.rows["gain"].value,
            smoothing=self.rows["smoothing"].value,
            noise_gate_dbfs=GATE_OFF_DBFS if gate_dbfs <= GATE_AUTOMATIC_DBFS else gate_dbfs,
            sound_offset_ms=self.rows["offset"].value,
        )

    def set_controls(self, controls: MouthControls) -> None:
        """Show settings; those without a knob stay as they are given."""
        self._given = controls
        self.rows["gain"].set_value(controls.gain)
        self.rows["smoothing"].set_value(controls.smoothing)
        self.rows["gate"].set_value(max(controls.noise_gate_dbfs, GATE_AUTOMATIC_DBFS))
        self.rows["offset"].set_value(controls.sound_offset_ms)

    def set_microphones(self, microphones: list[MicrophoneInfo], wanted: str) -> None:
        """Fill the list; the wanted one, else the default, is chosen."""
        wanted = self.device or wanted
        self.devices.blockSignals(True)
        self.devices.clear()
        for microphone in microphones:
            name = microphone.name
            shown = self._messages.text("default_device", name=name) if microphone.is_default else name
            self.devices.addItem(shown, name)
            if name == wanted or (microphone.is_default and not wanted):
                self.devices.setCurrentIndex(self.devices.count() - 1)
        if not microphones:
            self.devices.addItem(self._messages.text("no_microphone"), None)
        self.devices.setEnabled(bool(microphones))
        self.devices.blockSignals(False)

    def set_speakers(self, speakers: list[SpeakerInfo]) -> None:
        """Fill the list of speakers behind the entry for none; the one that plays stays chosen."""
        playing = self.speakers.currentData()
        self.speakers.blockSignals(True)
        while self.speakers.count() > 1:
            self.speakers.removeItem(1)
        for speaker in speakers:
            self.speakers.addItem(speaker.name, speaker)
            if playing is not None and speaker.name == playing.name:
                self.speakers.setCurrentIndex(self.speakers.count() - 1)
        self.speakers.blockSignals(False)

    def show_monitor(self, playing: bool) -> None:
        """Show that no speaker plays where one could not be opened or went away."""
        if not playing:
            self.speakers.setCurrentIndex(0)

    def set_characters(self, characters: list[tuple[str, Path]], chosen: Path | None) -> None:
        """Fill the list of characters as (name, folder)."""
        self.characters.blockSignals(True)
        self.characters.clear()
        for name, folder in characters:
            self.characters.addItem(QIcon(str(folder / "preview.jpg")), name, folder)
            if folder == chosen:
                self.characters.setCurrentIndex(self.characters.count() - 1)
        self.characters.blockSignals(False)

    def set_file(self, path: Path) -> None:
        """Show the chosen file and make it the source."""
        self._file = path
        self.file_button.setChecked(True)
        self._show_source()
        self.retranslate()

    def set_theme(self, theme: Theme) -> None:
        """Change the colours that no style sheet reaches."""
        self.meter.set_theme(theme)

    def retranslate(self) -> None:
        """Write every word again."""
        text = self._messages.text
        for key, label in self._labels.items():
            label.setText(text(key))
        self.microphone_button.setText(text("microphone"))
        self.file_button.setText(text("file"))
        name = text("choose_file") if self._file is None else self._file.name
        self.file_chooser.setText(name if len(name) < 34 else name[:31] + "…")
        self.devices.setAccessibleName(text("microphone"))
        self.refresh.setToolTip(text("refresh"))
        self.refresh.setAccessibleName(text("refresh"))
        self.meter.setAccessibleName(text("level"))
        self.meter.setToolTip(text("level"))
        self.speakers.setItemText(0, text("monitor_off"))
        self.speakers.setToolTip(text("monitor"))
        self.speakers.setAccessibleName(text("monitor"))
        self.characters.setAccessibleName(text("character"))
        self.open_folder.setText(text("open_folder"))
        self.open_folder.setToolTip(text("open_character"))
        self.new_character.setToolTip(text("new_character_hint"))
        self.new_character.setText(text("new_character"))
        self.mute.setText(text("muted") if self.mute.isChecked() else text("mute"))
        for row in self.rows.values():
            row.retranslate()

    def _voice_card(self) -> QFrame:
        card, layout = self._card("voice")
        self.microphone_button = QPushButton(checkable=True, checked=True)
        self.file_button = QPushButton(checkable=True)
        group = QButtonGroup(self)
        sources = QHBoxLayout()
        for button in (self.microphone_button, self.file_button):
            group.addButton(button)
            sources.addWidget(button)
        layout.addLayout(sources)
        self.devices = QComboBox()
        self.devices.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.refresh = QPushButton("⟳", objectName="quiet")
        self.device_row = QWidget()
        row = QHBoxLayout(self.device_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.devices, 1)
        row.addWidget(self.refresh)
        layout.addWidget(self.device_row)
        self.file_chooser = QPushButton()
        layout.addWidget(self.file_chooser)
        self.meter = LevelMeter()
        layout.addWidget(self.meter)
        self.mute = QPushButton(checkable=True, objectName="danger")
        self.speakers = QComboBox()
        self.speakers.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.speakers.addItem("", None)
        voice = QHBoxLayout()
        voice.addWidget(self.mute)
        voice.addWidget(self.speakers, 1)
        layout.addLayout(voice)
        self.speakers.activated.connect(lambda _: self.monitor_picked.emit(self.speakers.currentData()))
        self._show_source()
        group.buttonClicked.connect(self._source_clicked)
        self.refresh.clicked.connect(self.refresh_wanted)
        self.file_chooser.clicked.connect(self.file_wanted)
        self.devices.activated.connect(lambda _: self.source_picked.emit())
        self.mute.toggled.connect(self._mute_toggled)
        return card

    def _character_card(self) -> QFrame:
        card, layout = self._card("character")
        self.characters = QComboBox()
        self.characters.setIconSize(QSize(28, 28))
        self.characters.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout.addWidget(self.characters)
        self.open_folder = QPushButton()
        self.new_character = QPushButton()
        others = QHBoxLayout()
        others.addWidget(self.open_folder, 1)
        others.addWidget(self.new_character, 1)
        layout.addLayout(others)
        self.new_character.clicked.connect(self.video_wanted)
        self.characters.activated.connect(lambda _: self.character_picked.emit(self.characters.currentData()))
        self.open_folder.clicked.connect(self.folder_wanted)
        return card

    def _mouth_card(self) -> QFrame:
        card, layout = self._card("mouth")
        self.rows = {setting.key: SliderRow(setting, self._messages) for setting in SETTINGS}
        for row in self.rows.values():
            layout.addWidget(row)
            row.changed.connect(lambda _: self.controls_changed.emit(self.controls))
        return card

    def _card(self, key: str) -> tuple[QFrame, QVBoxLayout]:
        card = QFrame(objectName="card")
        layout = QVBoxLayout(card)
        layout.setContentsMargins(16, 14, 16, 16)
        layout.setSpacing(10)
        self._labels[key] = QLabel(objectName="heading")
        layout.addWidget(self._labels[key], alignment=Qt.AlignmentFlag.AlignLeft)
        return card, layout

    def _show_source(self) -> None:
        self.device_row.setVisible(self.uses_microphone)
        self.file_chooser.setVisible(not self.uses_microphone)

    def _source_clicked(self) -> None:
        self._show_source()
        if not self.uses_microphone and self._file is None:
            self.file_wanted.emit()
        else:
            self.source_picked.emit()

    def _mute_toggled(self, muted: bool) -> None:
        self.retranslate()
        self.mute_changed.emit(muted)
