"""Reading videos at a constant rate: the right source frame at the right time, upright, or one clear line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from talkingface.errors import BadVideoError
from talkingface.video_files import probe_video, read_frames
from tests.made_videos import number_in, numbered_picture, numbered_video, turn_by_flag, write_video


def shown(path: Path, rate: float = 25, **options: float) -> list[int]:
    return [number_in(picture) for picture in read_frames(path, rate, **options)]


def nearest(times_ms: list[int], rate: float, frames: int) -> list[set[int]]:
    """Return for each output frame the source frames that are nearest in time (two on a tie, 1 ms of slack)."""
    times = np.array(times_ms, float)
    found = []
    for k in range(frames):
        distance = np.abs(times - k * 1000 / rate)
        found.append(set(np.flatnonzero(distance <= distance.min() + 1.01).tolist()))
    return found


@pytest.mark.parametrize("rate", [10, 15, 24, 25, 30, 50, 60])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_any_constant_rate_becomes_25(rate: int, suffix: str, tmp_path: Path) -> None:
    times_ms = [round(1000 * i / rate) for i in range(2 * rate)]
    numbers = shown(numbered_video(tmp_path / f"made{suffix}", times_ms))
    assert abs(len(numbers) - 50) <= 1
    assert all(number in allowed for number, allowed in zip(numbers, nearest(times_ms, 25, 50), strict=False))


def test_variable_rate_follows_the_time_stamps(tmp_path: Path) -> None:
    steps_ms = np.random.default_rng(4).choice([17, 33, 40, 67, 120, 300], 60)
    times_ms = np.concatenate([[0], np.cumsum(steps_ms)]).tolist()
    numbers = shown(numbered_video(tmp_path / "made.mkv", times_ms))
    expected = nearest(times_ms, 25, len(numbers))
    assert [n for n, allowed in zip(numbers, expected, strict=True) if n not in allowed] == []
    assert abs(len(numbers) - (times_ms[-1] + int(steps_ms[-1])) / 40) <= 1


def test_a_video_that_begins_late_begins_at_its_first_frame(tmp_path: Path) -> None:
    numbers = shown(numbered_video(tmp_path / "made.mkv", [7_000 + 40 * i for i in range(20)]))
    assert numbers == list(range(20))


def test_a_part_of_a_video(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "made.mp4", [40 * i for i in range(100)])
    assert shown(path, start_s=1.0, seconds=2.0) == list(range(25, 75))
    assert shown(path, seconds=0.4) == list(range(10))
    assert shown(path, start_s=3.6) == list(range(90, 100))
    assert shown(path, start_s=60.0) in ([], [99])


def test_a_repeated_frame_is_the_same_array(tmp_path: Path) -> None:
    pictures = list(read_frames(numbered_video(tmp_path / "made.mp4", [0, 200, 400]), 25))
    assert number_in(pictures[0]) == number_in(pictures[1]) == 0
    assert pictures[0] is pictures[1]


def test_pictures_are_rgb_and_in_order(tmp_path: Path) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 200
    path = write_video(tmp_path / "red.mp4", [red] * 5, [0, 40, 80, 120, 160])
    picture = next(iter(read_frames(path)))
    assert picture.dtype == np.uint8
    assert picture.shape == (48, 64, 3)
    assert picture[..., 0].mean() > 150 > 60 > picture[..., 2].mean()


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_rotation_flag_is_honoured(quarter_turns: int, tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "phone.mp4", [40 * i for i in range(6)])
    upright = next(iter(read_frames(path)))
    turn_by_flag(path, quarter_turns)
    picture = next(iter(read_frames(path)))
    np.testing.assert_array_equal(picture, np.rot90(upright, -quarter_turns))
    assert picture.flags["C_CONTIGUOUS"]
    info = probe_video(path)
    assert (info.height, info.width) == picture.shape[:2]


def test_pixels_that_are_not_square_are_made_square(tmp_path: Path) -> None:
    times_ms = [40 * i for i in range(6)]
    path = numbered_video(tmp_path / "wide.mkv", times_ms, sample_aspect=Fraction(3, 2))
    picture = next(iter(read_frames(path)))
    assert picture.shape == (48, 192, 3)
    assert shown(path) == list(range(6))


def test_names_with_spaces_and_chinese_characters(tmp_path: Path) -> None:
    path = numbered_video(tmp_path / "我的 视频 (1).mp4", [0, 40, 80])
    assert shown(path) == [0, 1, 2]


def test_probe_tells_the_header(tmp_path: Path) -> None:
    info = probe_video(numbered_video(tmp_path / "made.mkv", [40 * i for i in range(50)]))
    assert (info.width, info.height, info.has_audio) == (128, 48, False)
    assert info.duration_s == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("content", [b"", b"this is a text", bytes(5000)], ids=["empty", "text", "zeros"])
def test_what_is_no_video_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "not really.mp4"
    path.write_bytes(content)
    for read in (lambda: list(read_frames(path)), lambda: probe_video(path)):
        with pytest.raises(BadVideoError, match="expected") as failure:
            read()
        assert "\n" not in str(failure.value)
        assert "not really.mp4" in str(failure.value)


def test_a_missing_file_and_a_folder_are_one_clear_line(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.mp4", tmp_path):
        with pytest.raises(BadVideoError, match="expected a video file, found nothing"):
            list(read_frames(path))


@pytest.mark.parametrize("kept_share", [0.3, 0.6, 0.9])
def test_a_truncated_video_gives_what_it_has_or_one_clear_line(kept_share: float, tmp_path: Path) -> None:
    whole = numbered_video(tmp_path / "made.mkv", [40 * i for i in range(100)]).read_bytes()
    path = tmp_path / "cut.mkv"
    path.write_bytes(whole[: int(len(whole) * kept_share)])
    numbers = shown(path)
    assert numbers == list(range(len(numbers)))
    assert 0 < len(numbers) < 100


def test_a_sound_file_has_no_picture(project: Path) -> None:
    speech = project / "assets" / "speech" / "hello_en.flac"
    with pytest.raises(BadVideoError, match="no video stream"):
        list(read_frames(speech))


def test_numbers_survive_their_own_round_trip() -> None:
    assert [number_in(numbered_picture(n)) for n in range(256)] == list(range(256))
