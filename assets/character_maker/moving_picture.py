"""Moves a still picture by its depth: small turns of the head and the breath, with eyes from other stills put in.

A handful of true pictures and their depth make a whole loop: each place of the picture is carried to where the moved
model has it. For the few degrees of an idle head that looks like drawing every frame anew, at a tenth of the cost.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.character_maker.idle_motion import Idle
from assets.character_maker.stage import Framing, Stage
from assets.character_maker.stills import BLINK_STEPS, GAZE_STEP_DEG, Stills

FloatArray = NDArray[np.float32]
GRID = 2  # the motion is worked out on every second pixel
SMOOTH_PX, FILL_PX, ROUNDS = 8.0, 14.0, 4


class MovingPicture:
    """One character's stills, and the frames that they make."""

    def __init__(self, stills: Stills, framing: Framing) -> None:
        """Work out what stays the same between frames."""
        self._stills, self._framing = stills, framing
        self._stage = Stage(framing, stills.eye_centres, float(stills.eye_radius[0]))
        self._picture = stills.picture.copy()
        height, width = framing.height, framing.width
        self._y, self._x = np.mgrid[0:height:GRID, 0:width:GRID].astype(np.float32)
        self._full_y, self._full_x = np.mgrid[0:height, 0:width].astype(np.float32)
        depth, self._share = self._filled()
        self._still = self._stage.placed(self._x, self._y, depth)
        self._wall = (stills.wall * 255).astype(np.float32)

    def landmarks(self, moment: Idle) -> FloatArray:
        """Return the float32 (478, 3) landmarks of a moment in pixels."""
        return self._stage.landmarks(self._stills.skin[self._lid(moment)], moment)

    def frame(self, moment: Idle, glance: int = 0, glance_share: float = 0.0) -> NDArray[np.uint8]:
        """Return uint8 (height, width, 4) RGB and coverage.

        Args:
            moment: pose, breath and blink; its gaze is what keeps the eyes on the viewer while the head turns.
            glance: number of the glance.
            glance_share: 0 on the viewer .. 1 at the glance.
        """
        x0, y0, x1, y1 = self._stills.eye_box
        self._picture[y0:y1, x0:x1] = self._eyes_at(moment, glance, glance_share)
        shift = self._shift(moment)
        back = shift
        for _ in range(ROUNDS):
            at_x, at_y = (self._x - back[..., 0]) / GRID, (self._y - back[..., 1]) / GRID
            back = cv2.remap(shift, at_x, at_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        times = self._framing.supersample
        fine = cv2.resize(back, self._full_x.shape[::-1], interpolation=cv2.INTER_LINEAR)
        map_x = (self._full_x - fine[..., 0] + 0.5) * times - 0.5
        map_y = (self._full_y - fine[..., 1] + 0.5) * times - 0.5
        moved = cv2.remap(self._picture, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        bare = moved[..., 3:] == 0
        clear = (255 - moved[..., 3:]).astype(np.float32) / 255
        rgb = np.where(bare, self._wall, moved[..., :3] + self._wall * clear)
        return np.dstack([np.clip(rgb + 0.5, 0, 255).astype(np.uint8), moved[..., 3]])

    def _lid(self, moment: Idle) -> int:
        return int(np.abs(np.array(BLINK_STEPS) - moment.blink).argmin())

    def _eyes_at(self, moment: Idle, glance: int, share: float) -> NDArray[np.uint8]:
        stills, lid = self._stills, self._lid(moment)
        if lid:
            return stills.lids[lid]
        eyes = stills.lids[0]
        turn = float(np.clip(moment.gaze_yaw / GAZE_STEP_DEG, -1, 1))
        eyes = cv2.addWeighted(eyes, 1 - abs(turn), stills.aside[int(turn > 0)], abs(turn), 0)
        return cv2.addWeighted(eyes, 1 - share, stills.glances[glance], share, 0) if share > 0.02 else eyes

    def _shift(self, moment: Idle) -> FloatArray:
        """Return float32 (h, w, 2): how far each place of the still moves, in pixels, on the coarse grid."""
        moved = self._stage.projected(self._stage.moved(self._still, self._share, moment))
        shift = np.stack([moved[..., 0] - self._x, moved[..., 1] - self._y], -1)
        return cv2.GaussianBlur(shift, (0, 0), SMOOTH_PX / GRID)

    def _filled(self) -> tuple[FloatArray, FloatArray]:
        """Return depth and head share on the coarse grid, carried on beyond the outline."""
        seen = self._stills.seen[::GRID, ::GRID]
        out = []
        for values in (self._stills.depth, self._stills.share):
            filled, known = values[::GRID, ::GRID] * seen, seen
            for sigma in (FILL_PX / 4, FILL_PX, 4 * FILL_PX):
                weight = cv2.GaussianBlur(known, (0, 0), sigma / GRID)
                around = cv2.GaussianBlur(filled * known, (0, 0), sigma / GRID) / np.maximum(weight, 1e-6)
                fresh = ((known < 0.5) & (weight > 1e-3)).astype(np.float32)
                filled = filled * (1 - fresh) + around * fresh
                known = np.maximum(known, fresh)
            out.append(np.where(known > 0, filled, 0).astype(np.float32))
        return out[0], out[1]
