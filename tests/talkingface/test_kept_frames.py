"""Frames kept in memory: the same to the bit as decoded ones, in any order, and never more than fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from talkingface.character import Character, load_character
from talkingface.frame_loop import FrameLoop
from talkingface.kept_frames import KeptFrames
from talkingface.video_writer import VideoWriter
from tests.made_faces import character_folder

FRAMES, KEYS_EVERY = 130, 25
PLENTY = 1 << 26


def moving_picture(number: int, width: int, height: int) -> NDArray[np.uint8]:
    """Return uint8 (height, width, 3): a still, grained ground with a spot that goes round on it."""
    picture = np.random.default_rng(1).integers(90, 130, (height, width, 3)).astype(np.uint8)
    x, y = (5 * number) % (width - 12), (3 * number) % (height - 10)
    picture[y : y + 10, x : x + 12] = (220, 20 + number, 60)
    return picture


@pytest.fixture(scope="module", params=[(128, 96), (130, 50), (66, 98)])
def character(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Character:
    """Return a character whose frames have a size of whole blocks, or not."""
    width, height = request.param
    made = load_character(character_folder(tmp_path_factory.mktemp("kept") / "made", frames=4))
    with VideoWriter(
        made.frames_path, width, height, keyframe_interval=KEYS_EVERY, easy_to_decode=True
    ) as writer:
        for number in range(FRAMES):
            writer.write_frame(moving_picture(number, width, height))
    return replace(made, frame_count=FRAMES, width=width, height=height)


def decoded(path: Path) -> Iterator[av.VideoFrame]:
    """Yield the frames of a video as the decoder holds them."""
    with av.open(str(path)) as container:
        yield from container.decode(video=0)


@pytest.mark.parametrize("room", [PLENTY, 150_000])
def test_kept_or_decoded_is_the_same(room: int, character: Character) -> None:
    plain, keeping = FrameLoop(character), FrameLoop(character, most_kept_bytes=room)
    for index in range(2 * FRAMES + 40):
        np.testing.assert_array_equal(keeping.planes(index), plain.planes(index))
    for index in np.random.default_rng(3).integers(0, 5 * FRAMES, 60):
        np.testing.assert_array_equal(keeping.frame(int(index)), plain.frame(int(index)))


def test_any_order_from_the_beginning(character: Character) -> None:
    plain, keeping = FrameLoop(character), FrameLoop(character, most_kept_bytes=PLENTY)
    for index in np.random.default_rng(4).integers(0, 5 * FRAMES, 150):
        np.testing.assert_array_equal(keeping.frame(int(index)), plain.frame(int(index)))


def test_what_does_not_fit_begins_at_a_key_frame(character: Character) -> None:
    whole = KeptFrames(PLENTY)
    for frame in decoded(character.frames_path):
        whole.keep(frame)
    assert len(whole) == FRAMES
    half = KeptFrames(whole.kept_bytes // 2)
    for frame in decoded(character.frames_path):
        half.keep(frame)
        assert half.kept_bytes <= whole.kept_bytes // 2
    assert half.kept_bytes > whole.kept_bytes // 4
    assert len(half) % KEYS_EVERY == 0


def test_what_stands_still_takes_no_room(character: Character) -> None:
    kept = KeptFrames(PLENTY)
    pictures = list(decoded(character.frames_path))
    for frame in pictures:
        kept.keep(frame)
    assert kept.kept_bytes < 0.7 * sum(frame.to_ndarray().nbytes for frame in pictures)


def test_frames_of_another_size_or_kind_are_not_kept() -> None:
    kept = KeptFrames(PLENTY)
    kept.keep(av.VideoFrame(64, 48, "yuv420p"))
    kept.keep(av.VideoFrame(128, 96, "yuv420p"))
    kept.keep(av.VideoFrame(64, 48, "yuv420p"))
    assert len(kept) == 1
    of_rgb = KeptFrames(PLENTY)
    of_rgb.keep(av.VideoFrame(64, 48, "rgb24"))
    assert len(of_rgb) == 0


def test_nothing_is_kept_where_nothing_may_be(character: Character) -> None:
    loop = FrameLoop(character)
    kept = KeptFrames(0)
    for frame in decoded(character.frames_path):
        kept.keep(frame)
    assert len(kept) == kept.kept_bytes == 0
    loop.close()
