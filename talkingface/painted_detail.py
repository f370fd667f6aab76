"""Gives painted mouths the fineness of the character's own pictures, which networks leave out where unsure.

A network that is taught to be near the truth paints what lies between the likely pictures, and so a little softly:
right in colour and place, without ghosts of teeth, but softer than the person's film. How much of the fine detail must
be raised is measured for each character by itself, when it is opened: some mouths are painted and compared with its
reference patches, which are cut from its film.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.compositing import blend_drawn, guide_patch, paint_mask
from talkingface.face_rig import FaceRig
from talkingface.likely_mouths import likely_mouths
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray
from talkingface.seams import MouthRenderer

WANTED_SHARE = 0.9  # of the energy of the references' detail: noise of a film need not be painted
LARGEST_GAIN = 1.2  # above it edges get halos
DETAIL_PX = 1.0  # what is finer than this many pixels of the film, as the sigma of a Gaussian, is detail
COUNTS_FROM = 128  # of 255: where a mouth's mask is fainter, nothing is measured


@dataclass(frozen=True)
class DetailGain:
    """How much the detail of a painted patch is raised.

    Attributes:
        gain: share of the detail that is added, 0 for none.
        sigma_px: of the Gaussian that tells detail from the rest, in pixels of the patch.
    """

    gain: float = 0.0
    sigma_px: float = DETAIL_PX

    def raised(self, painted: ImageArray, mask: ImageArray) -> ImageArray:
        """Return a patch with its detail raised around the mouth; the patch itself where there is no gain.

        Args:
            painted: uint8 (p, p, 3).
            mask: uint8 (p, p) where it counts; outside of its rectangle nothing is done.
        """
        left, top, width, height = cv2.boundingRect(mask)
        if not self.gain or not width:
            return painted
        result = painted.copy()
        here = result[top : top + height, left : left + width]
        soft = cv2.GaussianBlur(here, (0, 0), self.sigma_px)
        here[...] = cv2.addWeighted(here, 1 + self.gain, soft, -self.gain, 0)
        return result


def measured_on(
    own: ImageArray,
    points_px: FloatArray,
    pose: HeadPose,
    crop: CropRectangle,
    *,
    rig: FaceRig,
    renderer: MouthRenderer,
    paint: Callable[[ImageArray], ImageArray],
    references: ImageArray,
    mouth_gain: float = 1.0,
) -> DetailGain:
    """Paint likely mouths on one frame and see how soft they come out.

    Args:
        own: uint8 (h, w, 3) the frame's crop; not changed.
        points_px: float32 (478, 3) the frame's landmarks.
        pose: its head pose.
        crop: where ``own`` lies in it.
        rig: of the person.
        renderer: draws the mouths.
        paint: the network, uint8 (p, p, 4) guide in and (p, p, 3) patch out.
        references: uint8 (R, p, p, 3) the person's own mouths.
        mouth_gain: factor on the mouth coefficients that suits this face.

    Raises:
        GraphicsError: drawing failed.
    """
    painted, masks, wrap = [], [], rig.meshes.wrap
    for mouth in likely_mouths(rig.space):
        geometry = rig.geometry(points_px, pose, mouth * mouth_gain, crop)
        face = blend_drawn(own, renderer.render(own, geometry))
        painted.append(paint(guide_patch(face, geometry, wrap)))
        masks.append(paint_mask(geometry, wrap))
    return measured_gain(painted, masks, references, geometry.patch_to_crop)


def measured_gain(
    painted: Sequence[ImageArray],
    masks: Sequence[ImageArray],
    references: ImageArray,
    patch_to_film: FloatArray,
) -> DetailGain:
    """Find the gain that gives painted mouths the mean sharpness of the reference patches, as seen in the film.

    Args:
        painted: uint8 (p, p, 3) mouths of many shapes, closed and open, as the network gives them.
        masks: for each, uint8 (p, p) where the mouth counts.
        references: uint8 (R, p, p, 3) the character's own mouths.
        patch_to_film: float32 (2, 3) affine; in a small film the finest detail of a patch is never seen.
    """
    patch_scale = float(np.hypot(patch_to_film[0, 0], patch_to_film[1, 0]))
    sigma_px = DETAIL_PX / min(patch_scale, 1.0)
    own = [_fine(one, patch_scale) for one in references]
    wanted = WANTED_SHARE * float(np.mean([_energy(one, mask) for one in own for mask in masks]))
    here = along = added = 0.0
    for one, mask in zip(painted, masks, strict=True):
        plain = _fine(one, patch_scale)
        detail = plain - _fine(cv2.GaussianBlur(one, (0, 0), sigma_px), patch_scale)
        here += _energy(plain, mask) / len(painted)
        along += _energy(plain, mask, detail) / len(painted)
        added += _energy(detail, mask) / len(painted)
    return DetailGain(_root(here - wanted, along, added), sigma_px)


def _root(lacking: float, along: float, added: float) -> float:
    """Return the gain g in 0..LARGEST_GAIN at which lacking + 2 g along + g² added becomes zero."""
    if lacking >= 0 or added <= 0:
        return 0.0
    gain = (-along + np.sqrt(max(along * along - added * lacking, 0.0))) / added
    return float(np.clip(gain, 0.0, LARGEST_GAIN))


def _fine(patch: ImageArray, scale: float) -> FloatArray:
    """Return the Laplacian of the luminance of a patch at the size it has in the film: float32 (q, q)."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if scale < 1:
        side = max(8, round(len(grey) * scale))
        grey = cv2.resize(grey, (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.Laplacian(grey, cv2.CV_32F), np.float32)


def _energy(one: FloatArray, mask: NDArray[np.uint8], other: FloatArray | None = None) -> float:
    """Return the mean product of two Laplacians (of one with itself) where the mask counts."""
    if mask.shape != one.shape:
        mask = np.asarray(cv2.resize(mask, one.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    counts = mask >= COUNTS_FROM
    return float(np.mean((one * (one if other is None else other))[counts])) if counts.any() else 0.0
