"""What is read of a clip: large pictures come down to a working size in which the face is wide enough."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.landmarks import FACE_SIDES, LANDMARK_COUNT, face_width_px
from talkingface.preparation.source_video import ADVISED_FACE_PX, open_source
from talkingface.records import FloatArray, ImageArray
from tests.made_videos import write_video


def face_of(width_px: float) -> FloatArray:
    points = np.zeros((LANDMARK_COUNT, 3), np.float32)
    points[FACE_SIDES[1], 0] = width_px
    return points


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "phone.mkv"
    frame = np.full((1920, 1080, 3), 120, np.uint8)
    return write_video(path, [frame] * 8, [40 * k for k in range(8)])


@pytest.mark.parametrize(
    ("wide_px", "side_px"),
    [(240.0, 1280), (125.0, 1844), (170.0, 1356), (90.0, 1920), (None, 1280)],
    ids=["wide", "narrow", "a little narrow", "very narrow", "nobody"],
)
def test_a_narrow_face_keeps_more_of_a_large_picture(film: Path, wide_px: float | None, side_px: int) -> None:
    seen: list[int] = []

    def find_face(picture: ImageArray) -> FloatArray | None:
        seen.append(max(picture.shape))
        return None if wide_px is None else face_of(wide_px)

    planes = next(open_source(film, 0.0, 60.0, find_face).frames(1.0))
    assert seen == [1280]
    assert planes.shape[0] * 2 // 3 == pytest.approx(side_px, abs=2)
    if wide_px is not None and side_px < 1920:
        assert float(face_width_px(face_of(wide_px))) * side_px / 1280 >= min(wide_px, ADVISED_FACE_PX) - 0.5


def test_a_small_picture_is_not_looked_at(tmp_path: Path) -> None:
    frame = np.full((360, 640, 3), 120, np.uint8)
    path = write_video(tmp_path / "small.mkv", [frame] * 8, [40 * k for k in range(8)])
    source = open_source(path, 0.0, 60.0, lambda picture: pytest.fail("looked"))
    assert next(source.frames(1.0)).shape == (540, 640)
