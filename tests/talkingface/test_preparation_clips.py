"""Clips damaged on purpose as users' clips are: each is prepared, or refused with a sentence that helps.

The clips are those of the built-in figure, whose face the real tracker finds, and genuine ones where they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from talkingface.character import Character, load_character
from talkingface.errors import AvatarError, NoFaceError
from talkingface.frame_loop import FrameLoop
from talkingface.landmarks import lip_opening
from talkingface.preparation import prepare_character
from talkingface.records import ImageArray
from talkingface.tracking import MediaPipeTracker
from talkingface.video_files import read_frames
from tests.made_faces import KnownTracker, face_track, face_video, swaying
from tests.made_videos import turn_by_flag, write_video

Frames = list[ImageArray]
SECONDS = 2.4
CLIP = "clips/characters/matesx_001_01.mkv"
FIGURE = Path(__file__).resolve().parents[2] / "assets" / "characters" / "default" / "frames.mp4"
OTHER = "clips/characters/lp_driving_d7.mkv"


def small_frames(video: Path, start_s: float) -> Frames:
    frames = read_frames(video, start_s=start_s, seconds=SECONDS)
    return [cv2.resize(frame, (360, 480), interpolation=cv2.INTER_AREA) for frame in frames]


@pytest.fixture(scope="module", params=["figure", pytest.param("genuine", marks=pytest.mark.slow)])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which clips are damaged: the built-in figure's, or genuine ones."""
    pytest.importorskip("mediapipe")
    if request.param == "genuine":
        request.getfixturevalue("talking_clips")
    return str(request.param)


@pytest.fixture(scope="module")
def person(kind: str, request: pytest.FixtureRequest) -> Frames:
    """Return 60 frames of 360x480 of one person with a shut mouth."""
    if kind == "figure":
        return small_frames(FIGURE, 1.6)
    return small_frames(request.getfixturevalue("talking_clips") / CLIP, 1.6)


@pytest.fixture(scope="module")
def stranger(kind: str, request: pytest.FixtureRequest) -> Frames:
    """Return 60 frames of 360x480 of somebody else."""
    if kind == "figure":
        return [np.ascontiguousarray(255 - (255 - f[:, ::-1, ::-1]) // 2) for f in small_frames(FIGURE, 5.4)]
    return small_frames(request.getfixturevalue("talking_clips") / OTHER, 0)


def at_25(frames: Frames) -> list[int]:
    return [40 * k for k in range(len(frames))]


def prepared(video: Path, folder: Path, **options: Any) -> tuple[Character, dict[str, Any]]:
    report = prepare_character(video, folder / "character", **options)
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []
    return load_character(folder / "character"), report


def value(report: dict[str, Any], name: str) -> float:
    return next(float(m["value"]) for m in report["measures"] if m["name"] == name)


def largest_flicker(character: Character) -> float:
    """Return the largest mean change from one frame of the endless loop to the next, in grey levels."""
    loop = FrameLoop(character)
    small = [loop.frame(k)[::6, ::6].astype(np.float32) for k in range(character.frame_count + 1)]
    return max(float(np.abs(a - b).mean()) for a, b in itertools.pairwise(small))


def test_a_shut_mouth_is_steady_within_two_thousandths(person: Frames, tmp_path: Path) -> None:
    video = write_video(tmp_path / "数字人 my clip.mp4", person, at_25(person))
    character, report = prepared(video, tmp_path)
    assert float(lip_opening(character.points_px).std()) <= 0.002
    assert (character.width, character.height) == (360, 480)
    assert report["mended_frames"] == 0
    assert value(report, "face_found") == 1.0
    assert largest_flicker(character) < 12


def test_a_clip_without_anybody_is_refused(person: Frames, tmp_path: Path) -> None:
    walls = [np.ascontiguousarray(frame[:90, :90].repeat(4, 0).repeat(4, 1)) for frame in person[:15]]
    video = write_video(tmp_path / "wall.mp4", walls, at_25(walls))
    with pytest.raises(NoFaceError, match="film one person from the front"):
        prepare_character(video, tmp_path / "character")
    assert [path.name for path in tmp_path.iterdir()] == ["wall.mp4"]


def without_face(frames: Frames) -> Frames:
    blurred = [cv2.GaussianBlur(frame, (0, 0), 40) for frame in frames[20:25]]
    return [*frames[:20], *blurred, *frames[25:]]


def black_frame(frames: Frames) -> Frames:
    return [*frames[:30], np.zeros_like(frames[0]), *frames[31:]]


def duplicates(frames: Frames) -> Frames:
    return [*frames[:20], *[frames[20]] * 15, *frames[35:]]


GLOVE = ((96, 62, 40), (70, 44, 30))  # RGB of the hand and between its fingers


def hand_over_mouth(frames: Frames) -> Frames:
    """Wipe a brown glove with fingers over the mouth and away again."""
    covered = [frame.copy() for frame in frames]
    x, y = mouth_of(frames[25])
    for step, frame in enumerate(covered[25:33]):
        middle = (x + 12 * (step - 4), y + 10)
        cv2.ellipse(frame, middle, (75, 50), 0, 0, 360, GLOVE[0], -1)
        for finger in range(4):
            cv2.line(frame, (middle[0] - 60 + 40 * finger, y - 30), (middle[0] - 50 + 36 * finger, y + 30),
                     GLOVE[1], 3)  # fmt: skip
    return covered


def mouth_of(frame: ImageArray) -> tuple[int, int]:
    tracker = MediaPipeTracker()
    points = tracker.track(frame)
    tracker.close()
    assert points is not None
    return int(points[13, 0]), int(points[13, 1])


@pytest.mark.parametrize(
    "damage",
    [
        without_face,
        black_frame,
        pytest.param(hand_over_mouth, marks=pytest.mark.slow),
        pytest.param(duplicates, marks=pytest.mark.slow),
    ],
)
def test_bad_frames_are_repaired(damage: Callable[[Frames], Frames], person: Frames, tmp_path: Path) -> None:
    frames = damage(person)
    character, _ = prepared(write_video(tmp_path / "clip.mp4", frames, at_25(frames)), tmp_path)
    assert character.frame_count >= 50
    leaps_in_the_source = damage is duplicates
    assert largest_flicker(character) < (25 if leaps_in_the_source else 14)
    assert np.abs(np.diff(character.points_px[:, 1, :2], axis=0)).max() < 8 + 12 * leaps_in_the_source


def test_a_hidden_mouth_is_told_and_made_up(person: Frames, tmp_path: Path) -> None:
    frames = hand_over_mouth(person)
    character, report = prepared(write_video(tmp_path / "clip.mp4", frames, at_25(frames)), tmp_path)
    assert 3 / 60 < value(report, "face_hidden") < 12 / 60
    assert 3 <= report["mended_frames"] <= 12
    loop = FrameLoop(character)
    for index in range(character.frame_count):
        x, y = np.round(character.points_px[index, 17, :2]).astype(int)
        apart = np.abs(loop.frame(index)[y, x].astype(int) - GLOVE).max(1)
        assert apart.min() > 30, "no glove is left"


def test_a_cut_keeps_one_shot(person: Frames, stranger: Frames, tmp_path: Path) -> None:
    frames = [*person[:45], *stranger[:25]]
    character, report = prepared(write_video(tmp_path / "clip.mp4", frames, at_25(frames)), tmp_path)
    assert character.frame_count >= 40
    assert "of 2.8 s the longest part" in report["part_reason"] and "切换镜头" in report["part_reason_zh"]
    assert largest_flicker(character) < 12
    last = FrameLoop(character).frame(character.frame_count // 2)
    assert np.abs(last.astype(int) - person[20]).mean() < np.abs(last.astype(int) - stranger[20]).mean()


@pytest.mark.slow
def test_a_second_person_walking_by_is_not_followed(person: Frames, stranger: Frames, tmp_path: Path) -> None:
    frames = []
    for number, (frame, other) in enumerate(zip(person, stranger, strict=True)):
        wide = np.concatenate([frame, np.full((480, 360, 3), 120, np.uint8)], axis=1)
        x = 700 - 6 * number
        small = cv2.resize(other, (240, 320))[:, : max(0, 720 - x)]
        wide[100:420, x : x + small.shape[1]] = small
        frames.append(wide)
    character, report = prepared(write_video(tmp_path / "clip.mp4", frames, at_25(frames)), tmp_path)
    assert character.points_px[:, 1, 0].max() < 300
    assert value(report, "other_faces") > 0.2


@pytest.mark.slow
@pytest.mark.parametrize("rate", [24, 30, 60])
def test_other_frame_rates(rate: int, person: Frames, tmp_path: Path) -> None:
    times_ms = [round(1000 * k / rate) for k in range(len(person))]
    character, report = prepared(write_video(tmp_path / "clip.mp4", person, times_ms), tmp_path)
    assert character.frames_per_second == 25
    assert value(report, "duration") == pytest.approx(len(person) / rate, abs=0.05)


@pytest.mark.slow
def test_a_variable_rate(person: Frames, tmp_path: Path) -> None:
    steps_ms = np.random.default_rng(3).choice([17, 33, 50, 80], len(person))
    character, _ = prepared(
        write_video(tmp_path / "clip.mkv", person, np.cumsum(steps_ms).tolist()), tmp_path
    )
    assert largest_flicker(character) < 16


@pytest.mark.slow
@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_a_phone_held_upright(quarter_turns: int, person: Frames, tmp_path: Path) -> None:
    lying = [np.ascontiguousarray(np.rot90(frame, quarter_turns)) for frame in person]
    video = write_video(tmp_path / "clip.mp4", lying, at_25(lying))
    turn_by_flag(video, quarter_turns)
    character, _ = prepared(video, tmp_path)
    assert (character.width, character.height) == (360, 480)
    assert character.points_px[0, 152, 1] > character.points_px[0, 10, 1] + 100


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), [(321, 427), (320, 426), (2160, 2880)])
def test_small_odd_and_very_large(width: int, height: int, person: Frames, tmp_path: Path) -> None:
    even = (width - width % 2, height - height % 2)
    frames = [cv2.resize(frame, (width, height)) for frame in person[:14]]
    codec = "libx264" if even == (width, height) else "ffv1"
    video = write_video(tmp_path / "clip.mkv", frames, at_25(frames), codec=codec)
    character, report = prepared(video, tmp_path)
    assert max(character.width, character.height) <= 1280
    assert character.width % 2 == character.height % 2 == 0
    assert value(report, "face_found") == 1.0


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".avi", ".mov", ".webm", ".gif"])
def test_other_containers(suffix: str, person: Frames, tmp_path: Path) -> None:
    frames = person[:30]
    if suffix == ".gif":
        import PIL.Image

        pictures = [PIL.Image.fromarray(frame) for frame in frames]
        pictures[0].save(tmp_path / "clip.gif", save_all=True, append_images=pictures[1:], duration=40)
    else:
        codec = {".avi": "mpeg4", ".webm": "libvpx-vp9"}.get(suffix, "libx264")
        write_video(tmp_path / f"clip{suffix}", frames, at_25(frames), codec=codec)
    character, _ = prepared(tmp_path / f"clip{suffix}", tmp_path)
    assert character.frame_count >= 25


@pytest.mark.slow
def test_the_same_clip_gives_the_same_bytes(person: Frames, tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", person, at_25(person))
    for name in ("first", "second"):
        prepare_character(video, tmp_path / name, name="x")
    for path in (tmp_path / "first").rglob("*"):
        if path.is_file():
            assert (
                path.read_bytes() == (tmp_path / "second" / path.relative_to(tmp_path / "first")).read_bytes()
            )


@pytest.mark.slow
def test_a_matte_covers_the_face_and_not_the_wall(person: Frames, tmp_path: Path) -> None:
    video = write_video(tmp_path / "clip.mp4", person, at_25(person))
    character, _ = prepared(video, tmp_path, matte=True)
    assert character.matte_path is not None
    loop = FrameLoop(character, video_path=character.matte_path)
    for index in (0, 10, character.frame_count - 1):
        matte = loop.frame(index)[..., 0]
        nose = np.round(character.points_px[index, 1, :2]).astype(int)
        assert matte[nose[1], nose[0]] > 240
        assert matte[:30, :30].mean() < 15


@pytest.mark.slow
def test_a_still_portrait_becomes_a_character(person: Frames, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "portrait.png"), person[0][..., ::-1])
    character, report = prepared(tmp_path / "portrait.png", tmp_path)
    assert report["loop"] == "still"
    assert character.frame_count == 200
    assert largest_flicker(character) < 4
    eye = np.linalg.norm(character.points_px[:, 159, :2] - character.points_px[:, 145, :2], axis=1)
    assert eye.min() < 0.6 * np.median(eye)


def test_a_picture_without_a_face_is_refused(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.jpg"), np.full((300, 200, 3), 140, np.uint8))
    with pytest.raises(NoFaceError, match="portrait"):
        prepare_character(tmp_path / "wall.jpg", tmp_path / "character")
    assert [path.name for path in tmp_path.iterdir()] == ["wall.jpg"]


def fuzz_videos(tmp_path: Path, seeds: range) -> None:
    """Flip bytes of a made video or cut it off, and prepare it with a tracker that always finds a face."""
    track = face_track(swaying(40))
    whole = face_video(tmp_path / "whole.mp4", track).read_bytes()
    for seed in seeds:
        random = np.random.default_rng(seed)
        content = bytearray(whole)
        if random.random() < 0.4:
            content = content[: int(random.integers(1, len(content)))]
        for _ in range(int(random.integers(0, 60))):
            content[int(random.integers(len(content)))] = int(random.integers(256))
        place = tmp_path / "fuzz"
        place.mkdir()
        (place / "clip.mp4").write_bytes(content)
        try:
            prepare_character(place / "clip.mp4", place / "out", tracker=KnownTracker(track))
            load_character(place / "out")
            expected = ["clip.mp4", "out"]
        except AvatarError as error:
            assert "\n" not in str(error)
            expected = ["clip.mp4"]
        assert sorted(path.name for path in place.iterdir()) == expected
        for path in sorted(place.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        place.rmdir()


def test_damaged_videos_end_in_a_character_or_one_clear_line(tmp_path: Path) -> None:
    fuzz_videos(tmp_path, range(5))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_many_damaged_videos(tmp_path: Path) -> None:
    fuzz_videos(tmp_path, range(100, 300))
