"""Face tracking behind a seam: video frames in, a dense face mesh in pixels out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from talkingface.array_files import read_arrays
from talkingface.errors import BadInputError, MissingPackageError
from talkingface.mediapipe_solutions import solution

LANDMARK_COUNT = 478


class FaceTracker(Protocol):
    """Finds one face in consecutive frames of the same video."""

    def track(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return float32 (478, 3) landmarks in pixels (z in the scale of x, smaller is nearer), or None."""

    def close(self) -> None:
        """Free the model."""


@dataclass(frozen=True)
class FaceTrack:
    """The tracked mesh of a whole video.

    Attributes:
        points: float32 (frames, 478, 3) in pixels; rows without a face are zero.
        found: bool (frames,).
        frames_per_second: the rate at which the video was sampled.
    """

    points: NDArray[np.float32]
    found: NDArray[np.bool_]
    frames_per_second: float

    def save(self, path: Path | str) -> None:
        """Write the track as npz with the fields ``points``, ``found`` and ``fps``."""
        with open(path, "wb") as file:
            np.savez_compressed(
                file, points=self.points, found=self.found, fps=np.float32(self.frames_per_second)
            )

    @classmethod
    def load(cls, path: Path | str) -> FaceTrack:
        """Read a track written by :meth:`save`.

        Raises:
            BadInputError: the file is not such a track.
        """
        try:
            data = read_arrays(path, ("points", "found", "fps"))
            track = cls(data["points"], data["found"], float(data["fps"]))
        except (OSError, TypeError, ValueError) as error:
            raise BadInputError(f"expected a face track (npz), found {path} ({error})") from error
        if track.points.shape != (len(track.found), LANDMARK_COUNT, 3):
            raise BadInputError(
                f"expected points (frames, {LANDMARK_COUNT}, 3), found {track.points.shape} in {path}"
            )
        return track


class MediaPipeTracker:
    """MediaPipe FaceMesh (the legacy solution, its model lies inside the wheel), one face."""

    def __init__(self, *, min_confidence: float = 0.5) -> None:
        """Load the model.

        Raises:
            MissingPackageError: mediapipe is not installed.
        """
        try:
            face_mesh = solution("face_mesh")
        except ImportError as error:
            raise MissingPackageError(
                "tracking needs mediapipe: pip install mediapipe==0.10.21 (Python 3.10 to 3.12)"
            ) from error
        self._mesh = face_mesh.FaceMesh(
            static_image_mode=False,
            max_num_faces=1,
            refine_landmarks=True,
            min_detection_confidence=min_confidence,
            min_tracking_confidence=min_confidence,
        )

    def track(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """See :class:`FaceTracker`."""
        faces = self._mesh.process(rgb).multi_face_landmarks
        if not faces:
            return None
        height, width = rgb.shape[:2]
        points = np.array([(p.x, p.y, p.z) for p in faces[0].landmark], np.float32)
        return points * np.array([width, height, width], np.float32)

    def close(self) -> None:
        """Free the model."""
        self._mesh.close()


def track_frames(
    frames: Iterable[NDArray[np.uint8]],
    tracker: FaceTracker,
    frames_per_second: float,
    on_frame: Callable[[int], None] | None = None,
) -> FaceTrack:
    """Track every frame of a video; repeated arrays are tracked once.

    Args:
        frames: uint8 (height, width, 3) RGB.
        tracker: a fresh tracker; it keeps state between frames.
        frames_per_second: the rate of ``frames``, kept in the result.
        on_frame: called with the number of frames done.
    """
    points: list[NDArray[np.float32]] = []
    found: list[bool] = []
    last_frame: NDArray[np.uint8] | None = None
    for frame in frames:
        if frame is last_frame:
            points.append(points[-1])
            found.append(found[-1])
        else:
            mesh = tracker.track(frame)
            found.append(mesh is not None)
            points.append(np.zeros((LANDMARK_COUNT, 3), np.float32) if mesh is None else mesh)
            last_frame = frame
        if on_frame is not None:
            on_frame(len(points))
    stacked = np.stack(points) if points else np.zeros((0, LANDMARK_COUNT, 3), np.float32)
    return FaceTrack(stacked, np.array(found, bool), frames_per_second)
