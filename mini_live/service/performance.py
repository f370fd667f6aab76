"""A character speaking along with sound from the network: sound in, pictures out, no clock but the sound."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mini_live.service.studio import Studio
from mini_live.wiring import Avatar
from talkingface.badge import Badge
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthCurve, MouthStream
from talkingface.records import FloatArray, VideoFrame

JPEG_QUALITY = 85


@dataclass(frozen=True)
class Shown:
    """One frame of a performance."""

    frame: VideoFrame
    silent: bool


class Performance:
    """One stream of sound and the character that speaks it; used by the studio's thread alone."""

    def __init__(self, studio: Studio, avatar: Avatar, controls: MouthControls) -> None:
        """Start a stream with the mouth at rest.

        Args:
            studio: gets the avatar back at :meth:`close`.
            avatar: opened by the studio.
            controls: the user's settings.
        """
        self._studio = studio
        self._stream = MouthStream(studio.mouth.model, controls)
        self.avatar = avatar
        self.dropped_frames = 0
        self.frames = 0

    def push(self, samples: FloatArray, *, hurry: bool = False) -> list[Shown]:
        """Take float32 (n,) 16 kHz sound and return the frames that are ready.

        Args:
            samples: the next ones; each 640 make a frame.
            hurry: compose the newest frame only and count the others as dropped.
        """
        return self._compose(self._stream.push(samples), hurry)

    def finish(self) -> list[Shown]:
        """End the sound and return the last frames."""
        return self._compose(self._stream.finish(), False)

    def set_controls(self, controls: MouthControls) -> None:
        """Turn the mouth's knobs from the next frame on."""
        self._stream.set_controls(controls)

    def close(self) -> None:
        """Give the avatar back; may be called twice."""
        self._studio.close_avatar(self.avatar)

    def _compose(self, curve: MouthCurve, hurry: bool) -> list[Shown]:
        first = max(0, len(curve) - 1) if hurry else 0
        self.dropped_frames += first
        self.frames += len(curve) - first
        compose = self.avatar.composer.compose
        return [
            Shown(compose(curve.first_frame + row, curve.coefficients[row]), bool(curve.silent[row]))
            for row in range(first, len(curve))
        ]


def jpeg(frame: VideoFrame, badge: Badge | None) -> bytes:
    """Return a frame as JPEG, with a sign on it unless that is None."""
    bgr = np.ascontiguousarray(frame.rgb[..., ::-1])
    if badge is not None:
        badge.lay_rgb(bgr)  # it is grey, so the order of colours does not matter
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
