"""Frames as planes: the file's own pixels where it keeps them so, turned and scaled; the same picture in any case."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from talkingface.colour_planes import PlaneConverter, planar_video_frame, plane_views
from talkingface.records import ImageArray
from talkingface.video_files import VideoWriter, read_frames, read_planes
from tests.made_videos import number_in, numbered_video, turn_by_flag, write_video


def picture(width: int, height: int) -> ImageArray:
    """Return a soft picture without symmetry, in every colour."""
    rows, columns = np.mgrid[:height, :width]
    red, green, blue = 40 + 170 * columns / width, 40 + 170 * rows / height, 200 - 120 * columns / width
    return np.stack([red, green, blue], -1).astype(np.uint8)


def standard(path: Path, rgb: ImageArray) -> Path:
    """Write five frames as HD video is: BT.709 in limited range."""
    with VideoWriter(path, rgb.shape[1], rgb.shape[0], crf=8) as writer:
        for _ in range(5):
            writer.write_frame(rgb)
    return path


def same(path: Path, **options: int) -> float:
    """Return how far planes are from RGB at most, on average over a frame."""
    converter = PlaneConverter()
    pairs = zip(read_planes(path, **options), read_frames(path, **options), strict=True)
    even = [(planes, rgb[: len(rgb) // 2 * 2, : rgb.shape[1] // 2 * 2]) for planes, rgb in pairs]
    # What went through RGB once is a little darker, see PlaneConverter.
    return max(float(np.abs(converter.rgb_of(planes).astype(int) - rgb).mean()) for planes, rgb in even)


def test_pixels_of_a_standard_file_are_its_own(tmp_path: Path) -> None:
    path = standard(tmp_path / "made.mp4", picture(320, 240))
    with av.open(str(path)) as container:
        own = [frame.to_ndarray() for frame in container.decode(container.streams.video[0])]
    for planes, frame in zip(read_planes(path), own, strict=True):
        np.testing.assert_array_equal(planes, frame)


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_rotation_flag_is_honoured(quarter_turns: int, tmp_path: Path) -> None:
    turned = standard(tmp_path / "turned.mp4", picture(320, 240))
    turn_by_flag(turned, quarter_turns)
    assert same(turned) < 1.6
    planes = next(read_planes(turned))
    assert planes.shape == ((480, 240) if quarter_turns % 2 else (360, 320))


def test_large_pictures_come_down_to_size(tmp_path: Path) -> None:
    path = standard(tmp_path / "made.mp4", picture(640, 480))
    assert next(read_planes(path, longest_side_px=320)).shape == (360, 320)
    assert same(path, longest_side_px=320) < 1.8


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_files_of_other_colours_look_the_same(codec: str, tmp_path: Path) -> None:
    frames = [picture(160, 120)] * 5
    path = write_video(tmp_path / "made.mkv", frames, [40 * k for k in range(5)], codec=codec)
    assert same(path) < 2.5


def test_oblong_pixels_become_square_and_sides_even(tmp_path: Path) -> None:
    path = tmp_path / "oblong.mkv"
    write_video(path, [picture(160, 120)] * 3, [0, 40, 80], sample_aspect=Fraction(4, 3))
    shape = next(read_planes(path)).shape
    assert shape[1] in (212, 214) and shape[0] == 180
    assert same(path) < 2.5


def test_time_is_told_as_for_rgb_and_a_repeated_frame_is_the_same_array(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "made.mp4", [0, 200, 400])
    planes = list(read_planes(path))
    converter = PlaneConverter()
    assert [number_in(converter.rgb_of(one)) for one in planes] == [
        number_in(one) for one in read_frames(path)
    ]
    assert planes[0] is planes[1]


@pytest.mark.parametrize(("width", "height"), [(2, 2), (322, 180), (1280, 720)])
def test_a_video_frame_is_made_as_pyav_makes_it(width: int, height: int) -> None:
    planes = np.random.default_rng(1).integers(0, 256, (height * 3 // 2, width), np.uint8)
    frame = planar_video_frame(planes)
    np.testing.assert_array_equal(frame.to_ndarray(), planes)
    assert [view.shape for view in plane_views(planes)] == [
        (plane.height, plane.width) for plane in frame.planes
    ]
