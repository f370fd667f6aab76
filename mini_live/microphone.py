"""Microphones through PortAudio: the device's thread only copies into a bounded queue, drops are counted."""

from __future__ import annotations

import queue
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from talkingface.errors import DeviceError
from talkingface.records import AudioChunk, FloatArray
from talkingface.resampling import StreamResampler
from talkingface.timing import SAMPLE_RATE

BLOCK_S = 0.02
QUEUED_S = 4.0
SILENT_DEVICE_S = 3.0
FIRST_SOUND_S = 8.0


@dataclass(frozen=True)
class MicrophoneInfo:
    """One input device.

    Attributes:
        index: PortAudio's number, as ``--device`` takes it.
        name: as the system calls it.
        channels: how many inputs it has.
        rate_hz: its own sample rate.
        is_default: whether it is the one taken when none is named.
    """

    index: int
    name: str
    channels: int
    rate_hz: int
    is_default: bool


def list_microphones(*, refresh: bool = False) -> list[MicrophoneInfo]:
    """List the input devices.

    Args:
        refresh: look again for devices plugged in since the program began; only while no stream is open.

    Raises:
        DeviceError: PortAudio is missing or fails.
    """
    sounddevice = import_sounddevice()
    try:
        if refresh:
            sounddevice._terminate()
            sounddevice._initialize()
        default = sounddevice.default.device[0]
        return [
            MicrophoneInfo(
                index, str(entry["name"]), int(entry["max_input_channels"]), int(entry["default_samplerate"]),
                index == default,
            )
            for index, entry in enumerate(sounddevice.query_devices())
            if entry["max_input_channels"] > 0
        ]  # fmt: skip
    except sounddevice.PortAudioError as error:
        raise DeviceError(f"the list of microphones cannot be read: {error}") from error


def find_microphone(wanted: str | None) -> MicrophoneInfo:
    """Return the microphone of a number or of a part of its name; None is the system's default.

    Raises:
        DeviceError: none fits, with the list of those there are.
    """
    devices = list_microphones()
    if not devices:
        raise DeviceError("expected a microphone, found none: plug one in, or speak a sound file instead")
    if wanted is None:
        chosen = [device for device in devices if device.is_default] or devices
    elif wanted.isdecimal():
        chosen = [device for device in devices if device.index == int(wanted)]
    else:
        chosen = [device for device in devices if wanted.casefold() in device.name.casefold()]
    if not chosen:
        known = "; ".join(f"{device.index} {device.name}" for device in devices)
        raise DeviceError(f"expected one of the microphones [{known}], found none called {wanted!r}")
    return chosen[0]


class Microphone:
    """An open microphone as 16 kHz mono; see :class:`talkingface.seams.AudioSource`.

    Sound that was lost because nobody took it in time comes as silence of the same length, so that the clock of
    the sound goes on; ``lost_samples`` counts it.
    """

    def __init__(self, device: MicrophoneInfo) -> None:
        """Open the device and start it, at 16 kHz where it can, else at its own rate.

        Raises:
            DeviceError: it cannot be opened.
        """
        self._sounddevice = import_sounddevice()
        self._device = device
        self._queue: queue.Queue[tuple[int, FloatArray]] = queue.Queue(maxsize=round(QUEUED_S / BLOCK_S))
        self._lost_in_callback = 0
        self._lost_before = 0
        self._position = 0
        self._ended: str | None = None
        self.lost_samples = 0
        self._stream: Any = None
        failure: Exception | None = None
        for rate_hz in dict.fromkeys((SAMPLE_RATE, device.rate_hz, 48_000, 44_100)):
            try:
                self._stream = self._sounddevice.InputStream(
                    device=device.index,
                    samplerate=rate_hz,
                    channels=1,
                    dtype="float32",
                    blocksize=round(rate_hz * BLOCK_S),
                    latency="low",
                    callback=self._copy,
                    finished_callback=self._gone,
                )
                self._stream.start()
            except (self._sounddevice.PortAudioError, ValueError) as error:
                failure = error
                self._close_stream()
                continue
            self._rate_hz = rate_hz
            self._resampler = StreamResampler(rate_hz)
            # A device may take seconds to give its first sound, but no longer than a moment later on.
            self._last_s = time.monotonic() + FIRST_SOUND_S - SILENT_DEVICE_S
            return
        raise DeviceError(
            f"the microphone {device.name!r} cannot be opened ({failure}): close other programs that use it, "
            "allow this program to use the microphone in the system's settings, or choose another"
        )

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`.

        Raises:
            DeviceError: the device is gone.
        """
        try:
            lost, samples = (
                self._queue.get(timeout=max(timeout_s, 0.0)) if timeout_s > 0 else self._queue.get_nowait()
            )
        except queue.Empty:
            self._check_alive()
            return AudioChunk(np.zeros(0, np.float32), self._position)
        self._last_s = time.monotonic()
        # Some drivers begin with numbers that are none.
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        if lost > self._lost_before:
            samples = np.concatenate([np.zeros(lost - self._lost_before, np.float32), samples])
            self._lost_before = lost
            self.lost_samples = round(lost * SAMPLE_RATE / self._rate_hz)
        ready = self._resampler.push(samples)
        chunk = AudioChunk(ready, self._position)
        self._position += len(ready)
        return chunk

    def close(self) -> None:
        """Stop and free the device; may be called twice."""
        self._close_stream()

    def _copy(self, data: FloatArray, frames: int, times: object, status: object) -> None:
        """Run on the device's thread: copy, nothing else."""
        try:
            self._queue.put_nowait((self._lost_in_callback, data[:, 0].copy()))
        except queue.Full:
            self._lost_in_callback += frames

    def _gone(self) -> None:
        self._ended = "it was stopped or unplugged"

    def _check_alive(self) -> None:
        silent_s = time.monotonic() - self._last_s
        if self._ended is not None or not self._stream.active or silent_s > SILENT_DEVICE_S:
            reason = self._ended or "it gives no sound any more"
            raise DeviceError(
                f"the microphone {self._device.name!r} is gone ({reason}): plug it in again or choose another"
            )

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            try:
                stream.abort(ignore_errors=True)
            finally:
                stream.close(ignore_errors=True)


def import_sounddevice() -> Any:  # the module has no types
    """Import sounddevice, late because that needs PortAudio's library.

    Raises:
        DeviceError: the package or the library is missing.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise DeviceError(
            f"the microphone needs PortAudio, found none ({error}): on Debian and Ubuntu "
            "'apt install libportaudio2 libasound2-plugins', elsewhere 'pip install sounddevice'"
        ) from error
    return sounddevice
