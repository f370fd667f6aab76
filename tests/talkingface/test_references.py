"""References cover the mouth's shapes; teeth take their colour from where teeth are seen, else from the light."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from talkingface.landmarks import LIPS_INNER
from talkingface.preparation.references import choose_open_mouths, choose_references, teeth_look
from talkingface.preparation.steady_tracks import FaceAnalysis, analyse
from talkingface.records import ImageArray
from tests.made_faces import face_picture, face_track, mouth_space, swaying
from tests.talkingface.test_loop_choice import watched_of

OPENED = np.where(np.arange(60) % 20 < 6, 0.09, 0.0)


@pytest.fixture(scope="module")
def analysis() -> FaceAnalysis:
    return analyse(face_track(swaying(60), OPENED), mouth_space())


def mouths(analysis: FaceAnalysis, colour: tuple[int, int, int]) -> dict[int, ImageArray]:
    """Draw every frame with the upper half of the open mouth in one colour over a dark cavity."""
    frames = {}
    for number in range(60):
        points = analysis.points_px[number]
        picture = face_picture(points)
        ring = np.round(points[list(LIPS_INNER), :2]).astype(np.int32)
        inside = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillPoly(inside, [ring], 255)
        picture[inside > 0] = (30, 10, 10)
        upper = inside.copy()
        upper[int(ring[:, 1].mean()) :] = 0
        picture[upper > 0] = colour
        frames[number] = picture
    return frames


def test_references_run_from_shut_to_open_and_differ(analysis: FaceAnalysis) -> None:
    chosen = choose_references(watched_of(swaying(60), OPENED), analysis)
    opening = analysis.opening[list(chosen)]
    assert len(chosen) == 6
    assert (np.diff(opening) >= 0).all()
    assert opening[-1] > opening[0] + 0.05


def test_blurred_frames_are_no_references(analysis: FaceAnalysis) -> None:
    watched = watched_of(swaying(60), OPENED)
    watched.sharpness[:30] = 10
    assert min(choose_references(watched, analysis)) >= 30


def test_white_teeth_are_seen(analysis: FaceAnalysis) -> None:
    opened = choose_open_mouths(watched_of(swaying(60), OPENED), analysis)
    assert opened
    assert all(OPENED[number] > 0 for number in opened)
    look = teeth_look(mouths(analysis, (225, 215, 200)), analysis, opened)
    np.testing.assert_allclose(look.teeth * 255, (225, 215, 200), atol=12)
    assert look.cavity.max() < 0.2


def test_a_tongue_is_not_taken_for_teeth(analysis: FaceAnalysis) -> None:
    opened = choose_open_mouths(watched_of(swaying(60), OPENED), analysis)
    look = teeth_look(mouths(analysis, (200, 90, 95)), analysis, opened)
    assert (look.teeth.max() - look.teeth.min()) / look.teeth.max() < 0.25
    assert look.teeth.min() > 0.45


def test_a_shut_mouth_gets_likely_colours_of_its_light(analysis: FaceAnalysis) -> None:
    day = mouths(analysis, (0, 0, 0))
    night = {number: (picture * 0.3).astype(np.uint8) for number, picture in day.items()}
    bright, dim = (teeth_look(frames, analysis, ()) for frames in (day, night))
    assert bright.teeth.mean() > 2 * dim.teeth.mean()
    for look in (bright, dim):
        assert look.teeth.dtype == look.cavity.dtype == np.float32
        assert look.teeth.mean() > 3 * look.cavity.mean()
