"""The endless base loop: any frame at any time, in order or not, and a clear line where the video is damaged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from talkingface.character import Character, load_character
from talkingface.errors import CharacterError
from talkingface.frame_loop import FrameLoop
from talkingface.video_writer import VideoWriter
from tests.made_faces import character_folder
from tests.made_videos import number_in, numbered_picture

FRAMES = 150


@pytest.fixture(scope="module")
def character(tmp_path_factory: pytest.TempPathFactory) -> Character:
    """Return a character whose loop is 150 numbered frames."""
    made = load_character(character_folder(tmp_path_factory.mktemp("loop") / "made", frames=4))
    with VideoWriter(made.frames_path, 128, 48, keyframe_interval=25, easy_to_decode=True) as writer:
        for number in range(FRAMES):
            writer.write_frame(numbered_picture(number))
    return replace(made, frame_count=FRAMES, width=128, height=48)


@pytest.mark.parametrize("threads", [1, 3])
def test_frames_come_in_order_and_wrap(threads: int, character: Character) -> None:
    loop = FrameLoop(character, decoder_threads=threads)
    seen = [number_in(loop.frame(index)) for index in range(2 * FRAMES + 10)]
    assert seen == [index % FRAMES for index in range(2 * FRAMES + 10)]
    loop.close()
    loop.close()


def test_any_order(character: Character) -> None:
    loop = FrameLoop(character)
    wanted = np.random.default_rng(2).integers(0, 10 * FRAMES, 120)
    assert [number_in(loop.frame(int(index))) for index in wanted] == [
        int(index) % FRAMES for index in wanted
    ]


def test_the_same_frame_again_and_a_step_back(character: Character) -> None:
    loop = FrameLoop(character)
    assert [number_in(loop.frame(index)) for index in (80, 80, 79, 81, 24, 25, 149, 0)] == [
        80, 80, 79, 81, 24, 25, 149, 0,
    ]  # fmt: skip


def test_a_frame_is_the_callers_own(character: Character) -> None:
    loop = FrameLoop(character)
    first = loop.frame(10)
    kept = first.copy()
    first[...] = 0
    again = loop.frame(10)
    np.testing.assert_array_equal(again, kept)
    assert again.flags["WRITEABLE"]
    assert again.flags["C_CONTIGUOUS"]


def test_a_video_shorter_than_told(character: Character) -> None:
    loop = FrameLoop(replace(character, frame_count=FRAMES + 20))
    assert number_in(loop.frame(FRAMES - 1)) == FRAMES - 1
    with pytest.raises(CharacterError, match="missing or damaged"):
        loop.frame(FRAMES + 5)


def test_a_video_of_another_size(character: Character) -> None:
    with pytest.raises(CharacterError, match="expected frames of 130x48"):
        FrameLoop(replace(character, width=130)).frame(0)


def test_no_video(character: Character, tmp_path: Path) -> None:
    with pytest.raises(CharacterError, match="base video"):
        FrameLoop(replace(character, folder=tmp_path))
