"""Films a character into its folder: the idle loop and its matte, the true landmarks, and true open mouths."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assets.character_maker.idle_motion import FRAMES_PER_SECOND, Idle, glances, idle_loop
from assets.character_maker.looks import CharacterLook
from assets.character_maker.moving_picture import MovingPicture
from assets.character_maker.offscreen import Offscreen
from assets.character_maker.picture import Studio
from assets.character_maker.stage import Framing
from assets.character_maker.stills import MOUTHS, Stills, draw_stills
from talkingface.character import FRAMES, MATTE, Character, save_character
from talkingface.compositing import cut_patch
from talkingface.face_rig import FaceRig
from talkingface.head_pose import fit_pose, fit_poses, personal_neutral
from talkingface.landmarks import LIPS_INNER
from talkingface.mouth_space import MouthSpace
from talkingface.preparation.crop_path import crop_path
from talkingface.preparation.whole_folder import check_output, put_in_place, work_folder
from talkingface.records import FloatArray, ImageArray, TeethLook
from talkingface.video_writer import VideoWriter
from talkingface.wrap_mesh import load_meshes

MOUTH_SPACE_FILE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
QUALITY_CRF, MATTE_CRF, KEYFRAMES = 16, 18, 25
PREVIEW_HEIGHT_PX = 480
LUMINANCE = np.array([0.299, 0.587, 0.114])


def draw_moments(
    look: CharacterLook,
    framing: Framing,
    moments: Sequence[Idle],
    *,
    skin_levels: int = 3,
    every_light: int = 1,
    light_cache: Path | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield a picture of each moment, uint8 (height, width, 4) RGB and coverage.

    Raises:
        GraphicsError: no OpenGL context can be had.
        CheckpointError: the mean face is missing.
    """
    neutral = MouthSpace.load(MOUTH_SPACE_FILE).neutral
    with Offscreen() as offscreen:
        studio = Studio(
            offscreen,
            look,
            neutral,
            framing,
            skin_levels=skin_levels,
            every_light=every_light,
            light_cache=light_cache,
        )
        for moment in moments:
            yield studio.draw(moment)


def make_stills(look: CharacterLook, framing: Framing, light_cache: Path | None = None) -> Stills:
    """Model and light a character and draw its stills.

    Raises:
        GraphicsError: no OpenGL context can be had.
        CheckpointError: the mean face is missing.
    """
    space = MouthSpace.load(MOUTH_SPACE_FILE)
    with Offscreen() as offscreen:
        studio = Studio(offscreen, look, space.neutral, framing, light_cache=light_cache)
        return draw_stills(studio, space, glances(seed=look.seed))


def film_character(
    look: CharacterLook, stills: Stills, output: Path, framing: Framing, on_frame: Callable[[int], None]
) -> None:
    """Make the folder of a character from its stills; it appears whole or not at all.

    The landmarks are the model's own, not tracked ones, so that they do not tremble and the lips lie where they are
    drawn. The references are the model's own mouths.

    Raises:
        CheckpointError: the mean face is missing.
        OutputError: the folder cannot be written, or holds something else.
    """
    check_output(output)
    space = MouthSpace.load(MOUTH_SPACE_FILE)
    moments = idle_loop(seed=look.seed)
    neutral = personal_neutral(stills.mouth_points[:1], space.neutral)
    rig = FaceRig(space, load_meshes(), neutral)
    references, teeth = _mouths(stills, rig)
    with work_folder(output) as work:
        points, first = _film(look, stills, moments, work, framing, on_frame)
        size = round(framing.width * PREVIEW_HEIGHT_PX / framing.height), PREVIEW_HEIGHT_PX
        small = cv2.resize(first, size, interpolation=cv2.INTER_AREA)
        encoded = cv2.imencode(".jpg", small[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
        (work / "preview.jpg").write_bytes(encoded.tobytes())
        save_character(
            Character(
                folder=work,
                name=look.name,
                width=framing.width,
                height=framing.height,
                frames_per_second=FRAMES_PER_SECOND,
                frame_count=len(moments),
                points_px=points,
                poses=tuple(fit_poses(points, neutral)),
                crops=crop_path(points, rig.meshes.wrap, framing.width, framing.height),
                neutral=neutral,
                teeth_look=teeth,
                mouth_gain=1.0,
                references=references,
                licence="Apache-2.0",
                consent="synthetic character made by this project",
            )
        )
        put_in_place(work, output)


def _film(
    look: CharacterLook,
    stills: Stills,
    moments: Sequence[Idle],
    work: Path,
    framing: Framing,
    on_frame: Callable[[int], None],
) -> tuple[FloatArray, ImageArray]:
    """Write loop and matte; return float32 (F, 478, 3) landmarks in pixels and the first frame."""
    size = framing.width, framing.height
    moving = MovingPicture(stills, framing)
    aside = glances(len(moments), look.seed)
    points: list[FloatArray] = []
    first: ImageArray | None = None
    with (
        VideoWriter(
            work / FRAMES, *size, FRAMES_PER_SECOND, crf=QUALITY_CRF, keyframe_interval=KEYFRAMES,
            easy_to_decode=True, metadata={},
        ) as film,
        VideoWriter(
            work / MATTE, *size, FRAMES_PER_SECOND, crf=MATTE_CRF, keyframe_interval=KEYFRAMES, metadata={}
        ) as matte,
    ):  # fmt: skip
        for row, moment in enumerate(moments):
            number = max(range(len(aside)), key=lambda k: aside[k].share[row])
            picture = moving.frame(moment, number, aside[number].share[row])
            rgb = np.ascontiguousarray(picture[..., :3])
            first = rgb if first is None else first
            film.write_frame(rgb)
            matte.write_frame(cv2.cvtColor(picture[..., 3], cv2.COLOR_GRAY2RGB))
            points.append(moving.landmarks(moment))
            on_frame(row + 1)
    assert first is not None
    return np.stack(points), first


def _mouths(stills: Stills, rig: FaceRig) -> tuple[ImageArray, TeethLook]:
    """Return reference patches of true mouths, closed to open, and the colours inside the widest."""
    patches = []
    for picture, points in zip(stills.mouths, stills.mouth_points, strict=True):
        patches.append(cut_patch(picture, rig.patch_to_frame(fit_pose(points, rig.neutral))))
    widest = int(np.argmax([opening for opening, _ in MOUTHS]))
    mask = np.zeros(stills.mouths[widest].shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(stills.mouth_points[widest][list(LIPS_INNER), :2]).astype(np.int32)], 255)
    inside = stills.mouths[widest][mask > 0].astype(np.float64) / 255
    bright = inside @ LUMINANCE
    teeth = np.median(inside[bright >= 0.85 * bright.max()], axis=0)
    cavity = np.median(inside[bright <= np.quantile(bright, 0.25)], axis=0)
    order = np.argsort([opening for opening, _ in MOUTHS], kind="stable")
    return np.stack(patches)[order], TeethLook(teeth.astype(np.float32), cavity.astype(np.float32))
