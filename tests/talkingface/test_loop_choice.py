"""The base loop: forward where it can, forward and back where it must, calm parts first, damage left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from talkingface.preparation.loop_choice import FrameMix, choose_loop, choose_stretch, mend_pictures
from talkingface.preparation.shots import best_shot, cuts, flashes
from talkingface.preparation.steady_tracks import analyse
from talkingface.preparation.watching import Watched
from talkingface.records import HeadPose
from talkingface.tracking import FaceTrack
from tests.made_faces import face_track, head_pose, mouth_space, swaying


def thumbs_of(poses: list[HeadPose]) -> NDArray[np.uint8]:
    """Return small grey pictures of a light disc where the head is."""
    rows, columns = np.mgrid[:64, :52]
    pictures = []
    for pose in poses:
        x, y = pose.translation_px[:2] * 64 / 400
        pictures.append(200 / (1 + np.exp((np.hypot(columns - x, rows - y) - 14) / 1.5)) + 20)
    return np.stack(pictures).astype(np.uint8)


def watched_of(poses: list[HeadPose], openings: NDArray[np.float64] | None = None) -> Watched:
    track = face_track(poses, openings)
    steady = np.full(len(poses), 500, np.float32)
    light = np.full(len(poses), 0.5, np.float32)
    faces = np.zeros((len(poses), 32, 32, 3), np.uint8)
    return Watched(
        track, thumbs_of(poses), steady, light, 0 * light, faces, np.ones(len(poses), np.int32), 320, 400
    )


def leaps(watched: Watched, mixes: tuple[FrameMix, ...]) -> NDArray[np.float64]:
    """Return how far the nose goes from each frame of the endless loop to the next, in pixels."""
    nose = watched.track.points[:, 1, :2]
    shown = np.stack([(1 - mix.share) * nose[mix.first] + mix.share * nose[mix.second] for mix in mixes])
    return np.linalg.norm(np.roll(shown, -1, axis=0) - shown, axis=1)


def test_a_head_that_comes_back_loops_forward() -> None:
    watched = watched_of(swaying(180, period=70))
    analysis = analyse(watched.track, mouth_space())
    loop = choose_loop(watched, analysis, 500)
    assert loop.kind == "forward"
    assert loop.closest < 0.01 and loop.turn_speed == 0
    assert len(loop.mixes) >= 90
    steps = np.diff([mix.first for mix in loop.mixes])
    assert (steps == 1).all()
    leap = leaps(watched, loop.mixes)
    assert leap[-1] <= 1.5 * np.median(leap) + 1.0
    assert leap.max() <= 2.5 * np.median(leap) + 1.0


def test_a_forward_loop_is_no_longer_than_asked_and_taken_from_anywhere() -> None:
    wandering = [head_pose(60 + 1.5 * k) for k in range(120)]
    watched = watched_of([*wandering, *swaying(200, period=80)])
    loop = choose_loop(watched, analyse(watched.track, mouth_space()), 100)
    assert loop.kind == "forward"
    assert 62 <= len(loop.mixes) <= 100
    assert loop.mixes[0].first >= 100


def test_a_head_that_wanders_off_runs_forward_and_back_and_slows_down_to_turn() -> None:
    poses = [head_pose(80 + 1.2 * k, 120 + 0.3 * k) for k in range(120)]
    watched = watched_of(poses)
    loop = choose_loop(watched, analyse(watched.track, mouth_space()), 500)
    assert loop.kind == "forward-back"
    assert loop.closest > 0.1 and loop.turn_speed > 0.003
    places = np.array([mix.first + mix.share for mix in loop.mixes])
    top = int(np.argmax(places))
    steps = np.diff(places[: top + 1])
    assert (steps > 0).all() and steps.max() <= 1.01
    assert steps[0] < 0.1 and steps[-1] < 0.1
    assert np.abs(np.diff(steps)).max() < 0.15, "it slows down evenly"
    np.testing.assert_allclose(places[top:], places[top : top - len(places[top:]) : -1], atol=1e-6)
    leap = leaps(watched, loop.mixes)
    assert leap.max() < 3.0
    assert leap[-1] < 0.5 and leap[top] < 0.5


def test_a_forward_back_loop_is_no_longer_than_asked() -> None:
    poses = [head_pose(60 + 0.7 * k) for k in range(280)]
    watched = watched_of(poses)
    loop = choose_loop(watched, analyse(watched.track, mouth_space()), 200)
    assert loop.kind == "forward-back"
    assert len(loop.mixes) <= 200


@pytest.mark.parametrize("frames", [1, 2, 3, 9])
def test_very_short_clips_loop(frames: int) -> None:
    watched = watched_of(swaying(frames))
    loop = choose_loop(watched, analyse(watched.track, mouth_space()), 100)
    assert 1 <= len(loop.mixes) <= 4 * frames
    assert all(0 <= mix.first < frames and 0 <= mix.second < frames for mix in loop.mixes)


def test_the_silent_part_of_a_long_clip_is_taken() -> None:
    opened = np.abs(0.05 * np.sin(np.arange(300) / 2))
    opened[120:220] = 0
    watched = watched_of(swaying(300), opened)
    start, stop = choose_stretch(watched, analyse(watched.track, mouth_space()), 90)
    assert stop - start == 90
    assert 115 <= start <= 135


def test_a_cut_is_found_and_the_longer_shot_is_taken() -> None:
    watched = watched_of(swaying(100))
    thumbs = watched.thumbs.copy()
    thumbs[40:] = 255 - thumbs[40:]
    assert cuts(thumbs).tolist() == [40]
    two = replace(watched, thumbs=thumbs)
    assert best_shot(two) == (40, 100)


def test_a_long_time_without_a_face_is_left_out() -> None:
    watched = watched_of(swaying(100))
    found = watched.track.found.copy()
    found[30:50] = False
    track = FaceTrack(watched.track.points, found, 25.0)
    holed = replace(watched, track=track)
    assert best_shot(holed) == (50, 100)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_flash_is_no_cut(length: int) -> None:
    thumbs = thumbs_of(swaying(60))
    thumbs[30 : 30 + length] = 0
    assert np.flatnonzero(flashes(thumbs)).tolist() == list(range(30, 30 + length))
    watched = watched_of(swaying(60))
    black = replace(watched, thumbs=thumbs)
    assert best_shot(black) == (0, 60)


def test_motion_is_neither_cut_nor_flash() -> None:
    thumbs = thumbs_of(swaying(80, period=20, reach_px=40))
    assert len(cuts(thumbs)) == 0
    assert not flashes(thumbs).any()


def test_lost_pictures_fade_between_their_neighbours() -> None:
    bad = np.zeros(10, bool)
    bad[4:6] = True
    mixes = mend_pictures(tuple(FrameMix(k, k, 0.0) for k in range(10)), bad)
    assert mixes[3] == FrameMix(3, 3, 0.0)
    assert (mixes[4].first, mixes[4].second, mixes[4].share) == (3, 6, pytest.approx(1 / 3))
    assert (mixes[5].first, mixes[5].second, mixes[5].share) == (3, 6, pytest.approx(2 / 3))
    assert mixes[6] == FrameMix(6, 6, 0.0)


def test_lost_pictures_at_the_ends_are_held() -> None:
    bad = np.array([True, False, False, True])
    mixes = mend_pictures(tuple(FrameMix(k, k, 0.0) for k in range(4)), bad)
    shown = [mix.first if mix.share < 0.5 else mix.second for mix in mixes]
    assert shown == [1, 1, 2, 2]
