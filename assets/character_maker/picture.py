"""Draws the character: geometry into light, colour and shine, then skin diffusion, background and film curve."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.character_maker.body_model import clothed_body
from assets.character_maker.brows_lashes import brows, lashes
from assets.character_maker.ear_model import ears
from assets.character_maker.eye_model import eyeball, gaze_rotation
from assets.character_maker.glasses_model import glasses
from assets.character_maker.hair_model import head_hair
from assets.character_maker.head_model import EYES, FACE_VERTICES, HeadModel
from assets.character_maker.idle_motion import Idle
from assets.character_maker.light_bake import bake
from assets.character_maker.looks import CharacterLook
from assets.character_maker.mouth_model import INSIDE, MouthModel
from assets.character_maker.offscreen import (
    Mesh,
    Offscreen,
    Program,
    Target,
    WholePicture,
    bind_texture,
    upload_image,
)
from assets.character_maker.pieces import HAIR, Piece, joined
from assets.character_maker.scalp import Scalp
from assets.character_maker.skin_paint import CHART, linear, paint_skin
from assets.character_maker.stage import CAMERA_DISTANCE, HEAD_PIVOT, Framing, Stage, head_rotation

FloatArray = NDArray[np.float32]

_EXPOSURE = 0.62
_SKIN_WRAP, _SOLID_WRAP = 0.18, 0.08
_DARKEST_HAIR = 0.30


@dataclass(frozen=True)
class Still:
    """One moment as a picture that can be moved.

    Attributes:
        picture: uint8 (times height, times width, 4) RGB times coverage, and coverage.
        depth: float32 (height, width) z in head coordinates; sensible where something is seen.
        share: float32 (height, width) how far a place follows the head.
        seen: float32 (height, width) 1 where something is seen.
    """

    picture: NDArray[np.uint8]
    depth: FloatArray
    share: FloatArray
    seen: FloatArray


class Studio:
    """Everything of one character that stays the same between frames. One thread; needs an open context."""

    def __init__(
        self,
        offscreen: Offscreen,
        look: CharacterLook,
        neutral: FloatArray,
        framing: Framing,
        *,
        skin_levels: int = 3,
        every_light: int = 1,
        light_cache: Path | None = None,
    ) -> None:
        """Model, paint, light and upload; neutral is the mean resting face, float32 (478, 3)."""
        self._offscreen, self._look, self._framing = offscreen, look, framing
        self._head = HeadModel(look, neutral, levels=skin_levels)
        self.stage = Stage(framing, self._head.eye_centres, self._head.eye_radius)
        self._mouth = MouthModel(self._head.face, neutral)
        self._eyeball, eye_triangles = eyeball()
        solid = self._solid_pieces()
        vertices, normals = self._head.posed(0, 0)
        lash = lashes(look, self._head, vertices)
        inner = self._mouth.piece
        lights = self._baked(solid, lash, vertices, normals, every_light, light_cache)
        hair = solid.colour[:, 3] == HAIR  # is never so dark that its locks are lost
        lights[1][hair, :3] = np.maximum(lights[1][hair, :3], _DARKEST_HAIR)
        rest = self._head.rest
        weight = _smooth((1.22 - rest[:, 1]) / 0.45)[:, None]
        inside = self._head.inside_mouth[:, None]
        paint = np.hstack([np.broadcast_to(INSIDE, rest.shape), inside])
        dim = np.clip(0.34 - 1.3 * (rest[:, 2:3] - vertices[:, 2:3].min() - 0.14), 0.05, 0.34)
        deep = np.clip(2 * inside, 0, 1)
        lights[0][:, :3] = lights[0][:, :3] * (1 - deep) + dim * deep
        self._skin = Mesh(
            offscreen,
            self._head.facing_triangles(),
            vertices,
            normals,
            np.hstack([rest, weight]),
            lights[0],
            paint,
        )
        self._solid = _mesh(offscreen, solid, lights[1])
        self._lashes = _mesh(offscreen, lash, np.full((len(lash.vertices), 4), 0.5, np.float32))
        self._inner = _mesh(offscreen, inner, _mouth_light(inner.vertices))
        place = np.hstack([self._eyeball, np.ones((len(self._eyeball), 1), np.float32)])
        self._eyes = [Mesh(offscreen, eye_triangles, self._eyeball, self._eyeball, place) for _ in EYES]
        self._eye_light = [self._light_on_eye(vertices, lights[0], rings.loop) for rings in EYES]
        self._surface = {
            name: Program(offscreen, "surface.vert", f"{name}.frag") for name in ("skin", "solid", "eye")
        }
        self._make_targets()
        maps = paint_skin(look, self._head.face)
        textures = [upload_image(offscreen, image) for image in (maps.colour, maps.finish)]
        self.wall = _background(look, framing)
        self._background = upload_image(offscreen, self.wall)
        self._diffused = upload_image(offscreen, np.zeros((framing.height, framing.width, 4), np.float32))
        for unit, texture in enumerate(textures, start=1):
            bind_texture(offscreen, unit, texture)

    def draw(self, idle: Idle, mouth: FloatArray | None = None) -> NDArray[np.uint8]:
        """Return one frame, uint8 (height, width, 4) RGB and coverage.

        ``mouth`` is a float32 (478, 3) displacement of the landmarks from rest, as the mouth space gives it.
        """
        self._draw_large(idle, mouth)
        self._develop_large()
        return self._reduced_picture()

    def large_picture(self, idle: Idle) -> NDArray[np.uint8]:
        """Return one moment before it is reduced, see ``Still.picture``."""
        self._draw_large(idle, None)
        self._develop_large()
        return self._developed_large.read_bytes(0)

    def still(self, idle: Idle) -> Still:
        """Return one moment with its depth."""
        picture = self.large_picture(idle)
        times = self._framing.supersample
        light, colour, shine = (self._target.read(index)[::times, ::times] for index in range(3))
        return Still(
            picture, shine[..., 3].copy(), light[..., 3].copy(), (colour[..., 3] > 0.01).astype(np.float32)
        )

    def _draw_large(self, idle: Idle, mouth: FloatArray | None) -> None:
        uniforms = self._uniforms(idle)
        self._pose(idle, mouth)
        self._target.begin()
        self._surface["skin"].use(**uniforms, skin_colour=1, skin_finish=2, chart=np.array(CHART))
        self._skin.draw()
        self._surface["solid"].use(**uniforms, gloss=self._look.hair_gloss)
        self._solid.draw()
        self._lashes.draw()
        if mouth is not None:
            self._inner.draw()
        for mesh, centre, rings, light in zip(
            self._eyes, self._head.eye_centres, EYES, self._eye_light, strict=True
        ):
            half = 0.5 * float(np.ptp(self._head.face[rings.loop, 1]))
            shown = gaze_rotation(idle.yaw, idle.pitch) @ (centre - HEAD_PIVOT) + HEAD_PIVOT
            frame = np.array([shown[0] + idle.sway_x, shown[1] + idle.sway_y, half])
            self._surface["eye"].use(
                **uniforms, iris_colour=linear(self._look.iris), skin_tint=linear(self._look.skin),
                eye_frame=frame, eye_light=light, eye_radius=self._head.eye_radius,
            )  # fmt: skip
            mesh.draw()

    def landmarks(self, idle: Idle, mouth: FloatArray | None = None) -> FloatArray:
        """Return where the 478 landmarks of a moment are, float32 (478, 3) in pixels, z in the scale of x."""
        return self.stage.landmarks(self.skin_landmarks(idle.blink, idle.gaze_pitch, mouth), idle)

    @property
    def eyes(self) -> tuple[FloatArray, FloatArray]:
        """float32 (2, 3) centres of the eyes and (1,) their radius, in head coordinates."""
        return self._head.eye_centres, np.array([self._head.eye_radius], np.float32)

    def skin_landmarks(
        self, blink: float, gaze_pitch_deg: float, mouth: FloatArray | None = None
    ) -> FloatArray:
        """Return the 468 landmarks of the skin before the head moves, float32 (468, 3) in head coordinates."""
        return self._head.posed(blink, gaze_pitch_deg, mouth)[0][:FACE_VERTICES].copy()

    def _solid_pieces(self) -> Piece:
        look, scalp = self._look, Scalp(self._head.rest)
        parts = [clothed_body(look), head_hair(look, scalp), brows(look, self._head)]
        if look.hair_style != "bob":  # which covers them
            parts.append(ears(look))
        if look.glasses is not None:
            parts.append(glasses(look, self._head))
        return joined(parts)

    def _baked(
        self,
        solid: Piece,
        lash: Piece,
        vertices: FloatArray,
        normals: FloatArray,
        every: int,
        cache: Path | None,
    ) -> list[FloatArray]:
        """Return the light on skin and on solid pieces."""
        offscreen = self._offscreen
        if cache is not None and cache.is_file():
            with np.load(cache, allow_pickle=False) as kept:
                if kept["skin"].shape == (len(vertices), 4) and kept["solid"].shape == (
                    len(solid.vertices),
                    4,
                ):
                    return [kept["skin"], kept["solid"]]
        inner = [Mesh(offscreen, piece.triangles, piece.vertices) for piece in (solid, lash)]
        inner.append(Mesh(offscreen, self._head.triangles, vertices))
        ball = self._eyeball * self._head.eye_radius
        _, triangles = eyeball()
        inner += [Mesh(offscreen, triangles, ball + centre) for centre in self._head.eye_centres]

        def draw_all() -> None:
            for mesh in inner:
                mesh.draw()

        surfaces = [(vertices, normals, _SKIN_WRAP), (solid.vertices, solid.normals, _SOLID_WRAP)]
        skin, solids = bake(offscreen, draw_all, surfaces, every)
        lights = [self._head.spread(skin), solids]
        if cache is not None:
            np.savez(cache, skin=lights[0], solid=lights[1])
        return lights

    def _light_on_eye(self, vertices: FloatArray, light: FloatArray, loop: list[int]) -> FloatArray:
        """Return float32 (3,) the light about an eye: that of the skin around it."""
        middle = vertices[loop].mean(0)
        near = np.linalg.norm(vertices - middle, axis=1) < 0.16
        return light[near & (vertices[:, 2] < 0.1), :3].mean(0)

    def _make_targets(self) -> None:
        offscreen, framing = self._offscreen, self._framing
        scale = framing.supersample
        large = framing.width * scale, framing.height * scale
        self._target = Target(offscreen, *large, 3)
        self._whole = WholePicture(offscreen)
        self._reduce, self._develop, self._shrink = (
            Program(offscreen, "whole.vert", f"{name}.frag") for name in ("reduce", "develop", "shrink")
        )
        self._developed_large = Target(offscreen, *large, 1)
        self._reduced = Target(offscreen, framing.width, framing.height, 1)
        self._finished = Target(offscreen, framing.width, framing.height, 1)

    def _uniforms(self, idle: Idle) -> dict[str, object]:
        framing = self._framing
        scale = framing.face_height_px
        view = np.array([
            2 * scale / framing.width, 2 * scale / framing.height,
            2 * framing.centre_x_px / framing.width - 1,
            2 * (framing.eyes_y_px - 0.1 * scale) / framing.height - 1,
        ])  # fmt: skip
        return {
            "view": view, "distance_to_camera": CAMERA_DISTANCE, "depth_range": np.array([-1.5, 3.0]),
            "head_rotation": head_rotation(idle), "head_pivot": HEAD_PIVOT, "breath": float(idle.breath),
            "head_shift": np.array([idle.sway_x, idle.sway_y, 0.0]),
        }  # fmt: skip

    def _pose(self, idle: Idle, mouth: FloatArray | None) -> None:
        vertices, normals = self._head.posed(idle.blink, idle.gaze_pitch, mouth)
        self._skin.update(0, vertices)
        self._skin.update(1, normals)
        if mouth is not None:
            self._inner.update(0, self._mouth.posed(mouth))
        for side, (mesh, centre) in enumerate(zip(self._eyes, self._head.eye_centres, strict=True)):
            inward = 1.2 if side == 0 else -1.2
            turned = self._eyeball @ gaze_rotation(idle.gaze_yaw + inward, idle.gaze_pitch).T
            mesh.update(0, turned * self._head.eye_radius + centre)
            mesh.update(1, turned)
        self._lashes.update(0, lashes(self._look, self._head, vertices).vertices)

    def _develop_large(self) -> None:
        """Carry light, colour and shine of the large picture into display values."""
        offscreen, times = self._offscreen, self._framing.supersample
        for unit, texture in enumerate(self._target.colours, start=5):
            bind_texture(offscreen, unit, texture)
        large = {"light_large": 5, "colour_large": 6, "shine_large": 7, "times": times}
        self._reduced.begin()
        self._reduce.use(**large)
        self._whole.draw()
        offscreen.gl.glActiveTexture(offscreen.gl.GL_TEXTURE0 + 8)
        upload_image(offscreen, _spread_light(self._reduced.read(0), self._framing), self._diffused)
        self._developed_large.begin()
        self._develop.use(**large, diffused=8, exposure=_EXPOSURE)
        self._whole.draw()

    def _reduced_picture(self) -> NDArray[np.uint8]:
        """Return the frame before its wall, uint8 (height, width, 4)."""
        offscreen, times = self._offscreen, self._framing.supersample
        bind_texture(offscreen, 9, self._developed_large.colours[0])
        bind_texture(offscreen, 10, self._background)
        self._finished.begin()
        self._shrink.use(large=9, background=10, times=times)
        self._whole.draw()
        return self._finished.read_bytes(0)


def _mesh(offscreen: Offscreen, piece: Piece, light: FloatArray) -> Mesh:
    rest = np.hstack([piece.vertices, piece.share[:, None]])
    return Mesh(
        offscreen,
        piece.triangles,
        piece.vertices,
        piece.normals,
        rest,
        light,
        piece.colour,
        piece.along,
        piece.groove,
    )


def _mouth_light(vertices: FloatArray) -> FloatArray:
    """Return float32 (V, 4): light that fades with depth behind the lips."""
    depth = vertices[:, 2] - vertices[:, 2].min()
    fade = np.clip(1.0 - depth / 0.26, 0.10, 1)
    return (np.array([1.0, 0.94, 0.88, 0.5]) * fade[:, None]).astype(np.float32)


def _smooth(x: FloatArray) -> FloatArray:
    x = np.clip(x, 0, 1)
    return (x * x * (3 - 2 * x)).astype(np.float32)


def _spread_light(skin_light: FloatArray, framing: Framing) -> FloatArray:
    """Return (h, w, 4): light spread under the skin, red far, blue hardly."""
    rows = np.flatnonzero((skin_light[..., 3] > 0).any(1))
    if not len(rows):
        return np.ones_like(skin_light)
    margin = round(20 * framing.face_height_px / 366)
    low, high = max(rows[0] - margin, 0), rows[-1] + margin
    whole, skin_light = np.ones_like(skin_light), skin_light[low:high]
    skin = skin_light[..., 3]
    size = framing.face_height_px / 366
    spread = np.ones((*skin.shape, 4), np.float32)
    for channel, (near, far, share) in enumerate(((1.3, 6.5, 0.50), (0.9, 3.2, 0.36), (0.7, 2.2, 0.30))):
        layers = []
        for sigma in (near * size, far * size):
            weight = cv2.GaussianBlur(skin, (0, 0), sigma)
            layers.append(
                cv2.GaussianBlur(skin_light[..., channel], (0, 0), sigma) / np.maximum(weight, 1e-3)
            )
        spread[..., channel] = (1 - share) * layers[0] + share * layers[1]
    whole[low:high] = spread
    return whole


def _background(look: CharacterLook, framing: Framing) -> FloatArray:
    """A studio wall: soft gradient and a glow behind the shoulders; float32 (h, w, 4) 0..1, dithered."""
    y, x = np.mgrid[0 : framing.height, 0 : framing.width].astype(np.float32)
    x, y = x / framing.width - 0.5, y / framing.height
    top, bottom, glow = (
        np.array(c, np.float32) / 255 for c in (look.wall_top, look.wall_bottom, look.wall_glow)
    )
    wall = top + (bottom - top) * _smooth(y)[..., None]
    halo = np.exp(-(((x - 0.04) / 0.46) ** 2) - ((y - 0.36) / 0.40) ** 2)[..., None] * 0.80
    wall = wall * (1 - halo) + glow * halo
    wall *= (1 - 0.22 * np.clip(x * x * 1.6 + (y - 0.5) ** 2, 0, 1))[..., None]
    dither = (
        np.random.default_rng(look.seed).uniform(-0.5, 0.5, (*wall.shape[:2], 1)).astype(np.float32) / 255
    )
    return np.concatenate([wall + dither, np.ones_like(dither)], 2).astype(np.float32)
