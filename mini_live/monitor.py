"""Plays the voice back, delayed so that it is heard when its picture is shown."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from mini_live.microphone import import_sounddevice
from mini_live.voice_delay import VoiceDelay
from talkingface.errors import DeviceError
from talkingface.records import AudioChunk, FloatArray, VideoFrame
from talkingface.timing import SAMPLE_RATE

# Enough for a busy moment; the picture comes later than this anyway.
BUFFERED_S = 0.06
LONGEST_BUFFERED_S = 1.0
STALLED_S = 2.0
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class SpeakerInfo:
    """One output device: PortAudio's number, its name, and whether it is the system's default."""

    index: int
    name: str
    is_default: bool


def list_speakers() -> list[SpeakerInfo]:
    """List the output devices.

    Raises:
        DeviceError: PortAudio is missing or fails.
    """
    sounddevice = import_sounddevice()
    try:
        default = sounddevice.default.device[1]
        return [
            SpeakerInfo(index, str(entry["name"]), index == default)
            for index, entry in enumerate(sounddevice.query_devices())
            if entry["max_output_channels"] > 0
        ]
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"the list of speakers cannot be read: {error}") from error


class MonitorSink:
    """A speaker that plays the voice in step with the picture; see :class:`talkingface.seams.FrameSink`."""

    def __init__(self, device: SpeakerInfo | None = None) -> None:
        """Open a speaker; None is the system's default.

        Raises:
            DeviceError: it cannot be opened.
        """
        self._device = device
        self.voice = VoiceDelay()
        self._asked_s = 0.0
        self._latency_s = 0.0
        self._asking: Any = None
        self._opening: threading.Thread | None = None
        self._failure: DeviceError | None = None
        self._closed = False
        self._lock = threading.Lock()
        self._stream: Any = self._open()

    def write(self, frame: VideoFrame) -> None:
        """Play the sound of a frame.

        Raises:
            DeviceError: the speaker is gone.
        """
        if self._failure is not None:
            raise self._failure
        if self._opening is None or not self._opening.is_alive():
            if not self._stream.active:
                raise DeviceError("the speaker is gone: plug it in again or choose another")
            if time.monotonic() - self._asked_s > STALLED_S:
                # Some drivers stop asking for sound after a busy moment, and never say so.
                LOGGER.warning("the speaker asks for no sound any more and is opened again")
                self._opening = threading.Thread(target=self._open_again, name="speaker", daemon=True)
                self._opening.start()
        self.voice.show(frame.index, time.monotonic())

    def write_audio(self, chunk: AudioChunk) -> None:
        """Keep the sound until its picture is shown."""
        self.voice.hear(chunk)

    def close(self) -> None:
        """Free the speaker; may be called twice. One that is just being opened again is freed by its own thread."""
        with self._lock:
            self._closed = True
            stream, self._stream = self._stream, None
        _free(stream)

    def _open(self) -> Any:
        sounddevice, device = import_sounddevice(), self._device
        try:
            stream = sounddevice.OutputStream(
                device=None if device is None else device.index,
                samplerate=SAMPLE_RATE,
                channels=1,
                dtype="float32",
                blocksize=SAMPLE_RATE // 100,
                latency=BUFFERED_S,
                callback=self._copy,
            )
            self._asking, self._latency_s = stream, float(stream.latency)
            self._asked_s = time.monotonic()
            stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            name = "the speaker" if device is None else f"the speaker {device.name!r}"
            raise DeviceError(f"{name} cannot be opened ({error}): choose another") from error
        return stream

    def _open_again(self) -> None:
        """Run beside the live loop, which a driver that hangs must not hold up."""
        try:
            _free(self._stream)
            stream = self._open()
        except DeviceError as error:
            self._failure = error
            return
        with self._lock:
            closed = self._closed
            if not closed:
                self._stream = stream
        if closed:
            _free(stream)

    def _copy(self, out: FloatArray, frames: int, times: Any, status: object) -> None:
        """Run on the device's thread."""
        self._asked_s = now_s = time.monotonic()
        # What PortAudio says of each block is right to the millisecond; the stream's latency is only a wish. It was
        # said before this thread had waited for Python, so it is compared with PortAudio's clock of now.
        buffered_s = times.outputBufferDacTime - times.currentTime
        if 0.0 < buffered_s < LONGEST_BUFFERED_S:
            heard_s = now_s + times.outputBufferDacTime - self._asking.time
        else:
            heard_s = now_s + self._latency_s
        self.voice.take(out[:, 0], heard_s)


def _free(stream: Any) -> None:
    """Stop a stream and close it, whatever state it is in; None is none."""
    if stream is not None:
        stream.abort(ignore_errors=True)
        stream.close(ignore_errors=True)
