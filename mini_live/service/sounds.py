"""Sounds from callers: uploaded files that are checked before anything decodes them, and raw PCM."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mini_live.service.refusals import TooLargeError
from talkingface.audio_files import iter_audio
from talkingface.errors import BadAudioError, BadInputError
from talkingface.records import FloatArray
from talkingface.resampling import StreamResampler
from talkingface.timing import SAMPLE_RATE

SAMPLE_BYTES = {"int16": 2, "float32": 4}
BLOCK_SAMPLES = 5 * SAMPLE_RATE
HEAD_BYTES = 16
# How files begin that hold sound and nothing but themselves. Playlists and the like, which make a decoder open
# other files and addresses, do not.
BEGINNINGS: tuple[tuple[int, bytes], ...] = (
    (0, b"RIFF"), (0, b"RF64"), (0, b"fLaC"), (0, b"OggS"), (0, b"ID3"), (4, b"ftyp"), (0, b"\x1a\x45\xdf\xa3"),
    (0, b"FORM"), (0, b"caff"), (0, b".snd"), (0, b"wvpk"), (0, b"#!AMR"),
)  # fmt: skip


@dataclass(frozen=True)
class ReceivedSound:
    """A sound that was checked: where it is, and how many samples of 16 kHz it has."""

    path: Path
    samples: int


def check_sound(path: Path, name: str, longest_s: float) -> ReceivedSound:
    """Decode an uploaded file once and count its samples.

    Args:
        path: where it was stored.
        name: as the caller named it, for messages.
        longest_s: more than that is refused.

    Raises:
        BadAudioError: not a sound.
        TooLargeError: too long.
    """
    samples = sum(len(block) for block in decoded(path, name, longest_s))
    return ReceivedSound(path, samples)


def decoded(path: Path, name: str, longest_s: float) -> Iterator[FloatArray]:
    """Yield an uploaded file as float32 (n,) blocks of 16 kHz; see :func:`check_sound`."""
    _check_beginning(path, name)
    total = 0
    try:
        for block in iter_audio(path, BLOCK_SAMPLES):
            total += len(block)
            if total > longest_s * SAMPLE_RATE:
                raise TooLargeError(f"expected at most {longest_s:g} s of sound, found more in {name}")
            yield block
    except BadAudioError as error:
        raise BadAudioError(str(error).replace(str(path), name)) from error


class PcmReader:
    """Turns messages of raw sound into samples of 16 kHz."""

    def __init__(self, sample_format: str, rate_hz: int) -> None:
        """Start a stream.

        Args:
            sample_format: ``int16`` or ``float32``, both little-endian mono.
            rate_hz: 4 to 384 kHz.

        Raises:
            BadInputError: another format.
            BadAudioError: another rate.
        """
        if sample_format not in SAMPLE_BYTES:
            raise BadInputError(f"expected a format of int16 or float32, found {sample_format[:20]!r}")
        self._format = sample_format
        self._resampler = StreamResampler(rate_hz)

    def read(self, message: bytes) -> FloatArray:
        """Return the float32 (n,) samples that are ready.

        Raises:
            BadAudioError: a message of half samples, or samples that are no numbers.
        """
        size = SAMPLE_BYTES[self._format]
        if len(message) % size:
            raise BadAudioError(
                f"expected whole {self._format} samples of {size} bytes, found {len(message)} bytes"
            )
        if self._format == "int16":
            samples = np.frombuffer(message, "<i2").astype(np.float32) / 32768.0
        else:
            samples = np.frombuffer(message, "<f4").astype(np.float32)
            if not np.isfinite(samples).all():
                raise BadAudioError("expected finite samples, found NaN or infinity")
        return self._resampler.push(np.clip(samples, -1.0, 1.0))

    def finish(self) -> FloatArray:
        """Return the last samples."""
        return self._resampler.finish()


def _check_beginning(path: Path, name: str) -> None:
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    mpeg = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0
    if not mpeg and not any(head[at : at + len(sign)] == sign for at, sign in BEGINNINGS):
        raise BadAudioError(
            f"expected a sound file (wav, flac, mp3, ogg, m4a, webm …), found something else: {name}"
        )
