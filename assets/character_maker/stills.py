"""The stills of one character: true pictures of rest, lids, glances and open mouths, from which its film is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.idle_motion import AT_REST, Glance, Idle
from assets.character_maker.picture import Studio
from talkingface.likely_mouths import likeliest_mouth
from talkingface.mouth_space import MouthSpace

FloatArray = NDArray[np.float32]
ImageArray = NDArray[np.uint8]
BLINK_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
GAZE_STEP_DEG = 2.5
# Lip opening and change of lip width in face heights: rest, slightly open, spread, half open, wide, rounded.
MOUTHS = ((0.0, 0.0), (0.030, 0.0), (0.045, 0.020), (0.060, 0.0), (0.095, -0.010), (0.045, -0.040))


@dataclass(frozen=True)
class Stills:
    """Arrays of H x W pictures, T times larger where said.

    Attributes:
        picture: uint8 (TH, TW, 4) at rest, RGB times coverage, and coverage.
        depth, share, seen: float32 (H, W), see picture.Still.
        wall: float32 (H, W, 3) 0..1.
        eye_box: int64 (4,) x0, y0, x1, y1 of the eyes in ``picture``.
        lids: uint8 (5, h, w, 4) that box for each of BLINK_STEPS.
        aside: uint8 (2, h, w, 4) that box looking GAZE_STEP_DEG to the left and right.
        glances: uint8 (G, h, w, 4) that box for each glance.
        skin: float32 (5, 468, 3) landmarks for each of BLINK_STEPS, before the head moves.
        mouths: uint8 (M, H, W, 3) finished pictures of MOUTHS.
        mouth_points: float32 (M, 478, 3) their landmarks in pixels.
        eye_centres: float32 (2, 3), and eye_radius: float32 (1,), in head coordinates.
    """

    picture: ImageArray
    depth: FloatArray
    share: FloatArray
    seen: FloatArray
    wall: FloatArray
    eye_box: NDArray[np.int64]
    lids: ImageArray
    aside: ImageArray
    glances: ImageArray
    skin: FloatArray
    mouths: ImageArray
    mouth_points: FloatArray
    eye_centres: FloatArray
    eye_radius: FloatArray

    def save(self, path: Path) -> None:
        """Write as npz."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @staticmethod
    def load(path: Path) -> Stills:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as kept:
            return Stills(**{field.name: kept[field.name] for field in fields(Stills)})


def draw_stills(studio: Studio, space: MouthSpace, glances: Sequence[Glance]) -> Stills:
    """Draw all stills of one character."""
    rest = studio.still(AT_REST)
    box = _eye_box(studio)

    def eyes(moment: Idle) -> ImageArray:
        return studio.large_picture(moment)[box[1] : box[3], box[0] : box[2]].copy()

    open_eyes = rest.picture[box[1] : box[3], box[0] : box[2]]
    shapes = [None if not o else space.displacement(likeliest_mouth(space, o, w)) for o, w in MOUTHS]
    return Stills(
        rest.picture, rest.depth, rest.share, rest.seen, studio.wall[..., :3].copy(), np.array(box),
        np.stack([open_eyes, *(eyes(Idle(0, 0, 0, 0, 0, 0, step, 0, 0)) for step in BLINK_STEPS[1:])]),
        np.stack([eyes(Idle(0, 0, 0, 0, 0, 0, 0, sign * GAZE_STEP_DEG, 0)) for sign in (-1, 1)]),
        np.stack([eyes(Idle(0, 0, 0, 0, 0, 0, 0, glance.yaw, glance.pitch)) for glance in glances]),
        np.stack([studio.skin_landmarks(step, 0.0) for step in BLINK_STEPS]),
        np.stack([studio.draw(AT_REST, shape)[..., :3] for shape in shapes]),
        np.stack([studio.landmarks(AT_REST, shape) for shape in shapes]),
        *studio.eyes,
    )  # fmt: skip


def _eye_box(studio: Studio) -> tuple[int, int, int, int]:
    points = studio.landmarks(AT_REST)
    framing = studio.stage.framing
    reach = 0.13 * framing.face_height_px
    eyes = points[[33, 133, 263, 362, 159, 145, 386, 374], :2]
    low, high = eyes.min(0) - (reach * 0.8, reach), eyes.max(0) + np.array([reach * 0.8, reach])
    times = framing.supersample
    x0, y0 = np.floor(low).astype(int) * times
    x1, y1 = np.ceil(high).astype(int) * times
    return int(x0), int(y0), int(x1), int(y1)
