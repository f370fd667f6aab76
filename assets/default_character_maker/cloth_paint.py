"""Paints the clothes over the chart (angle about the neck, ring): colour, relief and sheen."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.default_character_maker.body_model import JACKET, SKIN, TOP, body_surface, clothes
from assets.default_character_maker.looks import CharacterLook
from assets.default_character_maker.skin_paint import linear

FloatArray = NDArray[np.float32]


def paint_clothes(look: CharacterLook, *, columns: int, rows: int) -> tuple[FloatArray, FloatArray]:
    """Return colour float32 (rows, columns, 4: linear rgb, skin share) and relief (rows, columns, 4)."""
    angle, ring = np.meshgrid(np.linspace(-np.pi, np.pi, columns), np.linspace(0, 1, rows))
    bare = body_surface(angle, ring)
    _, material = clothes(angle.ravel(), bare.reshape(-1, 3))
    material = material.reshape(rows, columns)
    palette = np.zeros((3, 3), np.float32)
    palette[SKIN], palette[TOP], palette[JACKET] = (
        linear(look.skin) * 0.97,
        linear(look.top),
        linear(look.jacket),
    )
    colour = palette[material]
    flush = np.exp(-((bare[..., 1] - 1.30) ** 2) / 0.02)[..., None] * (material == SKIN)[..., None] * 0.18
    colour = colour * (1 - flush) + linear(look.blush) * flush
    edge = np.zeros((rows, columns), np.float32)
    for layer in (TOP, JACKET):
        inside = (material >= layer).astype(np.uint8)
        reach = cv2.distanceTransform(inside, cv2.DIST_L2, 3)
        edge = np.maximum(edge, np.exp(-(((reach - 14) / 2.2) ** 2)) * (inside > 0))
    colour = colour * (1 - 0.22 * edge[..., None] * (material > SKIN)[..., None])
    weave = np.choose(material, [0.0, 0.5, 1.0]).astype(np.float32)
    sheen = np.choose(material, [0.0, 0.5, 1.4]).astype(np.float32)
    relief = np.stack([edge, weave, sheen, np.zeros_like(weave)], 2)
    return np.concatenate([colour, (material == SKIN)[..., None]], 2).astype(np.float32), relief
