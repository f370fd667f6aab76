"""One frame of the avatar: base frame, mouth coefficients, drawn and painted lower face, laid together."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from talkingface import timing
from talkingface.character import Character
from talkingface.compositing import blend_drawn, crop_of, guide_patch, lay_patch, paint_mask
from talkingface.face_rig import FaceRig
from talkingface.records import FloatArray, ImageArray, VideoFrame
from talkingface.seams import FaceGenerator, MouthRenderer
from talkingface.stage_timing import StageTimer


class BaseFrames(Protocol):
    """The character's looping base video."""

    def frame(self, index: int) -> ImageArray:
        """Return a fresh uint8 (H, W, 3) that the caller may change; ``index`` counts on for ever."""


class FrameComposer:
    """Turns mouth coefficients into the character's frames. Not thread-safe: one thread owns it."""

    def __init__(
        self,
        character: Character,
        rig: FaceRig,
        renderer: MouthRenderer,
        generator: FaceGenerator,
        base: BaseFrames,
    ) -> None:
        """Encode the character's reference patches once and keep the parts."""
        self._character = character
        self._rig = rig
        self._renderer = renderer
        self._generator = generator
        self._base = base
        self._reference_features = generator.encode_references(character.references)
        self.stages = StageTimer()

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        """Make frame ``index``.

        Args:
            index: frame number since the stream began; the base video loops below it.
            coefficients: float32 (K,) the mouth to show.

        Raises:
            GraphicsError: drawing failed.
            CharacterError: the base video cannot be read.
        """
        character, stages = self._character, self.stages
        row = index % character.frame_count
        with stages.stage("decode"):
            rgb = self._base.frame(index)
        with stages.stage("geometry"):
            crop = character.crops[row]
            wanted = np.asarray(coefficients, np.float32) * character.mouth_gain
            geometry = self._rig.geometry(character.points_px[row], character.poses[row], wanted, crop)
        with stages.stage("render"):
            own = crop_of(rgb, crop)
            drawn = self._renderer.render(own, geometry)
        with stages.stage("blend"):
            face = blend_drawn(own, drawn)
            wrap = self._rig.meshes.wrap
            guide = guide_patch(face, geometry, wrap)
            mask = paint_mask(geometry, wrap)
        with stages.stage("generate"):
            painted = self._generator.generate(guide, self._reference_features)
        with stages.stage("paste"):
            lay_patch(face, guide, painted, mask, geometry)
            own[...] = face
        return VideoFrame(rgb, index, timing.frame_time_s(index))
