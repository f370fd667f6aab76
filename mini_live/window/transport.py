"""Play, pause, and a place in the sound that is played."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSlider, QStyle, QStyleOptionSlider, QWidget

from mini_live.messages import Messages

STEPS_PER_S = 20


class PlaceSlider(QSlider):
    """A slider that goes where it is clicked."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the place, then let it be dragged."""
        if event.button() == Qt.MouseButton.LeftButton:
            option = QStyleOptionSlider()
            self.initStyleOption(option)
            style = self.style()
            groove = style.subControlRect(
                QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderGroove, self
            )
            handle = style.subControlRect(
                QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
            )
            place = round(event.position().x()) - groove.x() - handle.width() // 2
            room = max(1, groove.width() - handle.width())
            self.setSliderPosition(
                QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), place, room)
            )
        super().mousePressEvent(event)


class Transport(QWidget):
    """The row; it is shown what is played and tells what the person wants."""

    pause_wanted = Signal(bool)
    place_wanted = Signal(float)

    def __init__(self, messages: Messages) -> None:
        """Start with nothing played."""
        super().__init__()
        self._messages = messages
        self._paused = False
        self.play = QPushButton(objectName="quiet")
        self.play.setFixedSize(34, 30)
        self.slider = PlaceSlider(Qt.Orientation.Horizontal)
        self.slider.setPageStep(5 * STEPS_PER_S)
        self.slider.setSingleStep(STEPS_PER_S)
        self._time = QLabel(objectName="number")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.play)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._time)
        self.play.clicked.connect(lambda: self.pause_wanted.emit(not self._paused))
        self.slider.sliderReleased.connect(self._moved)
        self.slider.actionTriggered.connect(self._stepped)
        self.show_played(0.0, None, paused=False, playing=False)

    def show_played(self, position_s: float, seconds: float | None, *, paused: bool, playing: bool) -> None:
        """Show where the sound is; without a length it cannot be moved about in."""
        self._paused = paused
        self.play.setText("▶" if paused or not playing else "❚❚")
        self.play.setEnabled(playing)
        self.slider.setEnabled(playing and seconds is not None)
        if not self.slider.isSliderDown():
            self.slider.setRange(0, round((seconds or 0.0) * STEPS_PER_S))
            self.slider.setValue(round(position_s * STEPS_PER_S))
        whole = "" if seconds is None else f" / {clock_time(seconds)}"
        self._time.setText(f"{clock_time(position_s)}{whole}")
        name = self._messages.text("go_on" if paused else "pause")
        self.play.setAccessibleName(name)
        self.play.setToolTip(name)
        self.slider.setAccessibleName(self._messages.text("place"))

    def _moved(self) -> None:
        self.place_wanted.emit(self.slider.value() / STEPS_PER_S)

    def _stepped(self) -> None:
        if not self.slider.isSliderDown():
            self.place_wanted.emit(self.slider.sliderPosition() / STEPS_PER_S)


def clock_time(seconds: float) -> str:
    """Return seconds as a clock shows them."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
