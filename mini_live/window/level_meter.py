"""A level meter for the sound that comes in."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mini_live.window.theme import LIGHT, Theme

QUIETEST_DBFS = -60.0
TOO_LOUD_DBFS = -1.0


class LevelMeter(QWidget):
    """A bar from -60 to 0 dBFS; it turns red where the sound clips."""

    def __init__(self) -> None:
        """Start at silence."""
        super().__init__()
        self._level_dbfs = QUIETEST_DBFS
        self._theme = LIGHT
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return a thin bar."""
        return QSize(120, 8)

    def set_level(self, level_dbfs: float) -> None:
        """Show a level in dBFS."""
        if abs(level_dbfs - self._level_dbfs) > 0.2:
            self._level_dbfs = level_dbfs
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Change colours."""
        self._theme = theme
        self.update()

    @property
    def share(self) -> float:
        """How much of the bar is filled, 0..1."""
        return min(max(1.0 - self._level_dbfs / QUIETEST_DBFS, 0.0), 1.0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        whole = QPainterPath()
        whole.addRoundedRect(area, area.height() / 2, area.height() / 2)
        painter.fillPath(whole, QColor(self._theme.line))
        loud = self._level_dbfs > TOO_LOUD_DBFS
        painter.setClipRect(QRectF(0, 0, area.width() * self.share, area.height()))
        painter.fillPath(whole, QColor(self._theme.danger if loud else self._theme.accent))
        painter.end()
