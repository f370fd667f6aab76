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
from talkingface.preparation.dh_live_folder import dh_live_video, is_dh_live_folder
from tests.made_faces import KnownTracker, face_track, face_video, swaying

FRAME = {"rect": [90, 160, 218, 288], "points": [0.5] * 434}


def dh_live(folder: Path, data: Any) -> Path:
    folder.mkdir()
    (folder / "01.mp4").write_bytes(b"video")
    (folder / "combined_data.json.gz").write_bytes(gzip.compress(json.dumps(data).encode()))
    return folder


def test_a_character_moves_over(tmp_path: Path) -> None:
    track = face_track(swaying(40))
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME] * 40, "uid": "x"})
    face_video(folder / "01.mp4", track)
    assert is_dh_live_folder(folder)
    report = prepare_character(folder, tmp_path / "new", tracker=KnownTracker(track))
    assert load_character(tmp_path / "new").frame_count == report["frames"]


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"json_data": []}, {"json_data": [FRAME, {}]}, {"json_data": [{"rect": [1, 2, 3]}]},
     {"json_data": [{"rect": [9, 0, 1, 5]}]}, {"json_data": [{"rect": "1234"}]}, {"json_data": [[]]}],
)  # fmt: skip
def test_other_data_is_refused(data: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="expected") as failure:
        dh_live_video(dh_live(tmp_path / "old", data))
    assert "\n" not in str(failure.value)


def test_damaged_data_and_missing_parts(tmp_path: Path) -> None:
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME]})
    packed = (folder / "combined_data.json.gz").read_bytes()
    for content in (b"", packed[:20], b"plain text", gzip.compress(b"[" * 100_000)):
        (folder / "combined_data.json.gz").write_bytes(content)
        with pytest.raises(BadInputError, match="expected gzipped JSON"):
            dh_live_video(folder)
    (folder / "01.mp4").unlink()
    with pytest.raises(BadInputError, match=r"no 01\.mp4"):
        dh_live_video(folder)
    assert not is_dh_live_folder(tmp_path)


def test_data_that_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME] * 50})
    monkeypatch.setattr("talkingface.preparation.dh_live_folder.LARGEST_DATA_BYTES", 1000)
    with pytest.raises(BadInputError, match="at most 1000"):
        dh_live_video(folder)


def test_a_linked_video_is_refused(tmp_path: Path) -> None:
    folder = dh_live(tmp_path / "old", {"json_data": [FRAME]})
    (folder / "01.mp4").rename(tmp_path / "elsewhere.mp4")
    (folder / "01.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    with pytest.raises(BadInputError, match="found no"):
        dh_live_video(folder)
