"""The seams of the house: small Protocols between the parts, so that each can be swapped and tested alone."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from talkingface.records import AudioChunk, FloatArray, ImageArray, MouthGeometry, TeethLook, VideoFrame

MouthState = tuple[FloatArray, ...]


class AudioSource(Protocol):
    """Sound from a microphone, a file or a network: 16 kHz mono float32."""

    def read(self, timeout_s: float) -> AudioChunk | None:
        """Return the next samples, in order and without gaps; an empty chunk after ``timeout_s`` of nothing.

        Returns None once, and for ever after, when the sound has ended.

        Raises:
            DeviceError: the device failed and cannot go on.
        """

    def close(self) -> None:
        """Free the device or file; may be called twice."""


class MouthModel(Protocol):
    """Streaming log-mel features to PCA mouth coefficients, state in and state out."""

    @property
    def look_ahead_ms(self) -> int:
        """How many milliseconds of future sound a frame waits for, beside the feature window."""

    @property
    def coefficient_count(self) -> int:
        """K, the number of mouth coefficients."""

    def initial_state(self) -> MouthState:
        """Return the state before the first sound."""

    def step(self, features: FloatArray, state: MouthState) -> tuple[FloatArray, MouthState]:
        """Advance by T frames: float32 (2T, 80) log-mel in, float32 (T, K) coefficients and state out."""


class MouthRenderer(Protocol):
    """Draws the lower face: warped skin, lips, teeth and mouth cavity."""

    def wear(self, look: TeethLook) -> None:
        """Draw another person's teeth and cavity from now on."""

    def render(self, crop: ImageArray, geometry: MouthGeometry) -> ImageArray:
        """Draw one frame.

        Args:
            crop: uint8 (h, w, 3) RGB, the part of the character's frame to take the skin from; not changed.
            geometry: vertices in pixels of that crop.

        Returns:
            uint8 (h, w, 4): RGB drawn, A coverage (255 inside the wrap, falling to 0 at its skirt's edge).

        Raises:
            GraphicsError: drawing failed.
        """

    def close(self) -> None:
        """Free the context; may be called twice."""


class FaceGenerator(Protocol):
    """The network that makes a drawn mouth look like the character."""

    @property
    def patch_px(self) -> int:
        """Side of the square patch it reads and paints."""

    def encode_references(self, references: ImageArray) -> NDArray[np.float32]:
        """Encode uint8 (R, patch, patch, 3) reference patches once per character."""

    def generate(
        self, guide: ImageArray, reference_features: NDArray[np.float32], rows: tuple[int, int] | None = None
    ) -> ImageArray:
        """Paint one mouth: uint8 (patch, patch, 4) guide (RGB, A = inside of the lips) to uint8 (patch, patch, 3).

        ``rows`` are the first one that is wanted and the one after the last, all if None; what is returned in others
        does not matter.
        """


class FrameSink(Protocol):
    """Takes finished frames and the sound that belongs to them: file, window, virtual camera, network."""

    def write(self, frame: VideoFrame) -> None:
        """Take one frame, in order.

        Raises:
            OutputError: it cannot be written.
            DeviceError: the device is gone.
        """

    def write_audio(self, chunk: AudioChunk) -> None:
        """Take the sound that the frames answer, in order; sinks without sound ignore it."""

    def close(self) -> None:
        """Finish and free; what was written is then whole. May be called twice."""


class Clock(Protocol):
    """Time that live pacing waits on; tests give a faked one."""

    def now_s(self) -> float:
        """Seconds since some fixed moment, never going back."""

    def sleep_s(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
