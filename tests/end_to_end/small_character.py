"""Half the size of a prepared character, for tests that must keep up with a live sound on any machine."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from pathlib import Path

import cv2

from talkingface.character import load_character, save_character
from talkingface.records import CropRectangle, HeadPose
from talkingface.video_files import read_frames
from talkingface.video_writer import VideoWriter


def half_size(character: Path, folder: Path, frames: int = 100) -> Path:
    """Write the first ``frames`` of a prepared character at half its width and height, and return the folder."""
    whole = load_character(character)
    width, height = (side // 4 * 2 for side in (whole.width, whole.height))
    frames = min(frames, whole.frame_count)
    folder.mkdir(parents=True)
    shutil.copy(whole.preview_path, folder / "preview.jpg")
    small = dataclasses.replace(
        whole,
        folder=folder,
        name="half size",
        width=width,
        height=height,
        frame_count=frames,
        points_px=whole.points_px[:frames] / 2,
        poses=tuple(
            HeadPose(pose.rotation, pose.scale_px / 2, pose.translation_px / 2)
            for pose in whole.poses[:frames]
        ),
        crops=tuple(
            CropRectangle(crop.x // 2, crop.y // 2, crop.width // 4 * 2, crop.height // 4 * 2)
            for crop in whole.crops[:frames]
        ),
        generator_path=None,
        matte_path=None,
    )
    with VideoWriter(
        small.frames_path, width, height, preset="ultrafast", crf=14, easy_to_decode=True
    ) as writer:
        for rgb in itertools.islice(read_frames(whole.frames_path), frames):
            writer.write_frame(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA))
    save_character(small)
    return folder
