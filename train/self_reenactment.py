"""Self-reenactment: a person prepared from the first part of a video speaks the rest of it, and the truth is known.

No pixel of the truth's mouth reaches the output. Lips and all that the generator paints come from a frame of the
*first* part with a like head pose, warped to the truth's head pose and to the wanted mouth; references, neutral, and
colours of teeth and cavity come from the first part as well. What drives the mouth is the truth's tracked mouth,
projected into the mouth space (``modelled``, as in live use) or as tracked (``tracked``). Of the skin there are two
kinds:

``own``: as in live use, where a base frame keeps its own skin: the truth's frame, its mouth hidden under the warped
one (lips of the truth and of the target with a margin, feathered, matched in colour to the skin around). About
three quarters of the box that PSNR and SSIM measure then are the truth's own pixels: compare only with the rows
beside it.
``first``: stricter and harder than live use: the whole wrap, chin and cheeks too, is the first part's frame. Of the
truth's frame only what lies outside of the wrap is seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.clips import Clip
from talkingface.compositing import blend_drawn, guide_patch, lay_patch, paint_mask
from talkingface.errors import BadInputError
from talkingface.face_rig import PATCH_FACE_HEIGHTS, PATCH_PX
from talkingface.head_pose import personal_neutral
from talkingface.landmarks import lip_opening
from talkingface.mouth_space import MouthSpace
from talkingface.painted_detail import measured_on
from talkingface.records import FloatArray, HeadPose, ImageArray, MouthGeometry
from talkingface.reference_choice import choose_reference_frames, mouth_shapes
from talkingface.seams import FaceGenerator, MouthRenderer
from talkingface.tracking import FaceTrack
from talkingface.wrap_mesh import FaceMeshes
from train.reenactment import ClipMaterial, load_material

FEWEST_FRAMES = 12
TURN_COST, SIZE_COST, JUMP_COST = 0.5, 20.0, 1.5  # a degree; a factor e in size; a jump in the skin's source
LARGEST_STEP = 1
HIDDEN_MARGIN, HIDDEN_FEATHER = 0.025, 0.02  # of the face height, around the lips


@dataclass(frozen=True)
class Reenactment:
    """Everything that is fixed before the rest is spoken.

    Attributes:
        material: the whole clip, its rig on the first part's neutral.
        first: int64 frames of the first part.
        rest: int64 frames to be spoken.
        sources: int64, for each of ``rest`` the frame of ``first`` that gives the skin.
        references: uint8 (R, p, p, 3) from the first part.
        reference_points: float32 (R, 478, 3) head coordinates of the references, for the nearest-mouth baseline.
    """

    material: ClipMaterial
    first: NDArray[np.int64]
    rest: NDArray[np.int64]
    sources: NDArray[np.int64]
    references: ImageArray
    reference_points: FloatArray


@dataclass(frozen=True)
class SpokenFrame:
    """One frame spoken: crops of uint8 (h, w, 3), and the patches behind them.

    Attributes:
        frame: number in the material.
        faces: by variant: ``output``, ``warp_only``, ``nearest_reference``.
        guide: uint8 (p, p, 4).
        painted: uint8 (p, p, 3).
    """

    frame: int
    faces: dict[str, ImageArray]
    guide: ImageArray
    painted: ImageArray


def set_up(
    clip: Clip,
    track: FaceTrack,
    space: MouthSpace,
    meshes: FaceMeshes,
    split: float = 0.5,
    limit: int | None = None,
) -> Reenactment:
    """Prepare from the first part of a clip.

    Args:
        clip: the video.
        track: its landmarks.
        space: the mouth space.
        meshes: wrap and teeth.
        split: share of the frames that make the first part.
        limit: speak at most so many frames of the rest.

    Raises:
        BadInputError: either part is too short.
        NoFaceError: no face.
    """
    kept = np.flatnonzero(track.found)
    border = int(len(kept) * split)
    if min(border, len(kept) - border) < FEWEST_FRAMES:
        raise BadInputError(
            f"expected at least {FEWEST_FRAMES} frames with a face in both parts of {clip.path.name}, "
            f"found {border} and {len(kept) - border}"
        )
    neutral = personal_neutral(track.points[kept[:border]], space.neutral)
    last = len(kept) if limit is None else min(len(kept), border + limit)
    material = load_material(clip, track, space, meshes, neutral=neutral, limit=last)
    first, rest = np.arange(border), np.arange(border, material.frame_count)
    usual = np.median(np.stack([material.poses[frame].rotation for frame in first]), axis=0)
    turned = _turned_degrees(np.stack([material.poses[frame].rotation for frame in first]), usual)
    chosen = choose_reference_frames(material.points_px[first], turned_degrees=turned)
    return Reenactment(
        material,
        first,
        rest,
        skin_path([material.poses[f] for f in first], [material.poses[f] for f in rest]),
        np.stack([material.truth_patch(int(frame)) for frame in chosen]),
        np.stack([material.poses[f].to_head(material.points_px[f]) for f in chosen]),
    )


def speak(
    setting: Reenactment,
    renderer: MouthRenderer,
    generator: FaceGenerator,
    *,
    modelled: bool = True,
    own_skin: bool = True,
) -> Iterator[SpokenFrame]:
    """Speak the rest, frame by frame, with the generator and with both baselines.

    Args:
        setting: what :func:`set_up` made.
        renderer: draws the guide, in the colours of the first part.
        generator: paints.
        modelled: drive by the projection into the mouth space, not by the tracked landmarks themselves.
        own_skin: keep the skin of the truth's frame around its hidden mouth (see above).

    Raises:
        GraphicsError: drawing failed.
    """
    material = setting.material
    wrap = material.rig.meshes.wrap
    features = generator.encode_references(setting.references)
    reference_shapes = mouth_shapes(setting.reference_points)
    begin = int(setting.first[0])
    detail = measured_on(
        material.images[begin],
        material.points_px[begin],
        material.poses[begin],
        material.crops[begin],
        rig=material.rig,
        renderer=renderer,
        paint=lambda guide: generator.generate(guide, features),
        references=setting.references,
    )
    for frame, source in zip(setting.rest.tolist(), setting.sources.tolist(), strict=True):
        points = material.modelled_points(frame) if modelled else material.points_px[frame]
        geometry = material.geometry(source, frame, points)
        drawn = renderer.render(material.images[source], geometry)
        if own_skin:
            own = material.geometry(frame, frame)
            drawn = only_over_mouth(drawn, material.images[frame], [geometry, own], wrap.outer_lip_rows)
        warped = blend_drawn(material.images[frame], drawn)
        guide, mask = guide_patch(warped, geometry, wrap), paint_mask(geometry, wrap)
        wanted = mouth_shapes(material.poses[frame].to_head(points)[None])
        nearest = int(np.linalg.norm(reference_shapes - wanted, axis=1).argmin())
        painted = detail.raised(generator.generate(guide, features), mask)
        faces = {"output": warped.copy(), "warp_only": warped, "nearest_reference": warped.copy()}
        lay_patch(faces["output"], guide, painted, mask, geometry)
        lay_patch(faces["nearest_reference"], guide, setting.references[nearest], mask, geometry)
        yield SpokenFrame(frame, faces, guide, painted)


def only_over_mouth(
    drawn: ImageArray, own: ImageArray, mouths: list[MouthGeometry], lip_rows: NDArray[np.int64]
) -> ImageArray:
    """Limit a drawn face to the mouths that it must hide, and match its colour to the skin around them.

    Args:
        drawn: uint8 (h, w, 4) the renderer's picture.
        own: uint8 (h, w, 3) the frame whose mouth is hidden.
        mouths: the lips to cover, of the frame itself and of the target.
        lip_rows: the outer lips' vertices.

    Returns:
        uint8 (h, w, 4) with a coverage that is whole over the mouths with a margin, and falls off around them.
    """
    hidden = np.zeros(own.shape[:2], np.uint8)
    for mouth in mouths:
        cv2.fillPoly(hidden, [np.round(mouth.target_px[lip_rows, :2]).astype(np.int32)], 255)
    face_px = float(np.hypot(*mouths[0].patch_to_crop[:, 0])) * PATCH_PX / PATCH_FACE_HEIGHTS
    sure, fall = round(HIDDEN_MARGIN * face_px), max(1.0, HIDDEN_FEATHER * face_px)
    around = round(sure + 2 * fall)
    whole = _grown(hidden, sure + round(fall))
    ring = (_grown(hidden, around + sure) > 0) & (_grown(hidden, around) == 0) & (drawn[..., 3] == 255)
    share = cv2.GaussianBlur(whole, (0, 0), fall / 2)
    result = drawn.copy()
    if ring.any():
        offset = np.median(own[ring].astype(np.int16) - drawn[ring][:, :3], axis=0)
        result[..., :3] = np.clip(drawn[..., :3] + offset, 0, 255)
    result[..., 3] = np.minimum(share, drawn[..., 3])
    return result


def skin_path(first: list[HeadPose], rest: list[HeadPose]) -> NDArray[np.int64]:
    """Choose for each pose of ``rest`` a frame of ``first`` alike in pose, moving on by single frames where it can.

    The cheapest path by dynamic programming: difference in direction and size, and a price for jumps, since a
    jump of the skin's source is seen as flicker.
    """
    rotations = np.stack([pose.rotation for pose in first])
    sizes = np.log([pose.scale_px for pose in first])
    costs = np.stack(
        [
            TURN_COST * _turned_degrees(rotations, pose.rotation)
            + SIZE_COST * np.abs(sizes - np.log(pose.scale_px))
            for pose in rest
        ]
    )
    count = len(first)
    total = costs[0].copy()
    came = np.zeros((len(rest), count), np.int64)
    everyone = np.arange(count)
    for row in range(1, len(rest)):
        best = int(total.argmin())
        cheapest, origin = total[best] + JUMP_COST + np.zeros(count), np.full(count, best)
        for step in range(-LARGEST_STEP, LARGEST_STEP + 1):
            before = np.clip(everyone - step, 0, count - 1)
            better = total[before] < cheapest
            cheapest[better], origin[better] = total[before][better], before[better]
        total = cheapest + costs[row]
        came[row] = origin
    path = [int(total.argmin())]
    for row in range(len(rest) - 1, 0, -1):
        path.append(int(came[row, path[-1]]))
    return np.array(path[::-1], np.int64)


def sheet_frames(setting: Reenactment) -> dict[str, int]:
    """Choose frames of the rest for a contact sheet: closed, half open, wide, rounded, teeth."""
    points = setting.material.points_px[setting.rest]
    opening, width = lip_opening(points), mouth_shapes(points)[:, 1]
    opened = opening > np.quantile(opening, 0.5)
    middle = np.abs(opening - np.quantile(opening, 0.6))
    chosen = {
        "closed": opening.argmin(),
        "half open": middle.argmin(),
        "wide": opening.argmax(),
        "rounded": np.where(opened, width, np.inf).argmin(),
        "teeth": np.where(opened & (opening < np.quantile(opening, 0.9)), width, -np.inf).argmax(),
    }
    return {name: int(setting.rest[int(place)]) for name, place in chosen.items()}


def _turned_degrees(rotations: NDArray[np.floating], to: NDArray[np.floating]) -> FloatArray:
    cosine = (np.einsum("nij,ij->n", rotations, to) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))).astype(np.float32)


def _grown(mask: ImageArray, by_px: int) -> ImageArray:
    side = 2 * by_px + 1
    return np.asarray(cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))), np.uint8)
