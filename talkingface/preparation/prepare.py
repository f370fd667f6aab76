"""The whole preparation: a video in, a character folder out, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from talkingface.character import FRAMES, MATTE, Character, save_character
from talkingface.compositing import cut_patch
from talkingface.errors import BadInputError, NoFaceError
from talkingface.face_rig import FaceRig
from talkingface.mouth_space import MouthSpace
from talkingface.preparation.crop_path import crop_path
from talkingface.preparation.dh_live_folder import find_dh_live, open_dh_live
from talkingface.preparation.drawn_mouths import SEEN_OPENING, with_drawn_mouths
from talkingface.preparation.loop_writing import mixed_tracks, write_loop
from talkingface.preparation.main_face import MainFaceTracker, MediaPipeFinder
from talkingface.preparation.matte import MatteMaker, MediaPipeSegmenter
from talkingface.preparation.planning import Plan, make_plan
from talkingface.preparation.references import teeth_look
from talkingface.preparation.report_writing import strip_frames, telling_frames, write_report
from talkingface.preparation.source_video import Source, open_source
from talkingface.preparation.watching import Watched, watch
from talkingface.preparation.whole_folder import check_output, put_in_place, work_folder
from talkingface.records import FloatArray, ImageArray
from talkingface.tasks_tracker import open_tracker
from talkingface.tracking import FaceTracker
from talkingface.video_files import FRAMES_PER_SECOND
from talkingface.wrap_mesh import load_meshes

MOUTH_SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
LONGEST_LOOK_S = 60.0
DEFAULT_LOOP_S = 15.0

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Settings:
    """What a person may ask for; see :func:`prepare_character`."""

    name: str
    seconds: float
    start_s: float
    matte: bool
    consent: str
    licence: str
    face_model: Path | None
    origin: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check values.

        Raises:
            BadInputError: a length or a start that makes no sense.
        """
        if not 0.3 <= self.seconds <= 600:
            raise BadInputError(f"expected a loop of 0.3 to 600 seconds, found {self.seconds}")
        if not 0 <= self.start_s < 1e6:
            raise BadInputError(f"expected a start of 0 seconds or more, found {self.start_s}")


def prepare_character(
    video: Path | str,
    output: Path | str,
    *,
    name: str | None = None,
    seconds: float | None = None,
    start_s: float = 0.0,
    matte: bool = False,
    consent: str = "",
    licence: str = "",
    face_model: Path | str | None = None,
    on_progress: Progress | None = None,
    tracker: FaceTracker | None = None,
) -> dict[str, Any]:
    """Make a character folder.

    Args:
        video: any file that PyAV decodes; a still picture is brought to gentle life; also a folder that
            DH_live prepared.
        output: the folder to make; one that holds a character already is replaced.
        name: of the character; the folder's name if None.
        seconds: length of the loop; 15 if None. Of a longer clip the calmest part is used.
        start_s: where in the clip to begin.
        matte: also make the person's coverage (alpha.mp4).
        consent: who gave the permission to be shown.
        licence: of the video.
        face_model: a face landmarker of MediaPipe Tasks (.task) that tracks instead of the model inside the wheel.
        on_progress: told the done share 0..1 and the stage: ``track``, ``analyse``,
            ``write``, ``matte``.
        tracker: another face tracker than MediaPipe's, fresh; it is not closed.

    Returns:
        The report, as stored in ``report.json``.

    Raises:
        BadVideoError: the video cannot be read.
        NoFaceError: no usable face in it.
        BadInputError: the face landmarker is none, or a setting makes no sense.
        OutputError: the folder cannot be written, or holds something else.
        MissingPackageError: mediapipe is not installed.
    """
    video, output = Path(video), Path(output)
    told = on_progress or _nobody
    settings = Settings(
        name or output.name, DEFAULT_LOOP_S if seconds is None else seconds, start_s, matte, consent, licence,
        None if face_model is None else Path(face_model),
    )  # fmt: skip
    check_output(output)
    moved = find_dh_live(video)
    if moved is not None:
        imported = open_dh_live(moved)
        video = imported.video
        settings = replace(settings, origin={"prepared_for": "DH_live", "uid": imported.uid})
    look_s = max(LONGEST_LOOK_S, settings.seconds)
    source = open_source(
        video, settings.start_s, look_s, lambda picture: _find_face(picture, settings, tracker)
    )
    watched = _watch(source, settings, tracker, told)
    with work_folder(output) as work:
        report = _make(source, work, settings, watched, told)
        put_in_place(work, output)
    told(1.0, "done")
    return report


def _find_face(picture: ImageArray, settings: Settings, tracker: FaceTracker | None) -> FloatArray | None:
    if tracker is not None:
        return tracker.track(picture)
    with closing(open_tracker(settings.face_model)) as own:
        return own.track(picture)


def _watch(source: Source, settings: Settings, tracker: FaceTracker | None, told: Progress) -> Watched:
    main = None if tracker is not None else _main_face_tracker(settings)
    following = tracker if main is None else main
    assert following is not None
    try:
        watched = watch(
            source.frames(max(LONGEST_LOOK_S, settings.seconds)),
            following,
            FRAMES_PER_SECOND,
            lambda done: told(0.55 * min(1.0, done / source.expected_frames), "track"),
            lambda: 1 if main is None else main.faces_seen,
        )
    finally:
        if main is not None:
            main.close()
    count = len(watched.thumbs)
    if not count:
        raise BadInputError(f"expected frames after {settings.start_s:.1f} s, found the end of {source.name}")
    if not watched.track.found.any():
        raise NoFaceError(
            f"expected a face, found none in {count} frames of {source.name}: film one person from the front, "
            "well lit, with a face at least 180 px wide"
        )
    return watched


def _main_face_tracker(settings: Settings) -> MainFaceTracker:
    tracker = open_tracker(settings.face_model)
    try:
        return MainFaceTracker(tracker, MediaPipeFinder())
    except BaseException:
        tracker.close()
        raise


def _make(source: Source, work: Path, settings: Settings, watched: Watched, told: Progress) -> dict[str, Any]:
    told(0.56, "analyse")
    space, meshes = MouthSpace.load(MOUTH_SPACE), load_meshes()
    most_frames = round(settings.seconds * FRAMES_PER_SECOND)
    plan = make_plan(watched, space, most_frames, source.name, made_loop=source.closed_loop)
    analysis, mixes = plan.analysis, plan.mixes
    points, poses = mixed_tracks(analysis, mixes)
    crops = crop_path(points, meshes.wrap, watched.width, watched.height)
    told(0.6, "write")
    kept = _write_videos(source, work, settings, plan, told)
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
    source: Source, work: Path, settings: Settings, plan: Plan, told: Progress
) -> dict[int, ImageArray]:
    """Write the base loop and, where asked for, its matte; return the frames that are looked at again."""
    wanted = {*plan.references, *plan.open_mouths, *strip_frames(plan), plan.mixes[0].first}
    wanted |= {frame.number for frame in telling_frames(plan)}
    size_px = (plan.shot.width, plan.shot.height)
    matte = MatteMaker(MediaPipeSegmenter()) if settings.matte else None
    try:
        kept = write_loop(
            work / FRAMES,
            source.frames(None),
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


def _nobody(done: float, stage: str) -> None:
    """Nobody listens."""
