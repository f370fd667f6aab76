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
class BaseFrame:
    """A frame of the base video, not changed so far.

    Attributes:
        index: number of the frame that is made of it.
        row: which frame of the base video it is.
        picture: RGB or planes.
        area: uint8 (h, w, 3) the part of it that holds the crop.
        place: where that part lies.
    """

    index: int
    row: int
    picture: NDArray[np.uint8]
    area: ImageArray
    place: CropRectangle


@dataclass(frozen=True)
class DrawnFrame:
    """A frame whose lower face is drawn and not yet painted.

    Attributes:
        base: what it is drawn on; its picture is changed where the frame is painted as planes.
        face: uint8 (h, w, 3) the crop with the drawn lower face; painting changes it.
        guide: uint8 (128, 128, 4) what the generator reads.
        mask: uint8 (128, 128) where its mouth counts.
        geometry: where everything lies in the crop.
        coverage: uint8 (H, W) the matte, moved along with the face; None without another background.
    """

    base: BaseFrame
    face: ImageArray
    guide: ImageArray
    mask: ImageArray
    geometry: MouthGeometry
    coverage: ImageArray | None = None


class FrameComposer:
    """Turns mouth coefficients into the character's frames.

    One thread owns it; only :meth:`paint` may run in another one, so that frames are painted while the next are drawn.

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
        drawn = self._drawn_and_painted(index, coefficients)
        self._put_face(drawn, drawn.base.area)
        return VideoFrame(drawn.base.picture, index, timing.frame_time_s(index))

    def compose_and_tell(self, index: int, coefficients: FloatArray) -> tuple[VideoFrame, CropRectangle]:
        """Make frame ``index`` as :meth:`compose` does, and tell in which rectangle it differs from the base frame."""
        drawn = self._drawn_and_painted(index, coefficients)
        base = drawn.base
        x, y, width, height = cv2.boundingRect(cv2.absdiff(drawn.face, base.area).max(axis=2))
        self._put_face(drawn, base.area)
        changed = CropRectangle(base.place.x + x, base.place.y + y, width, height)
        return VideoFrame(base.picture, index, timing.frame_time_s(index)), changed

    def compose_planes(self, index: int, coefficients: FloatArray) -> PlanarFrame:
        """Make frame ``index`` as :meth:`compose` does, but leave all that is not drawn anew as the video has it."""
        return self.paint(self.draw(index, [coefficients]))[0]

    def draw(self, first: int, mouths: Sequence[FloatArray]) -> list[DrawnFrame]:
        """Do the first half of :meth:`compose_planes` for frames in a row, each step for all of them.

        A step that is done for some frames at once finds its code and tables where it has just left them, in the
        processor's caches, and takes less time.

        Raises:
            GraphicsError: drawing failed.
            CharacterError: the base video cannot be read.
        """
        with self.stages.stage("decode", len(mouths)):
            bases = [self._planar_base(index) for index in range(first, first + len(mouths))]
        drawn = self._draw(bases, mouths)
        if self.background is None:
            return drawn
        with self.stages.stage("matte", len(mouths)):
            return [self._with_matte(frame, self.background) for frame in drawn]

    def paint(self, drawn: Sequence[DrawnFrame]) -> list[PlanarFrame]:
        """Do the second half, into the frames' own planes; at most one thread at a time."""
        self._paint(drawn)
        with self.stages.stage("planes", len(drawn)):
            for frame in drawn:
                base, after = frame.base, frame.base.area.copy()
                self._put_face(frame, after)
                self._writer.add_change(base.picture, base.place, base.area, after)
        return [self._finished(frame) for frame in drawn]

    def _planar_base(self, index: int) -> BaseFrame:
        planes = self._base.planes(index)
        place = aligned(self._crop(index), self._character.width, self._character.height)
        return BaseFrame(index, self._row(index), planes, self._reader.read(planes, place), place)

    def _finished(self, drawn: DrawnFrame) -> PlanarFrame:
        picture, index = drawn.base.picture, drawn.base.index
        background, coverage = self.background, drawn.coverage
        if background is not None and coverage is not None:
            with self.stages.stage("background"):
                background.lay(picture, coverage)
            if not background.is_transparent:
                coverage = None
        return PlanarFrame(picture, index, timing.frame_time_s(index), coverage)

    def _drawn_and_painted(self, index: int, coefficients: FloatArray) -> DrawnFrame:
        """Return a frame of RGB, the base still untouched, and the face that is to be put into it."""
        with self.stages.stage("decode"):
            rgb = self._base.frame(index)
        crop = self._crop(index)
        base = BaseFrame(index, self._row(index), rgb, crop_of(rgb, crop), crop)
        drawn = self._draw([base], [coefficients])
        self._paint(drawn)
        return drawn[0]

    def _row(self, index: int) -> int:
        return index % self._character.frame_count

    def _crop(self, index: int) -> CropRectangle:
        return self._character.crops[self._row(index)]

    def _crop_in(self, area: ImageArray, base: BaseFrame) -> ImageArray:
        """Return a base frame's crop, a view of a picture of its area."""
        crop, place = self._character.crops[base.row], base.place
        inside = CropRectangle(crop.x - place.x, crop.y - place.y, crop.width, crop.height)
        return crop_of(area, inside)

    def _draw(self, bases: Sequence[BaseFrame], mouths: Sequence[FloatArray]) -> list[DrawnFrame]:
        character, stages, wrap = self._character, self.stages, self._rig.meshes.wrap
        with stages.stage("geometry", len(bases)):
            geometries = [
                self._rig.geometry(
                    character.points_px[base.row],
                    character.poses[base.row],
                    np.asarray(mouth, np.float32) * character.mouth_gain,
                    character.crops[base.row],
                )
                for base, mouth in zip(bases, mouths, strict=True)
            ]
        pairs = list(zip(bases, geometries, strict=True))
        with stages.stage("render", len(bases)):
            layers = [
                self._renderer.render(self._crop_in(base.area, base), geometry) for base, geometry in pairs
            ]
        with stages.stage("blend", len(bases)):
            drawn = []
            for (base, geometry), layer in zip(pairs, layers, strict=True):
                face = blend_drawn(self._crop_in(base.area, base), layer)
                guide, mask = guide_patch(face, geometry, wrap), paint_mask(geometry, wrap)
                drawn.append(DrawnFrame(base, face, guide, mask, geometry))
            return drawn

    def _paint(self, drawn: Sequence[DrawnFrame]) -> None:
        """Paint into the drawn faces."""
        with self.stages.stage("generate", len(drawn)):
            patches = [self._painted(frame) for frame in drawn]
        with self.stages.stage("paste", len(drawn)):
            for frame, painted in zip(drawn, patches, strict=True):
                lay_patch(frame.face, frame.guide, painted, frame.mask, frame.geometry)

    def _painted(self, drawn: DrawnFrame) -> ImageArray:
        _, top, _, height = cv2.boundingRect(drawn.mask)
        painted = self._generator.generate(drawn.guide, self._reference_features, (top, top + height))
        return self._detail.raised(painted, drawn.mask)

    def _with_matte(self, drawn: DrawnFrame, background: Background) -> DrawnFrame:
        coverage = background.coverage(drawn.base.index)
        self._move_matte(coverage, drawn)
        return replace(drawn, coverage=coverage)

    def _move_matte(self, coverage: ImageArray, drawn: DrawnFrame) -> None:
        """Let the matte, changed in place, follow the jaw; the mouth itself is always the person."""
        own = crop_of(coverage, self._character.crops[drawn.base.row])
        if own.min() == FULL:
            return
        grey = cv2.cvtColor(own, cv2.COLOR_GRAY2RGB)
        moved = blend_drawn(grey, self._renderer.render(grey, drawn.geometry))
        lips = drawn.geometry.target_px[self._rig.meshes.wrap.outer_lip_rows, :2]
        cv2.fillPoly(moved, [np.round(lips).astype(np.int32)], (FULL,) * 3)
        own[...] = moved[..., 1]

    def _put_face(self, drawn: DrawnFrame, area: ImageArray) -> None:
        self._crop_in(area, drawn.base)[...] = drawn.face
