"""Decoded frames of a loop in memory, each as what changed since the one before it, so that each is decoded once.

An encoder leaves out what stands still, so of a portrait less than half changes from one frame to the next, to the bit.
"""

from __future__ import annotations

from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled

PIXEL_FORMAT = "yuv420p"
BLOCK_PX = 16
WORD_BYTES = 8
LUMA_WORDS, CHROMA_WORDS = 2, 1  # a row of a block
BLOCK_WORDS = BLOCK_PX * LUMA_WORDS + 2 * (BLOCK_PX // 2) * CHROMA_WORDS

Words = NDArray[np.uint64]
Planes = tuple[Words, Words, Words]
Change = tuple[NDArray[np.int32], Words]  # numbers of blocks, and what is in them from now on


class KeptFrames:
    """Frames 0, 1, 2 … of a loop, as far as they fit; they are put in and taken out as the decoder holds them.

    Attributes:
        kept_bytes: how much memory they take.
    """

    def __init__(self, most_bytes: int) -> None:
        """Keep nothing yet, and never more than ``most_bytes``, the frame in work not counted."""
        self._most_bytes = most_bytes
        self.kept_bytes = 0
        self._is_open = most_bytes > 0
        self._changes: list[Change] = []
        self._last_key = 0
        self._picture: av.VideoFrame | None = None
        self._planes: Planes | None = None
        self._columns = 0
        self._shown = -1
        self._found: Change | None = None

    def __len__(self) -> int:
        """How many frames are kept."""
        return len(self._changes)

    def keep(self, decoded: av.VideoFrame) -> None:
        """Keep the next frame, number ``len(self)``; where there is no room left, no more are kept from then on."""
        planes = _words(decoded) if self._is_open and self._is_alike(decoded) else None
        if planes is None:
            self._is_open = False
            return
        if self._found is None:
            self._begin(decoded)
        assert self._found is not None and self._planes is not None
        self._go_to(len(self) - 1)
        blocks, words = self._found
        count = _changed(*self._planes, *planes, blocks, words, not self._changes)
        if decoded.key_frame:
            self._last_key = len(self)
        self._changes.append((blocks[:count].copy(), words[:count].copy()))
        self.kept_bytes += _bytes_of(self._changes[-1:])
        if self.kept_bytes > self._most_bytes:
            # Decoding goes on from a key frame, so that it has nothing to catch up with.
            self.kept_bytes -= _bytes_of(self._changes[self._last_key :])
            del self._changes[self._last_key :]
            self._is_open, self._found, self._shown = False, None, -1

    def picture(self, number: int) -> av.VideoFrame:
        """Return a frame, which must not be changed and is good until the next call of anything here."""
        self._go_to(number)
        assert self._picture is not None
        return self._picture

    def clear(self) -> None:
        """Forget all and keep no more."""
        self._changes.clear()
        self.kept_bytes = 0
        self._is_open, self._picture, self._planes, self._found = False, None, None, None

    def _is_alike(self, decoded: av.VideoFrame) -> bool:
        """Return whether a frame is of the kind that is kept here."""
        return decoded.format.name == PIXEL_FORMAT and (
            self._picture is None or _kind_of(decoded) == _kind_of(self._picture)
        )

    def _begin(self, decoded: av.VideoFrame) -> None:
        picture = av.VideoFrame(decoded.width, decoded.height, PIXEL_FORMAT)
        picture.colorspace, picture.color_range = decoded.colorspace, decoded.color_range
        planes = _words(picture)
        assert planes is not None, "frames of our own have rows of whole words"
        self._columns = -(-decoded.width // BLOCK_PX)
        most = self._columns * -(-decoded.height // BLOCK_PX)
        self._picture, self._planes = picture, planes
        self._found = np.empty(most, np.int32), np.zeros((most, BLOCK_WORDS), np.uint64)

    def _go_to(self, number: int) -> None:
        if number < self._shown:
            self._shown = -1
        for blocks, words in self._changes[self._shown + 1 : number + 1]:
            assert self._planes is not None
            _lay(*self._planes, blocks, words, self._columns)
        self._shown = number


def _bytes_of(changes: list[Change]) -> int:
    return sum(blocks.nbytes + words.nbytes for blocks, words in changes)


def _kind_of(frame: av.VideoFrame) -> tuple[int, ...]:
    return frame.width, frame.height, frame.colorspace, frame.color_range


def _words(frame: av.VideoFrame) -> Planes | None:
    """Return the planes, uint64 (rows, words a row with padding); None where a row does not hold whole blocks."""
    columns = -(-frame.width // BLOCK_PX)
    planes = []
    for plane, block_words in zip(frame.planes, (LUMA_WORDS, CHROMA_WORDS, CHROMA_WORDS), strict=True):
        row_words, left_over = divmod(plane.line_size, WORD_BYTES)
        if left_over or row_words < columns * block_words:
            return None
        words = np.frombuffer(cast(Any, plane), np.uint64, plane.height * row_words)
        planes.append(words.reshape(plane.height, row_words))
    luma, blue, red = planes
    return luma, blue, red


@compiled
def _changed(
    luma: Words,
    blue: Words,
    red: Words,
    new_luma: Words,
    new_blue: Words,
    new_red: Words,
    blocks: NDArray[np.int32],
    words: Words,
    is_all: bool,
) -> int:
    """Tell which blocks of 16 x 16 pixels are other ones in new planes, and what is in them there.

    Args:
        luma: uint64 (h, n) of the planes before.
        blue: uint64 (h / 2, m) the same, as all that follow but for ``n`` and ``m``.
        red: see ``blue``.
        new_luma: see ``luma``.
        new_blue: see ``blue``.
        new_red: see ``blue``.
        blocks: int32 (b,) gets the numbers of those blocks, counted row after row; room for all.
        words: uint64 (b, 48) gets what is in them.
        is_all: take every block.

    Returns:
        How many there are.
    """
    count = 0
    height, half_height = luma.shape[0], blue.shape[0]
    columns = blocks.size // -(-height // 16)
    differences = np.empty(columns, np.uint64)
    for top in range(blocks.size // columns):
        rows = range(16 * top, min(16 * top + 16, height))
        half_rows = range(8 * top, min(8 * top + 8, half_height))
        differences[:] = is_all
        for y in rows:
            for left in range(columns):
                differences[left] |= luma[y, 2 * left] ^ new_luma[y, 2 * left]
                differences[left] |= luma[y, 2 * left + 1] ^ new_luma[y, 2 * left + 1]
        for y in half_rows:
            for left in range(columns):
                differences[left] |= blue[y, left] ^ new_blue[y, left]
                differences[left] |= red[y, left] ^ new_red[y, left]
        for left in range(columns):
            if differences[left] == 0:
                continue
            at = 0
            for y in rows:
                words[count, at], words[count, at + 1] = new_luma[y, 2 * left], new_luma[y, 2 * left + 1]
                at += 2
            for y in half_rows:
                words[count, at], words[count, at + 1] = new_blue[y, left], new_red[y, left]
                at += 2
            blocks[count] = top * columns + left
            count += 1
    return count


@compiled
def _lay(luma: Words, blue: Words, red: Words, blocks: NDArray[np.int32], words: Words, columns: int) -> None:
    """Lay blocks into planes, changed in place; see :func:`_changed`."""
    for row in range(blocks.size):
        top, left = blocks[row] // columns, blocks[row] % columns
        at = 0
        for y in range(16 * top, min(16 * top + 16, luma.shape[0])):
            for x in range(2 * left, 2 * left + 2):
                luma[y, x] = words[row, at]
                at += 1
        for y in range(8 * top, min(8 * top + 8, blue.shape[0])):
            blue[y, left], red[y, left] = words[row, at], words[row, at + 1]
            at += 2
