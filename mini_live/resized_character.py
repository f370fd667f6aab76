"""A copy of a character in another frame size, so that machines and programs can be compared at the same one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from talkingface.background import covering
from talkingface.character import Character, save_character
from talkingface.frame_loop import FrameLoop
from talkingface.preparation.loop_writing import BASE_CRF, BASE_KEYFRAMES, BASE_PRESET
from talkingface.records import CropRectangle, HeadPose
from talkingface.video_writer import VideoWriter


def resized_character(
    character: Character, width: int, height: int, folder: Path, most_frames: int
) -> Character:
    """Write a character again whose frames fill another size, cut at the sides where they must be.

    Args:
        character: the one to copy; a matte is left out.
        width: even, in pixels.
        height: even, in pixels.
        folder: an empty one for the copy.
        most_frames: of the loop, beginning with its first.

    Returns:
        The copy, as it lies in the folder.

    Raises:
        OutputError: the folder cannot be written.
        CharacterError: the base video cannot be read.
    """
    count = min(character.frame_count, most_frames)
    scale = max(width / character.width, height / character.height)
    full = max(width, round(character.width * scale)), max(height, round(character.height * scale))
    corner = np.array([(full[0] - width) // 2, (full[1] - height) // 2, 0], np.float32)
    copy = replace(
        character,
        folder=folder,
        width=width,
        height=height,
        frame_count=count,
        points_px=character.points_px[:count] * np.float32(scale) - corner,
        poses=tuple(
            HeadPose(pose.rotation, pose.scale_px * scale, pose.translation_px * np.float32(scale) - corner)
            for pose in character.poses[:count]
        ),
        crops=_crops(character, scale, corner, width, height)[:count],
        generator_path=None,
        matte_path=None,
        extra={},
    )
    base = FrameLoop(character)
    writer = VideoWriter(
        copy.frames_path, width, height, crf=BASE_CRF, preset=BASE_PRESET, keyframe_interval=BASE_KEYFRAMES,
        easy_to_decode=True, metadata={},
    )  # fmt: skip
    try:
        with writer:
            for index in range(count):
                writer.write_frame(covering(base.frame(index), width, height))
    finally:
        base.close()
    save_character(copy)
    return replace(copy, generator_path=character.generator_path)


def _crops(
    character: Character, scale: float, corner: np.ndarray, width: int, height: int
) -> tuple[CropRectangle, ...]:
    """Carry the crops along; all keep one even size inside the frame."""
    first = character.crops[0]
    wide = min(2 * round(first.width * scale / 2), width)
    tall = min(2 * round(first.height * scale / 2), height)
    return tuple(
        CropRectangle(
            int(np.clip(round(crop.x * scale - corner[0]), 0, width - wide)),
            int(np.clip(round(crop.y * scale - corner[1]), 0, height - tall)),
            wide,
            tall,
        )
        for crop in character.crops
    )
