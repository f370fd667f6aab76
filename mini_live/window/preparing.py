"""Makes a character from a video in a process of its own, so that the live program stays light and moving."""

from __future__ import annotations

import json
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from mini_live.character_shelf import free_folder
from mini_live.window.child_program import child_command
from mini_live.wiring import user_characters_folder


class Preparing(QObject):
    """Runs ``prepare`` and tells how far it is; one video at a time."""

    progress = Signal(str, int)
    done = Signal(str)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None, program: list[str] | None = None) -> None:
        """Make ready.

        Args:
            parent: whose end ends the process.
            program: the command that is followed by ``prepare …``; None is this program.
        """
        super().__init__(parent)
        self._program = program or child_command()
        self._process: QProcess | None = None
        self._output = Path()
        self._error = ""

    @property
    def busy(self) -> bool:
        """Whether a video is being prepared."""
        return self._process is not None

    def start(self, video: Path, folder: Path | None = None, consent: str = "") -> None:
        """Begin with a video; while one is being prepared, another is ignored.

        Args:
            video: any video file.
            folder: where the character folder goes; None is the person's own characters.
            consent: who gave the video and the permission, kept in the character.
        """
        if self.busy:
            return
        folder = user_characters_folder() if folder is None else folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.failed.emit(
                f"expected a folder for characters at {folder}, found: {error.strerror or error}"
            )
            return
        self._output = free_folder(folder, video.stem)
        self._error = ""
        process = QProcess(self)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._not_started)
        self._process = process
        self.progress.emit("", 0)
        command = ["prepare", str(video), "--output", str(self._output), "--json", "--matte"]
        # In one word, so that a sentence that begins with a dash is no option.
        process.start(self._program[0], [*self._program[1:], *command, f"--consent={consent}"])

    def stop(self) -> None:
        """Break off; nothing is left behind."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            if not process.waitForFinished(800):
                process.kill()
                process.waitForFinished(200)

    def _read(self) -> None:
        process = self._process
        while process is not None and process.canReadLine():
            line = bytes(process.readLine().data()).decode("utf-8", "replace")
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if event.get("event") == "progress":
                self.progress.emit(str(event.get("stage", "")), round(100 * float(event.get("done", 0.0))))
            elif event.get("event") == "error":
                self._error = str(event.get("message", ""))

    def _finished(self, code: int) -> None:
        if self._process is None:
            return
        self._read()
        self._process = None
        if code == 0:
            self.done.emit(str(self._output))
        else:
            self.failed.emit(self._error or f"preparation ended with code {code}")

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if self._process is not None and error == QProcess.ProcessError.FailedToStart:
            self._process = None
            self.failed.emit(f"expected to start {self._program[0]}, found that it cannot be started")
