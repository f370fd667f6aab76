"""One face among many: the largest one is followed, the others are hidden from the tracker."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import MissingPackageError
from talkingface.landmarks import FACE_OVAL
from talkingface.mediapipe_solutions import solution
from talkingface.records import FloatArray, ImageArray
from talkingface.tracking import FaceTracker

LOOK_EVERY_FRAMES = 10
LOOK_SIDE_PX = 384  # twice what the model sees
ROOM_AROUND_FACE = 0.75
LOST_FRAMES = 8
LEAST_OTHER_FACE = 0.3


class FaceFinder(Protocol):
    """Finds every face of a picture, roughly."""

    def boxes(self, rgb: ImageArray) -> FloatArray:
        """Return float32 (n, 4) left, top, right, bottom in pixels."""

    def close(self) -> None:
        """Free the model."""


class MediaPipeFinder:
    """MediaPipe's face detection, whose model lies inside the wheel."""

    def __init__(self, *, min_confidence: float = 0.6) -> None:
        """Load the model.

        Raises:
            MissingPackageError: mediapipe is not installed.
        """
        try:
            face_detection = solution("face_detection")
        except ImportError as error:
            raise MissingPackageError(
                "preparing needs mediapipe: pip install mediapipe==0.10.21 (Python 3.10 to 3.12)"
            ) from error
        self._detection = face_detection.FaceDetection(
            model_selection=1, min_detection_confidence=min_confidence
        )

    def boxes(self, rgb: ImageArray) -> FloatArray:
        """See :class:`FaceFinder`."""
        height, width = rgb.shape[:2]
        found = []
        for detection in self._detection.process(rgb).detections or ():
            box = detection.location_data.relative_bounding_box
            found.append(
                (
                    box.xmin * width,
                    box.ymin * height,
                    (box.xmin + box.width) * width,
                    (box.ymin + box.height) * height,
                )
            )
        return np.array(found, np.float32).reshape(-1, 4)

    def close(self) -> None:
        """Free the model."""
        self._detection.close()


class MainFaceTracker:
    """A face tracker that keeps to the largest face while others walk by."""

    def __init__(self, tracker: FaceTracker, finder: FaceFinder) -> None:
        """Wrap a tracker of one face; both are closed with this one."""
        self._tracker = tracker
        self._finder = finder
        self._room: FloatArray | None = None
        self._count = 0
        self._missed = 0
        self.faces_seen = 0

    def track(self, rgb: ImageArray) -> FloatArray | None:
        """See :class:`talkingface.tracking.FaceTracker`."""
        if self._count % LOOK_EVERY_FRAMES == 0 or self._missed == 1:
            self._look(rgb)
        self._count += 1
        crowded = self.faces_seen > 1 and self._room is not None
        points = self._tracker.track(self._hidden(rgb) if crowded else rgb)
        if points is None:
            self._missed += 1
            if self._missed > LOST_FRAMES:
                self._room = None
            return None
        self._missed = 0
        oval = points[list(FACE_OVAL), :2]
        self._room = _wider(np.concatenate([oval.min(0), oval.max(0)]))
        return points

    def close(self) -> None:
        """Free the models."""
        self._tracker.close()
        self._finder.close()

    def _look(self, rgb: ImageArray) -> None:
        shrink = min(1.0, LOOK_SIDE_PX / max(rgb.shape[:2]))
        small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        boxes = self._finder.boxes(np.asarray(small)) / shrink
        sizes = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        if not len(boxes):
            self.faces_seen = 0
            return
        self.faces_seen = int((sizes >= LEAST_OTHER_FACE**2 * sizes.max()).sum())
        if self._room is None:
            self._room = _wider(boxes[int(np.argmax(sizes))])

    def _hidden(self, rgb: ImageArray) -> ImageArray:
        """Return the picture with everything black but the surroundings of the main face."""
        assert self._room is not None
        height, width = rgb.shape[:2]
        left, top, right, bottom = np.clip(self._room, 0, (width, height, width, height)).astype(int)
        shown: NDArray[np.uint8] = np.zeros_like(rgb)
        shown[top:bottom, left:right] = rgb[top:bottom, left:right]
        return shown


def _wider(box: FloatArray) -> FloatArray:
    room = ROOM_AROUND_FACE * (box[2:] - box[:2])
    return np.concatenate([box[:2] - room, box[2:] + room]).astype(np.float32)
