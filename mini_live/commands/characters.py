"""``characters``: lists the characters and verifies their folders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from mini_live.wiring import CHARACTERS_FOLDER, user_characters_folder
from talkingface.character import list_characters, load_character
from talkingface.errors import CharacterError
from talkingface.reporting import Reporter
from talkingface.sealed_folder import MANIFEST
from talkingface.timing import FRAMES_PER_SECOND


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Verify every character; the exit code is 1 where one is damaged.

    Raises:
        CharacterError: the folder that was named does not exist.
    """
    folders = list_characters(CHARACTERS_FOLDER) + list_characters(user_characters_folder())
    if arguments.folder is not None:
        folders += _named(arguments.folder)
    found = [_look(folder) for folder in folders]
    lines = [f"{'ok' if entry['ok'] else 'damaged':8} {entry['text']}" for entry in found]
    for entry in found:
        del entry["text"]
    damaged = sum(not entry["ok"] for entry in found)
    reporter.result({"command": "characters", "characters": found, "damaged": damaged}, "\n".join(lines))
    return 1 if damaged else 0


def _named(folder: Path) -> list[Path]:
    if (folder / MANIFEST).is_file():
        return [folder]
    if not folder.is_dir():
        raise CharacterError(f"expected a folder of characters, found nothing at {folder}")
    return list_characters(folder)


def _look(folder: Path) -> dict[str, Any]:
    try:
        character = load_character(folder)
    except CharacterError as error:
        return {"folder": str(folder), "ok": False, "error": str(error), "text": str(error)}
    seconds = character.frame_count / FRAMES_PER_SECOND
    text = f"{character.name}: {character.width}x{character.height}, {seconds:.1f} s, {folder}"
    return {
        "folder": str(folder),
        "ok": True,
        "name": character.name,
        "width": character.width,
        "height": character.height,
        "frames": character.frame_count,
        "licence": character.licence,
        "consent": character.consent,
        "own_generator": character.generator_path is not None,
        "text": text,
    }
