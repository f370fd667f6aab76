"""What a character looks like: every parameter of the maker, and the looks that ship."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class CharacterLook:
    """Parameters of one character. Colours are sRGB 0..255; lengths are face heights (landmark 10 to 152 = 1).

    Attributes:
        name: folder name.
        seed: of every random choice; the same look and seed give the same picture.
        skin, blush, lips: colours of skin, of its flushed parts, and of the lips.
        freckles: 0 none .. 1 many.
        eye_scale: 1 is the average eye; 1.1 is gently illustrated.
        jaw_width: 1 is the average jaw.
        lip_fullness: outward bulge of the lips in face heights.
        smile: how far the corners of the mouth are raised, in face heights.
        iris, hair, hair_tip, brow: colours.
        hair_length: where the hair ends, in face heights below the eyes.
        hair_wave: 0 straight .. 1 wavy.
        jacket, top: colours of the clothes.
        background_top, background_bottom, background_glow: colours of the studio behind.
    """

    name: str
    seed: int = 7
    skin: Colour = (233, 190, 165)
    blush: Colour = (222, 138, 118)
    lips: Colour = (196, 105, 101)
    freckles: float = 0.35
    eye_scale: float = 1.20
    jaw_width: float = 0.91
    lip_fullness: float = 0.012
    smile: float = 0.016
    iris: Colour = (92, 122, 104)
    hair: Colour = (62, 37, 26)
    hair_tip: Colour = (106, 66, 45)
    brow: Colour = (84, 56, 42)
    hair_length: float = 1.30
    hair_wave: float = 0.8
    jacket: Colour = (36, 56, 78)
    top: Colour = (232, 226, 214)
    background_top: Colour = (76, 108, 116)
    background_bottom: Colour = (40, 56, 66)
    background_glow: Colour = (176, 196, 190)

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ValueError: a parameter outside what the model can bear.
        """
        if not 0.9 <= self.eye_scale <= 1.25:
            raise ValueError(f"expected eye_scale 0.9..1.25, found {self.eye_scale}")
        if not 0.85 <= self.jaw_width <= 1.15:
            raise ValueError(f"expected jaw_width 0.85..1.15, found {self.jaw_width}")


LOOKS: dict[str, CharacterLook] = {"default": CharacterLook(name="default")}
