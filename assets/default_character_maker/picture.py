"""Draws the character: geometry into light, colour and shine, then skin diffusion, background and film curve."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.default_character_maker.body_model import BodyModel
from assets.default_character_maker.cloth_paint import paint_clothes
from assets.default_character_maker.eye_model import eyeball, gaze_rotation
from assets.default_character_maker.hair_model import brow_strands, head_hair, lash_strands
from assets.default_character_maker.head_model import EYE_RADIUS, EYES, HeadModel
from assets.default_character_maker.idle_motion import Idle
from assets.default_character_maker.looks import CharacterLook
from assets.default_character_maker.offscreen import Mesh, Offscreen, Program, Target, bind_texture, upload_image
from assets.default_character_maker.skin_paint import CHART, linear, paint_skin
from assets.default_character_maker.strands import Strands

FloatArray = NDArray[np.float32]

SKIN_ID = 1.0
_SKY, _GROUND = np.array([0.25, 0.28, 0.32]), np.array([0.12, 0.095, 0.08])
_HEAD_PIVOT = np.array([0.0, 0.72, 0.50], np.float32)
_KEY = np.array([-0.66, -0.62, -0.72])
_SHADOW_SIZE = 2048
_BRIGHTEST = 6.0


@dataclass(frozen=True)
class Framing:
    """Picture size in pixels and where the head stands in it."""

    width: int = 720
    height: int = 960
    face_height_px: float = 316.0
    centre_x_px: float = 360.0
    eyes_y_px: float = 352.0
    supersample: int = 2


class Studio:
    """Everything of one character that stays the same between frames. One thread; needs an open context."""

    def __init__(self, offscreen: Offscreen, look: CharacterLook, neutral: FloatArray, framing: Framing) -> None:
        """Model, paint and upload; neutral is the mean resting face, float32 (478, 3)."""
        self._offscreen, self._look, self._framing = offscreen, look, framing
        self._head = HeadModel(look, neutral)
        self._body = BodyModel()
        self._eyeball, eye_triangles = eyeball()
        rest = self._head.rest
        weight = _smooth((1.22 - rest[:, 1]) / 0.45)[:, None]
        vertices, normals = self._head.posed(0, 0)
        self._skin = Mesh(offscreen, self._head.triangles, vertices, normals, np.hstack([rest, weight]))
        chart = np.hstack([self._body.chart, np.zeros((len(self._body.chart), 2), np.float32)])
        self._cloth = Mesh(offscreen, self._body.triangles, *self._body.posed(0), chart)
        place = np.hstack([self._eyeball, np.ones((len(self._eyeball), 1), np.float32)])
        self._eyes = [Mesh(offscreen, eye_triangles, self._eyeball, self._eyeball, place) for _ in EYES]
        self._hair = _ribbons(offscreen, head_hair(look))
        self._brows = _ribbons(offscreen, brow_strands(look, self._head))
        self._lashes = _ribbons(offscreen, lash_strands(look, self._head, vertices))
        self._surface = {
            name: Program(offscreen, "surface.vert", f"{name}.frag") for name in ("skin", "cloth", "eye")
        }
        self._strand = Program(offscreen, "hair.vert", "hair.frag")
        self._surface_shadow = Program(offscreen, "shadow.vert", "shadow.frag")
        self._strand_shadow = Program(offscreen, "hair.vert", "shadow.frag", "FROM_LIGHT")
        scale = framing.supersample
        self._target = Target(offscreen, framing.width * scale, framing.height * scale, 3)
        self._shadow = Target(offscreen, _SHADOW_SIZE, _SHADOW_SIZE, 0)
        maps = paint_skin(look, self._head.face)
        cloth_colour, cloth_relief = paint_clothes(look)
        images = (maps.colour, maps.finish, cloth_colour, cloth_relief)
        textures = [upload_image(offscreen, image) for image in images]
        for unit, texture in enumerate(textures, start=1):
            bind_texture(offscreen, unit, texture)
        self._background = _background(look, framing)

    def draw(self, idle: Idle) -> NDArray[np.uint8]:
        """Return one frame, uint8 (height, width, 3) RGB."""
        uniforms = self._uniforms(idle)
        self._pose(idle)
        self._shadow.begin()
        self._surface_shadow.use(**uniforms)
        for mesh in (self._skin, self._cloth):
            mesh.draw()
        self._strand_shadow.use(**uniforms)
        self._hair.draw()
        bind_texture(self._offscreen, 0, self._shadow.depth)
        self._target.begin()
        self._surface["skin"].use(**uniforms, skin_colour=1, skin_finish=2, chart=np.array(CHART), shadow_map=0)
        self._skin.draw()
        self._surface["cloth"].use(**uniforms, cloth_colour=3, cloth_relief=4, shadow_map=0)
        self._cloth.draw()
        for mesh, centre, rings in zip(self._eyes, self._head.eye_centres, EYES, strict=True):
            half = 0.5 * float(np.ptp(self._head.face[rings.loop, 1]))
            shown = gaze_rotation(idle.yaw, idle.pitch) @ (centre - _HEAD_PIVOT) + _HEAD_PIVOT
            frame = np.array([shown[0] + idle.sway_x, shown[1] + idle.sway_y, half])
            self._surface["eye"].use(
                **uniforms, iris_colour=linear(self._look.iris), skin_tint=linear(self._look.skin), eye_frame=frame
            )
            mesh.draw()
        look = self._look
        for mesh, root, tip, gloss in (
            (self._hair, linear(look.hair), linear(look.hair_tip), 1.0),
            (self._brows, linear(look.brow), linear(look.brow) * 1.1, 0.25),
            (self._lashes, np.full(3, 0.008), np.full(3, 0.012), 0.1),
        ):
            self._strand.use(
                **uniforms, root_colour=root, tip_colour=tip, gloss=gloss, shadow_map=0,
                volume_centre=np.array([0, 0.05, 0.42]),
            )  # fmt: skip
            mesh.draw()
        return self._developed()

    def _uniforms(self, idle: Idle) -> dict[str, object]:
        framing = self._framing
        scale = framing.face_height_px
        key = _KEY / np.linalg.norm(_KEY)
        across = np.cross([0, 1, 0], key)
        across /= np.linalg.norm(across)
        view = np.array([
            2 * scale / framing.width, 2 * scale / framing.height,
            2 * framing.centre_x_px / framing.width - 1,
            2 * (framing.eyes_y_px - 0.1 * scale) / framing.height - 1,
        ])  # fmt: skip
        turn = np.deg2rad(idle.roll)
        roll = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
        return {
            "view": view, "distance_to_camera": 7.0, "depth_range": np.array([-1.5, 3.0]),
            "head_rotation": roll @ gaze_rotation(idle.yaw, idle.pitch), "head_pivot": _HEAD_PIVOT,
            "head_shift": np.array([idle.sway_x, idle.sway_y, 0.0]), "key_direction": key,
            "key_basis": np.stack([across, np.cross(key, across), key]), "key_frame": np.array([0, 0.55, 0.4, 1.7]),
        }  # fmt: skip

    def _pose(self, idle: Idle) -> None:
        vertices, normals = self._head.posed(idle.blink, idle.gaze_pitch)
        self._skin.update(0, vertices)
        self._skin.update(1, normals)
        body, body_normals = self._body.posed(idle.breath)
        self._cloth.update(0, body)
        self._cloth.update(1, body_normals)
        for side, (mesh, centre) in enumerate(zip(self._eyes, self._head.eye_centres, strict=True)):
            inward = 1.2 if side == 0 else -1.2
            turned = self._eyeball @ gaze_rotation(idle.gaze_yaw + inward, idle.gaze_pitch).T
            mesh.update(0, turned * EYE_RADIUS + centre)
            mesh.update(1, turned)
        lashes = lash_strands(self._look, self._head, vertices)
        self._lashes.update(0, lashes.ribbon()[0])
        self._lashes.update(1, lashes.ribbon()[1])

    def _developed(self) -> NDArray[np.uint8]:
        light, colour, shine = (self._target.read(k) for k in range(3))
        framing = self._framing
        size = (framing.width, framing.height)
        full = (self._target.width, self._target.height)
        identity = colour[..., 3]
        covered = (identity > 0).astype(np.float32)
        depth = np.where(covered > 0, shine[..., 3], 1.6).astype(np.float32)
        open_ = cv2.resize(_openness(cv2.resize(depth, size, interpolation=cv2.INTER_AREA)), full)
        eyes = (identity > 0.2) & (identity < 0.3)
        open_ = np.where(eyes, np.maximum(open_, 0.75), open_)[..., None]
        up = light[..., 3:]
        ambient = (_SKY.astype(np.float32) * up + _GROUND.astype(np.float32) * (1 - up)) * open_
        warm_open = np.concatenate([open_ + 0.12 * (1 - open_) * open_, open_, open_], 2)
        total = light[..., :3] * (0.35 + 0.65 * warm_open) + ambient * warm_open
        skin = (identity > 0.9).astype(np.float32)
        total += skin[..., None] * (_diffused(total, skin, size, full) - total)
        lit = total * colour[..., :3] + shine[..., :3] * (0.4 + 0.6 * open_)
        alpha = cv2.resize(covered, size, interpolation=cv2.INTER_AREA)[..., None]
        mapped = _film(lit) * covered[..., None]
        small = cv2.resize(mapped, size, interpolation=cv2.INTER_AREA)
        frame = small + self._background * (1 - alpha)
        return np.clip(frame * 255 + 0.5, 0, 255).astype(np.uint8)


def _ribbons(offscreen: Offscreen, strands: Strands) -> Mesh:
    position, tangent, rest, triangles = strands.ribbon()
    return Mesh(offscreen, triangles, position, tangent, rest)


def _smooth(x: FloatArray) -> FloatArray:
    x = np.clip(x, 0, 1)
    return (x * x * (3 - 2 * x)).astype(np.float32)


def _openness(depth: FloatArray) -> FloatArray:
    """Return 0..1: how open each place is, from how far it lies behind its surroundings at three scales."""
    openness = np.ones_like(depth)
    for sigma, reach, strength in ((2.5, 0.035, 0.20), (9.0, 0.12, 0.30), (26.0, 0.30, 0.34)):
        behind = np.clip((depth - cv2.GaussianBlur(depth, (0, 0), sigma)) / reach, 0, 1)
        openness *= 1 - strength * behind
    return openness


def _diffused(light: FloatArray, skin: FloatArray, size: tuple[int, int], full: tuple[int, int]) -> FloatArray:
    """Spread light under the skin: red far, blue hardly (sigmas in output pixels)."""
    small_skin = cv2.resize(skin, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(light * skin[..., None], size, interpolation=cv2.INTER_AREA)
    spread = np.empty_like(light)
    for channel, (near, far, share) in enumerate(((1.6, 6.5, 0.55), (1.0, 3.0, 0.40), (0.8, 2.0, 0.35))):
        layers = []
        for sigma in (near, far):
            weight = cv2.GaussianBlur(small_skin, (0, 0), sigma)
            layers.append(cv2.GaussianBlur(small[..., channel], (0, 0), sigma) / np.maximum(weight, 1e-3))
        spread[..., channel] = cv2.resize((1 - share) * layers[0] + share * layers[1], full)
    return spread


def _film(lit: FloatArray) -> FloatArray:
    """Carry linear light to display values with a gentle shoulder (Hable's curve family), sRGB encoded."""
    x = np.linspace(0, _BRIGHTEST, 16384) * 0.78
    toned = np.clip((x * (2.2 * x + 0.10)) / (x * (2.0 * x + 0.72) + 0.16), 0, 1)
    table = np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055).astype(np.float32)
    return table[np.clip(lit * (16383 / _BRIGHTEST), 0, 16383).astype(np.int32)]


def _background(look: CharacterLook, framing: Framing) -> FloatArray:
    """A studio wall: soft gradient, a glow behind the shoulders, darker corners; float32 0..1, dithered."""
    y, x = np.mgrid[0 : framing.height, 0 : framing.width].astype(np.float32)
    x, y = x / framing.width - 0.5, y / framing.height
    top, bottom, glow = (np.array(c, np.float32) / 255 for c in (
        look.background_top, look.background_bottom, look.background_glow))  # fmt: skip
    wall = top + (bottom - top) * _smooth(y)[..., None]
    halo = np.exp(-(((x - 0.10) / 0.42) ** 2) - ((y - 0.40) / 0.36) ** 2)[..., None] * 0.62
    wall = wall * (1 - halo) + glow * halo
    wall *= (1 - 0.55 * np.clip(x * x * 1.6 + (y - 0.5) ** 2, 0, 1))[..., None]
    dither = np.random.default_rng(look.seed).uniform(-0.5, 0.5, (*wall.shape[:2], 1)).astype(np.float32) / 255
    return (wall + dither).astype(np.float32)
