"""Opens the window for a set of command line arguments."""

from __future__ import annotations

import argparse
from pathlib import Path

from mini_live.audio_file_source import AudioFileSource
from mini_live.whole_files import check_video_path, check_writable
from mini_live.window.known_characters import KnownCharacters
from mini_live.window.main_window import MainWindow
from mini_live.window.settings import WindowSettings
from mini_live.window.worker import Worker
from mini_live.wiring import DEFAULT_CHARACTER, find_character, mouth_controls
from talkingface.errors import CharacterError
from talkingface.sealed_folder import MANIFEST
from talkingface.timing import SAMPLE_RATE

MICROPHONE = "mic"


def open_window(arguments: argparse.Namespace, settings: WindowSettings | None = None) -> MainWindow:
    """Show the window, then start to load.

    Raises:
        CharacterError: the folder that was named is none.
        ArgumentValueError: a setting of the mouth outside its limits.
        BadAudioError: the sound file that was named cannot be used.
        OutputError: the recording that was named cannot be written.
    """
    settings = WindowSettings() if settings is None else settings
    file = None if arguments.source in (None, MICROPHONE) else Path(arguments.source)
    if file is not None:
        AudioFileSource(file, SAMPLE_RATE).close()
    if arguments.record:
        check_video_path(arguments.record)
        check_writable(arguments.record)
    chosen = _chosen(arguments.character, settings)
    controls = mouth_controls(arguments, settings.controls)
    worker = Worker(chosen, arguments.renderer, controls)
    window = MainWindow(worker, settings, KnownCharacters(chosen), chosen, controls)
    if not arguments.badge:
        window.filming.sign.leave_out()
    window.choose_source(file=file, device=arguments.device)
    window.show()
    window.begin()
    if arguments.record:
        window.filming.record_to(arguments.record)
    if arguments.virtual_camera:
        worker.set_camera(True)
    if file is not None:
        worker.play_file(file)
    elif arguments.source == MICROPHONE:
        worker.listen_to_microphone(arguments.device)
    if arguments.seconds is not None:
        window.close_after(arguments.seconds)
    return window


def _chosen(named: Path | None, settings: WindowSettings) -> Path:
    if named is not None:
        named = find_character(named)
        if not (named / MANIFEST).is_file():
            raise CharacterError(f"expected a character folder, found no {MANIFEST} in {named}")
        return named
    remembered = Path(settings.text("character", str(DEFAULT_CHARACTER)))
    return remembered if (remembered / MANIFEST).is_file() else DEFAULT_CHARACTER
