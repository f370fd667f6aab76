"""One tracked clip as raw material: crops, poses and a rig, and one frame's skin drawn on another's face."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.clips import Clip
from talkingface.compositing import blend_drawn, cut_patch, guide_patch
from talkingface.errors import NoFaceError
from talkingface.face_rig import FaceRig
from talkingface.head_pose import fit_poses, personal_neutral
from talkingface.landmarks import LIPS_INNER, lip_opening
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray, MouthGeometry, TeethLook
from talkingface.seams import MouthRenderer
from talkingface.tracking import FaceTrack
from talkingface.video_files import read_frames
from talkingface.wrap_mesh import FaceMeshes

CROP_MARGIN = 0.06  # of the face height, around everything the wrap covers
SMOOTHING = (0.2, 0.6, 0.2)
USUAL_LOOK = TeethLook(np.array([0.78, 0.72, 0.66], np.float32), np.array([0.22, 0.09, 0.08], np.float32))


@dataclass(frozen=True)
class ClipMaterial:
    """A clip's frames, cut to what is drawn again.

    Attributes:
        clip: where it comes from.
        images: per frame uint8 (h, w, 3), all of one size.
        crops: per frame, where the image lies in the whole frame.
        points_px: float32 (n, 478, 3) in pixels of the whole frame, lightly smoothed.
        poses: head pose of each frame on the neutral.
        rig: of this person.
    """

    clip: Clip
    images: list[ImageArray]
    crops: list[CropRectangle]
    points_px: FloatArray
    poses: list[HeadPose]
    rig: FaceRig

    @property
    def frame_count(self) -> int:
        """How many frames there are, n."""
        return len(self.images)

    def truth_patch(self, frame: int) -> ImageArray:
        """Return the aligned uint8 (p, p, 3) mouth patch of a genuine frame."""
        return cut_patch(self.images[frame], self.patch_to_crop(frame))

    def patch_to_crop(self, frame: int) -> FloatArray:
        """Return the float32 (2, 3) affine from patch pixels into the frame's image."""
        affine = self.rig.patch_to_frame(self.poses[frame])
        affine[:, 2] -= (self.crops[frame].x, self.crops[frame].y)
        return affine

    def geometry(self, source: int, target: int, target_points_px: FloatArray | None = None) -> MouthGeometry:
        """Carry frame ``source`` onto the face of frame ``target`` (or onto other landmarks in its place)."""
        points = self.points_px[target] if target_points_px is None else target_points_px
        return self.rig.geometry_between(
            self.points_px[source], self.crops[source], points, self.crops[target], self.poses[target]
        )

    def modelled_points(self, target: int) -> FloatArray:
        """Return the landmarks of a frame with its mouth replaced by its own projection into the mouth space."""
        rig, pose = self.rig, self.poses[target]
        points = self.points_px[target].copy()
        wrap = rig.meshes.wrap
        shape = pose.to_head(points) - rig.neutral
        modelled = pose.to_pixels(rig.neutral + rig.space.displacement(rig.space.project(shape)))
        share = (wrap.motion * wrap.absolute)[:, None]
        rows = wrap.landmarks
        points[rows] = points[rows] * (1 - share) + modelled[rows] * share
        return points

    def guide(
        self, renderer: MouthRenderer, source: int, target: int, target_points_px: FloatArray | None = None
    ) -> ImageArray:
        """Draw the uint8 (p, p, 4) guide of frame ``target`` with the skin of frame ``source``."""
        geometry = self.geometry(source, target, target_points_px)
        face = blend_drawn(self.images[source], renderer.render(self.images[source], geometry))
        return guide_patch(face, geometry, self.rig.meshes.wrap)


def load_material(
    clip: Clip,
    track: FaceTrack,
    space: MouthSpace,
    meshes: FaceMeshes,
    *,
    neutral: FloatArray | None = None,
    limit: int | None = None,
) -> ClipMaterial:
    """Decode a clip and cut its frames.

    Args:
        clip: the video.
        track: its landmarks at 25 fps; frames without a face are left out.
        space: the mouth space.
        meshes: wrap and teeth.
        neutral: float32 (478, 3) the person's resting face; None takes it from this clip.
        limit: read at most that many frames.

    Raises:
        NoFaceError: no frame with a face.
    """
    kept = np.flatnonzero(track.found)[:limit]
    if not len(kept):
        raise NoFaceError(f"expected a face in {clip.path.name}, found none in any frame")
    points = smoothed(track.points)[kept]
    if neutral is None:
        neutral = personal_neutral(points, space.neutral)
    rig = FaceRig(space, meshes, neutral)
    poses = fit_poses(points, neutral)
    wanted = set(kept.tolist())
    images: list[ImageArray] = []
    crops: list[CropRectangle] = []
    boxes: list[CropRectangle] = []
    for number, frame in enumerate(read_frames(clip.path)):
        if number > kept[-1]:
            break
        if number not in wanted:
            continue
        if not boxes:
            boxes = crop_rectangles(rig, points, frame.shape[1], frame.shape[0])
        box = boxes[len(images)]
        images.append(np.ascontiguousarray(frame[box.y : box.y + box.height, box.x : box.x + box.width]))
        crops.append(box)
    count = len(images)
    return ClipMaterial(clip, images, crops, points[:count], poses[:count], rig)


def crop_rectangles(rig: FaceRig, points_px: FloatArray, width: int, height: int) -> list[CropRectangle]:
    """Return per frame the part of the picture the wrap covers, all of one size and inside the picture."""
    wraps = np.stack([rig.meshes.wrap.vertices(points)[:, :2] for points in points_px])
    low, high = wraps.min(1), wraps.max(1)
    margin = CROP_MARGIN * float(np.median(high[:, 1] - low[:, 1])) / 0.6
    size = np.ceil((high - low).max(0) + 2 * margin).astype(int)
    size = np.minimum(size + size % 2, (width, height))
    corners = np.round((low + high) / 2 - size / 2).astype(int)
    corners = np.clip(corners, 0, np.array([width, height]) - size)
    return [CropRectangle(int(x), int(y), int(size[0]), int(size[1])) for x, y in corners]


def smoothed(points: FloatArray) -> FloatArray:
    """Smooth a (frames, 478, 3) track over three frames, so that tracking noise does not shake the skin."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    before, here, after = SMOOTHING
    result = before * padded[:-2] + here * padded[1:-1] + after * padded[2:]
    broken = ~np.any(padded, axis=(1, 2))
    keep = broken[:-2] | broken[2:] | broken[1:-1]
    result[keep] = points[keep]
    return result.astype(np.float32)


def estimated_look(
    material: ClipMaterial, frames: NDArray[np.int64] | None = None, count: int = 12
) -> TeethLook:
    """Estimate the colours of teeth and cavity from the most open mouths of a clip, or of some of its frames."""
    among = np.arange(material.frame_count) if frames is None else frames
    opening = lip_opening(material.points_px)
    pixels = []
    for frame in among[np.argsort(opening[among])[::-1][: count * 3 : 3]]:
        if opening[frame] < 0.02:
            break
        ring = material.points_px[frame, list(LIPS_INNER), :2] - (
            material.crops[frame].x,
            material.crops[frame].y,
        )
        pixels.append(_inside(material.images[frame], ring))
    if not pixels:
        return USUAL_LOOK
    inside = np.concatenate(pixels).astype(np.float32) / 255
    grey = inside.mean(1)
    bright, dark = inside[grey >= np.quantile(grey, 0.93)], inside[grey <= np.quantile(grey, 0.12)]
    return TeethLook(np.median(bright, 0).astype(np.float32), np.median(dark, 0).astype(np.float32))


def _inside(image: ImageArray, ring: FloatArray) -> ImageArray:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(ring).astype(np.int32)], 1)
    inside: ImageArray = image[mask > 0]
    return inside
