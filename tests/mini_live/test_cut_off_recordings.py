"""What a crash left of a recording comes back; nothing else is touched."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from mini_live.cut_off_recordings import rescue_recording
from talkingface.video_files import read_frames
from talkingface.video_writer import VideoWriter


def left_behind(path: Path, *, age_s: float = 60.0) -> Path:
    """Leave an unfinished recording behind, as a killed program does."""
    writer = VideoWriter(path, 64, 48, preset="ultrafast", keyframe_interval=5, keep_what_is_whole=True)
    for number in range(24):
        writer.write_frame(np.full((48, 64, 3), number, np.uint8))
    (part,) = path.parent.glob(f".{path.name}.*.part")
    kept = part.read_bytes()
    writer.abort()
    part.write_bytes(kept)
    os.utime(part, (time.time() - age_s,) * 2)
    return part


def test_it_comes_back_and_can_be_played(tmp_path: Path) -> None:
    part = left_behind(tmp_path / "a.mp4")
    (tmp_path / ".b.mp4.00.part").write_bytes(b"another's")
    assert rescue_recording(tmp_path / "a.mp4")
    assert len(list(read_frames(tmp_path / "a.mp4"))) >= 10
    assert not part.exists() and (tmp_path / ".b.mp4.00.part").exists()
    assert not rescue_recording(tmp_path / "a.mp4")


def test_one_that_is_still_written_and_a_file_that_is_there_are_left_alone(tmp_path: Path) -> None:
    part = left_behind(tmp_path / "a.mp4", age_s=0.0)
    assert not rescue_recording(tmp_path / "a.mp4")
    assert part.exists() and not (tmp_path / "a.mp4").exists()
    os.utime(part, (time.time() - 60,) * 2)
    (tmp_path / "a.mp4").write_bytes(b"mine")
    assert not rescue_recording(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"


def test_nothing_playable_and_no_folder_are_no_failure(tmp_path: Path) -> None:
    (tmp_path / ".a.mp4.00.part").write_bytes(b"\0\0\0\x10ftyp")
    os.utime(tmp_path / ".a.mp4.00.part", (time.time() - 60,) * 2)
    assert not rescue_recording(tmp_path / "a.mp4")
    assert not rescue_recording(tmp_path / "none" / "a.mp4")
