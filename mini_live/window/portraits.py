"""Small pictures of characters with round corners."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QImageReader, QPainter, QPainterPath, QPixmap

CORNER_PX = 8.0
DENSITY = 2
MOST_MEGABYTES = 64
EMPTY = "#8a93a0"


def portrait(folder: Path, size: QSize) -> QIcon:
    """Return a character's preview filling ``size``, or a plain field where there is none that can be read."""
    pixels = QPixmap(size * DENSITY)
    pixels.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixels)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    area = QRectF(pixels.rect())
    outline = QPainterPath()
    outline.addRoundedRect(area, CORNER_PX * DENSITY, CORNER_PX * DENSITY)
    painter.setClipPath(outline)
    picture = preview(folder)
    if picture.isNull():
        painter.fillRect(area, QColor(EMPTY))
    else:
        scale = max(area.width() / picture.width(), area.height() / picture.height())
        width, height = picture.width() * scale, picture.height() * scale
        painter.drawImage(
            QRectF((area.width() - width) / 2, (area.height() - height) / 4, width, height), picture
        )
    painter.end()
    pixels.setDevicePixelRatio(DENSITY)
    icon = QIcon(pixels)
    icon.addPixmap(pixels, QIcon.Mode.Selected)  # else it is tinted
    return icon


def preview(folder: Path) -> QImage:
    """Return a character's preview; an empty picture where there is none that can be read."""
    QImageReader.setAllocationLimit(MOST_MEGABYTES)
    return QImageReader(str(folder / "preview.jpg")).read()
