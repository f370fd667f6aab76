"""A microphone that may take a second to give its first sound, without the picture standing still meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from mini_live.microphone import Microphone
from talkingface.records import AudioChunk
from talkingface.seams import AudioSource


class SilentUntilHeard:
    """An audio source of silence until the microphone gives sound, and then of that alone."""

    def __init__(self, microphone: Microphone, silence: AudioSource, on_heard: Callable[[], None]) -> None:
        """Begin with silence.

        Args:
            microphone: just opened; it is closed with this.
            silence: at the pace of real time.
            on_heard: called once, before the first sound is handed out.
        """
        self._microphone = microphone
        self._silence: AudioSource | None = silence
        self._on_heard = on_heard
        self._silent_samples = 0

    @property
    def lost_samples(self) -> int:
        """What the microphone has lost."""
        return self._microphone.lost_samples

    def read(self, timeout_s: float) -> AudioChunk | None:
        """See :class:`talkingface.seams.AudioSource`.

        Raises:
            DeviceError: the device is gone.
        """
        if self._silence is not None:
            chunk = self._microphone.read(0.0)
            if chunk is not None and not len(chunk.samples):
                chunk = self._silence.read(timeout_s)
                self._silent_samples += 0 if chunk is None else len(chunk.samples)
                return chunk
            self._silence = None
            self._on_heard()
        else:
            chunk = self._microphone.read(timeout_s)
        return None if chunk is None else AudioChunk(chunk.samples, self._silent_samples + chunk.start_sample)

    def close(self) -> None:
        """Close the microphone; may be called twice."""
        self._microphone.close()
