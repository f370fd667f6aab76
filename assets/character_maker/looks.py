"""What a character looks like: every parameter of the maker, and the looks that ship."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[int, int, int]

HAIR_STYLES = ("bob", "curls", "updo")
CLOTHES = ("turtleneck", "overshirt", "cardigan")


@dataclass(frozen=True)
class CharacterLook:
    """Parameters of one character. Colours are sRGB 0..255; lengths are face heights (landmark 10 to 152 = 1).

    Attributes:
        name: as people call the character.
        folder: name of its folder among the built-in characters.
        seed: of every random choice; the same look and seed give the same picture.
        skin, blush, lips: colours of skin, of its flushed parts, and of the lips.
        freckles: 0 none .. 1 many.
        age: 0 smooth .. 1 lines beside the nose, under the eyes and on the forehead.
        eye_scale: 1 is the average eye; 1.25 is an illustrated one.
        face_width: 1 is the average width at the cheeks.
        jaw_width: 1 is the average jaw.
        chin: how far the chin stands out downward, in face heights.
        nose_width: 1 is the average nose.
        nose_size: how far the nose stands out; 1 is average.
        lip_fullness: outward bulge of the lips in face heights.
        smile: how far the corners of the mouth are raised, in face heights.
        neck_width: half width of the neck in face heights.
        shoulders: 1 is the average width.
        iris, hair, hair_tip, brow: colours.
        brow_weight: thickness of the brows; 1 is average.
        lash_length: in face heights.
        hair_style: one of HAIR_STYLES.
        hair_gloss: strength of the shine.
        stubble: 0 none .. 1 a shaved but dark beard.
        glasses: colour of the frame, or None.
        earrings: colour, or None.
        clothes: one of CLOTHES.
        cloth, trim, under: colours of the outer garment, of its band, and of what is below.
        wall_top, wall_bottom, wall_glow: colours of the studio behind.
    """

    name: str
    folder: str
    seed: int = 7
    skin: Colour = (231, 170, 138)
    blush: Colour = (218, 100, 84)
    lips: Colour = (200, 88, 88)
    freckles: float = 0.0
    age: float = 0.0
    eye_scale: float = 1.32
    face_width: float = 1.0
    jaw_width: float = 0.92
    chin: float = 0.0
    nose_width: float = 0.80
    nose_size: float = 0.85
    lip_fullness: float = 0.012
    smile: float = 0.016
    neck_width: float = 0.185
    shoulders: float = 0.86
    iris: Colour = (96, 62, 38)
    hair: Colour = (44, 26, 26)
    hair_tip: Colour = (92, 50, 42)
    brow: Colour = (60, 40, 36)
    brow_weight: float = 1.0
    lash_length: float = 0.026
    hair_style: str = "bob"
    hair_gloss: float = 1.0
    stubble: float = 0.0
    glasses: Colour | None = None
    earrings: Colour | None = None
    clothes: str = "turtleneck"
    cloth: Colour = (206, 98, 80)
    trim: Colour = (190, 84, 66)
    under: Colour = (240, 234, 224)
    wall_top: Colour = (238, 206, 176)
    wall_bottom: Colour = (214, 168, 138)
    wall_glow: Colour = (252, 236, 214)

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ValueError: a parameter outside what the model can bear.
        """
        if not 0.9 <= self.eye_scale <= 1.4:
            raise ValueError(f"expected eye_scale 0.9..1.4, found {self.eye_scale}")
        if not 0.8 <= self.jaw_width <= 1.15:
            raise ValueError(f"expected jaw_width 0.8..1.15, found {self.jaw_width}")
        if self.hair_style not in HAIR_STYLES:
            raise ValueError(f"expected hair_style of {HAIR_STYLES}, found {self.hair_style!r}")
        if self.clothes not in CLOTHES:
            raise ValueError(f"expected clothes of {CLOTHES}, found {self.clothes!r}")


LOOKS: dict[str, CharacterLook] = {
    look.folder: look
    for look in (
        CharacterLook(name="Mira", folder="default"),
        CharacterLook(
            name="Noah",
            folder="noah",
            seed=11,
            skin=(134, 84, 58),
            blush=(150, 72, 52),
            lips=(138, 62, 58),
            eye_scale=1.18,
            face_width=0.97,
            jaw_width=1.0,
            chin=0.015,
            nose_width=1.02,
            nose_size=0.92,
            lip_fullness=0.016,
            smile=0.014,
            neck_width=0.208,
            shoulders=1.0,
            iris=(74, 46, 30),
            hair=(26, 20, 19),
            hair_tip=(58, 42, 36),
            brow=(26, 20, 18),
            brow_weight=1.3,
            lash_length=0.009,
            hair_style="curls",
            hair_gloss=0.6,
            stubble=0.6,
            clothes="overshirt",
            cloth=(52, 110, 100),
            trim=(34, 66, 66),
            under=(240, 238, 232),
            wall_top=(120, 168, 176),
            wall_bottom=(74, 120, 136),
            wall_glow=(196, 222, 218),
        ),
        CharacterLook(
            name="Ines",
            folder="ines",
            seed=23,
            skin=(224, 164, 134),
            blush=(214, 118, 104),
            lips=(186, 84, 92),
            age=1.0,
            eye_scale=1.16,
            face_width=1.0,
            jaw_width=0.97,
            nose_width=0.90,
            nose_size=0.95,
            lip_fullness=0.009,
            smile=0.018,
            neck_width=0.180,
            shoulders=0.88,
            iris=(84, 112, 128),
            hair=(112, 112, 122),
            hair_tip=(188, 188, 198),
            brow=(128, 122, 122),
            brow_weight=0.9,
            lash_length=0.022,
            hair_style="updo",
            glasses=(132, 42, 66),
            earrings=(240, 236, 228),
            clothes="cardigan",
            cloth=(64, 70, 118),
            trim=(52, 56, 100),
            under=(244, 238, 232),
            wall_top=(206, 200, 224),
            wall_bottom=(158, 150, 190),
            wall_glow=(240, 234, 246),
        ),
    )
}
