"""What stands behind a character that has a matte: a colour, a picture, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.character import Character
from talkingface.colour_planes import PlaneConverter, plane_views
from talkingface.errors import BadInputError, CharacterError
from talkingface.frame_loop import FrameLoop
from talkingface.records import ImageArray

TRANSPARENT = "transparent"
NAMED_COLOURS = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
}
DARKEST, LUMA_RANGE = 16, 219  # of luma in limited range
EDGE_BEGINS, EDGE_ENDS = (
    0.3,
    0.95,
)  # of coverage; what lies outside of it still shows the old background's colours
MOST_KEPT_MATTE_BYTES = 32 * 1024 * 1024  # of a matte hardly more changes than its edge
LARGEST_BYTES = 100 * 1024 * 1024


@dataclass(frozen=True)
class BackgroundChoice:
    """What a person asked for.

    Attributes:
        rgb: uint8 (h, w, 3) one pixel of a colour, or a picture; None is transparent.
    """

    rgb: ImageArray | None

    @property
    def is_transparent(self) -> bool:
        """Whether the output keeps the matte."""
        return self.rgb is None


def chosen_background(text: str) -> BackgroundChoice:
    """Understand ``transparent``, a colour such as ``green`` or ``#00b140``, or the path of a picture.

    Raises:
        BadInputError: none of these.
    """
    if text == TRANSPARENT:
        return BackgroundChoice(None)
    if text.lower() in NAMED_COLOURS:
        return BackgroundChoice(np.array([[NAMED_COLOURS[text.lower()]]], np.uint8))
    if re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return BackgroundChoice(np.frombuffer(bytes.fromhex(text[1:]), np.uint8).reshape(1, 1, 3))
    path = Path(text)
    if not path.is_file():
        raise BadInputError(
            f"expected a background that is {TRANSPARENT}, a colour ({', '.join(NAMED_COLOURS)}, #rrggbb) "
            f"or a picture file, found {text!r}"
        )
    if path.stat().st_size > LARGEST_BYTES:
        raise BadInputError(f"expected a picture of at most {LARGEST_BYTES >> 20} MB, found more in {path}")
    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInputError(f"expected a picture such as PNG or JPEG as background, found none in {path}")
    return BackgroundChoice(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))


def open_matte(character: Character) -> FrameLoop:
    """Open a character's matte, which it must have, as a loop beside its base loop.

    Raises:
        CharacterError: it cannot be read.
    """
    return FrameLoop(character, video_path=character.matte_path, most_kept_bytes=MOST_KEPT_MATTE_BYTES)


class Background:
    """The matte of a character's base loop, and what is put behind it."""

    def __init__(self, character: Character, choice: BackgroundChoice) -> None:
        """Open the matte and bring the picture into the character's size.

        Raises:
            CharacterError: the character has no matte, or it cannot be read.
        """
        if character.matte_path is None:
            raise CharacterError(
                f"expected a matte to put {character.name} before another background, found none: "
                "prepare the character again with --matte"
            )
        self.is_transparent = choice.is_transparent
        self._matte = open_matte(character)
        self._behind: NDArray[np.uint8] | None = None
        if choice.rgb is not None:
            self._behind = PlaneConverter().planes_of(covering(choice.rgb, character.width, character.height))
        coverage = (np.arange(256) - DARKEST) / LUMA_RANGE
        edge = np.clip((coverage - EDGE_BEGINS) / (EDGE_ENDS - EDGE_BEGINS), 0, 1)
        self._levels = np.round(255 * edge).astype(np.uint8)

    def coverage(self, index: int) -> NDArray[np.uint8]:
        """Return the matte of base frame ``index``: uint8 (height, width) of your own, 255 where the person is.

        Raises:
            CharacterError: the matte's video is damaged.
        """
        return cv2.LUT(plane_views(self._matte.planes(index))[0], self._levels)

    def lay(self, planes: NDArray[np.uint8], coverage: NDArray[np.uint8]) -> None:
        """Put the colour or picture behind a frame, changed in place; nothing where the output is transparent.

        Args:
            planes: uint8 (1.5 * height, width); see :mod:`talkingface.colour_planes`.
            coverage: uint8 (height, width).
        """
        if self._behind is None:
            return
        half = cv2.resize(
            coverage, (coverage.shape[1] // 2, coverage.shape[0] // 2), interpolation=cv2.INTER_AREA
        )
        for front, behind, share in zip(
            plane_views(planes), plane_views(self._behind), (coverage, half, half), strict=True
        ):
            before = cv2.subtract(front, behind, dtype=cv2.CV_16S)
            cv2.add(
                behind,
                cv2.multiply(before, share, scale=1 / 255, dtype=cv2.CV_16S),
                dst=front,
                dtype=cv2.CV_8U,
            )

    def close(self) -> None:
        """Close the matte's video; may be called twice."""
        self._matte.close()


def covering(rgb: ImageArray, width: int, height: int) -> ImageArray:
    """Return uint8 (height, width, 3) that a uint8 (h, w, 3) picture fills, its middle kept where it is cut."""
    found_height, found_width = rgb.shape[:2]
    scale = max(width / found_width, height / found_height)
    size = max(width, round(found_width * scale)), max(height, round(found_height * scale))
    sampling = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    large = cv2.resize(rgb, size, interpolation=sampling)
    x, y = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(large[y : y + height, x : x + width])
