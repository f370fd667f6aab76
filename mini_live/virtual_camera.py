"""The character as a webcam, through pyvirtualcam."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from mini_live.fitting import fitted
from talkingface.badge import Badge
from talkingface.errors import DeviceError, MissingPackageError
from talkingface.records import AudioChunk, ImageArray, VideoFrame
from talkingface.timing import FRAMES_PER_SECOND

CURES = {
    "linux": "load the kernel module: 'apt install v4l2loopback-dkms', then "
    "'modprobe v4l2loopback exclusive_caps=1 card_label=\"Talking avatar\"'",
    "win32": "install OBS Studio 26 or later, which brings the camera",
    "darwin": "install OBS Studio 30 or later, and start its virtual camera once",
}


class VirtualCameraSink:
    """Shows every frame on a virtual camera; sound is ignored. See :class:`talkingface.seams.FrameSink`.

    Attributes:
        badge: whether the picture shows that it is synthetic; may be changed at any time.
    """

    def __init__(self, width: int, height: int, *, badge: bool = True) -> None:
        """Open the camera.

        Args:
            width: of the frames, in pixels.
            height: of the frames, in pixels.
            badge: see the attribute.

        Raises:
            MissingPackageError: pyvirtualcam is not installed.
            DeviceError: there is no virtual camera, with the cure for this system.
        """
        try:
            import pyvirtualcam
        except ImportError as error:
            raise MissingPackageError(
                "a virtual camera needs pyvirtualcam: pip install pyvirtualcam"
            ) from error
        try:
            self._camera: Any = pyvirtualcam.Camera(width=width, height=height, fps=FRAMES_PER_SECOND)
        except (RuntimeError, ValueError) as error:
            raise DeviceError(f"expected a virtual camera, found none: {camera_cure()}") from error
        self._size = (width, height)
        self._sign = Badge(width, height)
        self.badge = badge
        self.name = str(self._camera.device)

    def write(self, frame: VideoFrame) -> None:
        """Show one frame.

        Raises:
            DeviceError: the camera is gone.
        """
        try:
            self._camera.send(self._signed(fitted(frame.rgb, *self._size)))
        except (RuntimeError, OSError) as error:
            raise DeviceError(f"the virtual camera {self.name} is gone: {error}") from error

    def _signed(self, rgb: ImageArray) -> ImageArray:
        if not self.badge:
            return np.ascontiguousarray(rgb)
        signed = rgb.copy()  # others show the same picture
        self._sign.lay_rgb(signed)
        return signed

    def write_audio(self, chunk: AudioChunk) -> None:
        """Ignore the sound."""

    def close(self) -> None:
        """Free the camera; may be called twice."""
        camera, self._camera = self._camera, None
        if camera is not None:
            camera.close()


def camera_cure() -> str:
    """Return what to do on this system where there is no virtual camera."""
    return CURES.get(sys.platform, "this system has no virtual camera")
