"""The built-in characters: the folders that ship, and the maker that drew them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.character_maker.film import MOUTH_SPACE_FILE, draw_moments, film_character, make_stills
from assets.character_maker.idle_motion import AT_REST, LOOP_FRAMES, Idle, glances, idle_loop
from assets.character_maker.looks import LOOKS, CharacterLook
from assets.character_maker.offscreen import Offscreen
from assets.character_maker.picture import Studio
from assets.character_maker.stage import Framing
from assets.character_maker.topology import VertexNormals, face_triangles, loop_subdivision
from mini_live.wiring import CHARACTERS_FOLDER, DEFAULT_CHARACTER, find_character
from talkingface.character import list_characters, load_character
from talkingface.errors import GraphicsError
from talkingface.landmarks import LIPS_INNER, face_height_px, lip_opening
from talkingface.likely_mouths import likeliest_mouth
from talkingface.mouth_space import MouthSpace
from talkingface.tracking import MediaPipeTracker
from talkingface.video_files import read_frames

LARGEST_FOLDER_BYTES = 8_000_000
SMALL = Framing(180, 240, face_height_px=92, centre_x_px=90, eyes_y_px=92, supersample=1)
each_character = pytest.mark.parametrize("name", sorted(LOOKS))


@pytest.fixture(scope="module")
def loops():
    return {name: list(read_frames(CHARACTERS_FOLDER / name / "frames.mp4")) for name in LOOKS}


def test_every_look_ships_and_nothing_else():
    assert [folder.name for folder in list_characters(CHARACTERS_FOLDER)] == sorted(LOOKS)
    assert DEFAULT_CHARACTER.name in LOOKS


@each_character
def test_the_folder_is_whole_and_small(name):
    folder = CHARACTERS_FOLDER / name
    character = load_character(folder)
    assert character.name == LOOKS[name].name
    assert character.consent == "synthetic character made by this project"
    assert character.licence == "Apache-2.0"
    assert character.matte_path is not None
    assert 8.0 <= character.frame_count / character.frames_per_second <= 12.0
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < LARGEST_FOLDER_BYTES


@each_character
def test_the_mouth_rests_closed_and_steady(name):
    opening = lip_opening(load_character(CHARACTERS_FOLDER / name).points_px)
    assert opening.max() < 0.012
    assert opening.std() <= 0.002


def tracked_apart(name, frames, step):
    """Return how far tracked landmarks lie from the folder's, in face heights, for every step-th frame."""
    points = load_character(CHARACTERS_FOLDER / name).points_px
    tracker = MediaPipeTracker()
    apart = []
    try:
        for number in range(0, len(frames), step):
            found = tracker.track(frames[number])
            assert found is not None, f"no face in frame {number} of {name}"
            distance = np.linalg.norm(found[:, :2] - points[number, :, :2], axis=1).mean()
            apart.append(float(distance / face_height_px(points[number])))
    finally:
        tracker.close()
    return np.array(apart)


@each_character
def test_mediapipe_finds_the_face_where_the_folder_says(name, loops):
    assert tracked_apart(name, loops[name], 40).max() < 0.025


@pytest.mark.slow
@each_character
def test_mediapipe_finds_the_face_in_every_frame(name, loops):
    assert tracked_apart(name, loops[name], 1).max() < 0.03


@each_character
def test_the_loop_has_no_seam(name, loops):
    assert len(loops[name]) == load_character(CHARACTERS_FOLDER / name).frame_count
    small = [frame[::4, ::4].astype(np.float32) for frame in loops[name]]
    neighbours = [np.abs(a - b).mean() for a, b in pairwise(small)]
    assert np.abs(small[-1] - small[0]).mean() <= max(neighbours)


@each_character
def test_the_matte_covers_the_person_and_not_the_wall(name):
    matte = next(iter(read_frames(load_character(CHARACTERS_FOLDER / name).matte_path)))
    assert matte[20, 20].max() < 8
    assert matte[420, 360].min() > 247


def test_a_character_is_found_by_its_name(tmp_path: Path):
    assert find_character(None) == DEFAULT_CHARACTER
    assert find_character(Path("noah")) == CHARACTERS_FOLDER / "noah"
    assert find_character(tmp_path) == tmp_path
    assert find_character(Path("nobody")) == Path("nobody")


def pictures(name, moments):
    try:
        return list(draw_moments(LOOKS[name], SMALL, moments, skin_levels=2, every_light=12))
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")


def test_the_maker_draws_a_face_before_a_wall():
    (picture,) = pictures("default", [AT_REST])
    assert picture.shape == (240, 180, 4)
    cheek, wall = picture[118, 76].astype(int), picture[20, 12].astype(int)
    assert cheek[3] == 255
    assert wall[3] == 0
    assert cheek[0] > cheek[2] + 20, "skin is warm"


def test_nothing_behind_the_head_is_seen_through_an_open_mouth():
    space = MouthSpace.load(MOUTH_SPACE_FILE)
    wide = space.displacement(likeliest_mouth(space, 0.1, 0.0))
    try:
        with Offscreen() as offscreen:
            studio = Studio(offscreen, LOOKS["noah"], space.neutral, SMALL, skin_levels=2, every_light=12)
            picture, points = studio.draw(AT_REST, wide), studio.landmarks(AT_REST, wide)
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")
    inside = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(inside, [np.round(points[list(LIPS_INNER), :2]).astype(np.int32)], 1)
    assert inside.sum() > 30
    assert picture[inside > 0, 3].min() == 255


@pytest.mark.slow
def test_the_maker_draws_the_same_face_twice():
    assert np.array_equal(pictures("noah", [AT_REST])[0], pictures("noah", [AT_REST])[0])


@pytest.mark.slow
@each_character
def test_the_folder_can_be_built_again(name, tmp_path, loops):
    """Within 1.5 of 255 on average in each frame: drivers may round light and edges otherwise."""
    look, framing = LOOKS[name], Framing()
    try:
        film_character(look, make_stills(look, framing), tmp_path / name, framing, lambda done: None)
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")
    again = list(read_frames(tmp_path / name / "frames.mp4"))
    assert len(again) == len(loops[name])
    for ours, shipped in zip(again[::20], loops[name][::20], strict=True):
        assert np.abs(ours.astype(np.float32) - shipped.astype(np.float32)).mean() < 1.5
    ours, shipped = load_character(tmp_path / name), load_character(CHARACTERS_FOLDER / name)
    assert np.abs(ours.points_px - shipped.points_px).max() < 0.05


@each_character
def test_idle_motion_closes_and_stays_small(name):
    loop = idle_loop(seed=LOOKS[name].seed)
    for curve_name in ("yaw", "pitch", "roll", "breath", "gaze_yaw", "gaze_pitch"):
        curve = np.array([getattr(idle, curve_name) for idle in loop])
        assert abs(curve[-1] - curve[0]) <= np.abs(np.diff(curve)).max()
        assert np.abs(curve).max() < 6
    blinks = np.array([idle.blink for idle in loop])
    assert blinks[0] == blinks[-1] == 0
    assert blinks.max() > 0.95
    for glance in glances(seed=LOOKS[name].seed):
        assert glance.share[0] == glance.share[-1] == 0
        assert max(glance.share) == 1
        assert len(glance.share) == LOOP_FRAMES


def test_an_idle_moment_is_a_value():
    assert Idle(0, 0, 0, 0, 0, 0, 0, 0, 0) == AT_REST


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
        CharacterLook(name="owl", folder="owl", eye_scale=2.0)
