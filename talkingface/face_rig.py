"""The face rig: mouth coefficients and head pose to vertices in pixels, all of it testable without OpenGL."""

from __future__ import annotations

import math

import numpy as np

from talkingface.fold_guard import FoldGuard
from talkingface.landmarks import (
    CHIN_BOTTOM,
    FOREHEAD_TOP,
    LIPS_INNER,
    LOWER_LIP_INNER_MIDDLE,
    UPPER_LIP_INNER_MIDDLE,
    lip_opening,
    lip_width,
)
from talkingface.mouth_space import MouthSpace
from talkingface.records import CropRectangle, FloatArray, HeadPose, MouthGeometry
from talkingface.wrap_mesh import FaceMeshes

PATCH_PX = 128
PATCH_FACE_HEIGHTS = 0.42
PATCH_CENTRE_BELOW_MOUTH = 0.033
CHIN = (152, 175, 199, 200)
OPENING = (UPPER_LIP_INNER_MIDDLE, LOWER_LIP_INNER_MIDDLE, FOREHEAD_TOP, CHIN_BOTTOM)


class FaceRig:
    """Moves the wrap and the teeth of one person.

    The wrap's landmarks leave the tracked frame by the difference between the wanted mouth and the frame's own
    mouth, so that far from the lips nothing moves that need not; the lips go to their modelled place outright, so
    that a base video that talks is silenced fully. Upper teeth are fixed to the skull, lower teeth to the jaw.
    """

    def __init__(self, space: MouthSpace, meshes: FaceMeshes, neutral: FloatArray) -> None:
        """Fit the models to a person.

        Args:
            space: the mouth blendshapes.
            meshes: wrap and teeth.
            neutral: float32 (478, 3) the person's own resting face in head coordinates.
        """
        self.space = space
        self.meshes = meshes
        self.neutral = neutral
        self._folds = FoldGuard(meshes.wrap, neutral)
        inner = list(LIPS_INNER)
        own_mouth, mean_mouth = neutral[inner].mean(0), space.neutral[inner].mean(0)
        size = float(lip_width(neutral) / lip_width(space.neutral))
        # A column of ones carries the translation, which numpy adds to rows of three one by one otherwise.
        self._upper_teeth, self._lower_teeth = (
            np.column_stack(
                [(teeth.vertices - mean_mouth) * size + own_mouth, np.ones(len(teeth.vertices))]
            ).astype(np.float32)
            for teeth in (meshes.upper_teeth, meshes.lower_teeth)
        )
        self._wrap_neutral = neutral[meshes.wrap.landmarks]
        # One coefficient's displacement of the wrap, of the chin and of what tells how far the lips are open.
        basis = space.displacement(np.eye(space.coefficient_count, dtype=np.float32))
        self._wrap_basis = np.ascontiguousarray(basis[:, meshes.wrap.landmarks]).reshape(len(basis), -1)
        self._chin_basis = basis[:, list(CHIN)].mean(1)
        self._opening_basis = np.ascontiguousarray(basis[:, list(OPENING)]).reshape(len(basis), -1)
        self._moved_rest = neutral[space.vertices]
        self._opening_rest = neutral[list(OPENING)]
        self._patch_centre = own_mouth + np.array([0, PATCH_CENTRE_BELOW_MOUTH, 0], np.float32)

    def geometry(
        self, points_px: FloatArray, pose: HeadPose, coefficients: FloatArray, crop: CropRectangle
    ) -> MouthGeometry:
        """Place everything for one frame of the base video and one mouth.

        Args:
            points_px: float32 (478, 3) the frame's tracked landmarks in frame pixels.
            pose: the frame's head pose, fitted on this person's neutral.
            coefficients: float32 (K,) the wanted mouth.
            crop: the part of the frame that is drawn again.
        """
        wrap = self.meshes.wrap
        coefficients = np.asarray(coefficients, np.float32)
        own = points_px[wrap.landmarks]
        change = coefficients - self._own_coefficients(points_px, pose)
        moved = (np.stack([coefficients, change]) @ self._wrap_basis).reshape(2, -1, 3)
        moved[0] += self._wrap_neutral
        wanted_px, by_change = moved @ _turn(pose)
        outright = wanted_px + (pose.translation_px - own)
        shift = wrap.motion[:, None] * (by_change + (outright - by_change) * wrap.absolute[:, None])
        shift = self._folds.relieve(own, shift)
        source = wrap.vertices(points_px)
        chin = coefficients @ self._chin_basis
        return self._assemble(
            source, crop, wrap.moved(source, shift), crop, pose, chin, self._openness(coefficients)
        )

    def _own_coefficients(self, points_px: FloatArray, pose: HeadPose) -> FloatArray:
        """Return the float32 (K,) mouth that a tracked frame shows itself."""
        moved = pose.to_head(points_px[self.space.vertices]) - self._moved_rest
        return self.space.project_moved(moved)

    def _openness(self, coefficients: FloatArray) -> float:
        upper, lower, top, bottom = (
            self._opening_rest + (coefficients @ self._opening_basis).reshape(-1, 3)
        ).tolist()
        return math.dist(upper[:2], lower[:2]) / max(math.dist(top[:2], bottom[:2]), 1e-6)

    def geometry_between(
        self,
        source_points_px: FloatArray,
        source_crop: CropRectangle,
        target_points_px: FloatArray,
        target_crop: CropRectangle,
        target_pose: HeadPose,
    ) -> MouthGeometry:
        """Carry the skin of one tracked frame onto the tracked face of another (training, self-reenactment).

        Args:
            source_points_px: float32 (478, 3) landmarks of the frame that gives the skin, in its pixels.
            source_crop: the part of that frame given to the renderer; of the same size as ``target_crop``.
            target_points_px: float32 (478, 3) landmarks of the wanted face, in its frame's pixels.
            target_crop: where the picture is drawn.
            target_pose: head pose of the wanted face, fitted on this person's neutral.
        """
        wrap = self.meshes.wrap
        source, target = wrap.vertices(source_points_px), wrap.vertices(target_points_px)
        present = target_pose.to_head(target_points_px) - self.neutral
        chin, openness = present[list(CHIN)].mean(0), float(lip_opening(self.neutral + present))
        return self._assemble(source, source_crop, target, target_crop, target_pose, chin, openness)

    def patch_to_frame(self, pose: HeadPose) -> FloatArray:
        """Return the float32 (2, 3) affine from patch pixels to frame pixels: roll, size and place of the mouth."""
        (a, b, _), (c, d, _), _ = pose.rotation.tolist()
        roll, scale = math.atan2(c - b, a + d), pose.scale_px * PATCH_FACE_HEIGHTS / PATCH_PX
        along, across = scale * math.cos(roll), scale * math.sin(roll)
        x, y, _ = pose.to_pixels(self._patch_centre[None])[0].tolist()
        middle = (PATCH_PX - 1) / 2
        return np.array(
            [
                [along, -across, x - (along - across) * middle],
                [across, along, y - (across + along) * middle],
            ],
            np.float32,
        )

    def _assemble(
        self,
        source: FloatArray,
        source_crop: CropRectangle,
        target: FloatArray,
        target_crop: CropRectangle,
        pose: HeadPose,
        chin: FloatArray,
        openness: float,
    ) -> MouthGeometry:
        corner = np.array([target_crop.x, target_crop.y, 0], np.float32)
        turn = _turn(pose)
        place = pose.translation_px - corner
        upper_px = self._upper_teeth @ np.vstack([turn, place])
        lower_px = self._lower_teeth @ np.vstack([turn, place + chin @ turn])
        patch = self.patch_to_frame(pose)
        patch[:, 2] -= corner[:2]
        return MouthGeometry(
            source_px=source[:, :2] - np.array([source_crop.x, source_crop.y], np.float32),
            target_px=target - corner,
            upper_teeth_px=upper_px,
            lower_teeth_px=lower_px,
            patch_to_crop=patch,
            openness=openness,
        )


def _turn(pose: HeadPose) -> FloatArray:
    """Return the float32 (3, 3) that carries rows of head coordinates into pixels, but for the translation."""
    return (pose.scale_px * pose.rotation.T).astype(np.float32)
