"""The newer MediaPipe Tasks behind the same seam: the same face as the older solution, and clear refusals."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from talkingface.errors import BadInputError
from talkingface.tasks_tracker import TasksTracker, open_tracker
from talkingface.tracking import MediaPipeTracker, track_frames
from talkingface.video_files import read_frames
from tests.made_task_file import write_task_file

PROJECT = Path(__file__).resolve().parents[2]
CLIP = PROJECT / "assets" / "characters" / "default" / "frames.mp4"


@pytest.fixture(scope="module")
def task_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("mediapipe")
    return write_task_file(tmp_path_factory.mktemp("模型") / "face landmarker.task")


def test_it_sees_the_face_that_the_older_solution_sees(task_file: Path) -> None:
    tracks = []
    for tracker in (open_tracker(task_file), open_tracker(None)):
        tracks.append(track_frames(read_frames(CLIP, seconds=0.6), tracker, 25))
        tracker.close()
    assert tracks[0].found.all() and tracks[1].found.all()
    apart_px = np.linalg.norm((tracks[0].points - tracks[1].points)[:, :468, :2], axis=-1)
    face_px = np.ptp(tracks[1].points[0, :468, 0])
    assert np.median(apart_px) < 0.015 * face_px


def test_it_sees_nobody_on_a_wall_and_then_goes_on(task_file: Path) -> None:
    tracker = TasksTracker(task_file)
    assert tracker.track(np.full((240, 320, 3), 120, np.uint8)) is None
    assert tracker.track(next(iter(read_frames(CLIP)))) is not None
    tracker.close()


def test_without_a_file_the_older_solution_is_taken() -> None:
    pytest.importorskip("mediapipe")
    tracker = open_tracker(None)
    assert isinstance(tracker, MediaPipeTracker)
    tracker.close()


@pytest.mark.parametrize("kind", ["missing", "folder", "text", "cut", "another bundle", "damaged models"])
def test_what_is_no_face_landmarker_is_one_clear_line(kind: str, task_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "face.task"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("a letter")
    elif kind == "cut":
        path.write_bytes(task_file.read_bytes()[:-4000])
    elif kind == "another bundle":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("hand_detector.tflite", b"TFL3")
    elif kind == "damaged models":
        with zipfile.ZipFile(path, "w") as bundle:
            bundle.writestr("face_detector.tflite", b"nothing")
            bundle.writestr("face_landmarks_detector.tflite", b"nothing")
    with pytest.raises(BadInputError, match="expected") as failure:
        TasksTracker(path)
    assert "\n" not in str(failure.value)
    assert "face.task" in str(failure.value)


def test_a_file_that_is_far_too_large(task_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("talkingface.tasks_tracker.LARGEST_MODEL_BYTES", 1000)
    with pytest.raises(BadInputError, match="at most 1000"):
        TasksTracker(task_file)
