"""The crop rectangle: one size that holds the lower face with its skirt, following the face in whole pixels."""

from __future__ import annotations

import numpy as np

from talkingface.errors import BadVideoError
from talkingface.preparation.steady_tracks import smoothed
from talkingface.records import CropRectangle, FloatArray
from talkingface.wrap_mesh import WrapMesh

MARGIN = 0.03
SMOOTH_FRAMES = 3.0


def crop_path(points_px: FloatArray, wrap: WrapMesh, width: int, height: int) -> tuple[CropRectangle, ...]:
    """Return one rectangle a frame, all of one even size and inside the picture.

    Args:
        points_px: float32 (F, 478, 3) steady landmarks.
        wrap: the surface that must fit in.
        width: of the picture, pixels.
        height: of the picture, pixels.

    Raises:
        BadVideoError: the lower face lies outside of the picture.
    """
    boxes = np.stack([_box(wrap.vertices(points)) for points in points_px])
    size = (boxes[:, 2:] - boxes[:, :2]).max(0)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    steady = smoothed(centre, SMOOTH_FRAMES)
    reach = size * (1 + 2 * MARGIN) + 2 * np.abs(centre - steady).max(0)
    whole = np.minimum(2 * np.ceil(reach / 2), (width - width % 2, height - height % 2)).astype(int)
    corner = np.round(steady - whole / 2).astype(int)
    corner = np.clip(corner, 0, (width - whole[0], height - whole[1]))
    if (boxes[:, 1] > height).any() or (boxes[:, 0] > width).any() or (boxes[:, 2:] < 0).any():
        raise BadVideoError("expected the mouth inside the picture in every frame, found it outside")
    return tuple(CropRectangle(int(x), int(y), int(whole[0]), int(whole[1])) for x, y in corner)


def _box(vertices: FloatArray) -> FloatArray:
    return np.concatenate([vertices[:, :2].min(0), vertices[:, :2].max(0)])
