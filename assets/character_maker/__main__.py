"""Builds characters of the program: models and lights them, draws stills of each, and films those into a folder.

``python -m assets.character_maker default noah ines`` makes those folders in ``assets/characters`` again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2

from assets.character_maker.film import draw_moments, film_character, make_stills
from assets.character_maker.idle_motion import AT_REST
from assets.character_maker.looks import LOOKS, CharacterLook
from assets.character_maker.stage import Framing
from assets.character_maker.stills import Stills
from talkingface.errors import AvatarError

CHARACTERS = Path(__file__).resolve().parents[1] / "characters"
STEPS = ("light", "stills", "film")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m assets.character_maker", description=__doc__)
    parser.add_argument("looks", nargs="+", choices=sorted(LOOKS), help="which characters")
    parser.add_argument("--output", type=Path, default=CHARACTERS, help="folder for the characters' folders")
    parser.add_argument(
        "--keep", type=Path, help="folder that keeps light and stills, so that steps can be run apart"
    )
    parser.add_argument(
        "--until", choices=STEPS, default="film", help="the last step; light also writes a LOOK.png"
    )
    options = parser.parse_args(arguments)
    if options.until != "film" and options.keep is None:
        parser.error("expected --keep with --until light or stills, found none")
    try:
        for folder in options.looks:
            _make(LOOKS[folder], options.output, options.keep, options.until)
    except AvatarError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


def _make(look: CharacterLook, output: Path, keep: Path | None, until: str) -> None:
    framing = Framing()
    light = None if keep is None else keep / f"{look.folder}_light.npz"
    kept = None if keep is None else keep / f"{look.folder}_stills.npz"
    if until == "light":
        assert keep is not None
        picture = next(iter(draw_moments(look, framing, [AT_REST], light_cache=light)))
        cv2.imwrite(str(keep / f"{look.folder}.png"), picture[..., 2::-1])
        return
    if kept is not None and kept.is_file():
        stills = Stills.load(kept)
    else:
        stills = make_stills(look, framing, light)
        if kept is not None:
            stills.save(kept)
    if until == "stills":
        return

    def told(done: int) -> None:
        sys.stderr.write(f"\r{look.name}: frame {done}")
        sys.stderr.flush()

    film_character(look, stills, output / look.folder, framing, told)
    sys.stderr.write("\n")


if __name__ == "__main__":
    sys.exit(main())
