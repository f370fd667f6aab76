"""Faces made on the spot: tracks with a known motion, a video of them, and a character folder that loads."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from talkingface.character import Character, save_character
from talkingface.landmarks import FACE_OVAL, LIPS_OUTER
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray, TeethLook
from talkingface.tracking import FaceTrack
from talkingface.video_writer import VideoWriter

PROJECT = Path(__file__).resolve().parent.parent
WIDTH, HEIGHT, FACE_HEIGHT_PX = 320, 400, 170.0


def mouth_space() -> MouthSpace:
    return MouthSpace.load(PROJECT / "checkpoint" / "mouth_space.npz")


def head_pose(
    x_px: float = 160, y_px: float = 150, turn_degrees: float = 0, roll_degrees: float = 0
) -> HeadPose:
    rotation = Rotation.from_euler("yz", [turn_degrees, roll_degrees], degrees=True).as_matrix()
    return HeadPose(rotation.astype(np.float32), FACE_HEIGHT_PX, np.array([x_px, y_px, 0], np.float32))


def opening_coefficients(opening: float) -> FloatArray:
    """Return the smallest mouth coefficients whose lip opening exceeds the rest's by about ``opening``."""
    space = mouth_space()
    rest = float(space.lip_opening(np.zeros((1, space.coefficient_count), np.float32))[0])
    unit = 0.2 * np.eye(space.coefficient_count, dtype=np.float32)
    slope = (space.lip_opening(unit) - rest) / 0.2
    return (slope * opening / (slope**2).sum()).astype(np.float32)


def face_points(pose: HeadPose, opening: float = 0.0) -> FloatArray:
    """Return float32 (478, 3) pixels of the mean face in a pose, with the lips so far open."""
    space = mouth_space()
    return pose.to_pixels(space.neutral + space.displacement(opening_coefficients(opening)))


def swaying(frames: int, period: float = 50.0, reach_px: float = 12.0) -> list[HeadPose]:
    """Return poses of a head that sways to and fro."""
    angle = 2 * np.pi * np.arange(frames) / period
    return [
        head_pose(
            160 + reach_px * np.sin(a), 150 + 0.3 * reach_px * np.sin(2 * a), 6 * np.sin(a), 3 * np.cos(a)
        )
        for a in angle
    ]


def face_track(poses: list[HeadPose], openings: NDArray[np.floating] | None = None) -> FaceTrack:
    opened = np.zeros(len(poses)) if openings is None else openings
    points = np.stack([face_points(pose, float(o)) for pose, o in zip(poses, opened, strict=True)])
    return FaceTrack(points, np.ones(len(poses), bool), 25.0)


def face_picture(points: FloatArray, width: int = WIDTH, height: int = HEIGHT) -> ImageArray:
    """Draw a face that is good enough for a tracker that does not look: skin, lips, eyes on a patterned wall."""
    rows, columns = np.mgrid[:height, :width]
    wall = 90 + 30 * np.sin(columns / 17) + 20 * np.sin(rows / 23)
    picture = np.stack([wall, wall + 10, wall + 25], -1).astype(np.uint8)
    oval = np.round(points[list(FACE_OVAL), :2]).astype(np.int32)
    cv2.fillPoly(picture, [oval], (205, 160, 140), cv2.LINE_AA)
    cv2.fillPoly(
        picture, [np.round(points[list(LIPS_OUTER), :2]).astype(np.int32)], (170, 80, 85), cv2.LINE_AA
    )
    for eye in (468, 473):
        cv2.circle(picture, tuple(int(v) for v in points[eye, :2]), 5, (40, 30, 30), -1, cv2.LINE_AA)
    return picture


class KnownTracker:
    """Tells the true landmarks of a made video, frame after frame; None where the face is said to be lost."""

    def __init__(self, track: FaceTrack) -> None:
        self._track = track
        self._next = 0

    def track(self, rgb: ImageArray) -> FloatArray | None:
        number = min(self._next, len(self._track.found) - 1)
        self._next += 1
        return self._track.points[number] if self._track.found[number] else None

    def close(self) -> None:
        """Nothing to free."""


def face_video(path: Path, track: FaceTrack) -> Path:
    """Write the video of a track."""
    with VideoWriter(path, WIDTH, HEIGHT, preset="ultrafast", crf=14) as writer:
        for points in track.points:
            writer.write_frame(face_picture(points))
    return path


def character_folder(folder: Path, frames: int = 30, *, name: str = "made") -> Path:
    """Write a small whole character of a swaying, silent drawn face."""
    folder.mkdir(parents=True)
    poses = swaying(frames, period=frames)
    track = face_track(poses)
    face_video(folder / "frames.mp4", track)
    crops = tuple(CropRectangle(60 + round(p.translation_px[0]) - 160, 100, 200, 220) for p in poses)
    patch = cv2.resize(face_picture(track.points[0])[190:280, 110:210], (128, 128))
    (folder / "preview.jpg").write_bytes(cv2.imencode(".jpg", face_picture(track.points[0]))[1].tobytes())
    save_character(
        Character(
            folder=folder,
            name=name,
            width=WIDTH,
            height=HEIGHT,
            frames_per_second=25,
            frame_count=frames,
            points_px=track.points,
            poses=tuple(poses),
            crops=crops,
            neutral=mouth_space().neutral,
            teeth_look=TeethLook(np.full(3, 0.8, np.float32), np.full(3, 0.1, np.float32)),
            mouth_gain=1.0,
            references=np.stack([patch] * 3),
        )
    )
    return folder
