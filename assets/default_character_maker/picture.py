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
from assets.default_character_maker.head_model import EYES, HeadModel
from assets.default_character_maker.idle_motion import Idle
from assets.default_character_maker.looks import CharacterLook
from assets.default_character_maker.offscreen import (
    Mesh,
    Offscreen,
    Program,
    Target,
    WholePicture,
    bind_texture,
    upload_image,
)
from assets.default_character_maker.skin_paint import CHART, linear, paint_skin
from assets.default_character_maker.strands import Strands

FloatArray = NDArray[np.float32]

_SKY, _GROUND = np.array([0.25, 0.28, 0.32]), np.array([0.12, 0.095, 0.08])
_HEAD_PIVOT = np.array([0.0, 0.72, 0.50], np.float32)
_KEY = np.array([-0.66, -0.62, -0.72])
_SHADOW_SIZE = 2048
_LEAST_SEEN_PIXELS = 40  # of a strand, over five poses, in the large picture
_EXPOSURE = 0.78


@dataclass(frozen=True)
class Framing:
    """Picture size in pixels and where the head stands in it."""

    width: int = 720
    height: int = 960
    face_height_px: float = 342.0
    centre_x_px: float = 360.0
    eyes_y_px: float = 356.0
    supersample: int = 2


@dataclass(frozen=True)
class Detail:
    """How finely things are modelled: the defaults for the film, less for a quick look."""

    skin_levels: int = 3
    body_columns: int = 620
    body_rows: int = 300
    cloth_columns: int = 3072
    cloth_rows: int = 1200
    locks_a_side: int = 130
    strands_a_lock: int = 48


FINE = Detail()
ROUGH = Detail(2, 160, 100, 512, 256, 40, 12)


class Studio:
    """Everything of one character that stays the same between frames. One thread; needs an open context."""

    def __init__(
        self,
        offscreen: Offscreen,
        look: CharacterLook,
        neutral: FloatArray,
        framing: Framing,
        detail: Detail,
    ) -> None:
        """Model, paint and upload; neutral is the mean resting face, float32 (478, 3)."""
        self._offscreen, self._look, self._framing = offscreen, look, framing
        self._head = HeadModel(look, neutral, levels=detail.skin_levels)
        self._body = BodyModel(columns=detail.body_columns, rows=detail.body_rows)
        self._eyeball, eye_triangles = eyeball()
        rest = self._head.rest
        weight = _smooth((1.22 - rest[:, 1]) / 0.45)[:, None]
        vertices, normals = self._head.posed(0, 0)
        self._skin = Mesh(
            offscreen, self._head.facing_triangles(), vertices, normals, np.hstack([rest, weight])
        )
        chart = np.hstack([self._body.chart, np.zeros((len(self._body.chart), 2), np.float32)])
        self._cloth = Mesh(offscreen, self._body.triangles, *self._body.posed(0), chart)
        place = np.hstack([self._eyeball, np.ones((len(self._eyeball), 1), np.float32)])
        self._eyes = [Mesh(offscreen, eye_triangles, self._eyeball, self._eyeball, place) for _ in EYES]
        hair = head_hair(look, locks_a_side=detail.locks_a_side, strands_a_lock=detail.strands_a_lock)
        self._hair = _ribbons(offscreen, hair)
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
        cloth_colour, cloth_relief = paint_clothes(look, columns=detail.cloth_columns, rows=detail.cloth_rows)
        images = (maps.colour, maps.finish, cloth_colour, cloth_relief)
        textures = [upload_image(offscreen, image) for image in images]
        self._background = upload_image(offscreen, _background(look, framing))
        self._whole = WholePicture(offscreen)
        self._reduce = Program(offscreen, "whole.vert", "reduce.frag")
        self._develop = Program(offscreen, "whole.vert", "develop.frag")
        self._shrink = Program(offscreen, "whole.vert", "shrink.frag")
        self._developed_large = Target(offscreen, framing.width * scale, framing.height * scale, 1)
        self._reduced = Target(offscreen, framing.width, framing.height, 2)
        self._finished = Target(offscreen, framing.width, framing.height, 1)
        self._diffused = upload_image(offscreen, np.zeros((framing.height, framing.width, 4), np.float32))
        for unit, texture in enumerate(textures, start=1):
            bind_texture(offscreen, unit, texture)
        self._draw_shadow()
        self._hair = _ribbons(offscreen, hair.kept(self._seen_strands(hair)))

    def draw(self, idle: Idle) -> NDArray[np.uint8]:
        """Return one frame, uint8 (height, width, 3) RGB."""
        uniforms = self._uniforms(idle)
        self._pose(idle)
        self._target.begin()
        self._surface["skin"].use(
            **uniforms, skin_colour=1, skin_finish=2, chart=np.array(CHART), shadow_map=0
        )
        self._skin.draw()
        self._surface["cloth"].use(**uniforms, cloth_colour=3, cloth_relief=4, shadow_map=0)
        self._cloth.draw()
        for mesh, centre, rings in zip(self._eyes, self._head.eye_centres, EYES, strict=True):
            half = 0.5 * float(np.ptp(self._head.face[rings.loop, 1]))
            shown = gaze_rotation(idle.yaw, idle.pitch) @ (centre - _HEAD_PIVOT) + _HEAD_PIVOT
            frame = np.array([shown[0] + idle.sway_x, shown[1] + idle.sway_y, half])
            self._surface["eye"].use(
                **uniforms,
                iris_colour=linear(self._look.iris),
                skin_tint=linear(self._look.skin),
                eye_frame=frame,
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

    def _draw_shadow(self) -> None:
        """Draw the key light's shadow map once: the light is taken to follow the head's small turns."""
        uniforms = self._uniforms(Idle(0, 0, 0, 0, 0, 0, 0, 0, 0))
        self._shadow.begin()
        self._surface_shadow.use(**uniforms)
        for mesh in (self._skin, self._cloth):
            mesh.draw()
        self._strand_shadow.use(**uniforms)
        self._hair.draw()
        bind_texture(self._offscreen, 0, self._shadow.depth)

    def _seen_strands(self, hair: Strands) -> NDArray[np.int64]:
        """Return the strands that show in any of several poses; the rest need not be drawn."""
        program = Program(self._offscreen, "hair.vert", "which.frag")
        seen = np.zeros(len(hair.points), np.int64)
        for yaw, pitch, roll in ((0, 0, 0), (3, -1, 1.5), (-3, 1, -1.5), (3, 1, 0), (-3, -1, 0)):
            self._target.begin()
            program.use(**self._uniforms(Idle(yaw, pitch, roll, 0, 0, 0, 0, 0, 0)))
            self._hair.draw()
            part = self._target.read(0)
            part = part[part[..., 2] > 0].astype(np.int64)
            strands = hair.strand_of_triangle(part[:, 0] + 1024 * part[:, 1])
            seen += np.bincount(strands, minlength=len(seen))
        return np.flatnonzero(seen >= _LEAST_SEEN_PIXELS)

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
            mesh.update(0, turned * self._head.eye_radius + centre)
            mesh.update(1, turned)
        lashes = lash_strands(self._look, self._head, vertices)
        self._lashes.update(0, lashes.ribbon()[0])
        self._lashes.update(1, lashes.ribbon()[1])

    def _developed(self) -> NDArray[np.uint8]:
        """Carry light, colour and shine of the large picture into the finished frame."""
        offscreen, times = self._offscreen, self._framing.supersample
        for unit, texture in enumerate(self._target.colours, start=5):
            bind_texture(offscreen, unit, texture)
        large = {"light_large": 5, "colour_large": 6, "shine_large": 7, "times": times}
        self._reduced.begin()
        self._reduce.use(**large)
        self._whole.draw()
        skin_light, surround = self._reduced.read(0), self._reduced.read(1)
        offscreen.gl.glActiveTexture(offscreen.gl.GL_TEXTURE0 + 8)
        upload_image(offscreen, _spread_light(skin_light, surround), self._diffused)
        self._developed_large.begin()
        self._develop.use(**large, diffused=8, exposure=_EXPOSURE)
        self._whole.draw()
        bind_texture(offscreen, 9, self._developed_large.colours[0])
        bind_texture(offscreen, 10, self._background)
        self._finished.begin()
        self._shrink.use(large=9, background=10, times=times)
        self._whole.draw()
        frame = self._finished.read(0)[..., :3]
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


def _spread_light(skin_light: FloatArray, surround: FloatArray) -> FloatArray:
    """Return (h, w, 4): light spread under the skin (red far, blue hardly), and openness."""
    skin = skin_light[..., 3]
    openness = _openness(surround[..., 1])
    open_ = openness[..., None]
    warm_open = np.concatenate([open_ + 0.06 * (1 - open_) * open_, open_, open_], 2)
    up = surround[..., :1]
    ambient = _SKY * up + _GROUND * (skin[..., None] - up)
    light = (skin_light[..., :3] * (0.35 + 0.65 * warm_open) + ambient * warm_open).astype(np.float32)
    spread = np.empty((*skin.shape, 4), np.float32)
    for channel, (near, far, share) in enumerate(((1.5, 6.5, 0.50), (0.9, 3.0, 0.38), (0.7, 2.0, 0.32))):
        layers = []
        for sigma in (near, far):
            weight = cv2.GaussianBlur(skin, (0, 0), sigma)
            layers.append(cv2.GaussianBlur(light[..., channel], (0, 0), sigma) / np.maximum(weight, 1e-3))
        spread[..., channel] = (1 - share) * layers[0] + share * layers[1]
    spread[..., 3] = openness
    return spread


def _background(look: CharacterLook, framing: Framing) -> FloatArray:
    """A studio wall: soft gradient, a glow behind the shoulders, darker corners; float32 (h, w, 4) 0..1, dithered."""
    y, x = np.mgrid[0 : framing.height, 0 : framing.width].astype(np.float32)
    x, y = x / framing.width - 0.5, y / framing.height
    top, bottom, glow = (np.array(c, np.float32) / 255 for c in (
        look.background_top, look.background_bottom, look.background_glow))  # fmt: skip
    wall = top + (bottom - top) * _smooth(y)[..., None]
    halo = np.exp(-(((x - 0.10) / 0.42) ** 2) - ((y - 0.40) / 0.36) ** 2)[..., None] * 0.62
    wall = wall * (1 - halo) + glow * halo
    wall *= (1 - 0.55 * np.clip(x * x * 1.6 + (y - 0.5) ** 2, 0, 1))[..., None]
    dither = (
        np.random.default_rng(look.seed).uniform(-0.5, 0.5, (*wall.shape[:2], 1)).astype(np.float32) / 255
    )
    return np.concatenate([wall + dither, np.ones_like(dither)], 2).astype(np.float32)
