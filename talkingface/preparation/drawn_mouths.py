"""Open mouths drawn for a character whose video never opens its own, so that the generator knows how they look."""

from __future__ import annotations

import numpy as np

from talkingface.compositing import blend_drawn, crop_of, cut_patch
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.face_rig import FaceRig
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, FloatArray, HeadPose, ImageArray, TeethLook

SEEN_OPENING = 0.03
# Lip opening and change of lip width, in face heights: slightly open, spread, wide open, rounded.
DRAWN_SHAPES = ((0.03, 0.0), (0.05, 0.015), (0.085, -0.01), (0.04, -0.04))


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
        for shape in DRAWN_SHAPES[: max(0, len(patches) - 1)]:
            geometry = rig.geometry(points_px, pose, likeliest_mouth(rig.space, *shape), crop)
            face = blend_drawn(own, renderer.render(own, geometry))
            drawn.append(cut_patch(face, geometry.patch_to_crop))
    finally:
        renderer.close()
    return np.stack([*patches[: len(patches) - len(drawn)], *drawn])


def likeliest_mouth(space: MouthSpace, opening: float, widening: float) -> FloatArray:
    """Return the float32 (K,) coefficients nearest to rest that have a wanted lip opening and change of width.

    Coefficients have unit variance over people, so the nearest is the likeliest. Found by Newton's method on the
    least-norm solution, the measures being nearly linear.
    """
    rest = np.zeros(space.coefficient_count, np.float32)
    wanted = np.array([opening, float(space.lip_width(rest)) + widening])
    coefficients = rest.astype(np.float64)
    step = 0.05 * np.eye(space.coefficient_count, dtype=np.float32)
    for _ in range(6):
        now = coefficients.astype(np.float32)
        measured = np.array([float(space.lip_opening(now)), float(space.lip_width(now))])
        slopes = np.stack([space.lip_opening(now + step), space.lip_width(now + step)])
        jacobian = (slopes - measured[:, None]) / 0.05
        target = wanted - measured + jacobian @ coefficients
        coefficients = np.linalg.pinv(jacobian) @ target
    return coefficients.astype(np.float32)
