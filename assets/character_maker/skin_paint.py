"""Paints the skin: colour, finish and relief over the resting face, seen from the front."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.character_maker.head_model import EYES
from assets.character_maker.looks import CharacterLook, Colour
from talkingface.landmarks import LIPS_INNER, LIPS_OUTER

FloatArray = NDArray[np.float32]
X0, Y0, WIDTH, HEIGHT = -0.62, -0.75, 1.24, 2.20
PIXELS_PER_UNIT = 1000
CHART = (X0, Y0, 1 / WIDTH, 1 / HEIGHT)


@dataclass(frozen=True)
class SkinMaps:
    """colour: float32 (h, w, 4) linear rgb and relief; finish: (h, w, 4) roughness, shine, occlusion, hair share."""

    colour: FloatArray
    finish: FloatArray


def linear(colour: Colour) -> FloatArray:
    """Return linear float32 (3,) of an sRGB 0..255 colour."""
    value = np.array(colour, np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def paint_skin(look: CharacterLook, face: FloatArray) -> SkinMaps:
    """Paint for styled landmarks (468, 3) at rest."""
    rng = np.random.default_rng(look.seed)
    height, width = round(HEIGHT * PIXELS_PER_UNIT), round(WIDTH * PIXELS_PER_UNIT)
    x = (X0 + (np.arange(width, dtype=np.float32) + 0.5) / PIXELS_PER_UNIT)[None, :]
    y = (Y0 + (np.arange(height, dtype=np.float32) + 0.5) / PIXELS_PER_UNIT)[:, None]
    side = np.abs(x)

    def spot(x0: float, y0: float, sx: float, sy: float) -> FloatArray:
        return np.exp(-(((side - x0) / sx) ** 2) - ((y - y0) / sy) ** 2)

    base, blush = linear(look.skin), linear(look.blush)
    mottle = 0.6 * _noise(rng, height, width, 42) + 0.4 * _noise(rng, height, width, 13)
    flush = 0.50 * spot(0.25, 0.31, 0.115, 0.085) + 0.45 * spot(0, 0.29, 0.05, 0.05)
    flush += (
        0.22 * spot(0.08, 0.33, 0.03, 0.03)
        + 0.18 * spot(0, 0.69, 0.09, 0.06)
        + 0.07 * spot(0.17, 0.03, 0.1, 0.04)
    )
    flush += (
        0.25 * spot(0.19, 0.125, 0.09, 0.02)
        + 0.12 * spot(0, -0.12, 0.25, 0.1)
        + 0.2 * spot(0, 0.40, 0.07, 0.03)
    )
    flush = np.clip(0.8 * flush * (1 + 0.14 * mottle) + 0.03 * mottle, 0, 0.8)[..., None]
    colour = base * (1 - flush) + blush * flush
    under_eye = 0.16 * spot(0.175, 0.165, 0.075, 0.022)[..., None]
    colour = colour * (1 - under_eye * np.array([0.75, 0.85, 0.7]))
    shadow = 0.24 * spot(0.185, 0.055, 0.085, 0.022)[..., None]
    colour = colour * (1 - shadow * np.array([0.75, 1.0, 1.0]))
    colour *= 1 + 0.035 * _noise(rng, height, width, 5)[..., None] * np.array([0.7, 1.0, 1.1])
    colour *= 1 + 0.02 * mottle[..., None]
    spots = _freckles(rng, look, height, width)[..., None]
    colour = colour * (1 - spots * np.array([0.22, 0.38, 0.45]))

    rough = np.full((height, width), 0.58, np.float32)
    shine = np.full((height, width), 0.42, np.float32)
    oily = np.clip(spot(0, 0.2, 0.05, 0.14) + spot(0, -0.1, 0.2, 0.09) + 0.5 * spot(0, 0.7, 0.08, 0.06), 0, 1)
    rough -= 0.06 * oily
    shine += 0.22 * oily
    relief = 0.00010 * _noise(rng, height, width, 6.0)

    lips = _lip_mask(face, height, width)
    lip_colour = linear(look.lips)
    wrinkle = cv2.GaussianBlur(
        rng.standard_normal((height, width)).astype(np.float32), (0, 0), 2.6, sigmaY=14
    )
    wrinkle /= wrinkle.std()
    inner_y = 0.5 * (face[13, 1] + face[14, 1])
    upper_lip = 1 / (1 + np.exp(np.clip((y - inner_y) / 0.004, -30, 30)))
    seam = np.exp(-(((y - _lip_seam(face, x)) / 0.010) ** 2)) * (side < face[291, 0] * 1.02)
    tone = (1 - 0.16 * upper_lip) * (1 + 0.045 * wrinkle) * (1 - 0.45 * seam)
    tinted = lip_colour * tone[..., None]
    amount = (lips * 0.92)[..., None]
    colour = colour * (1 - amount) + tinted * amount
    relief += 0.00022 * wrinkle * lips
    rough = rough * (1 - lips) + 0.34 * lips
    shine = shine * (1 - lips) + 0.85 * lips

    occlusion = np.ones((height, width), np.float32)
    nostril = spot(0.036, face[2, 1] - 0.012, 0.017, 0.010)
    occlusion *= 1 - 0.92 * np.clip(nostril, 0, 1)
    colour = colour * (1 - 0.85 * nostril[..., None] * np.array([0.94, 1, 1]))
    occlusion *= 1 - 0.18 * spot(face[291, 0] + 0.004, face[291, 1], 0.012, 0.008)
    lids = _lid_line(face, height, width)
    colour = colour * (1 - lids[..., None] * np.array([0.86, 0.90, 0.92]))
    shine *= 1 - 0.6 * lids
    brow = _brow_mask(face, height, width)[..., None] * 0.38
    colour = colour * (1 - brow) + linear(look.brow) * brow
    if look.stubble:
        colour = colour * (
            1 - look.stubble * 0.42 * _beard(face, x, y, lips)[..., None] * np.array([0.9, 1, 1])
        )
    return SkinMaps(
        np.concatenate([np.clip(colour, 0.002, 1), relief[..., None]], 2).astype(np.float32),
        np.stack([rough, np.clip(shine, 0, 1), occlusion, np.zeros_like(rough)], 2).astype(np.float32),
    )


def _noise(rng: np.random.Generator, height: int, width: int, scale_px: float) -> FloatArray:
    """Return smooth noise of unit variance."""
    step = max(1.0, scale_px / 2)
    small = rng.standard_normal((round(height / step) + 2, round(width / step) + 2)).astype(np.float32)
    small = cv2.GaussianBlur(small, (0, 0), max(scale_px / step / 2, 0.6))
    large = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return large / large.std()


def _pixels(points: NDArray[np.floating]) -> NDArray[np.float64]:
    return (points[:, :2] - (X0, Y0)) * PIXELS_PER_UNIT - 0.5


def _closed_curve(points: NDArray[np.floating], samples: int = 12) -> NDArray[np.float64]:
    """Return a closed Catmull-Rom curve through (n, 2) points."""
    before, after, far = np.roll(points, 1, 0), np.roll(points, -1, 0), np.roll(points, -2, 0)
    t = np.linspace(0, 1, samples, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * points + (after - before) * t + (2 * before - 5 * points + 4 * after - far) * t**2
        + (3 * points - before - 3 * after + far) * t**3
    )  # fmt: skip
    return curve.transpose(1, 0, 2).reshape(-1, 2)


def _filled(curve: NDArray[np.float64], height: int, width: int) -> FloatArray:
    mask = np.zeros((height, width), np.uint8)
    cv2.fillPoly(mask, [np.round(curve * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return mask.astype(np.float32) / 255


def _lip_mask(face: FloatArray, height: int, width: int) -> FloatArray:
    mask = _filled(_closed_curve(_pixels(face[list(LIPS_OUTER)])), height, width)
    return 0.6 * cv2.GaussianBlur(mask, (0, 0), 4.0) + 0.4 * cv2.GaussianBlur(mask, (0, 0), 8.0)


def _lip_seam(face: FloatArray, x: FloatArray) -> FloatArray:
    points = np.array(
        [0.5 * (face[a] + face[b]) for a, b in zip(LIPS_INNER[1:10], LIPS_INNER[19:10:-1], strict=True)]
    )
    ends = face[[LIPS_INNER[0], LIPS_INNER[10]]]
    line = np.concatenate([points, ends])
    line = line[np.argsort(line[:, 0])]
    return np.interp(x[0], line[:, 0], line[:, 1])[None, :]


def _beard(face: FloatArray, x: FloatArray, y: FloatArray, lips: FloatArray) -> FloatArray:
    """Return 0..1: where a shaved beard darkens the jaw, chin and upper lip."""
    side = np.abs(x)
    jaw = 1 / (1 + np.exp(-(y - 0.50 + 0.25 * np.clip(side - 0.16, 0, 1)) / 0.035))
    jaw = jaw * (1 - np.exp(-((side / 0.12) ** 4) - ((y - 0.545) / 0.035) ** 2))
    lip = np.exp(-((side / 0.12) ** 4) - ((y - 0.425) / 0.030) ** 2)
    throat = 1 / (1 + np.exp((y - 0.80) / 0.02))
    return np.clip(np.maximum(jaw * throat, 0.8 * lip), 0, 1) * (1 - np.clip(1.3 * lips, 0, 1))


def _lid_line(face: FloatArray, height: int, width: int) -> FloatArray:
    """Return 0..1: the dark root of the lashes, strong above and faint below."""
    mask = np.zeros((height, width), np.float32)
    for rings in EYES:
        for row, strength, thickness in ((rings.upper, 0.9, 9), (rings.lower, 0.35, 6)):
            line = np.round(_pixels(face[[rings.outer_corner, *row, rings.inner_corner]]) * 16).astype(
                np.int32
            )
            drawn = np.zeros((height, width), np.uint8)
            cv2.polylines(drawn, [line], False, 255, thickness, cv2.LINE_AA, 4)
            mask = np.maximum(mask, strength * drawn.astype(np.float32) / 255)
        crease = np.round(
            _pixels(face[list(rings.crease)] * 0.62 + face[list(rings.upper)] * 0.38) * 16
        ).astype(np.int32)
        drawn = np.zeros((height, width), np.uint8)
        cv2.polylines(drawn, [crease], False, 255, 7, cv2.LINE_AA, 4)
        mask = np.maximum(mask, cv2.GaussianBlur(0.42 * drawn.astype(np.float32) / 255, (0, 0), 3.0))
    return cv2.GaussianBlur(mask, (0, 0), 1.6)


BROWS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))


def _brow_mask(face: FloatArray, height: int, width: int) -> FloatArray:
    mask = np.zeros((height, width), np.float32)
    for brow in BROWS:
        outline = face[list(brow), :2]
        middle = 0.5 * (outline[:5] + outline[:4:-1])
        half = 0.42 * (outline[:5] - outline[:4:-1])
        shape = np.concatenate([middle + half, (middle - half)[::-1]])
        mask += _filled(_closed_curve(_pixels(shape)), height, width)
    return cv2.GaussianBlur(mask, (0, 0), 7.0)


def _freckles(rng: np.random.Generator, look: CharacterLook, height: int, width: int) -> FloatArray:
    mask = np.zeros((height, width), np.float32)
    for _ in range(round(420 * look.freckles)):
        x = rng.normal(0, 0.17)
        y = 0.235 + 0.10 * np.abs(x) + rng.normal(0, 0.055)
        centre = np.round(_pixels(np.array([[x, y]]))[0] * 16).astype(int)
        spot = np.zeros((17, 17), np.float32)
        cv2.circle(spot, (8, 8), int(rng.integers(1, 4)), 1.0, -1, cv2.LINE_AA)
        left, top = centre // 16 - 8
        mask[top : top + 17, left : left + 17] += spot * rng.uniform(0.15, 0.6)
    return np.clip(cv2.GaussianBlur(mask, (0, 0), 1.3), 0, 1)
