"""Plays the voice back, delayed so that it is heard when its picture is shown."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from mini_live.microphone import import_sounddevice
from talkingface.errors import DeviceError
from talkingface.records import AudioChunk, FloatArray, VideoFrame
from talkingface.timing import SAMPLE_RATE, SAMPLES_PER_FRAME

WAITING_SAMPLES = SAMPLE_RATE // 20
KEPT_SAMPLES = 2 * SAMPLE_RATE
LONGEST_LEAD_S = 0.15
CORRECTION_SHARE = 0.05
MOST_CORRECTION_SAMPLES = 4
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


class VoiceDelay:
    """Hands out the sound that belongs to the frame shown, a frame's worth a frame, stretched to the device's clock.

    The device takes samples by its own clock. How many wait for it is kept near :data:`WAITING_SAMPLES` by making
    a frame's sound up to four samples longer or shorter, which nobody hears; so nothing drifts.
    """

    def __init__(self, device_latency_s: float) -> None:
        """Start without sound.

        Args:
            device_latency_s: from a sample handed to the device until it is heard.
        """
        lead_s = min(device_latency_s + WAITING_SAMPLES / SAMPLE_RATE, LONGEST_LEAD_S)
        self._lead = round(lead_s * SAMPLE_RATE)
        self._heard = np.zeros(0, np.float32)
        self._heard_from = 0
        self._ready: deque[FloatArray] = deque()
        self._waiting = 0
        self._level = float(WAITING_SAMPLES)
        self._lock = threading.Lock()
        self._started = False
        self.gaps = 0

    def hear(self, chunk: AudioChunk) -> None:
        """Keep the sound that comes in, for two seconds."""
        if chunk.start_sample != self._heard_from + len(self._heard):
            self._heard, self._heard_from = np.zeros(0, np.float32), chunk.start_sample
        self._heard = np.concatenate([self._heard, chunk.samples])
        surplus = max(0, len(self._heard) - KEPT_SAMPLES)
        self._heard, self._heard_from = self._heard[surplus:], self._heard_from + surplus

    def show(self, frame_index: int) -> None:
        """Make ready the sound of a frame that is shown now."""
        begin = frame_index * SAMPLES_PER_FRAME + self._lead - self._heard_from
        sound = self._heard[max(0, begin) : max(0, begin + SAMPLES_PER_FRAME)]
        if len(sound) < SAMPLES_PER_FRAME:
            sound = np.concatenate([sound, np.zeros(SAMPLES_PER_FRAME - len(sound), np.float32)])
        with self._lock:
            if not self._started:
                self._started = True
                self._ready.append(np.zeros(WAITING_SAMPLES, np.float32))
                self._waiting = WAITING_SAMPLES
            self._level += CORRECTION_SHARE * (self._waiting - self._level)
            missing = round((WAITING_SAMPLES - self._level) * CORRECTION_SHARE)
            wanted = SAMPLES_PER_FRAME + max(-MOST_CORRECTION_SAMPLES, min(MOST_CORRECTION_SAMPLES, missing))
            stretched = _stretched(sound, wanted)
            self._ready.append(stretched)
            self._waiting += len(stretched)
            while self._waiting > 4 * WAITING_SAMPLES:
                self._waiting -= len(self._ready.popleft())

    def take(self, out: FloatArray) -> None:
        """Fill float32 (n,) for the device; called from its thread."""
        filled = 0
        with self._lock:
            while filled < len(out) and self._ready:
                block = self._ready.popleft()
                used = block[: len(out) - filled]
                out[filled : filled + len(used)] = used
                filled += len(used)
                if len(used) < len(block):
                    self._ready.appendleft(block[len(used) :])
            self._waiting -= filled
            if self._started and filled < len(out):
                self.gaps += 1
        out[filled:] = 0.0


class MonitorSink:
    """A speaker that plays the voice in step with the picture; see :class:`talkingface.seams.FrameSink`."""

    def __init__(self, device: SpeakerInfo | None = None) -> None:
        """Open a speaker; None is the system's default.

        Raises:
            DeviceError: it cannot be opened.
        """
        self._device = device
        self._delay: VoiceDelay | None = None
        self._stream: Any = None
        self._asked_s = 0.0
        self._open()

    def _open(self) -> None:
        sounddevice, device = import_sounddevice(), self._device
        try:
            self._stream = sounddevice.OutputStream(
                device=None if device is None else device.index,
                samplerate=SAMPLE_RATE,
                channels=1,
                dtype="float32",
                blocksize=SAMPLE_RATE // 100,
                latency="low",
                callback=self._copy,
            )
            self._delay = self._delay or VoiceDelay(float(self._stream.latency))
            self._asked_s = time.monotonic()
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            name = "the speaker" if device is None else f"the speaker {device.name!r}"
            raise DeviceError(f"{name} cannot be opened ({error}): choose another") from error

    def write(self, frame: VideoFrame) -> None:
        """Play the sound of a frame.

        Raises:
            DeviceError: the speaker is gone.
        """
        if not self._stream.active:
            raise DeviceError("the speaker is gone: plug it in again or choose another")
        if time.monotonic() - self._asked_s > STALLED_S:
            # Some drivers stop asking for sound after a busy moment, and never say so.
            LOGGER.warning("the speaker asks for no sound any more and is opened again")
            self.close()
            self._open()
        self._voice().show(frame.index)

    def write_audio(self, chunk: AudioChunk) -> None:
        """Keep the sound until its picture is shown."""
        self._voice().hear(chunk)

    def close(self) -> None:
        """Free the speaker; may be called twice."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)

    def _copy(self, out: FloatArray, frames: int, times: object, status: object) -> None:
        self._asked_s = time.monotonic()
        self._voice().take(out[:, 0])

    def _voice(self) -> VoiceDelay:
        assert self._delay is not None, "made when the speaker was opened"
        return self._delay


def _stretched(sound: FloatArray, length: int) -> FloatArray:
    """Return the sound in another, nearly equal length."""
    if length == len(sound):
        return sound
    places = np.linspace(0.0, len(sound) - 1.0, length)
    return np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
