"""One frame of the avatar: base frame, mouth coefficients, drawn and painted lower face, laid together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface import timing
from talkingface.background import Background
from talkingface.character import Character
from talkingface.colour_planes import PlanarFrame, PlaneConverter, aligned
from talkingface.compositing import FULL, blend_drawn, crop_of, guide_patch, lay_patch, paint_mask
from talkingface.face_rig import FaceRig
from talkingface.painted_detail import measured_on
from talkingface.records import CropRectangle, FloatArray, ImageArray, MouthGeometry, VideoFrame
from talkingface.seams import FaceGenerator, MouthRenderer
from talkingface.stage_timing import StageTimer


class BaseFrames(Protocol):
    """The character's looping base video."""

    def frame(self, index: int) -> ImageArray:
        """Return a fresh uint8 (H, W, 3) that the caller may change; ``index`` counts on for ever."""

    def planes(self, index: int) -> NDArray[np.uint8]:
        """Return the same as fresh planes; see :mod:`talkingface.colour_planes`."""


@dataclass(frozen=True)
class DrawnFrame:
    """A frame whose lower face is drawn and not yet painted.

    Attributes:
        index: its number.
        row: which frame of the base video it is.
        picture: the base frame, RGB or planes, not changed so far.
        area: uint8 (h, w, 3) the part of it that holds the crop.
        place: where that part lies.
        face: uint8 (h, w, 3) the crop with the drawn lower face.
        guide: uint8 (128, 128, 4) what the generator reads.
        mask: uint8 (128, 128) where its mouth counts.
        geometry: where everything lies in the crop.
        coverage: uint8 (H, W) the matte, moved along with the face; None without another background.
    """

    index: int
    row: int
    picture: NDArray[np.uint8]
    area: ImageArray
    place: CropRectangle
    face: ImageArray
    guide: ImageArray
    mask: ImageArray
    geometry: MouthGeometry
    coverage: ImageArray | None = None


class FrameComposer:
    """Turns mouth coefficients into the character's frames.

    One thread owns it; only :meth:`paint` may run in another one, so that a frame is painted while the next is drawn.

    Attributes:
        stages: how long each part of the work took.
        background: what stands behind the character in frames of planes; None leaves the video's own.
    """

    def __init__(
        self,
        character: Character,
        rig: FaceRig,
        renderer: MouthRenderer,
        generator: FaceGenerator,
        base: BaseFrames,
    ) -> None:
        """Encode the character's reference patches once, see how softly its mouths are painted, and keep the parts."""
        self._character = character
        self._rig = rig
        self._renderer = renderer
        self._generator = generator
        self._base = base
        self._reader, self._writer = PlaneConverter(), PlaneConverter()
        self._reference_features = generator.encode_references(character.references)
        crop = self._crop(0)
        self._detail = measured_on(
            crop_of(base.frame(0), crop),
            character.points_px[0],
            character.poses[0],
            crop,
            rig=rig,
            renderer=renderer,
            paint=lambda guide: generator.generate(guide, self._reference_features),
            references=character.references,
            mouth_gain=character.mouth_gain,
        )
        self.stages = StageTimer()
        self.background: Background | None = None

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        """Make frame ``index``.

        Args:
            index: frame number since the stream began; the base video loops below it.
            coefficients: float32 (K,) the mouth to show.

        Raises:
            GraphicsError: drawing failed.
            CharacterError: the base video cannot be read.
        """
        rgb, drawn = self._drawn_and_painted(index, coefficients)
        self._put_face(drawn, drawn.area)
        return VideoFrame(rgb, index, timing.frame_time_s(index))

    def compose_and_tell(self, index: int, coefficients: FloatArray) -> tuple[VideoFrame, CropRectangle]:
        """Make frame ``index`` as :meth:`compose` does, and tell in which rectangle it differs from the base frame."""
        rgb, drawn = self._drawn_and_painted(index, coefficients)
        x, y, width, height = cv2.boundingRect(cv2.absdiff(drawn.face, drawn.area).max(axis=2))
        self._put_face(drawn, drawn.area)
        changed = CropRectangle(drawn.place.x + x, drawn.place.y + y, width, height)
        return VideoFrame(rgb, index, timing.frame_time_s(index)), changed

    def compose_planes(self, index: int, coefficients: FloatArray) -> PlanarFrame:
        """Make frame ``index`` as :meth:`compose` does, but leave all that is not drawn anew as the video has it."""
        return self.paint(self.draw(index, coefficients))

    def draw(self, index: int, coefficients: FloatArray) -> DrawnFrame:
        """Do the first half of :meth:`compose_planes`.

        Raises:
            GraphicsError: drawing failed.
            CharacterError: the base video cannot be read.
        """
        with self.stages.stage("decode"):
            planes = self._base.planes(index)
            place = aligned(self._crop(index), self._character.width, self._character.height)
            area = self._reader.read(planes, place)
        drawn = self._draw(index, coefficients, planes, area, place)
        if self.background is None:
            return drawn
        with self.stages.stage("matte"):
            coverage = self.background.coverage(index)
            self._move_matte(coverage, drawn)
        return replace(drawn, coverage=coverage)

    def paint(self, drawn: DrawnFrame) -> PlanarFrame:
        """Do the second half; at most one thread at a time."""
        self._paint(drawn)
        with self.stages.stage("planes"):
            after = drawn.area.copy()
            self._put_face(drawn, after)
            self._writer.add_change(drawn.picture, drawn.place, drawn.area, after)
        background, coverage = self.background, drawn.coverage
        if background is not None and coverage is not None:
            with self.stages.stage("background"):
                background.lay(drawn.picture, coverage)
            if not background.is_transparent:
                coverage = None
        return PlanarFrame(drawn.picture, drawn.index, timing.frame_time_s(drawn.index), coverage)

    def _drawn_and_painted(self, index: int, coefficients: FloatArray) -> tuple[ImageArray, DrawnFrame]:
        """Return the base frame, still untouched, and the face that is to be put into it."""
        with self.stages.stage("decode"):
            rgb = self._base.frame(index)
        crop = self._crop(index)
        drawn = self._draw(index, coefficients, rgb, crop_of(rgb, crop), crop)
        self._paint(drawn)
        return rgb, drawn

    def _crop(self, index: int) -> CropRectangle:
        return self._character.crops[index % self._character.frame_count]

    def _draw(
        self,
        index: int,
        coefficients: FloatArray,
        picture: NDArray[np.uint8],
        area: ImageArray,
        place: CropRectangle,
    ) -> DrawnFrame:
        character, stages, wrap = self._character, self.stages, self._rig.meshes.wrap
        row = index % character.frame_count
        crop = character.crops[row]
        with stages.stage("geometry"):
            wanted = np.asarray(coefficients, np.float32) * character.mouth_gain
            geometry = self._rig.geometry(character.points_px[row], character.poses[row], wanted, crop)
        with stages.stage("render"):
            own = crop_of(area, _inside(crop, place))
            drawn = self._renderer.render(own, geometry)
        with stages.stage("blend"):
            face = blend_drawn(own, drawn)
            guide, mask = guide_patch(face, geometry, wrap), paint_mask(geometry, wrap)
        return DrawnFrame(index, row, picture, area, place, face, guide, mask, geometry)

    def _paint(self, drawn: DrawnFrame) -> None:
        """Paint into the drawn face."""
        with self.stages.stage("generate"):
            painted = self._generator.generate(drawn.guide, self._reference_features)
            painted = self._detail.raised(painted, drawn.mask)
        with self.stages.stage("paste"):
            lay_patch(drawn.face, drawn.guide, painted, drawn.mask, drawn.geometry)

    def _move_matte(self, coverage: ImageArray, drawn: DrawnFrame) -> None:
        """Let the matte, changed in place, follow the jaw; the mouth itself is always the person."""
        own = crop_of(coverage, self._character.crops[drawn.row])
        if own.min() == FULL:
            return
        grey = cv2.cvtColor(own, cv2.COLOR_GRAY2RGB)
        moved = blend_drawn(grey, self._renderer.render(grey, drawn.geometry))
        lips = drawn.geometry.target_px[self._rig.meshes.wrap.outer_lip_rows, :2]
        cv2.fillPoly(moved, [np.round(lips).astype(np.int32)], (FULL,) * 3)
        own[...] = moved[..., 1]

    def _put_face(self, drawn: DrawnFrame, area: ImageArray) -> None:
        crop_of(area, _inside(self._character.crops[drawn.row], drawn.place))[...] = drawn.face


def _inside(crop: CropRectangle, place: CropRectangle) -> CropRectangle:
    """Return a crop as it lies in a part of the frame."""
    return CropRectangle(crop.x - place.x, crop.y - place.y, crop.width, crop.height)
