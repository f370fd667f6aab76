"""From what was seen in a clip to the character folder: plan, base loop, matte, references, report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from talkingface.character import FRAMES, MATTE, Character, save_character
from talkingface.compositing import cut_patch
from talkingface.face_rig import FaceRig
from talkingface.mouth_space import MouthSpace
from talkingface.preparation.crop_path import crop_path
from talkingface.preparation.drawn_mouths import SEEN_OPENING, with_drawn_mouths
from talkingface.preparation.kept_planes import KeptPlanes
from talkingface.preparation.loop_writing import mixed_tracks, write_loop
from talkingface.preparation.matte import MatteMaker, MediaPipeSegmenter
from talkingface.preparation.planning import Plan, make_plan
from talkingface.preparation.read_ahead import ReadAhead
from talkingface.preparation.references import teeth_look
from talkingface.preparation.report_writing import strip_frames, telling_frames, write_report
from talkingface.preparation.settings import Progress, Settings
from talkingface.preparation.source_video import FRAMES_AHEAD, Source
from talkingface.preparation.watching import Watched
from talkingface.records import ImageArray
from talkingface.video_files import FRAMES_PER_SECOND
from talkingface.wrap_mesh import load_meshes

MOUTH_SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"


def make_character(
    source: Source, before: KeptPlanes, work: Path, settings: Settings, watched: Watched, told: Progress
) -> dict[str, Any]:
    """Decide, write the videos, the tracks and the report.

    Args:
        source: what the character is made from.
        before: its frames as far as they were kept from the first reading.
        work: an empty folder.
        settings: what was asked for.
        watched: what the first reading left.
        told: told the done share and the stage.

    Returns:
        What ``report.json`` holds.

    Raises:
        NoFaceError: no face for long enough, or too small.
        BadVideoError: the source ended early, or the mouth lies outside of the picture.
        OutputError: something cannot be written.
    """
    told(0.56, "analyse")
    space, meshes = MouthSpace.load(MOUTH_SPACE), load_meshes()
    most_frames = round(settings.seconds * FRAMES_PER_SECOND)
    plan = make_plan(watched, space, most_frames, source.name, made_loop=source.closed_loop)
    analysis, mixes = plan.analysis, plan.mixes
    points, poses = mixed_tracks(analysis, mixes)
    crops = crop_path(points, meshes.wrap, watched.width, watched.height)
    told(0.6, "write")
    frames = before.again() or ReadAhead(source.frames(None), FRAMES_AHEAD)
    kept = _write_videos(frames, work, settings, plan, told)
    rig = FaceRig(space, meshes, analysis.neutral)
    patches = np.stack([cut_patch(kept[k], rig.patch_to_frame(analysis.poses[k])) for k in plan.references])
    look = teeth_look(kept, analysis, plan.open_mouths)
    if analysis.opening[list(plan.references)].max() < SEEN_OPENING:
        frame = kept[mixes[0].first]
        patches = with_drawn_mouths(patches, frame, points[0], poses[0], crops[0], rig, look)
    report = write_report(work, plan, source.name, kept, crops[0], patches)
    save_character(
        Character(
            folder=work,
            name=settings.name,
            width=watched.width,
            height=watched.height,
            frames_per_second=FRAMES_PER_SECOND,
            frame_count=len(mixes),
            points_px=points,
            poses=poses,
            crops=crops,
            neutral=analysis.neutral,
            teeth_look=look,
            mouth_gain=1.0,
            references=patches,
            licence=settings.licence,
            consent=settings.consent,
            extra={"origin": settings.origin} if settings.origin else {},
        )
    )
    return report


def _write_videos(
    frames: Iterator[ImageArray], work: Path, settings: Settings, plan: Plan, told: Progress
) -> dict[int, ImageArray]:
    """Write the base loop and, where asked for, its matte; return the frames that are looked at again."""
    wanted = {*plan.references, *plan.open_mouths, *strip_frames(plan), plan.mixes[0].first}
    wanted |= {frame.number for frame in telling_frames(plan)}
    size_px = (plan.shot.width, plan.shot.height)
    matte = MatteMaker(MediaPipeSegmenter()) if settings.matte else None
    try:
        kept = write_loop(
            work / FRAMES,
            frames,
            plan.offset,
            plan.mixes,
            wanted,
            size_px,
            lambda done: told(0.6 + 0.3 * done / len(plan.mixes), "write"),
            None if matte is None else matte.look,
        )
        if matte is not None:
            told(0.91, "matte")
            matte.write(work / MATTE, plan.mixes, size_px)
    finally:
        if matte is not None:
            matte.close()
    return kept
