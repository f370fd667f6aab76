"""A made-up head with a made-up skin, placed by the real rig, for tests of everything that draws mouths."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from talkingface.face_rig import FaceRig
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, HeadPose, ImageArray, MouthGeometry, TeethLook
from talkingface.wrap_mesh import FaceMeshes, load_meshes

SPACE_PATH = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
LOOK = TeethLook(np.array([0.9, 0.88, 0.82], np.float32), np.array([0.3, 0.1, 0.08], np.float32))


@dataclass(frozen=True)
class MouthScene:
    """One picture and one mouth to draw in it."""

    meshes: FaceMeshes
    crop: ImageArray
    geometry: MouthGeometry


def skin(height: int, width: int, seed: int = 1) -> ImageArray:
    """A smooth bright picture whose every place looks different: all channels 90 to 250."""
    coarse = np.random.default_rng(seed).integers(
        90, 250, (height // 12 + 2, width // 12 + 2, 3), dtype=np.uint8
    )
    return np.clip(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), 90, 250)


def scene(
    side: int = 240,
    *,
    opening: float = 0.0,
    yaw_rad: float = 0.0,
    roll_rad: float = 0.0,
    is_still: bool = False,
) -> MouthScene:
    """The mean face, its mouth moved by the first coefficient.

    Args:
        side: pixels of the square crop, which holds the lower face.
        opening: first coefficient; 0 is at rest, 3 is wide open.
        yaw_rad: the head turned aside.
        roll_rad: the head tilted.
        is_still: draw every vertex where it takes its colour from.
    """
    meshes, space = load_meshes(), MouthSpace.load(SPACE_PATH)
    rotation = _rotation(yaw_rad, roll_rad)
    pose = HeadPose(rotation, side * 0.95, np.array([side / 2, 0, 0], np.float32))
    coefficients = np.zeros(space.coefficient_count, np.float32)
    coefficients[0] = opening
    points = pose.to_pixels(space.neutral)
    rig = FaceRig(space, meshes, space.neutral)
    geometry = rig.geometry(points, pose, coefficients, CropRectangle(0, 0, side, side))
    if is_still:
        geometry = replace(geometry, source_px=geometry.target_px[:, :2].copy())
    return MouthScene(meshes, skin(side, side), geometry)


def closed(mouth: MouthScene) -> MouthScene:
    """The same with the upper inner lip moved onto the lower one, so that nothing shows between them."""
    rows = mouth.meshes.wrap.inner_lip_rows
    target = mouth.geometry.target_px.copy()
    half = len(rows) // 2
    lower, upper = rows[1:half], rows[half + 1 :][::-1]
    target[upper, :2] = target[lower, :2]
    return replace(mouth, geometry=replace(mouth.geometry, target_px=target))


def hole(mouth: MouthScene, shrink_px: int = 0) -> np.ndarray:
    """The inside of the inner lips, bool (h, w); shrunk or, negative, grown."""
    height, width = mouth.crop.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    ring = mouth.geometry.target_px[mouth.meshes.wrap.inner_lip_rows, :2]
    cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32)], 1, shift=4)
    if shrink_px:
        kernel = np.ones((2 * abs(shrink_px) + 1,) * 2, np.uint8)
        mask = (cv2.erode if shrink_px > 0 else cv2.dilate)(mask, kernel)
    return mask.astype(bool)


def _rotation(yaw_rad: float, roll_rad: float) -> np.ndarray:
    yaw = cv2.Rodrigues(np.array([0, yaw_rad, 0], np.float64))[0]
    roll = cv2.Rodrigues(np.array([0, 0, roll_rad], np.float64))[0]
    return (roll @ yaw).astype(np.float32)
