"""Face tracking with a face landmarker of the newer MediaPipe Tasks, a ``.task`` file that the user brings."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import BadInputError, MissingPackageError
from talkingface.landmarks import LANDMARK_COUNT
from talkingface.mediapipe_solutions import without_plotting
from talkingface.tracking import FaceTracker, MediaPipeTracker

LARGEST_MODEL_BYTES = 64 * 1024 * 1024
FRAME_MS = 40
PARTS = ("face_detector.tflite", "face_landmarks_detector.tflite")


def open_tracker(face_model: Path | None) -> FaceTracker:
    """Open the tracker of a face landmarker file, or MediaPipe's own for None.

    Raises:
        BadInputError: the file is no face landmarker.
        MissingPackageError: mediapipe is not installed.
    """
    return MediaPipeTracker() if face_model is None else TasksTracker(face_model)


class TasksTracker:
    """MediaPipe Tasks' FaceLandmarker in video mode, one face."""

    def __init__(self, face_model: Path, *, min_confidence: float = 0.5) -> None:
        """Load the model.

        Args:
            face_model: a face landmarker such as ``face_landmarker.task``, read as untrusted input.
            min_confidence: of detection, presence and tracking, 0..1.

        Raises:
            BadInputError: the file is missing, too large, or no face landmarker.
            MissingPackageError: mediapipe is not installed, or an old one without Tasks.
        """
        try:
            with without_plotting():
                import mediapipe
                from mediapipe.tasks.python import BaseOptions, vision
        except ImportError as error:
            raise MissingPackageError(
                "a .task file needs mediapipe's Tasks: pip install mediapipe==0.10.21 (Python 3.10 to 3.12)"
            ) from error
        content = _read(face_model)
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=content),
            running_mode=vision.RunningMode.VIDEO,
            min_face_detection_confidence=min_confidence,
            min_face_presence_confidence=min_confidence,
            min_tracking_confidence=min_confidence,
        )
        try:
            self._landmarker = vision.FaceLandmarker.create_from_options(options)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise BadInputError(f"expected a face landmarker, found {face_model} ({reason:.160})") from error
        self._image: Any = mediapipe.Image
        self._format: Any = mediapipe.ImageFormat.SRGB
        self._name = face_model.name
        self._time_ms = 0

    def track(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """See :class:`talkingface.tracking.FaceTracker`.

        Raises:
            BadInputError: the model's answer is no mesh of 478 landmarks.
        """
        image = self._image(image_format=self._format, data=np.ascontiguousarray(rgb))
        try:
            faces = self._landmarker.detect_for_video(image, self._time_ms).face_landmarks
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise BadInputError(
                f"expected a face landmarker, found one that fails: {self._name} ({reason:.160})"
            ) from error
        self._time_ms += FRAME_MS
        if not faces:
            return None
        if len(faces[0]) != LANDMARK_COUNT:
            raise BadInputError(
                f"expected a face landmarker of {LANDMARK_COUNT} landmarks, found {len(faces[0])} in {self._name}"
            )
        height, width = rgb.shape[:2]
        points = np.array([(p.x, p.y, p.z) for p in faces[0]], np.float32)
        return points * np.array([width, height, width], np.float32)

    def close(self) -> None:
        """Free the model."""
        self._landmarker.close()


def _read(path: Path) -> bytes:
    """Return the file's bytes, after its parts were seen."""
    try:
        size = path.stat().st_size
        if size > LARGEST_MODEL_BYTES:
            raise BadInputError(
                f"expected a face landmarker of at most {LARGEST_MODEL_BYTES} bytes, found {size}"
            )
        with zipfile.ZipFile(path) as bundle:
            names = bundle.namelist()
        content = path.read_bytes()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadInputError(
            f"expected a face landmarker (.task), found {path} ({getattr(error, 'strerror', None) or error})"
        ) from error
    missing = [part for part in PARTS if part not in names]
    if missing:
        raise BadInputError(f"expected {missing[0]} in a face landmarker (.task), found none in {path}")
    return content
