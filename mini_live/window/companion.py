"""The desktop companion: only the character, without a frame, above all other windows, on a see-through ground."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QContextMenuEvent,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from mini_live.messages import Messages
from mini_live.window.settings import WindowSettings
from mini_live.window.stage import Stage

SMALLEST_PX, FIRST_PX, LARGEST_PX = 160, 420, 1600
WHEEL_STEP = 120.0
SCALE_A_STEP = 1.08
CORNER_PX = 22.0
MARGIN_PX = 24


class Companion(QWidget):
    """Drag it to move it, turn the wheel or press + and − to scale it, double-click or Escape to go back."""

    left = Signal()
    quit_wanted = Signal()

    def __init__(self, messages: Messages, settings: WindowSettings, actions: dict[str, QAction]) -> None:
        """Make it, not shown yet.

        Args:
            messages: gives the words.
            settings: remembers place and size.
            actions: of the menu, by the key of their word.
        """
        super().__init__()
        self.setObjectName("companion")
        self.setWindowFlags(
            Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self._messages = messages
        self._settings = settings
        self._actions = actions
        self._grip: QPoint | None = None
        self._aspect = 2 / 3
        self._height_px = self._kept_height()
        self.stage = Stage(CORNER_PX)
        self.stage.setMinimumSize(QSize(1, 1))
        # The mouse is this window's own.
        self.stage.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stage)

    def enter(self, screen_of: QWidget) -> None:
        """Show it where it was last, else in the lower right corner of a widget's screen."""
        self.setWindowTitle(self._messages.text("companion"))
        self.setToolTip(self._messages.text("companion_hint"))
        self._fit()
        free = screen_of.screen().availableGeometry()
        corner = free.bottomRight() - QPoint(self.width() + MARGIN_PX, self.height() + MARGIN_PX)
        kept = self._settings.text("companion/place").split(",")
        if len(kept) == 2 and all(part.lstrip("-").isdigit() for part in kept):
            place = QPoint(int(kept[0]), int(kept[1]))
            if _on_a_screen(QRect(place, self.size())):
                corner = place
        self.move(corner)
        self.show()
        self.raise_()
        self.activateWindow()

    def set_aspect(self, width: int, height: int) -> None:
        """Take the shape of the pictures."""
        aspect = width / height
        if abs(aspect - self._aspect) > 1e-3:
            self._aspect = aspect
            self._fit()

    def scale(self, factor: float, around: QPointF | None = None) -> None:
        """Grow or shrink, keeping the middle of the lower edge, or a point, in its place."""
        before = self.geometry()
        share = QPointF(0.5, 1.0)
        if around is not None:
            share = QPointF(around.x() / before.width(), around.y() / before.height())
        self._height_px = min(max(self._height_px * factor, SMALLEST_PX), LARGEST_PX)
        self._fit()
        shift = QPointF(
            share.x() * (before.width() - self.width()), share.y() * (before.height() - self.height())
        )
        self.move(before.topLeft() + shift.toPoint())
        self._settings.remember("companion/height", str(round(self._height_px)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        handle = self.windowHandle()
        # Only where a program may not place its own windows does the system move them.
        if QGuiApplication.platformName() == "wayland" and handle is not None:
            handle.startSystemMove()
        else:
            self._grip = event.globalPosition().toPoint() - self.pos()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Carry it along."""
        if self._grip is not None:
            self.move(event.globalPosition().toPoint() - self._grip)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let it go and remember where."""
        if self._grip is not None:
            self._grip = None
            self._settings.remember("companion/place", f"{self.x()},{self.y()}")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back to the window."""
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scale it around the pointer."""
        self.scale(SCALE_A_STEP ** (event.angleDelta().y() / WHEEL_STEP), event.position())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back at Escape, scale at + and −."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.scale(SCALE_A_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.scale(1 / SCALE_A_STEP)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer what the window's buttons do."""
        menu = self.menu()
        menu.exec(event.globalPos())
        menu.deleteLater()

    def menu(self) -> QMenu:
        """Return the menu in the language of now."""
        text = self._messages.text
        menu = QMenu(self)
        for key, action in self._actions.items():
            action.setText(text(key))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction(text("bigger"), lambda: self.scale(SCALE_A_STEP**3))
        menu.addAction(text("smaller"), lambda: self.scale(SCALE_A_STEP**-3))
        menu.addSeparator()
        menu.addAction(text("back_to_window"), self.left.emit)
        menu.addAction(text("quit"), self.quit_wanted.emit)
        return menu

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closed by the system, it goes back to the window."""
        event.ignore()
        self.left.emit()

    def _fit(self) -> None:
        self.setFixedSize(max(1, round(self._height_px * self._aspect)), round(self._height_px))

    def _kept_height(self) -> float:
        kept = self._settings.text("companion/height")
        return float(min(max(int(kept), SMALLEST_PX), LARGEST_PX)) if kept.isdigit() else float(FIRST_PX)


def _on_a_screen(area: QRect) -> bool:
    """Tell whether a good part of an area can be seen; screens come and go."""
    needed = area.width() * area.height() / 4
    shown = (screen.availableGeometry() & area for screen in QGuiApplication.screens())
    return any(part.width() * part.height() >= needed for part in shown if part.isValid())
