"""The whole preparation: a video in, a character folder out, whole or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from talkingface.colour_planes import PlaneConverter
from talkingface.compiled import load_compiler
from talkingface.errors import BadInputError, NoFaceError
from talkingface.preparation.dh_live_folder import find_dh_live, open_dh_live
from talkingface.preparation.kept_planes import KeptPlanes
from talkingface.preparation.main_face import MainFaceTracker, MediaPipeFinder
from talkingface.preparation.making import make_character
from talkingface.preparation.read_ahead import ReadAhead
from talkingface.preparation.settings import Progress, Settings
from talkingface.preparation.source_video import FRAMES_AHEAD, Source, open_source
from talkingface.preparation.watching import Watched, watch
from talkingface.preparation.whole_folder import check_output, put_in_place, work_folder
from talkingface.records import FloatArray, ImageArray
from talkingface.tasks_tracker import open_tracker
from talkingface.tracking import FaceTracker
from talkingface.video_files import FRAMES_PER_SECOND

LONGEST_LOOK_S = 60.0
DEFAULT_LOOP_S = 15.0


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
    kept = KeptPlanes()
    watched = _watch(source, kept, settings, tracker, told)

    with work_folder(output) as work:
        report = make_character(source, kept, work, settings, watched, told)
        put_in_place(work, output)
    told(1.0, "done")
    return report


@contextmanager
def _compiler_loaded_meanwhile() -> Iterator[None]:
    """Load the compiler of loops in a thread of its own: that takes as long as tracking fifty frames.

    What goes wrong with it is raised where the first loop is called.
    """

    def work() -> None:
        with suppress(ImportError):
            load_compiler()

    thread = threading.Thread(target=work, name="compiler", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _find_face(picture: ImageArray, settings: Settings, tracker: FaceTracker | None) -> FloatArray | None:
    if tracker is not None:
        return tracker.track(picture)
    with closing(open_tracker(settings.face_model)) as own:
        return own.track(picture)


def _watch(
    source: Source, kept: KeptPlanes, settings: Settings, tracker: FaceTracker | None, told: Progress
) -> Watched:
    planes = kept.passing(source.frames(max(LONGEST_LOOK_S, settings.seconds)))
    frames = ReadAhead(_in_rgb(planes), FRAMES_AHEAD)
    main: MainFaceTracker | None = None
    try:
        main = None if tracker is not None else _main_face_tracker(settings)
        following = tracker if main is None else main
        assert following is not None
        with _compiler_loaded_meanwhile():
            watched = watch(
                frames,
                following,
                FRAMES_PER_SECOND,
                lambda done: told(0.55 * min(1.0, done / source.expected_frames), "track"),
                lambda: 1 if main is None else main.faces_seen,
            )
    finally:
        frames.close()
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


def _in_rgb(planes: Iterator[ImageArray]) -> Iterator[ImageArray]:
    """Yield frames in RGB; a repeated one is the same array again."""
    converter = PlaneConverter()
    last: ImageArray | None = None
    for frame in planes:
        if frame is not last:
            rgb, last = converter.rgb_of(frame), frame
        yield rgb


def _main_face_tracker(settings: Settings) -> MainFaceTracker:
    tracker = open_tracker(settings.face_model)
    try:
        return MainFaceTracker(tracker, MediaPipeFinder())
    except BaseException:
        tracker.close()
        raise


def _nobody(done: float, stage: str) -> None:
    """Nobody listens."""
