"""The whole preparation: a video in, a character folder out, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkingface.character import FRAMES, MATTE, Character, save_character
from talkingface.compositing import cut_patch
from talkingface.errors import BadInputError, NoFaceError
from talkingface.face_rig import FaceRig
from talkingface.mouth_space import MouthSpace
from talkingface.preparation.crop_path import crop_path
from talkingface.preparation.loop_choice import LoopChoice, choose_loop, choose_stretch, mend_pictures
from talkingface.preparation.loop_writing import mixed_tracks, write_loop
from talkingface.preparation.main_face import MainFaceTracker, MediaPipeFinder
from talkingface.preparation.matte import MatteMaker, MediaPipeSegmenter
from talkingface.preparation.quality_report import as_json, measure_quality
from talkingface.preparation.references import choose_open_mouths, choose_references, teeth_look
from talkingface.preparation.report_page import report_page
from talkingface.preparation.shots import best_shot, flashes
from talkingface.preparation.steady_tracks import FaceAnalysis, analyse
from talkingface.preparation.watching import Watched, watch
from talkingface.preparation.whole_folder import check_output, put_in_place, work_folder
from talkingface.records import ImageArray
from talkingface.tracking import FaceTracker, MediaPipeTracker
from talkingface.video_files import FRAMES_PER_SECOND, probe_video, read_frames
from talkingface.wrap_mesh import load_meshes

MOUTH_SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
LONGEST_SIDE_PX = 1280
LONGEST_LOOK_S = 60.0
DEFAULT_LOOP_S = 15.0
PREVIEW_PX = 480

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
    on_progress: Progress | None = None,
    tracker: FaceTracker | None = None,
) -> dict[str, Any]:
    """Make a character folder.

    Args:
        video: any file that PyAV decodes.
        output: the folder to make; one that holds a character already is replaced.
        name: of the character; the folder's name if None.
        seconds: length of the loop; 15 if None. Of a longer clip the calmest part is used.
        start_s: where in the clip to begin.
        matte: also make the person's coverage (alpha.mp4).
        consent: who gave the permission to be shown.
        licence: of the video.
        on_progress: told the done share 0..1 and the stage: ``track``, ``analyse``,
            ``write``, ``matte``.
        tracker: another face tracker than MediaPipe's, fresh; it is not closed.

    Returns:
        The report, as stored in ``report.json``.

    Raises:
        BadVideoError: the video cannot be read.
        NoFaceError: no usable face in it.
        OutputError: the folder cannot be written, or holds something else.
        MissingPackageError: mediapipe is not installed.
    """
    video, output = Path(video), Path(output)
    told = on_progress or _nobody
    settings = Settings(
        name or output.name, DEFAULT_LOOP_S if seconds is None else seconds, start_s, matte, consent, licence
    )
    check_output(output)
    watched = _watch(video, settings, tracker, told)
    with work_folder(output) as work:
        report = _make(video, work, settings, watched, told)
        put_in_place(work, output)
    told(1.0, "done")
    return report


def _watch(video: Path, settings: Settings, tracker: FaceTracker | None, told: Progress) -> Watched:
    info = probe_video(video)
    look_s = max(LONGEST_LOOK_S, settings.seconds)
    length_s = info.duration_s - settings.start_s
    expected = max(1.0, min(look_s, length_s if length_s > 0 else look_s) * FRAMES_PER_SECOND)
    main = None if tracker is not None else MainFaceTracker(MediaPipeTracker(), MediaPipeFinder())
    following = tracker if main is None else main
    assert following is not None
    try:
        watched = watch(
            _working_frames(video, settings.start_s, look_s),
            following,
            FRAMES_PER_SECOND,
            lambda done: told(0.55 * min(1.0, done / expected), "track"),
            lambda: 1 if main is None else main.faces_seen,
        )
    finally:
        if main is not None:
            main.close()
    count = len(watched.thumbs)
    if not count:
        raise BadInputError(f"expected frames after {settings.start_s:.1f} s, found the end of {video.name}")
    if not watched.track.found.any():
        raise NoFaceError(
            f"expected a face, found none in {count} frames of {video.name}: film one person from the front, "
            "well lit, with a face at least 180 px wide"
        )
    return watched


def _make(video: Path, work: Path, settings: Settings, watched: Watched, told: Progress) -> dict[str, Any]:
    space, meshes = MouthSpace.load(MOUTH_SPACE), load_meshes()
    told(0.56, "analyse")
    offset, stop = best_shot(watched)
    shot = watched.part(offset, stop)
    analysis = analyse(shot.track, space)
    most = round(settings.seconds * FRAMES_PER_SECOND)
    begin, end = choose_stretch(shot, analysis, most)
    loop = choose_loop(shot, analysis, begin, end, round(4 / 3 * most))
    mixes = mend_pictures(loop.mixes, analysis.mended | flashes(shot.thumbs))
    points, poses = mixed_tracks(analysis, mixes)
    crops = crop_path(points, meshes.wrap, watched.width, watched.height)
    references, opened = choose_references(shot, analysis), choose_open_mouths(shot, analysis)
    measures = measure_quality(watched, analysis, loop, offset)
    facts = _facts(video, watched, loop, len(mixes), analysis)
    told(0.6, "write")
    wanted = set(references) | set(opened) | {mixes[0].first}
    size_px = (watched.width, watched.height)
    matte = MatteMaker(MediaPipeSegmenter()) if settings.matte else None
    try:
        kept = write_loop(
            work / FRAMES,
            _working_frames(video, settings.start_s, None),
            offset,
            mixes,
            wanted,
            size_px,
            lambda done: told(0.6 + 0.3 * done / len(mixes), "write"),
            None if matte is None else matte.look,
        )
        if matte is not None:
            told(0.91, "matte")
            matte.write(work / MATTE, mixes, size_px)
    finally:
        if matte is not None:
            matte.close()
    look = teeth_look(kept, analysis, opened)
    rig = FaceRig(space, meshes, analysis.neutral)
    patches = [cut_patch(kept[k], rig.patch_to_frame(analysis.poses[k])) for k in references]
    preview = _preview(kept[mixes[0].first])
    encoded = cv2.imencode(".jpg", cv2.cvtColor(preview, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[
        1
    ]
    (work / "preview.jpg").write_bytes(encoded.tobytes())
    report = as_json(measures, facts)
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (work / "report.json").write_text(text, encoding="utf-8")
    (work / "report.html").write_text(report_page(report, preview, np.stack(patches)), encoding="utf-8")
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
            references=np.stack(patches),
            licence=settings.licence,
            consent=settings.consent,
        )
    )
    return report


def _working_frames(video: Path, start_s: float, seconds: float | None) -> Iterator[ImageArray]:
    """Yield the clip at 25 fps in a working size of even sides (the last odd column or row is cut off)."""
    last: ImageArray | None = None
    even: ImageArray | None = None
    for frame in read_frames(video, start_s=start_s, seconds=seconds, longest_side_px=LONGEST_SIDE_PX):
        if frame is not last:
            height, width = frame.shape[0] // 2 * 2, frame.shape[1] // 2 * 2
            even = (
                frame if frame.shape[:2] == (height, width) else np.ascontiguousarray(frame[:height, :width])
            )
            last = frame
        if even is not None:
            yield even


def _preview(frame: ImageArray) -> ImageArray:
    shrink = min(1.0, PREVIEW_PX / max(frame.shape[:2]))
    return cv2.resize(frame, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)


def _facts(
    video: Path, watched: Watched, loop: LoopChoice, frames: int, analysis: FaceAnalysis
) -> dict[str, Any]:
    why = {
        "forward": "two frames were alike enough to cut from one to the other with a short cross-fade",
        "forward-back": "no two frames were alike enough for a cut, so the clip runs forward and back",
    }
    return {
        "video": video.name,
        "frames": frames,
        "frames_per_second": FRAMES_PER_SECOND,
        "width": watched.width,
        "height": watched.height,
        "mended_frames": int(analysis.mended.sum()),
        "loop": loop.kind,
        "loop_reason": why[loop.kind],
        "loop_seam_face_shift": round(loop.seam_face_shift, 4),
    }


def _nobody(done: float, stage: str) -> None:
    """Nobody listens."""
