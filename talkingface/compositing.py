"""Laying the drawn lower face and the painted mouth onto the character's frame."""

from __future__ import annotations

import math
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.face_rig import PATCH_PX
from talkingface.patch_warping import Rectangle, lay_change, warp_into
from talkingface.records import CropRectangle, FloatArray, ImageArray, MouthGeometry
from talkingface.wrap_mesh import WrapMesh

_SUBPIXEL_BITS = 4
FULL = 255
FEATHER_PX = 9
FEATHER_TAPS = 15  # at half size, which reach as far as anything of it rounds to a byte
LIP_MARGIN_PX = 11
BORDER_PX = 3  # of the patch, where nothing is painted
BORDER_FADE_PX = 6  # over which painting begins inside the border
FAINTEST = 5  # of 255: a fainter share of the painted mouth is left out, which keeps its rectangle small
REPAINTED_BLUR_PX = 9
REPAINTED_REACH_PX = 6  # how far the blurred inside of the lips may reach beyond it
LINEAR_FROM_SCALE = (
    1.4  # crop pixels a patch pixel: cubic sampling keeps sharpness near 1, and costs too much above
)
REPAINTED_LEVELS = 8  # of 255: a mean change from which a place counts as painted anew

U32 = np.uint32  # named in loops whose numbers would grow to 64 bits otherwise
EVEN_BYTES = U32(0x00FF00FF)


def blend_drawn(crop: ImageArray, drawn: ImageArray) -> ImageArray:
    """Lay the renderer's picture over the crop by its coverage.

    Args:
        crop: uint8 (h, w, 3) the character's own pixels; not changed.
        drawn: uint8 (h, w, 4) the renderer's picture.

    Returns:
        uint8 (h, w, 3), a new array.
    """
    under = cv2.cvtColor(crop, cv2.COLOR_RGB2RGBA)
    _blend(under.view(np.uint32)[..., 0], np.ascontiguousarray(drawn).view(np.uint32)[..., 0])
    return cast(ImageArray, cv2.cvtColor(under, cv2.COLOR_RGBA2RGB))


@compiled
def _blend(under: NDArray[np.uint32], drawn: NDArray[np.uint32]) -> None:
    """Lay pixels over others by the share in their highest byte; two bytes at a time, in lanes of 16 bits.

    Args:
        under: uint32 (h, w), changed in place; its highest byte ends as zero.
        drawn: uint32 (h, w).
    """
    for y in range(under.shape[0]):
        into, over = under[y], drawn[y]
        for x in range(len(into)):
            share = U32(over[x] >> U32(24))
            rest = U32(U32(FULL) - share)
            even = U32(U32(over[x] & EVEN_BYTES) * share) + U32(U32(into[x] & EVEN_BYTES) * rest)
            odd = (
                U32(U32(over[x] >> U32(8)) & U32(FULL)) * share
                + U32(U32(into[x] >> U32(8)) & U32(FULL)) * rest
            )
            into[x] = U32(U32(_whole(U32(even)) >> U32(8)) & EVEN_BYTES) | U32(_whole(U32(odd)) & U32(0xFF00))


@compiled
def _whole(lanes: np.uint32) -> np.uint32:
    """Return lanes of 16 bits divided by ``FULL`` and rounded, each 256 times as much and with a remainder."""
    lanes = U32(lanes + U32(0x007F007F))
    return U32(U32(lanes + U32(0x00010001)) + U32(U32(lanes >> U32(8)) & EVEN_BYTES))


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
    _cut_into(guide, face, geometry.patch_to_crop)
    cv2.insertChannel(mouth_mask(geometry, wrap.inner_lip_rows), guide, 3)
    return guide


def cut_patch(image: ImageArray, patch_to_image: FloatArray) -> ImageArray:
    """Sample an aligned uint8 (128, 128, 3) patch; a large image is blurred first so that nothing aliases."""
    patch = np.zeros((PATCH_PX, PATCH_PX, 4), np.uint8)
    _cut_into(patch, image, patch_to_image)
    return cast(ImageArray, cv2.cvtColor(patch, cv2.COLOR_RGBA2RGB))


def _cut_into(patch: ImageArray, image: ImageArray, patch_to_image: FloatArray) -> None:
    """Do so into the colours of a patch, uint8 (128, 128, 4)."""
    scale = math.hypot(patch_to_image[0, 0], patch_to_image[1, 0])
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
    warp_into(patch, image, patch_to_image)


def mouth_mask(geometry: MouthGeometry, ring_rows: NDArray[np.int64]) -> ImageArray:
    """Fill a lip ring in patch pixels: uint8 (128, 128), anti-aliased."""
    mask = np.zeros((PATCH_PX, PATCH_PX), np.uint8)
    cv2.fillPoly(mask, _fixed(ring_in_patch(geometry, ring_rows)), FULL, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def ring_in_patch(geometry: MouthGeometry, ring_rows: NDArray[np.int64]) -> FloatArray:
    """Return a lip ring's (n, 2) positions in patch pixels."""
    crop_to_patch = cv2.invertAffineTransform(geometry.patch_to_crop)
    return (geometry.target_px[ring_rows, :2] @ crop_to_patch[:, :2].T + crop_to_patch[:, 2]).astype(
        np.float32
    )


def paint_mask(geometry: MouthGeometry, wrap: WrapMesh) -> ImageArray:
    """Return where the generator's mouth counts: the lips with a margin, feathered; uint8 (128, 128).

    It is drawn at half size, which the feather hides: the lips filled, and their outline as broad as the margin
    on both sides.
    """
    half = PATCH_PX // 2
    mask = np.zeros((half, half), np.uint8)
    outline = _fixed((ring_in_patch(geometry, wrap.outer_lip_rows) - 0.5) / 2)
    cv2.fillPoly(mask, outline, FULL, cv2.LINE_AA, _SUBPIXEL_BITS)
    broad = LIP_MARGIN_PX - 1  # OpenCV draws smooth lines a pixel broader
    cv2.polylines(mask, outline, True, FULL, broad, cv2.LINE_AA, _SUBPIXEL_BITS)
    mask = cv2.sepFilter2D(mask, cv2.CV_8U, _FEATHER, _FEATHER, borderType=cv2.BORDER_REPLICATE)
    mask = cv2.min(cv2.resize(mask, (PATCH_PX, PATCH_PX)), _WINDOW)
    return cast(ImageArray, cv2.threshold(mask, FAINTEST, 0, cv2.THRESH_TOZERO)[1])


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
    around = _within_patch(cv2.boundingRect(mask), 1)
    if not around[2]:
        return
    inside = cv2.extractChannel(guide, 3)
    lips = _place(_within_patch(cv2.boundingRect(inside), REPAINTED_REACH_PX))
    plain = np.zeros((PATCH_PX, PATCH_PX), np.uint8)
    plain[lips] = _repainted_inside(guide[lips], painted[lips], inside[lips])
    is_enlarged = math.hypot(*geometry.patch_to_crop[:, 0].tolist()) > LINEAR_FROM_SCALE
    lay_change(face, painted, guide, mask, plain, around, geometry.patch_to_crop, is_enlarged)


def _repainted_inside(drawn: ImageArray, painted: ImageArray, inside: ImageArray) -> ImageArray:
    """Return uint8 (h, w): 255 where the mouth's inside was painted anew, 0 on skin and where nothing changed.

    Args:
        drawn: uint8 (h, w, 4).
        painted: uint8 (h, w, 3).
        inside: uint8 (h, w) of the lips.
    """
    if not inside.size:
        return inside
    red, green, blue = cv2.split(cv2.absdiff(cv2.cvtColor(drawn, cv2.COLOR_RGBA2RGB), painted))
    amount = cv2.blur(cv2.max(cv2.max(red, green), blue), (REPAINTED_BLUR_PX, REPAINTED_BLUR_PX))
    inside = cv2.GaussianBlur(cv2.dilate(inside, np.ones((3, 3), np.uint8)), (0, 0), 1.0)
    return cast(ImageArray, cv2.min(cv2.multiply(amount, inside, scale=1 / REPAINTED_LEVELS), inside))


def _within_patch(rectangle: Rectangle, margin_px: int) -> Rectangle:
    """Return a rectangle of the patch with a margin; an empty one stays empty."""
    left, top, width, height = rectangle
    if not width or not height:
        return 0, 0, 0, 0
    x0, y0 = max(left - margin_px, 0), max(top - margin_px, 0)
    x1, y1 = min(left + width + margin_px, PATCH_PX), min(top + height + margin_px, PATCH_PX)
    return x0, y0, x1 - x0, y1 - y0


def _place(rectangle: Rectangle) -> tuple[slice, slice]:
    left, top, width, height = rectangle
    return slice(top, top + height), slice(left, left + width)


def _fixed(points_px: FloatArray) -> list[NDArray[np.int32]]:
    """Return a polygon of float32 (n, 2) pixels as OpenCV's drawing takes it."""
    return [np.round(points_px * (1 << _SUBPIXEL_BITS)).astype(np.int32)]


def _border_window() -> ImageArray:
    """Return uint8 (128, 128): 0 on the patch's border, rising to 255 inside it."""
    away = np.minimum(np.arange(PATCH_PX), np.arange(PATCH_PX)[::-1]) - (BORDER_PX - 1)
    ramp = np.clip(away / BORDER_FADE_PX, 0, 1)
    return np.round(FULL * np.minimum.outer(ramp, ramp)).astype(np.uint8)


def crop_of(frame: ImageArray, crop: CropRectangle) -> ImageArray:
    """Return the crop's view into a frame: uint8 (crop.height, crop.width, 3), not a copy."""
    return frame[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]


_WINDOW = _border_window()
# Of single floats: OpenCV blurs bytes with them four times as fast as with its own whole numbers.
_FEATHER = cv2.getGaussianKernel(FEATHER_TAPS, FEATHER_PX / 4, cv2.CV_32F)
