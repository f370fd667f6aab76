"""DH_live's prepared characters move over; what is not one of them is refused in one line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from talkingface.character import load_character
from talkingface.errors import BadInputError
from talkingface.preparation import prepare_character
from talkingface.preparation.dh_live_folder import find_dh_live, open_dh_live
from tests.made_faces import KnownTracker, face_track, face_video, swaying

FRAME = {"rect": [90, 160, 218, 288], "points": [0.5] * 434}
WHOLE = {
    "uid": "matesx_1", "frame_num": 40, "face3D_obj": ["v 0.1 0.2 0.3 0.00 1\n"], "ref_data": [0.25] * 8,
    "json_data": [FRAME] * 40, "authorized": False,
}  # fmt: skip


def dh_live(folder: Path, data: Any) -> Path:
    folder.mkdir()
    (folder / "01.mp4").write_bytes(b"video")
    (folder / "combined_data.json.gz").write_bytes(gzip.compress(json.dumps(data).encode()))
    return folder


def test_a_character_moves_over(tmp_path: Path) -> None:
    track = face_track(swaying(40))
    folder = dh_live(tmp_path / "old", WHOLE)
    face_video(folder / "01.mp4", track)
    assert find_dh_live(folder) == folder
    report = prepare_character(folder, tmp_path / "new", tracker=KnownTracker(track))
    assert load_character(tmp_path / "new").frame_count == report["frames"]
    manifest = json.loads((tmp_path / "new" / "character.json").read_text())
    assert manifest["origin"] == {"prepared_for": "DH_live", "uid": "matesx_1"}


def test_the_folder_around_it_is_taken_as_well(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    folder = dh_live(tmp_path / "old" / "assets", WHOLE)
    assert find_dh_live(tmp_path / "old") == folder


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"frame_num": 41}, "frame_num"),
        ({"json_data": [FRAME] * 90, "frame_num": 90}, "90 frames"),
        ({"json_data": [*[FRAME] * 39, {**FRAME, "rect": [190, 160, 328, 288]}]}, "another video"),
        ({"json_data": [*[FRAME] * 39, {**FRAME, "points": [0.5] * 432}]}, "points in frame 39"),
    ],
)
def test_parts_that_do_not_belong_together(change: dict[str, Any], expected: str, tmp_path: Path) -> None:
    folder = dh_live(tmp_path / "old", {**WHOLE, **change})
    face_video(folder / "01.mp4", face_track(swaying(40)))
    with pytest.raises(BadInputError, match=expected) as failure:
        prepare_character(folder, tmp_path / "new")
    assert "\n" not in str(failure.value)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"json_data": []}, {"json_data": [FRAME, {}]}, {"json_data": [{"rect": [1, 2, 3]}]},
     {"json_data": [{"rect": [9, 0, 1, 5]}]}, {"json_data": [{"rect": "1234"}]}, {"json_data": [[]]},
     {"json_data": [{**FRAME, "points": [1]}]}, {"json_data": [{**FRAME, "points": ["x"] * 434}]},
     {"json_data": [{**FRAME, "points": [float("nan")] * 434}]}, {"json_data": [{**FRAME, "points": None}]},
     {"json_data": [{**FRAME, "points": [True] * 434}]}],
)  # fmt: skip
def test_other_data_is_refused(data: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="expected") as failure:
        open_dh_live(dh_live(tmp_path / "old", data))
    assert "\n" not in str(failure.value)


def test_damaged_data_and_missing_parts(tmp_path: Path) -> None:
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME]})
    packed = (folder / "combined_data.json.gz").read_bytes()
    for content in (b"", packed[:20], b"plain text", gzip.compress(b"[" * 100_000)):
        (folder / "combined_data.json.gz").write_bytes(content)
        with pytest.raises(BadInputError, match="expected gzipped JSON"):
            open_dh_live(folder)
    (folder / "01.mp4").unlink()
    with pytest.raises(BadInputError, match=r"no 01\.mp4"):
        open_dh_live(folder)
    assert find_dh_live(tmp_path) is None


def test_data_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME] * 50})
    monkeypatch.setattr("talkingface.preparation.dh_live_folder.LARGEST_DATA_BYTES", 1000)
    with pytest.raises(BadInputError, match="at most 1000"):
        open_dh_live(folder)


def test_a_linked_video_is_refused(tmp_path: Path) -> None:
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME]})
    (folder / "01.mp4").rename(tmp_path / "elsewhere.mp4")
    (folder / "01.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(BadInputError, match="found no"):
        open_dh_live(folder)
