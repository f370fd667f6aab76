"""A folder of PNG pictures with transparency, and the sound beside them: appears whole or not at all."""

from __future__ import annotations

import secrets
import shutil
import wave
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.badge import Badge
from talkingface.colour_planes import PlaneConverter
from talkingface.errors import OutputError
from talkingface.records import FloatArray, ImageArray

SOUND_NAME = "sound.wav"


class PngSequenceWriter:
    """Writes ``00000.png``, ``00001.png`` … and ``sound.wav`` into a new folder."""

    def __init__(self, folder: Path, sound_rate_hz: int, *, badge: bool = False) -> None:
        """Make a folder beside the place, which is renamed at the end.

        Args:
            folder: where it goes.
            sound_rate_hz: of the sound.
            badge: show in a corner that the pictures are synthetic.

        Raises:
            OutputError: something stands in the place, or the folder cannot be made.
        """
        if folder.exists():
            raise OutputError(f"expected a new folder for the pictures, found something at {folder}")
        self.path = folder
        self.frames_written = 0
        self._part = folder.with_name(f".{folder.name[:40]}.{secrets.token_hex(4)}.part")
        self._converter = PlaneConverter()
        self._with_badge = badge
        self._badge: Badge | None = None
        try:
            self._part.mkdir()
            self._sound = wave.open(str(self._part / SOUND_NAME), "wb")  # noqa: SIM115  closed by close and abort
        except OSError as error:
            raise self._failure(error) from error
        self._sound.setnchannels(1)
        self._sound.setsampwidth(2)
        self._sound.setframerate(sound_rate_hz)
        self._open = True

    def write_planes(self, planes: NDArray[np.uint8], coverage: NDArray[np.uint8] | None = None) -> None:
        """Write one frame of planes with its matte, uint8 (height, width); None is a frame without a hole.

        Raises:
            OutputError: it cannot be written; nothing is left then.
        """
        width, height = planes.shape[1], planes.shape[0] * 2 // 3
        share = np.full((height, width), 255, np.uint8) if coverage is None else coverage.copy()
        if self._with_badge:
            self._badge = self._badge or Badge(width, height)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            self._badge.lay(frame)
            self._badge.cover(share)
            planes = cast(NDArray[np.uint8], frame.to_ndarray())
        self._write(np.dstack([self._converter.rgb_of(planes)[..., ::-1], share]))

    def write_frame(self, rgb: ImageArray) -> None:
        """Write one uint8 (height, width, 3) frame without a hole, height and width even.

        Raises:
            OutputError: it cannot be written; nothing is left then.
        """
        self.write_planes(self._converter.planes_of(rgb))

    def write_audio(self, samples: FloatArray) -> None:
        """Write the next float32 (n,) samples in -1..1.

        Raises:
            OutputError: they cannot be written; nothing is left then.
        """
        clean = np.clip(np.nan_to_num(samples), -1, 1)
        try:
            self._sound.writeframesraw(np.round(clean * 32767).astype("<i2").tobytes())
        except OSError as error:
            self.abort()
            raise self._failure(error) from error

    def close(self) -> None:
        """Finish: the folder is then at its place. May be called twice.

        Raises:
            OutputError: it cannot be finished; nothing is left then.
        """
        if not self._open:
            return
        self._open = False
        try:
            self._sound.close()
            self._part.rename(self.path)
        except OSError as error:
            shutil.rmtree(self._part, ignore_errors=True)
            raise self._failure(error) from error

    def abort(self) -> None:
        """Leave nothing behind. May be called twice, and after close, when it does nothing."""
        if self._open:
            self._open = False
            self._sound.close()
            shutil.rmtree(self._part, ignore_errors=True)

    def _write(self, bgra: ImageArray) -> None:
        good, data = cv2.imencode(".png", bgra)
        try:
            if not good:
                raise OSError("the picture cannot be encoded")
            (self._part / f"{self.frames_written:05d}.png").write_bytes(data.tobytes())
        except OSError as error:
            self.abort()
            raise self._failure(error) from error
        self.frames_written += 1

    def _failure(self, error: OSError) -> OutputError:
        return OutputError(f"the pictures cannot be written to {self.path}: {error.strerror or error}")
