"""One setting: its name, a slider, its number, and a reset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSlider, QWidget

from mini_live.messages import Messages


@dataclass(frozen=True)
class Setting:
    """A number that a person may turn.

    Attributes:
        key: its name in the messages.
        lowest: in its own unit.
        highest: in its own unit.
        step: of the slider, in its own unit.
        default: where the reset goes.
        unit: written behind the number.
        decimals: digits behind the point.
        lowest_is_automatic: whether the lowest value is shown as a word.
    """

    key: str
    lowest: float
    highest: float
    step: float
    default: float
    unit: str = ""
    decimals: int = 0
    lowest_is_automatic: bool = False


class SliderRow(QWidget):
    """The row; ``changed`` gives the value whenever the person or the reset turns it."""

    changed = Signal(float)

    def __init__(self, setting: Setting, messages: Messages) -> None:
        """Start at the default."""
        super().__init__()
        self._setting = setting
        self._messages = messages
        self._name = QLabel()
        self._number = QLabel(objectName="number")
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(0, round((setting.highest - setting.lowest) / setting.step))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._reset = QPushButton("↺", objectName="quiet")
        self._reset.setFixedSize(28, 26)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setVerticalSpacing(0)
        layout.addWidget(self._name, 0, 0)
        layout.addWidget(self._number, 0, 1, Qt.AlignmentFlag.AlignRight)
        layout.addWidget(self._slider, 1, 0, 1, 2)
        layout.addWidget(self._reset, 1, 2)
        layout.setColumnStretch(0, 1)
        self._slider.valueChanged.connect(self._moved)
        self._reset.clicked.connect(self.reset)
        self.reset()
        self.retranslate()

    @property
    def value(self) -> float:
        """The value in the setting's own unit."""
        return round(self._setting.lowest + self._slider.value() * self._setting.step, 6)

    def set_value(self, value: float) -> None:
        """Turn to a value, kept within the limits."""
        self._slider.setValue(round((value - self._setting.lowest) / self._setting.step))

    def reset(self) -> None:
        """Go back to the default."""
        self.set_value(self._setting.default)

    def retranslate(self) -> None:
        """Write every word again."""
        text: Callable[..., str] = self._messages.text
        name = text(self._setting.key)
        self._name.setText(name)
        self._slider.setAccessibleName(name)
        hint = text("reset", value=self._written(self._setting.default))
        self._reset.setToolTip(hint)
        self._reset.setAccessibleName(f"{name}: {hint}")
        self._show_number()

    def _moved(self) -> None:
        self._show_number()
        self.changed.emit(self.value)

    def _show_number(self) -> None:
        self._number.setText(self._written(self.value))

    def _written(self, value: float) -> str:
        if self._setting.lowest_is_automatic and value <= self._setting.lowest:
            return self._messages.text("automatic")
        return f"{value:.{self._setting.decimals}f}{self._setting.unit}"
