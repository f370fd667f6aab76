"""Laying the drawn lower face and the painted mouth onto the character's frame."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.face_rig import PATCH_PX
from talkingface.records import CropRectangle, FloatArray, ImageArray, MouthGeometry
from talkingface.wrap_mesh import WrapMesh

_SUBPIXEL_BITS = 4
FEATHER_PX = 9
LIP_MARGIN_PX = 11
REPAINTED_BLUR_PX = 9
LINEAR_FROM_SCALE = (
    1.4  # crop pixels a patch pixel: cubic sampling keeps sharpness near 1, and costs too much above
)
REPAINTED_LEVELS = 8  # of 255: a mean change from which a place counts as painted anew


def blend_drawn(crop: ImageArray, drawn: ImageArray) -> ImageArray:
    """Lay the renderer's picture over the crop by its coverage.

    Args:
        crop: uint8 (h, w, 3) the character's own pixels; not changed.
        drawn: uint8 (h, w, 4) the renderer's picture.

    Returns:
        uint8 (h, w, 3), a new array.
    """
    share = cv2.extractChannel(drawn, 3).astype(np.float32) * np.float32(1 / 255)
    return cv2.blendLinear(
        cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB), np.ascontiguousarray(crop), share, 1 - share
    )


def guide_patch(face: ImageArray, geometry: MouthGeometry, wrap: WrapMesh) -> ImageArray:
    """Cut the aligned mouth patch that the generator reads.

    Args:
        face: uint8 (h, w, 3) the crop with the drawn lower face.
        geometry: where the patch and the lips lie.
        wrap: names the lip vertices.

    Returns:
        uint8 (128, 128, 4): RGB and, as A, the inside of the lips.
    """
    guide = np.empty((PATCH_PX, PATCH_PX, 4), np.uint8)
    guide[..., :3] = cut_patch(face, geometry.patch_to_crop)
    guide[..., 3] = mouth_mask(geometry, wrap.inner_lip_rows)
    return guide


def cut_patch(image: ImageArray, patch_to_image: FloatArray) -> ImageArray:
    """Sample an aligned uint8 (128, 128, 3) patch; a large image is blurred first so that nothing aliases."""
    scale = float(np.hypot(patch_to_image[0, 0], patch_to_image[1, 0]))
    if scale > 1.6:
        corners = patch_to_image @ np.array(
            [[0, PATCH_PX, 0, PATCH_PX], [0, 0, PATCH_PX, PATCH_PX], [1, 1, 1, 1]]
        )
        low = np.maximum(np.floor(corners.min(1)).astype(int) - 8, 0)
        high = np.ceil(corners.max(1)).astype(int) + 8
        image = image[low[1] : high[1], low[0] : high[0]]
        patch_to_image = patch_to_image.copy()
        patch_to_image[:, 2] -= low
        sigma = 0.45 * scale
        image = cv2.GaussianBlur(image, (0, 0), sigma)
    return cv2.warpAffine(
        image,
        patch_to_image,
        (PATCH_PX, PATCH_PX),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )


def mouth_mask(geometry: MouthGeometry, ring_rows: np.ndarray) -> ImageArray:
    """Fill a lip ring in patch pixels: uint8 (128, 128), anti-aliased."""
    mask = np.zeros((PATCH_PX, PATCH_PX), np.uint8)
    points = ring_in_patch(geometry, ring_rows)
    fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def ring_in_patch(geometry: MouthGeometry, ring_rows: np.ndarray) -> FloatArray:
    """Return a lip ring's (n, 2) positions in patch pixels."""
    crop_to_patch = cv2.invertAffineTransform(geometry.patch_to_crop)
    return (geometry.target_px[ring_rows, :2] @ crop_to_patch[:, :2].T + crop_to_patch[:, 2]).astype(
        np.float32
    )


def paint_mask(geometry: MouthGeometry, wrap: WrapMesh) -> ImageArray:
    """Return where the generator's mouth counts: the lips with a margin, feathered; uint8 (128, 128)."""
    mask = mouth_mask(geometry, wrap.outer_lip_rows)
    reach = 2 * LIP_MARGIN_PX + 1
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach)))
    mask = cv2.GaussianBlur(mask, (0, 0), FEATHER_PX / 2)
    border = 3
    mask[:border] = mask[-border:] = 0
    mask[:, :border] = mask[:, -border:] = 0
    return mask


def lay_patch(
    face: ImageArray, guide: ImageArray, painted: ImageArray, mask: ImageArray, geometry: MouthGeometry
) -> None:
    """Add to the face, in place, what the generator changed of the guide.

    Skin and lips keep the detail of the full resolution, because only the change is carried back. Inside the lips,
    where the generator painted anew, the drawn teeth's own fine lines are taken out first, lest they shine through.

    Args:
        face: uint8 (h, w, 3) the crop with the drawn lower face; changed.
        guide: uint8 (128, 128, 4) what the generator read.
        painted: uint8 (128, 128, 3) what it painted.
        mask: uint8 (128, 128) where it counts.
        geometry: where the patch lies.
    """
    left, top, width_px, height_px = cv2.boundingRect(mask)
    corners = np.array(
        [[left, left + width_px] * 2, [top, top, top + height_px, top + height_px], [1, 1, 1, 1]]
    )
    corners = geometry.patch_to_crop @ corners
    height, width = face.shape[:2]
    x0, y0 = np.clip(np.floor(corners.min(1)).astype(int), 0, (width, height))
    x1, y1 = np.clip(np.ceil(corners.max(1)).astype(int) + 1, 0, (width, height))
    if x1 <= x0 or y1 <= y0:
        return
    crop_to_patch = cv2.invertAffineTransform(geometry.patch_to_crop)
    crop_to_patch[:, 2] += crop_to_patch[:, :2] @ np.array([x0, y0], np.float32)
    size = int(x1 - x0), int(y1 - y0)
    enlarged = float(np.hypot(geometry.patch_to_crop[0, 0], geometry.patch_to_crop[1, 0])) > LINEAR_FROM_SCALE
    flags = (cv2.INTER_LINEAR if enlarged else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP
    change = cv2.subtract(painted, guide[..., :3], dtype=cv2.CV_16S)
    plain = _repainted_inside(change, guide)
    change = cv2.multiply(change, cv2.merge([mask] * 3), scale=1 / 255, dtype=cv2.CV_16S)
    region = face[y0:y1, x0:x1]
    carried = cv2.warpAffine(change, crop_to_patch, size, flags=flags)
    if plain.any():
        smooth = cv2.warpAffine(np.dstack([guide[..., :3], plain]), crop_to_patch, size, flags=flags)
        share = cv2.extractChannel(smooth, 3).astype(np.float32) * np.float32(1 / 255)
        smooth = cv2.cvtColor(smooth, cv2.COLOR_RGBA2RGB)
        region[...] = cv2.blendLinear(smooth, np.ascontiguousarray(region), share, 1 - share)
    cv2.add(region, carried, dst=region, dtype=cv2.CV_8U)


def _repainted_inside(change: NDArray[np.int16], guide: ImageArray) -> ImageArray:
    """Return uint8 (128, 128): 255 where the mouth's inside was painted anew, 0 on skin and where nothing changed."""
    red, green, blue = cv2.split(cv2.convertScaleAbs(change))
    amount = cv2.blur(cv2.max(cv2.max(red, green), blue), (REPAINTED_BLUR_PX, REPAINTED_BLUR_PX))
    inside = cv2.GaussianBlur(cv2.dilate(guide[..., 3], np.ones((3, 3), np.uint8)), (0, 0), 1.0)
    return cv2.min(cv2.multiply(amount, inside, scale=1 / REPAINTED_LEVELS), inside)


def crop_of(frame: ImageArray, crop: CropRectangle) -> ImageArray:
    """Return the crop's view into a frame: uint8 (crop.height, crop.width, 3), not a copy."""
    return frame[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
