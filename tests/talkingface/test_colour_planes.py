"""Planes and RGB: a rectangle converts as the whole frame does, and only it changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.colour_planes import PlanarFrame, PlaneConverter, aligned, plane_views
from talkingface.records import CropRectangle
from talkingface.video_files import read_frames
from talkingface.video_writer import VideoWriter
from tests.made_faces import face_picture, face_points, head_pose

PLACES = [(0, 0, 320, 400), (64, 100, 128, 60), (61, 43, 101, 97), (200, 300, 120, 100), (3, 397, 9, 3)]


def picture(width: int = 320, height: int = 400) -> np.ndarray:
    return face_picture(face_points(head_pose(), 0.05), width, height)


@pytest.mark.parametrize("crop", PLACES)
def test_a_rectangle_reads_as_the_whole_frame(crop: tuple[int, int, int, int]) -> None:
    converter = PlaneConverter()
    planes = converter.planes_of(picture())
    whole = converter.rgb_of(planes)
    place = aligned(CropRectangle(*crop), 320, 400)
    assert place.x <= crop[0]
    assert place.y <= crop[1]
    assert place.x + place.width >= crop[0] + crop[2]
    assert place.y + place.height >= crop[1] + crop[3]
    part = whole[place.y : place.y + place.height, place.x : place.x + place.width]
    np.testing.assert_array_equal(converter.read(planes, place), part)


@pytest.mark.parametrize("size", [(320, 400), (318, 402), (130, 98)])
def test_a_rectangle_is_written_and_nothing_else(size: tuple[int, int]) -> None:
    width, height = size
    converter = PlaneConverter()
    planes = converter.planes_of(picture(width, height))
    before = [view.copy() for view in plane_views(planes)]
    place = aligned(CropRectangle(33, 21, 60, 51), width, height)
    colour = np.full((place.height, place.width, 3), (200, 40, 90), np.uint8)
    converter.add_change(planes, place, converter.read(planes, place), colour)
    shown = converter.rgb_of(planes)[place.y : place.y + place.height, place.x : place.x + place.width]
    assert np.abs(shown.astype(int) - colour).max() <= 4
    for view, old, share in zip(plane_views(planes), before, (1, 2, 2), strict=True):
        outside = np.ones(view.shape, bool)
        rows = slice(place.y // share, (place.y + place.height) // share)
        outside[rows, place.x // share : (place.x + place.width) // share] = False
        np.testing.assert_array_equal(view[outside], old[outside])


def test_planes_there_and_back_are_close_and_no_change_changes_nothing() -> None:
    rgb = picture()
    converter = PlaneConverter()
    frame = PlanarFrame(converter.planes_of(rgb), 3, 0.12)
    assert frame.size == (320, 400)
    assert np.abs(frame.rgb.astype(int) - rgb).mean() < 2
    before = frame.planes.copy()
    place = aligned(CropRectangle(90, 90, 100, 100), 320, 400)
    part = converter.read(frame.planes, place)
    converter.add_change(frame.planes, place, part, part.copy())
    np.testing.assert_array_equal(frame.planes, before)


def test_a_file_of_planes_looks_like_a_file_of_rgb(tmp_path: Path) -> None:
    rgb = picture()
    planes = PlaneConverter().planes_of(rgb)
    for name in ("rgb.mp4", "planes.mp4"):
        with VideoWriter(tmp_path / name, 320, 400, crf=5, badge=True) as writer:
            for _ in range(3):
                if name == "rgb.mp4":
                    writer.write_frame(rgb)
                else:
                    writer.write_planes(planes)
    one, other = (list(read_frames(tmp_path / name)) for name in ("rgb.mp4", "planes.mp4"))
    assert len(one) == len(other) == 3
    np.testing.assert_array_equal(np.stack(one), np.stack(other))
