"""Open mouths drawn for a character whose video never opens its own, so that the generator knows how they look."""

from __future__ import annotations

import numpy as np

from talkingface.compositing import blend_drawn, crop_of, cut_patch
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.face_rig import FaceRig
from talkingface.likely_mouths import OPEN_SHAPES, likeliest_mouth
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray, TeethLook

SEEN_OPENING = 0.03


def with_drawn_mouths(
    patches: ImageArray,
    frame: ImageArray,
    points_px: FloatArray,
    pose: HeadPose,
    crop: CropRectangle,
    rig: FaceRig,
    look: TeethLook,
) -> ImageArray:
    """Put drawn open mouths in the place of the last reference patches.

    Args:
        patches: uint8 (R, 128, 128, 3) the character's own patches, from closed to open.
        frame: uint8 (H, W, 3) a frame of the character.
        points_px: float32 (478, 3) its landmarks.
        pose: its head pose.
        crop: the part that is drawn again.
        rig: of this person.
        look: colours of teeth and cavity.

    Returns:
        uint8 (R, 128, 128, 3): the first of ``patches``, then the drawn ones.
    """
    renderer = CpuMouthRenderer(rig.meshes, look)
    own = np.ascontiguousarray(crop_of(frame, crop))
    drawn = []
    try:
        for shape in OPEN_SHAPES[: max(0, len(patches) - 1)]:
            geometry = rig.geometry(points_px, pose, likeliest_mouth(rig.space, *shape), crop)
            face = blend_drawn(own, renderer.render(own, geometry))
            drawn.append(cut_patch(face, geometry.patch_to_crop))
    finally:
        renderer.close()
    return np.stack([*patches[: len(patches) - len(drawn)], *drawn])
