"""The doctor in the window: every check with what was found and the cure, as the command tells them."""

from __future__ import annotations

import json
from typing import Any

from PySide6.QtCore import QProcess, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from mini_live.doctor import NEEDED
from mini_live.messages import Messages, has_text
from mini_live.window.child_program import child_command


class DoctorSheet(QDialog):
    """Runs ``doctor`` in a process of its own, because some checks take a second and some may crash a driver."""

    def __init__(self, parent: QWidget, messages: Messages, log_path: str) -> None:
        """Begin to look.

        Args:
            parent: the window.
            messages: gives the words.
            log_path: where the log file is, shown at the foot.
        """
        super().__init__(parent)
        self._text = messages.text
        self._checks: list[dict[str, Any]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self._text("doctor"))
        self.resize(640, 620)
        self.verdict = QLabel(self._text("looking"), objectName="heading", wordWrap=True)
        # What is missing stands first.
        self._missing, self._fine = _grid(), _grid()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(2, 2, 10, 2)
        column.addLayout(self._missing)
        column.addLayout(self._fine)
        column.addStretch(1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        log = QLabel(self._text("log_is_in", path=log_path), objectName="faint", wordWrap=True)
        log.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(self.verdict)
        layout.addWidget(scroll, 1)
        layout.addWidget(log)
        layout.addLayout(self._buttons())
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(lambda _: self._finished())
        command = child_command()
        self._process.start(command[0], [*command[1:], "doctor", "--json"])

    @property
    def checks(self) -> list[dict[str, Any]]:
        """What was found so far."""
        return self._checks

    def done(self, code: int) -> None:
        """End the process with the sheet."""
        self._process.kill()
        self._process.waitForFinished(500)
        super().done(code)

    def report(self) -> str:
        """Return everything as plain text, to be sent to somebody who can help."""
        lines = [
            f"{'ok' if it['ok'] else 'missing'}  {it['name']}: {it['found']} {it['cure']}"
            for it in self._checks
        ]
        return "\n".join(lines)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        copy = QPushButton(self._text("copy_report"))
        close = QPushButton(self._text("close"))
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.report()))
        close.clicked.connect(self.reject)
        row.addWidget(copy)
        row.addStretch(1)
        row.addWidget(close)
        return row

    def _read(self) -> None:
        while self._process.canReadLine():
            try:
                event = json.loads(bytes(self._process.readLine().data()).decode("utf-8", "replace"))
            except ValueError:
                continue
            if event.get("event") == "check":
                self._checks.append(event)
                self._add(event)

    def _add(self, check: dict[str, Any]) -> None:
        ok, needed = bool(check["ok"]), check["weight"] == NEEDED
        sign = QLabel(
            "✓" if ok else "✕" if needed else "–", objectName="good" if ok else "bad" if needed else "faint"
        )
        key = f"check_{check['name']}"
        name = QLabel(self._text(key) if has_text(key) else str(check["name"]))
        told = str(check["found"]) if ok or not check["cure"] else f"{check['found']}\n{check['cure']}"
        found = QLabel(told, objectName="faint", wordWrap=True)
        found.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        rows = self._fine if ok else self._missing
        row = rows.rowCount()
        for column, label in enumerate((sign, name, found)):
            rows.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)

    def _finished(self) -> None:
        self._read()
        missing = [check for check in self._checks if not check["ok"] and check["weight"] == NEEDED]
        optional = [check for check in self._checks if not check["ok"] and check["weight"] != NEEDED]
        if not self._checks:
            key = "doctor_failed"
        elif missing:
            key = "doctor_missing"
        else:
            key = "doctor_optional" if optional else "doctor_good"
        self.verdict.setText(self._text(key, count=len(missing) or len(optional)))


def _grid() -> QGridLayout:
    """Return rows of a sign, a name and what was found."""
    rows = QGridLayout()
    rows.setColumnMinimumWidth(1, 150)
    rows.setColumnStretch(2, 1)
    rows.setHorizontalSpacing(12)
    rows.setVerticalSpacing(8)
    return rows
