"""The first look at a video: every frame tracked, and small notes kept of what the picture is like."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import FACE_OVAL, LANDMARK_COUNT
from talkingface.preparation.read_ahead import ReadAhead
from talkingface.records import FloatArray, ImageArray
from talkingface.tracking import FaceTrack, FaceTracker

THUMB_PX = 64
FACE_NOTE_PX = 96
TRACKED_AHEAD = 4
LOWER_FACE_PX = 32
# Outer corners of the eyes and the chin, and where they come to lie around the small lower face.
LOWER_FACE_MARKS, LOWER_FACE_PLACES = (33, 263, 152), ((4, -8), (28, -8), (16, 30))


@dataclass(frozen=True)
class Watched:
    """What one pass over a video leaves.

    Attributes:
        track: landmarks of the main face, in working pixels.
        thumbs: uint8 (F, h, w) small grey pictures, longest side 64 px.
        sharpness: float32 (F,) variance of the Laplacian of the face at 96 px; 0 without a face.
        light: float32 (F,) mean luminance of the face in 0..1; 0 without a face.
        clipped: float32 (F,) share of the face that is burnt out or black.
        lower_faces: uint8 (F, 32, 32, 3) RGB from below the eyes to the chin, in line with the landmarks; black
            without a face.
        faces: int32 (S,) how many faces were seen in every sampled frame.
        width: of the working picture, pixels.
        height: of the working picture, pixels.
    """

    track: FaceTrack
    thumbs: NDArray[np.uint8]
    sharpness: FloatArray
    light: FloatArray
    clipped: FloatArray
    lower_faces: ImageArray
    faces: NDArray[np.int32]
    width: int
    height: int

    def part(self, start: int, stop: int) -> Watched:
        """Return the frames from ``start`` until before ``stop``."""
        cut = slice(start, stop)
        track = FaceTrack(self.track.points[cut], self.track.found[cut], self.track.frames_per_second)
        return Watched(
            track, self.thumbs[cut], self.sharpness[cut], self.light[cut], self.clipped[cut],
            self.lower_faces[cut], self.faces, self.width, self.height,
        )  # fmt: skip


def watch(
    frames: Iterable[ImageArray],
    tracker: FaceTracker,
    frames_per_second: float,
    on_frame: Callable[[int], None],
    count_faces: Callable[[], int] = lambda: 1,
) -> Watched:
    """Track every frame and note how it looks; the tracker works in a thread of its own.

    Args:
        frames: uint8 (height, width, 3) RGB; a repeated array is looked at once.
        tracker: a fresh tracker.
        frames_per_second: rate of ``frames``.
        on_frame: called with the number of frames done.
        count_faces: tells how many faces the tracker saw last.
    """
    points, notes, thumbs, lower_faces, faces = [], [], [], [], []
    last: ImageArray | None = None
    for frame, mesh, face_count in ReadAhead(_tracked(frames, tracker, count_faces), TRACKED_AHEAD):
        if frame is not last:
            note = _note(frame, mesh)
            thumb = _thumb(frame)
            lower_face = _lower_face(frame, mesh)
            last = frame
        points.append(np.zeros((LANDMARK_COUNT, 3), np.float32) if mesh is None else mesh)
        notes.append((mesh is not None, *note))
        thumbs.append(thumb)
        lower_faces.append(lower_face)
        faces.append(face_count)
        on_frame(len(points))
    if last is None:
        empty = np.zeros(0, np.float32)
        nothing = FaceTrack(
            np.zeros((0, LANDMARK_COUNT, 3), np.float32), np.zeros(0, bool), frames_per_second
        )
        return Watched(
            nothing,
            np.zeros((0, 1, 1), np.uint8),
            empty,
            empty,
            empty,
            np.zeros((0, LOWER_FACE_PX, LOWER_FACE_PX, 3), np.uint8),
            np.zeros(0, np.int32),
            0,
            0,
        )
    table = np.array(notes, np.float32)
    track = FaceTrack(np.stack(points), table[:, 0] > 0, frames_per_second)
    return Watched(
        track, np.stack(thumbs), table[:, 1], table[:, 2], table[:, 3], np.stack(lower_faces),
        np.array(faces, np.int32),
        last.shape[1], last.shape[0],
    )  # fmt: skip


def _tracked(
    frames: Iterable[ImageArray], tracker: FaceTracker, count_faces: Callable[[], int]
) -> Iterator[tuple[ImageArray, FloatArray | None, int]]:
    """Yield every frame with its landmarks and how many faces were seen."""
    last: ImageArray | None = None
    mesh: FloatArray | None = None
    for frame in frames:
        if frame is not last:
            mesh, last = tracker.track(frame), frame
        yield frame, mesh, count_faces()


def _thumb(frame: ImageArray) -> NDArray[np.uint8]:
    shrink = THUMB_PX / max(frame.shape[:2])
    size = (max(1, round(frame.shape[1] * shrink)), max(1, round(frame.shape[0] * shrink)))
    step = max(1, int(0.25 / shrink))
    coarse = cv2.cvtColor(np.ascontiguousarray(frame[::step, ::step]), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_AREA))


def _note(frame: ImageArray, mesh: FloatArray | None) -> tuple[float, float, float]:
    """Return sharpness, light and clipped share of the face."""
    if mesh is None:
        return 0.0, 0.0, 0.0
    oval = mesh[list(FACE_OVAL), :2]
    size = np.array([frame.shape[1], frame.shape[0]])
    low = np.clip(oval.min(0), 0, size - 1).astype(int)
    high = np.clip(oval.max(0), low + 1, size).astype(int)
    face = frame[low[1] : high[1], low[0] : high[0]]
    grey = cv2.cvtColor(
        cv2.resize(face, (FACE_NOTE_PX, FACE_NOTE_PX), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    inner = grey[FACE_NOTE_PX // 8 : -FACE_NOTE_PX // 8, FACE_NOTE_PX // 8 : -FACE_NOTE_PX // 8]
    clipped = float(((inner < 8) | (inner > 250)).mean())
    return float(cv2.Laplacian(grey, cv2.CV_32F).var()), float(inner.mean() / 255), clipped


def _lower_face(frame: ImageArray, mesh: FloatArray | None) -> ImageArray:
    if mesh is None:
        return np.zeros((LOWER_FACE_PX, LOWER_FACE_PX, 3), np.uint8)
    corners = mesh[list(LOWER_FACE_MARKS), :2]
    # Down to about its size first, so that nothing between the sampled pixels is lost.
    size = np.array([frame.shape[1], frame.shape[0]])
    low = np.clip(corners.min(0) - 0.3 * np.ptp(corners, axis=0), 0, size - 2).astype(int)
    high = np.clip(corners.max(0) + 0.3 * np.ptp(corners, axis=0), low + 2, size).astype(int)
    step = max(1, int(min(high - low) // (2 * LOWER_FACE_PX)))
    part = np.ascontiguousarray(frame[low[1] : high[1] : step, low[0] : high[0] : step])
    move = cv2.getAffineTransform(
        ((corners - low) / step).astype(np.float32), np.array(LOWER_FACE_PLACES, np.float32)
    )
    side = (LOWER_FACE_PX, LOWER_FACE_PX)
    return np.asarray(cv2.warpAffine(part, move, side, borderMode=cv2.BORDER_REPLICATE))
