"""Builds a character: draws its idle loop, writes it as a video, prepares the folder.

``python -m assets.default_character_maker --output assets/characters/default``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from assets.default_character_maker.film import OVERLAP_FRAMES, film_loop
from assets.default_character_maker.idle_motion import FRAMES_PER_SECOND
from assets.default_character_maker.looks import LOOKS
from assets.default_character_maker.picture import Framing
from talkingface.errors import AvatarError
from talkingface.preparation.prepare import prepare_character


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m assets.default_character_maker", description=__doc__)
    parser.add_argument(
        "--output", type=Path, required=True, help="folder to make, or a .mp4 for the video alone"
    )
    parser.add_argument("--look", choices=sorted(LOOKS), default="default", help="which character")
    parser.add_argument("--frames", type=int, default=200, help="frames of the loop, 25 a second")
    parser.add_argument(
        "--supersample", type=int, default=2, help="drawn at this many times the size, then reduced"
    )
    options = parser.parse_args(arguments)
    look = LOOKS[options.look]

    def told(done: int) -> None:
        sys.stderr.write(f"\rframe {done} of {options.frames}")
        sys.stderr.flush()

    try:
        if options.output.suffix == ".mp4":
            film_loop(look, options.output, Framing(supersample=options.supersample), options.frames, told)
            return 0
        with tempfile.TemporaryDirectory() as folder:
            video = Path(folder) / f"{look.name}.mp4"
            film_loop(look, video, Framing(supersample=options.supersample), options.frames, told)
            _prepare(video, options.output, look.name, options.frames)
    except AvatarError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    return 0


def _prepare(video: Path, output: Path, name: str, frame_count: int) -> None:
    """Carry the video through the ordinary preparation, like anybody's."""
    prepare_character(
        video,
        output,
        name=name,
        seconds=(frame_count + OVERLAP_FRAMES + 1) / FRAMES_PER_SECOND,
        consent="synthetic character made by this project",
        licence="Apache-2.0",
    )


if __name__ == "__main__":
    sys.exit(main())
