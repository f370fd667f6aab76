"""Where the parts of the window lie: top bar, stage and what is below it, the panel beside them, the status line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

PANEL_PX = 336


def arrange(
    window: QWidget, top: QWidget, stage: QWidget, below: list[QWidget], panel: QWidget, foot: QWidget
) -> QScrollArea:
    """Lay a window out.

    Args:
        window: gets the layout.
        top: the bar across the top.
        stage: takes all the room that is left.
        below: what stands under the stage, from top to bottom.
        panel: beside them, in a column of fixed width that scrolls.
        foot: the line at the very bottom.

    Returns:
        The column that holds the panel.
    """
    left = QVBoxLayout()
    left.setSpacing(10)
    left.addWidget(stage, 1)
    for part in below:
        left.addWidget(part)
    column = QScrollArea(widgetResizable=True)
    column.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    column.setFrameShape(QFrame.Shape.NoFrame)
    column.setFixedWidth(PANEL_PX)
    column.setWidget(panel)
    middle = QHBoxLayout()
    middle.setSpacing(16)
    middle.addLayout(left, 1)
    middle.addWidget(column)
    layout = QVBoxLayout(window)
    layout.setContentsMargins(18, 10, 12, 8)
    layout.setSpacing(8)
    layout.addWidget(top)
    layout.addLayout(middle, 1)
    layout.addWidget(foot)
    return column
