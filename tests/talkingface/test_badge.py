"""The sign on synthetic videos: seen in its corner, nowhere else, readable on light and dark, nearly free."""

from __future__ import annotations

import time
from pathlib import Path

import av
import numpy as np
import pytest

from talkingface.badge import Badge
from talkingface.records import ImageArray
from talkingface.video_files import read_frames
from talkingface.video_writer import VideoWriter


def signed(width: int, height: int, grey: int) -> ImageArray:
    picture = np.full((height, width, 3), grey, np.uint8)
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
    Badge(width, height).lay(frame)
    return np.asarray(frame.to_ndarray(format="rgb24"))


@pytest.mark.parametrize(("width", "height"), [(720, 960), (1920, 1080), (320, 400)])
@pytest.mark.parametrize("grey", [10, 128, 250])
def test_light_letters_on_a_dark_sign_in_the_corner_alone(width: int, height: int, grey: int) -> None:
    picture = signed(width, height, grey).astype(int)
    changed = np.argwhere(np.abs(picture - grey).max(-1) > 3)
    top, left = changed.min(0)
    bottom, right = changed.max(0)
    assert left > 0.8 * width and top > 0.85 * height
    assert right < width - 4 and bottom < height - 4
    assert 0.02 < (bottom - top) / min(width, height) < 0.06
    sign = picture[top : bottom + 1, left : right + 1]
    assert sign.max() > 215
    assert sign.max() - np.median(sign) > 75


@pytest.mark.parametrize("grey", [10, 128, 250])
def test_it_looks_the_same_in_rgb(grey: int) -> None:
    picture = np.full((400, 320, 3), grey, np.uint8)
    Badge(320, 400).lay_rgb(picture)
    through_planes = signed(320, 400, grey)
    assert np.abs(picture.astype(int) - through_planes).max() <= 4


@pytest.mark.parametrize(("width", "height"), [(2, 2), (16, 10), (64, 2), (50, 400)])
def test_tiny_pictures_hold_it_somehow(width: int, height: int) -> None:
    assert signed(width, height, 128).shape == (height, width, 3)


def test_it_costs_less_than_a_tenth_of_a_millisecond() -> None:
    frame = av.VideoFrame(1080, 1920, "yuv420p")
    badge = Badge(1080, 1920)
    taken_s = []
    for _ in range(50):
        begin_s = time.perf_counter()
        badge.lay(frame)
        taken_s.append(time.perf_counter() - begin_s)
    assert min(taken_s) < 1e-4


@pytest.mark.parametrize("badge", [True, False])
def test_a_video_carries_it_when_asked_and_the_given_frame_stays(badge: bool, tmp_path: Path) -> None:
    picture = np.full((95, 127, 3), 200, np.uint8)
    with VideoWriter(tmp_path / "a.mp4", 127, 95, badge=badge) as writer:
        writer.write_frame(picture)
    assert (picture == 200).all()
    written = next(iter(read_frames(tmp_path / "a.mp4"))).astype(int)
    corner = written[60:, 80:]
    assert (np.ptp(corner) > 60) == badge
    assert np.ptp(written[:60, :80]) < 8
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert "synthetic media" in container.metadata["comment"]
        assert "compositeWithTrainedAlgorithmicMedia" in container.metadata["comment"]
