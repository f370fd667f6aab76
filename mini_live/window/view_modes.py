"""How much of the window is seen: all of it, the character on the whole screen, or the companion alone."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from mini_live.window.companion import Companion
from mini_live.window.stage import Stage


class ViewModes(QObject):
    """Goes from one to another; at most one of full screen and companion at a time; ``changed`` tells."""

    changed = Signal()

    def __init__(self, window: QWidget, stage: Stage, companion: Companion, beside: list[QWidget]) -> None:
        """Start with the whole window.

        Args:
            window: the main window.
            stage: its stage.
            companion: the other window.
            beside: what of the window is not seen on the full screen.
        """
        super().__init__(window)
        self._window = window
        self._stage = stage
        self._companion = companion
        self._beside = beside
        self._hidden: list[QWidget] = []
        layout = window.layout()
        assert layout is not None, "the window is laid out before its modes are made"
        self._layout = layout
        self._margins = layout.contentsMargins()
        companion.left.connect(self.leave)

    @property
    def is_companion(self) -> bool:
        """Whether only the companion is seen."""
        return self._companion.isVisible()

    def toggle_full_screen(self) -> None:
        """Fill the screen with the character, or go back."""
        if self._window.isFullScreen():
            self.leave()
            return
        self.leave()
        # What is hidden already, such as an old notice, stays so.
        self._hidden = [part for part in self._beside if part.isVisible()]
        for part in self._hidden:
            part.hide()
        self._margins = self._layout.contentsMargins()
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._stage.fills = True
        self._window.showFullScreen()
        self._stage.setFocus()

    def toggle_companion(self) -> None:
        """Show the character alone, or go back."""
        if self.is_companion:
            self.leave()
            return
        self.leave()
        self._companion.stage.show_image(self._stage.image.copy())
        self._companion.enter(self._window)
        self._window.hide()
        self.changed.emit()

    def leave(self) -> None:
        """Go back to the whole window."""
        if self._window.isFullScreen():
            for part in self._hidden:
                part.show()
            self._layout.setContentsMargins(self._margins)
            self._stage.fills = False
            self._window.showNormal()
        if self.is_companion:
            self._window.show()
            self._companion.hide()
            self._window.raise_()
            self._window.activateWindow()
            self.changed.emit()
