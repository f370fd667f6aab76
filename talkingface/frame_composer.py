"""One frame of the avatar: base frame, mouth coefficients, drawn and painted lower face, laid together."""

from __future__ import annotations

from collections.abc import Sequence
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
        return self.paint(self.draw(index, [coefficients]))[0]

    def draw(self, first: int, mouths: Sequence[FloatArray]) -> list[DrawnFrame]:
        """Do the first half of :meth:`compose_planes` for frames in a row, each step for all of them.

        A step that is done for some frames at once finds its code and tables where it has just left them, in the
        processor's caches, and takes a fifth less time.

        Raises:
            GraphicsError: drawing failed.
            CharacterError: the base video cannot be read.
        """
        indices = range(first, first + len(mouths))
        with self.stages.stage("decode", len(mouths)):
            pictures = [self._base.planes(index) for index in indices]
            size = self._character.width, self._character.height
            places = [aligned(self._crop(index), *size) for index in indices]
            areas = [self._reader.read(*part) for part in zip(pictures, places, strict=True)]
        drawn = self._draw(indices, mouths, pictures, areas, places)
        if self.background is None:
            return drawn
        with self.stages.stage("matte", len(mouths)):
            return [self._with_matte(frame, self.background.coverage(frame.index)) for frame in drawn]

    def paint(self, drawn: Sequence[DrawnFrame]) -> list[PlanarFrame]:
        """Do the second half; at most one thread at a time."""
        self._paint(drawn)
        with self.stages.stage("planes", len(drawn)):
            for frame in drawn:
                after = frame.area.copy()
                self._put_face(frame, after)
                self._writer.add_change(frame.picture, frame.place, frame.area, after)
        return [self._finished(frame) for frame in drawn]

    def _finished(self, drawn: DrawnFrame) -> PlanarFrame:
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
        drawn = self._draw([index], [coefficients], [rgb], [crop_of(rgb, crop)], [crop])
        self._paint(drawn)
        return rgb, drawn[0]

    def _crop(self, index: int) -> CropRectangle:
        return self._character.crops[index % self._character.frame_count]

    def _draw(
        self,
        indices: Sequence[int],
        mouths: Sequence[FloatArray],
        pictures: Sequence[NDArray[np.uint8]],
        areas: Sequence[ImageArray],
        places: Sequence[CropRectangle],
    ) -> list[DrawnFrame]:
        character, stages, wrap = self._character, self.stages, self._rig.meshes.wrap
        count = len(indices)
        rows = [index % character.frame_count for index in indices]
        with stages.stage("geometry", count):
            geometries = [
                self._rig.geometry(
                    character.points_px[row],
                    character.poses[row],
                    np.asarray(mouth, np.float32) * character.mouth_gain,
                    character.crops[row],
                )
                for row, mouth in zip(rows, mouths, strict=True)
            ]
        own = [
            crop_of(area, _inside(character.crops[row], place))
            for row, area, place in zip(rows, areas, places, strict=True)
        ]
        with stages.stage("render", count):
            drawn = [self._renderer.render(*one) for one in zip(own, geometries, strict=True)]
        with stages.stage("blend", count):
            faces = [blend_drawn(*one) for one in zip(own, drawn, strict=True)]
            guides = [
                guide_patch(face, geometry, wrap) for face, geometry in zip(faces, geometries, strict=True)
            ]
            masks = [paint_mask(geometry, wrap) for geometry in geometries]
        parts = zip(indices, rows, pictures, areas, places, faces, guides, masks, geometries, strict=True)
        return [DrawnFrame(*part) for part in parts]

    def _paint(self, drawn: Sequence[DrawnFrame]) -> None:
        """Paint into the drawn faces."""
        with self.stages.stage("generate", len(drawn)):
            patches = [
                self._detail.raised(
                    self._generator.generate(frame.guide, self._reference_features), frame.mask
                )
                for frame in drawn
            ]
        with self.stages.stage("paste", len(drawn)):
            for frame, painted in zip(drawn, patches, strict=True):
                lay_patch(frame.face, frame.guide, painted, frame.mask, frame.geometry)

    def _with_matte(self, drawn: DrawnFrame, coverage: ImageArray) -> DrawnFrame:
        self._move_matte(coverage, drawn)
        return replace(drawn, coverage=coverage)

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
