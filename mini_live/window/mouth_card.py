"""How the mouth moves: four sliders, each with its number and its way back."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal

from mini_live.messages import Messages
from mini_live.window.card import Card
from mini_live.window.slider_row import Setting, SliderRow
from talkingface.mouth_controls import MouthControls

GATE_AUTOMATIC_DBFS = -55.0
GATE_OFF_DBFS = -120.0
SETTINGS = (
    Setting("gain", 0.0, 2.0, 0.05, 1.0, "×", decimals=2),
    Setting("smoothing", 0.0, 0.95, 0.05, 0.0, "", decimals=2),
    Setting("gate", GATE_AUTOMATIC_DBFS, -15.0, 1.0, GATE_AUTOMATIC_DBFS, " dB", lowest_is_automatic=True),
    Setting("offset", 0.0, 300.0, 10.0, 0.0, " ms"),
)


class MouthCard(Card):
    """The card; settings that have no slider are kept as they were given."""

    controls_changed = Signal(object)

    def __init__(self, messages: Messages) -> None:
        """Lay it out at the defaults."""
        super().__init__(messages, "mouth")
        self._given = MouthControls()
        self.rows = {setting.key: SliderRow(setting, messages) for setting in SETTINGS}
        for row in self.rows.values():
            self.body.addWidget(row)
            row.changed.connect(lambda _: self.controls_changed.emit(self.controls))

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
        """Show settings."""
        self._given = controls
        self.rows["gain"].set_value(controls.gain)
        self.rows["smoothing"].set_value(controls.smoothing)
        self.rows["gate"].set_value(max(controls.noise_gate_dbfs, GATE_AUTOMATIC_DBFS))
        self.rows["offset"].set_value(controls.sound_offset_ms)

    def retranslate(self) -> None:
        """Write every word again."""
        super().retranslate()
        for row in self.rows.values():
            row.retranslate()
