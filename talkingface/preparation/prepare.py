"""The whole preparation: a video in, a character folder out, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.character import FRAMES, MANIFEST, Character, save_character
from talkingface.compositing import cut_patch
from talkingface.errors import BadInputError, NoFaceError, OutputError
from talkingface.face_rig import FaceRig
from talkingface.head_pose import fit_pose
from talkingface.mouth_space import MouthSpace
from talkingface.preparation.crop_path import crop_path
from talkingface.preparation.loop_choice import (
    FrameMix,
    LoopChoice,
    choose_loop,
    choose_stretch,
    cuts,
    flashes,
    mend_pictures,
)
from talkingface.preparation.main_face import MainFaceTracker, MediaPipeFinder
from talkingface.preparation.quality_report import as_json, measure_quality
from talkingface.preparation.references import choose_open_mouths, choose_references, teeth_look
from talkingface.preparation.steady_tracks import FaceAnalysis, analyse
from talkingface.preparation.watching import Watched, watch
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray
from talkingface.tracking import FaceTracker, MediaPipeTracker
from talkingface.video_files import FRAMES_PER_SECOND, probe_video, read_frames
from talkingface.video_writer import VideoWriter
from talkingface.wrap_mesh import FaceMeshes, load_meshes

MOUTH_SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
LONGEST_SIDE_PX = 1280
LONGEST_LOOK_S = 60.0
DEFAULT_LOOP_S = 15.0
FEWEST_FRAMES = 8
LONGEST_GAP_FRAMES = 12
BASE_CRF = 15
BASE_KEYFRAMES = 25
ENCODER_THREADS = 2
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
        on_progress: told the done share 0..1 and the stage: ``track``, ``analyse``, ``write``.
        tracker: another face tracker than MediaPipe's.

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
    _check_output(output)
    watched = _watch(video, settings, tracker, told)
    with _work_folder(output) as work:
        report = _make(video, work, settings, watched, told)
        _put_in_place(work, output)
    told(1.0, "done")
    return report


def _watch(video: Path, settings: Settings, tracker: FaceTracker | None, told: Progress) -> Watched:
    info = probe_video(video)
    look_s = max(LONGEST_LOOK_S, settings.seconds)
    length_s = info.duration_s - settings.start_s
    expected = max(1.0, min(look_s, length_s if length_s > 0 else look_s) * FRAMES_PER_SECOND)
    main = MainFaceTracker(tracker or MediaPipeTracker(), MediaPipeFinder())
    try:
        watched = watch(
            _working_frames(video, settings.start_s, look_s),
            main,
            FRAMES_PER_SECOND,
            lambda done: told(0.55 * min(1.0, done / expected), "track"),
            lambda: main.faces_seen,
        )
    finally:
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
    offset, stop = _best_shot(watched, video)
    shot = watched.part(offset, stop)
    analysis = analyse(shot.track, space)
    most = round(settings.seconds * FRAMES_PER_SECOND)
    begin, end = choose_stretch(shot, analysis, most)
    loop = choose_loop(shot, analysis, begin, end, round(4 / 3 * most))
    mixes = mend_pictures(loop.mixes, analysis.mended | flashes(shot.thumbs))
    points, poses = _mixed_tracks(analysis, mixes)
    crops = crop_path(points, meshes.wrap, watched.width, watched.height)
    references, opened = choose_references(shot, analysis, space), choose_open_mouths(shot, analysis)
    measures = measure_quality(watched, analysis, loop, offset)
    facts = _facts(video, watched, loop, mixes, analysis)
    told(0.6, "write")
    wanted = set(references) | set(opened) | {mixes[0].first}
    kept = _write_loop(
        work / FRAMES, _working_frames(video, settings.start_s, None), offset, mixes, wanted, watched, told
    )
    look = teeth_look(kept, analysis, opened)
    rig = FaceRig(space, meshes, analysis.neutral)
    patches = [cut_patch(kept[k], rig.patch_to_frame(analysis.poses[k])) for k in references]
    _write_preview(work / "preview.jpg", kept[mixes[0].first])
    report = as_json(measures, facts)
    text = json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    (work / "report.json").write_text(text, encoding="utf-8")
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
            even = frame if frame.shape[:2] == (height, width) else np.ascontiguousarray(frame[:height, :width])
            last = frame
        if even is not None:
            yield even


def _best_shot(watched: Watched, video: Path) -> tuple[int, int]:
    """Return (start, stop) of the longest part without a cut and without a long time without a face."""
    found = watched.track.found
    flash = flashes(watched.thumbs)
    steady = watched.thumbs.copy()
    for k in np.flatnonzero(flash):
        steady[k] = steady[k - 1]
    borders = {0, len(found), *(int(k) for k in cuts(steady))}
    known = np.flatnonzero(found)
    for left, right in zip(known[:-1], known[1:], strict=True):
        if right - left - 1 > LONGEST_GAP_FRAMES:
            borders |= {int(left) + 1, int(right)}
    ordered = sorted(borders)
    shots = []
    for start, stop in zip(ordered[:-1], ordered[1:], strict=True):
        inside = np.flatnonzero(found[start:stop]) + start
        if len(inside):
            shots.append((int(inside[0]), int(inside[-1]) + 1))
    start, stop = max(shots, key=lambda shot: shot[1] - shot[0])
    if stop - start < min(FEWEST_FRAMES, len(found)):
        raise NoFaceError(
            f"expected a face for at least {FEWEST_FRAMES} frames on end, found {stop - start} in {video.name}: "
            "film one person from the front, without cuts"
        )
    return start, stop


def _mixed_tracks(
    analysis: FaceAnalysis, mixes: tuple[FrameMix, ...]
) -> tuple[FloatArray, tuple[HeadPose, ...]]:
    points, poses = [], []
    for mix in mixes:
        if mix.share == 0:
            points.append(analysis.points_px[mix.first])
            poses.append(analysis.poses[mix.first])
        else:
            first, second = analysis.points_px[mix.first], analysis.points_px[mix.second]
            points.append(((1 - mix.share) * first + mix.share * second).astype(np.float32))
            poses.append(fit_pose(points[-1], analysis.neutral))
    return np.stack(points), tuple(poses)


def _write_loop(
    path: Path,
    frames: Iterator[ImageArray],
    offset: int,
    mixes: tuple[FrameMix, ...],
    wanted: set[int],
    watched: Watched,
    told: Progress,
) -> dict[int, ImageArray]:
    """Write the loop; return the wanted source frames, by their number."""
    needed = {mix.first for mix in mixes} | {mix.second for mix in mixes if mix.share > 0}
    last = max(needed | wanted)
    uses = _last_uses(mixes)
    planes: dict[int, NDArray[np.uint8]] = {}
    kept: dict[int, ImageArray] = {}
    written = 0
    writer = VideoWriter(
        path, watched.width, watched.height, FRAMES_PER_SECOND,
        crf=BASE_CRF, keyframe_interval=BASE_KEYFRAMES, threads=ENCODER_THREADS,
    )  # fmt: skip
    with writer:
        for number, frame in enumerate(frames):
            number -= offset
            if number > last:
                break
            if number in wanted:
                kept[number] = frame
            if number in needed:
                planes[number] = writer.planes(frame)
            while written < len(mixes) and _ready(mixes[written], planes):
                mix = mixes[written]
                picture = planes[mix.first]
                if mix.share > 0:
                    picture = cv2.addWeighted(picture, 1 - mix.share, planes[mix.second], mix.share, 0)
                writer.write_planes(picture)
                for used in (mix.first, mix.second):
                    if uses.get(used) == written:
                        planes.pop(used, None)
                written += 1
                told(0.6 + 0.38 * written / len(mixes), "write")
        if written < len(mixes):
            raise BadInputError(f"expected {len(mixes)} frames of the loop, found {written} at the second reading")
    return kept


def _last_uses(mixes: tuple[FrameMix, ...]) -> dict[int, int]:
    uses: dict[int, int] = {}
    for position, mix in enumerate(mixes):
        uses[mix.first] = uses[mix.second] = position
    return uses


def _ready(mix: FrameMix, planes: dict[int, NDArray[np.uint8]]) -> bool:
    return mix.first in planes and (mix.share == 0 or mix.second in planes)


def _write_preview(path: Path, frame: ImageArray) -> None:
    shrink = min(1.0, PREVIEW_PX / max(frame.shape[:2]))
    small = cv2.resize(frame, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    path.write_bytes(encoded.tobytes())


def _facts(
    video: Path, watched: Watched, loop: LoopChoice, mixes: tuple[FrameMix, ...], analysis: FaceAnalysis
) -> dict[str, Any]:
    why = {
        "forward": "two frames were alike enough to cut from one to the other with a short cross-fade",
        "forward-back": "no two frames were alike enough for a cut, so the clip runs forward and back",
    }
    return {
        "video": video.name,
        "frames": len(mixes),
        "frames_per_second": FRAMES_PER_SECOND,
        "width": watched.width,
        "height": watched.height,
        "mended_frames": int(analysis.mended.sum()),
        "loop": loop.kind,
        "loop_reason": why[loop.kind],
        "loop_seam_face_shift": round(loop.seam_face_shift, 4),
    }


def _check_output(output: Path) -> None:
    if not output.name or output.name in (".", ".."):
        raise OutputError(f"expected the name of a new folder, found {output}")
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise OutputError(f"expected a folder or a new name for the character, found a file at {output}")
    if output.is_dir() and any(output.iterdir()) and not (output / MANIFEST).is_file():
        raise OutputError(f"expected a new or empty folder for the character, found other files in {output}")
    if not output.parent.is_dir():
        raise OutputError(f"expected an existing folder for {output.name}, found none at {output.parent}")


@contextlib.contextmanager
def _work_folder(output: Path) -> Iterator[Path]:
    """Give a fresh folder beside the output; whatever is left in it at the end is removed."""
    work = output.with_name(f".{output.name}.part")
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
    except OSError as error:
        raise OutputError(f"the character cannot be written to {output}: {error.strerror or error}") from error
    try:
        yield work
    except OSError as error:
        raise OutputError(f"the character cannot be written to {output}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _put_in_place(work: Path, output: Path) -> None:
    old = output.with_name(f".{output.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if output.exists():
        output.rename(old)
    try:
        work.rename(output)
    except OSError:
        if old.exists():
            old.rename(output)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _nobody(done: float, stage: str) -> None:
    """Nobody listens."""
