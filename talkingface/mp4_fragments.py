"""What is whole of an mp4 that was never finished: cuts a torn last piece off."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

HEADER = struct.Struct(">I4s")
LARGE_SIZE = struct.Struct(">Q")


def keep_whole_fragments(path: Path) -> bool:
    """Cut an unfinished fragmented mp4 after its last whole fragment, in place.

    Args:
        path: a file of boxes ``ftyp … moov mdat (moof mdat)*``, torn anywhere.

    Returns:
        Whether at least one fragment is whole, so that the file can be played.

    Raises:
        OSError: it cannot be read or cut.
    """
    playable_bytes, has_index = 0, False
    with open(path, "r+b") as file:
        for kind, end in _whole_boxes(file):
            has_index = has_index or kind == b"moov"
            if kind == b"mdat" and has_index:
                playable_bytes = end
        if playable_bytes:
            file.truncate(playable_bytes)
    return playable_bytes > 0


def _whole_boxes(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Yield the kind and the end, in bytes, of each top-level box that is there to its last byte."""
    size = os.fstat(file.fileno()).st_size
    begin = 0
    while begin + HEADER.size <= size:
        file.seek(begin)
        length, kind = HEADER.unpack(file.read(HEADER.size))
        if length == 1:
            large = file.read(LARGE_SIZE.size)
            if len(large) < LARGE_SIZE.size:
                return
            (length,) = LARGE_SIZE.unpack(large)
        if length < HEADER.size or begin + length > size:
            return
        begin += length
        yield kind, begin
