"""Sets of clips: listed in ``clips.jsonl`` or found as videos, and tracked only once."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from talkingface import clips
from talkingface.clips import Clip, load_clips, tracked
from talkingface.errors import BadInputError
from tests.made_videos import numbered_video


def listing(folder: Path, *rows: dict[str, object]) -> Path:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "clips.jsonl").write_text("\n".join([*lines, ""]), encoding="utf-8")
    return folder


def test_a_listed_clip_keeps_what_the_list_says(tmp_path: Path) -> None:
    row = {
        "file": "clips/first.mkv",
        "set": "talkers",
        "person": "p01",
        "split": "train",
        "genuine": True,
        "lips_follow_sound": "follows",
        "sound_lag_frames": 2,
        "language": "zh",
        "licence": "CC BY 4.0",
        "face_px": 210,
    }
    (clip,) = load_clips(listing(tmp_path, row))
    assert clip == Clip(
        tmp_path / "clips/first.mkv",
        "first",
        "talkers",
        "p01",
        "train",
        True,
        True,
        2,
        "zh",
        "CC BY 4.0",
        210,
    )


def test_what_the_list_leaves_out_is_judged_carefully(tmp_path: Path) -> None:
    (clip,) = load_clips(
        listing(tmp_path, {"file": "a.mp4", "lips_follow_sound": None, "sound_lag_frames": None})
    )
    assert clip.split == "train", "a single person cannot be held out"
    assert not clip.lips_follow_sound
    assert (clip.person, clip.sound_lag_frames, clip.language) == ("a", 0, "?")


def test_a_folder_of_videos_is_a_set_too(tmp_path: Path) -> None:
    for name in ("anna/one.mp4", "anna/two.MKV", "solo.webm", "notes.txt", "anna/voice.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = load_clips(tmp_path)
    assert [(clip.name, clip.person) for clip in found] == [
        ("anna_one", "anna"),
        ("anna_two", "anna"),
        ("solo", "solo"),
    ]
    assert [clip.split for clip in found] == ["validation", "validation", "train"]


def test_people_are_split_whole_and_always_the_same_way(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"file": f"{number}.mp4", "person": f"p{number // 2:02d}", "genuine": number >= 4}
        for number in range(24)
    ]
    found = load_clips(listing(tmp_path, *rows))
    assert found == load_clips(tmp_path)
    held = {clip.person for clip in found if clip.split == "validation"}
    assert len(held) == 2
    assert not held & {clip.person for clip in found if clip.split == "train"}
    assert not held & {"p00", "p01"}, "another model's output never judges"


@pytest.mark.parametrize(
    ("marks", "wanted"),
    [
        (["train", "validation", None], ["train", "validation", "train"]),
        (["validation", "validation"], ["validation", "validation"]),
        (["train", None], ["train", "validation"]),
        (["train", "train"], ["train", "train"]),
    ],
)
def test_marks_are_kept(marks: list[str | None], wanted: list[str], tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"file": f"{number}.mp4", "split": mark} for number, mark in enumerate(marks)
    ]
    assert [clip.split for clip in load_clips(listing(tmp_path, *rows))] == wanted


def test_an_unmarked_clip_follows_its_person(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"file": "a.mp4", "person": "p", "split": "validation"},
        {"file": "b.mp4", "person": "p"},
        {"file": "c.mp4", "person": "q"},
    ]
    found = load_clips(listing(tmp_path, *rows))
    assert [clip.split for clip in found] == ["validation", "validation", "train"]


def test_a_missing_or_empty_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="expected a folder of clips, found nothing"):
        load_clips(tmp_path / "nothing")
    with pytest.raises(BadInputError, match=r"expected clips.jsonl or videos, found neither"):
        load_clips(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "{broken",
        '{"set": "x"}',
        '"text"',
        '{"file": "a.mp4", "face_px": "wide"}',
        '{"file": "a.mp4", "split": "x"}',
    ],
)
def test_a_damaged_line_is_told_by_its_number(line: str, tmp_path: Path) -> None:
    (tmp_path / "clips.jsonl").write_text('{"file": "a.mp4"}\n\n' + line + "\n", encoding="utf-8")
    with pytest.raises(BadInputError, match="damaged line 3"):
        load_clips(tmp_path)


class CountingTracker:
    """Finds a flat face in every frame, and counts."""

    frames = 0

    def track(self, rgb: np.ndarray) -> np.ndarray:
        type(self).frames += 1
        return np.full((478, 3), rgb.mean(), np.float32)

    def close(self) -> None:
        pass


def test_a_clip_is_tracked_once_and_then_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clips, "MediaPipeTracker", CountingTracker)
    monkeypatch.setattr(CountingTracker, "frames", 0)
    path = numbered_video(tmp_path / "made.mp4", [40 * i for i in range(10)])
    clip = Clip(path, "made", "set", "p", "train")
    done: list[int] = []
    first = tracked(clip, tmp_path / "cache", done.append)
    second = tracked(clip, tmp_path / "cache")
    assert CountingTracker.frames == 10
    assert done == list(range(1, 11))
    np.testing.assert_array_equal(first.points, second.points)
    assert second.frames_per_second == 25
    assert [p.suffix for p in (tmp_path / "cache").iterdir()] == [".npz"]


def test_the_shared_clips_are_listed(talking_clips: Path) -> None:
    found = load_clips(talking_clips)
    assert all(clip.path.is_file() for clip in found)
    people = {
        split: {clip.person for clip in found if clip.split == split}
        for split in {clip.split for clip in found}
    }
    assert not people["validation"] & people["train"], "nobody stands on both sides"
