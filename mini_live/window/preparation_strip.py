"""How far a new character is: its stages, a way out, and another try where it failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QProgressBar, QPushButton, QWidget

from mini_live.messages import Messages, has_text
from mini_live.window.preparing import Preparing

LARGEST_REPORT_BYTES = 4_000_000


class PreparationStrip(QFrame):
    """Hidden until a video is prepared; shows one at a time."""

    made = Signal(object)

    def __init__(self, messages: Messages, parent: QWidget | None = None) -> None:
        """Have nothing to show."""
        super().__init__(parent, objectName="notice", visible=False)
        self._messages = messages
        self._video: Path | None = None
        self._consent = ""
        self._folder: Path | None = None
        self._told: tuple[str, dict[str, Any]] = ("preparing", {"name": ""})
        self._stage = ""
        self._error = ""
        self.preparing = Preparing(self)
        self.title = QLabel(wordWrap=True)
        self.detail = QLabel(objectName="faint", wordWrap=True)
        self.bar = QProgressBar(textVisible=False)
        self.bar.setFixedHeight(6)
        self.first = QPushButton()
        self.second = QPushButton(objectName="quiet")
        layout = QGridLayout(self)
        layout.setContentsMargins(14, 10, 12, 10)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(0, 1)
        layout.addWidget(self.title, 0, 0)
        layout.addWidget(self.detail, 1, 0)
        layout.addWidget(self.bar, 2, 0)
        layout.addWidget(self.first, 0, 1, 3, 1)
        layout.addWidget(self.second, 0, 2, 3, 1)
        self.preparing.progress.connect(self._goes_on)
        self.preparing.done.connect(self._done)
        self.preparing.failed.connect(self._failed)
        self.first.clicked.connect(self._first_clicked)
        self.second.clicked.connect(self.hide)

    @property
    def busy(self) -> bool:
        """Whether a video is being prepared."""
        return self.preparing.busy

    def start(self, video: Path, consent: str) -> None:
        """Make a character of a video, with the permission for it; another one that is being made goes on instead."""
        if self.busy:
            return
        self._video, self._consent, self._folder, self._error = video, consent, None, ""
        self._told = ("preparing", {"name": video.name})
        self.preparing.start(video, consent=consent)
        self.show()
        self.retranslate()

    def stop(self) -> None:
        """Break off what is being made."""
        self.preparing.stop()

    def retranslate(self) -> None:
        """Write every word again."""
        text = self._messages.text
        self.title.setText(text(self._told[0], **self._told[1]))
        self.bar.setVisible(self.busy)
        self.bar.setAccessibleName(self.title.text())
        if self.busy:
            key = f"stage_{self._stage}"
            self.detail.setText(text(key) if has_text(key) else self._stage)
            self.first.setText(text("break_off"))
        elif self._folder is not None:
            self.detail.setText(" ".join(self._advice()))
            self.first.setText(text("report"))
        else:
            self.detail.setText(self._messages.detail(self._error))
            self.first.setText(text("try_again"))
        self.first.setVisible(self._folder is None or (self._folder / "report.html").is_file())
        self.detail.setVisible(bool(self.detail.text()))
        self.second.setText("✕")
        self.second.setVisible(not self.busy)
        self.second.setAccessibleName(text("close"))

    def _goes_on(self, stage: str, percent: int) -> None:
        self._stage = stage
        self.bar.setValue(percent)
        self.retranslate()

    def _done(self, folder: str) -> None:
        self._folder = Path(folder)
        self._told = ("prepared", {"name": self._folder.name})
        self.made.emit(self._folder)
        self.retranslate()
        self.show()

    def _failed(self, sentence: str) -> None:
        self._error = sentence
        name = "" if self._video is None else self._video.name
        self._told = ("not_prepared", {"name": name})
        self.retranslate()
        self.show()

    def _first_clicked(self) -> None:
        if self.busy:
            self.preparing.stop()
            self.hide()
        elif self._folder is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder / "report.html")))
        elif self._video is not None:
            self.start(self._video, self._consent)

    def _advice(self) -> list[str]:
        """Return what the report says could be better, in the window's language."""
        assert self._folder is not None
        path = self._folder / "report.json"
        try:
            if path.stat().st_size > LARGEST_REPORT_BYTES:
                return []
            measures = json.loads(path.read_text(encoding="utf-8"))["measures"]
            key = f"advice_{self._messages.language}"
            return [
                str(measure[key])
                for measure in measures
                if measure.get("verdict") != "good" and measure.get(key)
            ]
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []
