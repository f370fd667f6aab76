"""The default character: the folder that ships, and the maker that drew it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from assets.default_character_maker.film import draw_loop
from assets.default_character_maker.idle_motion import idle_loop
from assets.default_character_maker.looks import LOOKS, CharacterLook
from assets.default_character_maker.picture import ROUGH, Framing
from assets.default_character_maker.topology import VertexNormals, face_triangles, loop_subdivision
from talkingface.character import load_character
from talkingface.errors import GraphicsError
from talkingface.landmarks import face_height_px, lip_opening
from talkingface.tracking import MediaPipeTracker
from talkingface.video_files import read_frames

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "characters" / "default"
LARGEST_FOLDER_BYTES = 8_000_000


@pytest.fixture(scope="module")
def base_frames():
    return list(read_frames(FOLDER / "frames.mp4"))


def test_the_folder_is_whole_and_small():
    character = load_character(FOLDER)
    assert character.consent == "synthetic character made by this project"
    assert character.licence == "Apache-2.0"
    assert 8.0 <= character.frame_count / character.frames_per_second <= 12.0
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < LARGEST_FOLDER_BYTES


def test_the_mouth_rests_closed_and_steady():
    opening = lip_opening(load_character(FOLDER).points_px)
    assert opening.max() < 0.012
    assert opening.std() <= 0.002


def test_mediapipe_finds_the_face_where_the_folder_says(base_frames):
    points = load_character(FOLDER).points_px
    tracker = MediaPipeTracker()
    try:
        for number in range(0, len(base_frames), 25):
            found = tracker.track(base_frames[number])
            assert found is not None, f"no face in frame {number}"
            apart = np.linalg.norm(found[:, :2] - points[number, :, :2], axis=1).mean()
            assert apart < 0.02 * face_height_px(points[number])
    finally:
        tracker.close()


def test_the_loop_has_no_seam(base_frames):
    assert len(base_frames) == load_character(FOLDER).frame_count
    small = [frame[::4, ::4].astype(np.float32) for frame in base_frames]
    neighbours = [np.abs(a - b).mean() for a, b in pairwise(small)]
    # Every 25th frame is a key frame, whose sharper coding is a small step of its own, also at the seam.
    assert np.abs(small[-1] - small[0]).mean() <= 1.25 * max(neighbours)


def small_picture():
    framing = Framing(180, 240, face_height_px=85, centre_x_px=90, eyes_y_px=89, supersample=1)
    try:
        return next(iter(draw_loop(LOOKS["default"], framing, 200, ROUGH)))
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")


@pytest.fixture(scope="module")
def picture():
    return small_picture()


def test_the_maker_draws_a_face_before_a_wall(picture):
    assert picture.shape == (240, 180, 3)
    cheek, wall = picture[115, 76].astype(int), picture[20, 12].astype(int)
    assert cheek[0] > cheek[2] + 20, "skin is warm"
    assert wall[2] > wall[0], "the studio wall is cool"


@pytest.mark.slow
def test_the_maker_draws_the_same_face_twice(picture):
    assert np.array_equal(picture, small_picture())


def test_idle_motion_closes_and_stays_small():
    loop = idle_loop(200)
    for name in ("yaw", "pitch", "roll", "breath", "gaze_yaw", "gaze_pitch"):
        curve = np.array([getattr(idle, name) for idle in loop])
        assert abs(curve[-1] - curve[0]) <= np.abs(np.diff(curve)).max()
        assert np.abs(curve).max() < 6
    blinks = np.array([idle.blink for idle in loop])
    assert blinks[0] == blinks[-1] == 0
    assert blinks.max() > 0.95
    assert len(set(loop)) < 0.75 * len(loop), "alike moments are equal, so that they are drawn once"


def test_the_face_topology_is_a_sheet_with_eyes_and_mouth_open():
    triangles = face_triangles()
    assert triangles.shape == (852, 3)
    edges = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    _, uses = np.unique(edges, axis=0, return_counts=True)
    assert uses.max() == 2
    assert (uses == 1).sum() == 36 + 20 + 2 * 16


def test_subdivision_keeps_a_flat_sheet_flat():
    grid = np.array([(x, y, 0.0) for y in range(4) for x in range(4)], np.float32)
    triangles = []
    for y in range(3):
        for x in range(3):
            a = 4 * y + x
            triangles += [(a, a + 1, a + 5), (a, a + 5, a + 4)]
    matrix, finer = loop_subdivision(np.array(triangles, np.int32), 16, 2)
    vertices = np.asarray(matrix @ grid, np.float32)
    assert len(finer) == 16 * len(triangles)
    assert np.allclose(matrix.sum(1), 1, atol=1e-6)
    assert np.allclose(vertices[:, 2], 0)
    assert np.allclose(VertexNormals(finer, len(vertices))(vertices), (0, 0, 1))


def test_a_look_outside_the_models_reach_is_refused():
    with pytest.raises(ValueError, match="eye_scale"):
        CharacterLook(name="owl", eye_scale=2.0)
