"""Tracking behind its seam: what a track keeps, and that the real tracker finds a real face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.clips import load_clips
from talkingface.errors import BadInputError
from talkingface.landmarks import face_height_px, lip_opening
from talkingface.tracking import FaceTrack, MediaPipeTracker, track_frames
from talkingface.video_files import read_frames


class EveryOtherFace:
    """Finds a face in the 1st, 3rd, 5th … picture it is given."""

    def __init__(self) -> None:
        self.seen = 0

    def track(self, rgb: np.ndarray) -> np.ndarray | None:
        self.seen += 1
        return np.full((478, 3), float(rgb[0, 0, 0]), np.float32) if self.seen % 2 else None

    def close(self) -> None:
        pass


def pictures(count: int) -> list[np.ndarray]:
    return [np.full((4, 4, 3), number, np.uint8) for number in range(count)]


def test_lost_faces_are_told_and_zero() -> None:
    track = track_frames(pictures(5), EveryOtherFace(), 25)
    assert track.found.tolist() == [True, False, True, False, True]
    assert track.points.shape == (5, 478, 3)
    assert track.points[:, 0, 0].tolist() == [0, 0, 2, 0, 4]


def test_the_same_array_again_is_not_tracked_again() -> None:
    first, second = pictures(2)
    tracker = EveryOtherFace()
    track = track_frames([first, first, first, second], tracker, 25)
    assert tracker.seen == 2
    assert track.found.tolist() == [True, True, True, False]


def test_a_video_without_frames_is_an_empty_track() -> None:
    track = track_frames([], EveryOtherFace(), 25)
    assert track.points.shape == (0, 478, 3)
    assert track.found.shape == (0,)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    track = track_frames(pictures(5), EveryOtherFace(), 30)
    track.save(tmp_path / "track.npz")
    again = FaceTrack.load(tmp_path / "track.npz")
    np.testing.assert_array_equal(again.points, track.points)
    np.testing.assert_array_equal(again.found, track.found)
    assert again.frames_per_second == 30
    with np.load(tmp_path / "track.npz", allow_pickle=False) as data:
        assert set(data.files) == {"points", "found", "fps"}
        assert (data["points"].dtype, data["found"].dtype) == (np.float32, np.bool_)


def damaged(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "track.npz"
    if kind == "cut":
        track_frames(pictures(5), EveryOtherFace(), 25).save(path)
        path.write_bytes(path.read_bytes()[:-40])
    elif kind == "bits":
        track_frames(pictures(5), EveryOtherFace(), 25).save(path)
        content = bytearray(path.read_bytes())
        content[60:90] = bytes(30)
        path.write_bytes(bytes(content))
    elif kind == "text":
        path.write_text("no track")
    elif kind == "empty":
        path.touch()
    elif kind == "field":
        np.savez(path, points=np.zeros((2, 478, 3), np.float32), found=np.ones(2, bool))
    elif kind == "shape":
        np.savez(path, points=np.zeros((3, 478, 3), np.float32), found=np.ones(2, bool), fps=25.0)
    elif kind == "one array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    return path


@pytest.mark.parametrize("kind", ["missing", "cut", "bits", "text", "empty", "field", "shape", "one array"])
def test_what_is_no_track_is_one_clear_line(kind: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="expected") as failure:
        FaceTrack.load(damaged(tmp_path, kind))
    assert "\n" not in str(failure.value)
    assert "track.npz" in str(failure.value)


def test_mediapipe_finds_nobody_in_noise() -> None:
    pytest.importorskip("mediapipe")
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3)).astype(np.uint8)
    tracker = MediaPipeTracker()
    assert tracker.track(noise) is None
    tracker.close()


def test_mediapipe_follows_a_real_face(talking_clips: Path) -> None:
    pytest.importorskip("mediapipe")
    clip = next(clip for clip in load_clips(talking_clips) if clip.set_name == "grid_s1")
    tracker = MediaPipeTracker()
    track = track_frames(read_frames(clip.path, seconds=2.0), tracker, 25)
    tracker.close()
    assert track.found.all()
    assert len(track.found) == 50
    height_px = face_height_px(track.points)
    assert 60 < height_px.min() < height_px.max() < 200
    opening = lip_opening(track.points)
    assert opening.max() > 0.03, "the person speaks"
    assert opening.max() - opening.min() > 0.02
