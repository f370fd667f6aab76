"""The stage: paints the newest frame large, in its own aspect, sharp on any screen."""

from __future__ import annotations

import cv2
from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from mini_live.window.theme import LIGHT, Theme
from talkingface.records import ImageArray

CORNER_PX = 16.0
CAPTION_ABOVE_PX = 20.0


class Stage(QWidget):
    """Shows one picture at a time, and a sentence over it."""

    def __init__(self, corner_px: float = CORNER_PX) -> None:
        """Start empty."""
        super().__init__()
        self._image = QImage()
        self._pixels: ImageArray | None = None
        self._cut_out = False
        self._caption = ""
        self._caption_look: tuple[object, ...] = ()
        self._caption_picture = QPixmap()
        self._theme = LIGHT
        self._corner_px = corner_px
        self.fills = False
        self.setMinimumSize(QSize(240, 320))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_frame(self, rgb: ImageArray, coverage: ImageArray | None = None) -> None:
        """Show a picture.

        Args:
            rgb: uint8 (height, width, 3).
            coverage: uint8 (height, width), 0 where the desktop is to be seen; None shows all of the picture.
        """
        height, width = rgb.shape[:2]
        # Qt scales four bytes a pixel in a third of the time. The picture looks into the array, kept for as long.
        self._pixels = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
        kind = QImage.Format.Format_RGB32
        if coverage is not None:
            self._pixels[..., 3] = coverage
            kind = QImage.Format.Format_ARGB32
        self._image = QImage(self._pixels.data, width, height, 4 * width, kind)
        self._cut_out = coverage is not None
        self.update()

    def show_image(self, image: QImage) -> None:
        """Show a picture, such as a preview."""
        self._image, self._pixels, self._cut_out = image, None, False
        self.update()

    def set_caption(self, text: str) -> None:
        """Show a sentence over the lower edge; an empty one takes it away."""
        if text != self._caption:
            self._caption = text
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Change colours."""
        self._theme = theme
        self.update()

    @property
    def image(self) -> QImage:
        """The picture shown; a copy of it stays when the next one comes."""
        return self._image

    def picture_rectangle(self) -> QRectF:
        """Return where the picture lies in the widget: centred, whole, in its own aspect."""
        area = QRectF(self.rect())
        if self._image.isNull():
            return area
        scale = min(area.width() / self._image.width(), area.height() / self._image.height())
        width, height = self._image.width() * scale, self._image.height() * scale
        return QRectF((area.width() - width) / 2, (area.height() - height) / 2, width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint."""
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        if self.fills:
            painter.fillRect(self.rect(), QColor(self._theme.cinema))
        outline = QPainterPath()
        target = self.picture_rectangle()
        corner = 0.0 if self.fills or self._cut_out else self._corner_px
        outline.addRoundedRect(target, corner, corner)
        if self._image.isNull():
            painter.fillPath(outline, QColor(self._theme.stage))
        else:
            painter.setClipPath(outline)
            painter.drawImage(target, self._image)
            painter.setClipping(False)
        if self._caption:
            self._paint_caption(painter, target)
        painter.end()

    def _paint_caption(self, painter: QPainter, target: QRectF) -> None:
        """Lay the caption over the lower edge. Its letters are laid out once, not in every frame."""
        look = (self._caption, target.width(), target.height(), self._theme.name, self.devicePixelRatioF())
        if look != self._caption_look:
            self._caption_look = look
            self._caption_picture = self._drawn_caption(target.size())
        size = self._caption_picture.deviceIndependentSize()
        painter.drawPixmap(
            QPointF(
                target.center().x() - size.width() / 2, target.bottom() - CAPTION_ABOVE_PX - size.height()
            ),
            self._caption_picture,
        )

    def _drawn_caption(self, room: QSizeF) -> QPixmap:
        font = QFont(self.font())
        font.setPixelSize(14)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        lines = QRectF(0, 0, room.width() - 48, room.height() - CAPTION_ABOVE_PX)
        text = QFontMetricsF(font, self).boundingRect(lines, flags, self._caption)
        box = QRectF(0, 0, text.width() + 28, text.height() + 18)
        ratio = self.devicePixelRatioF()
        picture = QPixmap((box.size() * ratio).toSize() + QSize(1, 1))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font)
        background = QColor(self._theme.panel)
        background.setAlpha(225)
        shape = QPainterPath()
        shape.addRoundedRect(box, 10, 10)
        painter.fillPath(shape, background)
        painter.setPen(QColor(self._theme.text))
        painter.drawText(box.adjusted(8, 0, -8, 0), flags, self._caption)
        painter.end()
        return picture
