"""The face rig: mouth coefficients and head pose to vertices in pixels, all of it testable without OpenGL."""

from __future__ import annotations

import numpy as np

from talkingface.errors import BadInputError
from talkingface.fold_guard import outward_edges
from talkingface.landmarks import (
    CHIN_BOTTOM,
    FOREHEAD_TOP,
    LIPS_INNER,
    LOWER_LIP_INNER_MIDDLE,
    UPPER_LIP_INNER_MIDDLE,
    lip_opening,
    lip_width,
)
from talkingface.mesh_motion import RiggedFace, moved_face, patch_affine
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
        wrap, inner = meshes.wrap, list(LIPS_INNER)
        own_mouth, mean_mouth = neutral[inner].mean(0), space.neutral[inner].mean(0)
        size = float(lip_width(neutral) / lip_width(space.neutral))
        upper_teeth, lower_teeth = (
            ((teeth.vertices - mean_mouth) * size + own_mouth).astype(np.float32)
            for teeth in (meshes.upper_teeth, meshes.lower_teeth)
        )
        # One coefficient's displacement of all that follows the mouth.
        basis = space.displacement(np.eye(space.coefficient_count, dtype=np.float32))
        jaw = basis[:, list(CHIN)].mean(1, keepdims=True)
        basis = np.concatenate([basis[:, wrap.landmarks], jaw, basis[:, list(OPENING)]], axis=1)
        self._face = RiggedFace(
            landmarks=wrap.landmarks,
            skirt_landmarks=wrap.skirt_landmarks,
            skirt_rows=wrap.jaw_rows,
            skirt_centre=wrap.skirt_centre_landmark,
            skirt_out=wrap.skirt_out,
            skirt_motion=wrap.skirt_motion,
            motion=wrap.motion,
            absolute=wrap.absolute,
            outward=outward_edges(wrap, neutral),
            mouth_landmarks=space.vertices,
            mouth_rest=neutral[space.vertices],
            projector=space.projector.reshape(-1, 3, space.coefficient_count),
            rest=np.concatenate(
                [neutral[wrap.landmarks], np.zeros((1, 3), np.float32), neutral[list(OPENING)]]
            ),
            basis=basis.reshape(len(basis), -1),
            upper_teeth=upper_teeth,
            lower_teeth=lower_teeth,
            patch_middle=own_mouth[None] + np.array([0, PATCH_CENTRE_BELOW_MOUTH, 0], np.float32),
            patch_size=PATCH_FACE_HEIGHTS,
            patch_px=PATCH_PX,
        )

    def geometry(
        self, points_px: FloatArray, pose: HeadPose, coefficients: FloatArray, crop: CropRectangle
    ) -> MouthGeometry:
        """Place everything for one frame of the base video and one mouth.

        Args:
            points_px: float32 (478, 3) the frame's tracked landmarks in frame pixels.
            pose: the frame's head pose, fitted on this person's neutral.
            coefficients: float32 (K,) the wanted mouth.
            crop: the part of the frame that is drawn again.

        Raises:
            BadInputError: landmarks or a mouth of another shape.
        """
        count = self.space.coefficient_count
        if points_px.shape != self.neutral.shape or np.shape(coefficients) != (count,):
            raise BadInputError(
                f"expected landmarks {self.neutral.shape} and a mouth ({count},), found {points_px.shape} and "
                f"{np.shape(coefficients)}"
            )
        placed = moved_face(
            self._face,
            points_px,
            pose.rotation,
            pose.scale_px,
            pose.translation_px,
            np.asarray(coefficients, np.float32),
            crop.x,
            crop.y,
        )
        return MouthGeometry(*placed)

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
        wrap, face = self.meshes.wrap, self._face
        corner = np.array([target_crop.x, target_crop.y, 0], np.float32)
        present = target_pose.to_head(target_points_px) - self.neutral
        jaw = present[list(CHIN)].mean(0)
        patch = self.patch_to_frame(target_pose)
        patch[:, 2] -= corner[:2]
        return MouthGeometry(
            source_px=wrap.vertices(source_points_px)[:, :2]
            - np.array([source_crop.x, source_crop.y], np.float32),
            target_px=wrap.vertices(target_points_px) - corner,
            upper_teeth_px=target_pose.to_pixels(face.upper_teeth) - corner,
            lower_teeth_px=target_pose.to_pixels(face.lower_teeth + jaw) - corner,
            patch_to_crop=patch,
            openness=float(lip_opening(self.neutral + present)),
        )

    def patch_to_frame(self, pose: HeadPose) -> FloatArray:
        """Return the float32 (2, 3) affine from patch pixels to frame pixels: roll, size and place of the mouth."""
        face = self._face
        return patch_affine(
            face.patch_middle,
            face.patch_size,
            face.patch_px,
            pose.rotation,
            pose.scale_px,
            pose.translation_px,
        )
