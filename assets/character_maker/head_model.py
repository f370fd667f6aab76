"""The skin of head and neck: a control mesh about the mean face, sculpted, subdivided, and moved by blinks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from assets.character_maker.looks import CharacterLook
from assets.character_maker.topology import (
    Triangles,
    VertexNormals,
    bridge,
    face_triangles,
    loop_subdivision,
    wind_alike,
)
from talkingface.landmarks import FACE_OVAL, LIPS_INNER

FloatArray = NDArray[np.float32]
FACE_VERTICES = 468
_RELAXED = 0.13  # how far resting lids hang over the wide-open ones of the mean face


@dataclass(frozen=True)
class EyeRings:
    """Landmarks about one eye. Upper and lower run from the outer corner to the inner, without the corners."""

    outer_corner: int
    inner_corner: int
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    crease: tuple[int, ...]
    bag: tuple[int, ...]

    @property
    def loop(self) -> list[int]:
        """The lid margin as a closed ring."""
        return [self.outer_corner, *self.upper, self.inner_corner, *self.lower[::-1]]


EYES = (
    EyeRings(
        33, 133, (246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155),
        (247, 30, 29, 27, 28, 56, 190), (25, 110, 24, 23, 22, 26, 112),
    ),
    EyeRings(
        263, 362, (466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382),
        (467, 260, 259, 257, 258, 286, 414), (255, 339, 254, 253, 252, 256, 341),
    ),
)  # fmt: skip

# The neck as ellipses: height y, half width over the look's, half depth, centre z.
_NECK = np.array([
    [0.72, 1.02, 0.205, 0.47],
    [0.90, 1.00, 0.205, 0.49],
    [1.10, 1.08, 0.225, 0.515],
    [1.40, 1.45, 0.26, 0.54],
])  # fmt: skip
_CRANIUM_CENTRE = np.array([0.0, 0.06, 0.43])
_CRANIUM_RADII = np.array([0.445, 0.60, 0.56])


class HeadModel:
    """Skin of head and neck in head coordinates.

    Attributes:
        rest: float32 (V, 3) subdivided resting vertices.
        triangles: int32 (F, 3).
        eye_radius: in face heights.
        eye_centres: float32 (2, 3), picture left first.
        inside_mouth: float32 (V,) 0 skin .. 1 inside of the mouth.
    """

    def __init__(self, look: CharacterLook, neutral: FloatArray, *, levels: int) -> None:
        """Build from the mean resting face, float32 (478, 3) in head coordinates."""
        self._look = look
        face = _styled_face(neutral, look)
        self.eye_radius = 0.071 * look.eye_scale
        self.eye_centres = _eye_centres(face, self.eye_radius)
        triangles, control, inside = _with_extensions(face, self.eye_centres, look)
        self._matrix, self.triangles = loop_subdivision(triangles, len(control), levels)
        self._matrix = _eased(self._matrix, self.triangles, face) @ self._matrix
        self._control = _interpolating(self._matrix, control)
        self.inside_mouth = np.asarray(self._matrix @ inside, np.float32)
        self.normals = VertexNormals(self.triangles, self._matrix.shape[0])
        self._face = face
        self.rest = self._surface(self._control)
        self._bulge = _sculpted(self.rest, face, look)
        self.rest = self.rest + self.normals(self.rest) * self._bulge[:, None]

    @property
    def face(self) -> FloatArray:
        """float32 (468, 3) styled landmarks at rest."""
        return self._face

    def facing_triangles(self) -> Triangles:
        """Return the triangles that a camera in front can see in any pose."""
        facing = self.normals(self.rest)[self.triangles, 2].min(1) < 0.4
        return self.triangles[facing | (self.rest[self.triangles, 2].min(1) < 0.30)]

    def posed(
        self, blink: float, gaze_pitch_deg: float, mouth: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Return vertices and normals with lids closed by ``blink`` (0 open .. 1 shut) and following the gaze.

        ``mouth`` is a float32 (478, 3) displacement of the landmarks from rest, as the mouth space gives it.
        """
        control = self._control.copy()
        if mouth is not None:
            control += _carried(mouth[:FACE_VERTICES], len(control))
        follow = np.clip(gaze_pitch_deg / 90, -0.1, 0.1)
        for rings, centre in zip(EYES, self.eye_centres, strict=True):
            self._close(
                control,
                rings,
                centre,
                float(np.clip(_RELAXED + (1 - _RELAXED) * blink + follow, 0, 1)),
                blink,
            )
        smooth = self._surface(control)
        vertices = smooth + self.normals(smooth) * self._bulge[:, None]
        for centre in self.eye_centres:
            vertices = _outside_sphere(vertices, centre, self.eye_radius + 0.0035)
        return vertices, self.normals(vertices)

    def spread(self, values: FloatArray) -> FloatArray:
        """Return values (V, c) of the vertices evened out over the skin; narrow folds take their surroundings'."""
        edges = np.concatenate([self.triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
        both = np.concatenate([edges, edges[:, ::-1]])
        count = len(values)
        near = sparse.csr_matrix(
            (np.ones(len(both), np.float32), (both[:, 0], both[:, 1])), shape=(count, count)
        )
        near = sparse.diags(1 / np.maximum(near.sum(1).A1, 1)) @ near
        for _ in range(6):
            around = near @ values
            values = np.maximum(values, 0.80 * around)
        return np.asarray(0.5 * values + 0.5 * (near @ values), np.float32)

    def _surface(self, control: FloatArray) -> FloatArray:
        return np.asarray(self._matrix @ control, np.float32)

    def _close(
        self, control: FloatArray, rings: EyeRings, centre: FloatArray, amount: float, blink: float
    ) -> None:
        """Move the lids of one eye; the rolled-in rings behind the margin follow it."""
        upper, lower = np.array(rings.upper), np.array(rings.lower)
        gap = self._control[lower] - self._control[upper]
        down = {"upper": 1.04 * amount, "crease": 0.42 * amount, "lower": -0.09 * blink}
        moves = [(upper, down["upper"] * gap), (np.array(rings.crease), down["crease"] * gap)]
        moves.append((lower, down["lower"] * gap))
        offsets = np.zeros((FACE_VERTICES, 3), np.float32)
        for vertices, shift in moves:
            target = self._control[vertices] + shift
            outward = target - centre
            distance = np.linalg.norm(outward, axis=1, keepdims=True)
            before = np.linalg.norm(self._control[vertices] - centre, axis=1, keepdims=True)
            held = np.maximum(distance, np.minimum(before, self.eye_radius + 0.012))
            offsets[vertices] = centre + outward / distance * held - self._control[vertices]
        control[:FACE_VERTICES] += offsets
        first = FACE_VERTICES + 4 * len(LIPS_INNER) + (0 if rings is EYES[0] else 32)
        ring = np.array(rings.loop)
        for behind in range(2):
            control[first + 16 * behind : first + 16 * (behind + 1)] += offsets[ring]


def _styled_face(neutral: FloatArray, look: CharacterLook) -> FloatArray:
    """Return the mean face made illustrated: larger eyes, rounder cheeks, smaller nose, the look's own jaw."""
    face = neutral[:FACE_VERTICES].astype(np.float64).copy()
    for side in (-1, 1):
        centre = np.array([side * 0.184, 0.106])
        offset = face[:, :2] - centre
        near = np.exp(-((offset[:, 0] / 0.14) ** 2) - (offset[:, 1] / 0.085) ** 2)
        face[:, :2] += offset * ((look.eye_scale - 1) * near)[:, None] * (1.0, 2.1)
    above = np.exp(-(((face[:, 1] + 0.02) / 0.06) ** 2) - ((np.abs(face[:, 0]) - 0.2) / 0.16) ** 2)
    face[:, 1] -= 0.09 * (look.eye_scale - 1) * above
    low = _smooth((face[:, 1] - 0.22) / 0.5)
    face[:, 0] *= look.face_width * (1 + (look.jaw_width - 1) * low)
    cheeks = np.exp(-(((face[:, 1] - 0.42) / 0.13) ** 2)) * _smooth((np.abs(face[:, 0]) - 0.12) / 0.2)
    face[:, 0] *= 1 + 0.035 * cheeks - 0.07 * _smooth((face[:, 1] - 0.58) / 0.2)
    tip = np.exp(-((face[:, 0] / 0.14) ** 2)) * _smooth((face[:, 1] - 0.6) / 0.17)
    face[:, 1] += look.chin * tip
    smile = np.exp(-(((np.abs(face[:, 0]) - 0.142) / 0.05) ** 2) - ((face[:, 1] - 0.506) / 0.05) ** 2)
    face[:, 1] -= look.smile * smile
    face[:, 0] += 0.6 * look.smile * smile * np.sign(face[:, 0])
    nose = np.exp(-((face[:, 0] / 0.11) ** 2) - ((face[:, 1] - 0.30) / 0.10) ** 2)
    face[:, 0] *= 1 + (look.nose_width - 1) * nose
    ridge = np.exp(-((face[:, 0] / 0.09) ** 2) - ((face[:, 1] - 0.26) / 0.13) ** 2)
    face[:, 2] += (1 - look.nose_size) * 0.20 * ridge
    face[:, 1] -= (1 - look.nose_size) * 0.10 * ridge
    return face.astype(np.float32)


def _smooth(x: NDArray[np.floating]) -> NDArray[np.float64]:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)


def _eye_centres(face: FloatArray, radius: float) -> FloatArray:
    centres = []
    for rings in EYES:
        middle = face[[rings.outer_corner, rings.inner_corner, rings.upper[3], rings.lower[3]]].mean(0)
        front = face[list(rings.upper[2:5] + rings.lower[2:5]), 2].mean()
        centres.append((middle[0], middle[1], front + 0.003 + np.sqrt(radius**2 - 0.03**2)))
    return np.array(centres, np.float32)


def _with_extensions(
    face: FloatArray, eye_centres: FloatArray, look: CharacterLook
) -> tuple[Triangles, FloatArray, FloatArray]:
    """Add to the face: lips rolled in, lids rolled in, and rows over cranium and neck."""
    triangles = face_triangles().tolist()
    rows = [face]
    count = FACE_VERTICES

    def add(points: NDArray[np.floating]) -> list[int]:
        nonlocal count
        rows.append(np.asarray(points, np.float32))
        count += len(points)
        return list(range(count - len(points), count))

    lips = face[list(LIPS_INNER)]
    upper = np.array([index not in LIPS_INNER[1:10] for index in LIPS_INNER])
    roll = np.where(upper, 0.006, -0.006) * np.sin(np.linspace(0, 2 * np.pi, 21)[:-1]) ** 2
    inner = add(lips + np.stack([0 * roll, roll, 0 * roll + 0.018], 1))
    deep = add(lips * (0.84, 1, 1) + (0, 0, 0.06))
    triangles += bridge(list(LIPS_INNER), inner, closed=True) + bridge(inner, deep, closed=True)
    middle = lips.mean(0)
    pouch = add(
        (lips - middle) * (0.74, 1, 0)
        + middle
        + np.where(upper, -0.04, 0.04)[:, None] * (0, 1, 0)
        + (0, 0, 0.16)
    )
    back = add(
        (lips - middle) * (0.35, 0, 0)
        + middle
        + np.where(upper, -0.02, 0.02)[:, None] * (0, 1, 0)
        + (0, 0, 0.27)
    )
    triangles += bridge(deep, pouch, closed=True) + bridge(pouch, back, closed=True)
    mouth = np.concatenate([np.zeros(FACE_VERTICES), np.full(20, 0.0), np.full(20, 0.75), np.ones(40)])
    for rings, centre in zip(EYES, eye_centres, strict=True):
        lid = face[rings.loop]
        inward = np.stack([centre[0] - lid[:, 0], centre[1] - lid[:, 1], 0 * lid[:, 0]], 1)
        margin = add(lid + 0.06 * inward + (0, 0, 0.010))
        socket = add(lid + 0.10 * inward + (0, 0, 0.05))
        triangles += bridge(rings.loop, margin, closed=True) + bridge(margin, socket, closed=True)
    previous = list(FACE_OVAL)
    for row in _extension_rows(face, look.neck_width):
        following = add(row)
        triangles += bridge(previous, following, closed=True)
        previous = following
    wound = wind_alike(np.array(triangles, np.int32))
    points = np.concatenate(rows)
    a, b, c = (points[wound[:800, k]] for k in range(3))
    facing_viewer = np.cross(b - a, c - a)[:, 2].sum() < 0
    inside = np.zeros(len(points), np.float32)
    inside[: len(mouth)] = mouth
    return (wound if facing_viewer else wound[:, ::-1].copy()), points, inside


def _extension_rows(face: FloatArray, neck_width: float) -> list[NDArray[np.float64]]:
    """Return rows of 36 points that go on from the face oval: over the cranium above, down the neck below."""
    oval = face[list(FACE_OVAL)].astype(np.float64)
    inside = np.array([0.0, 0.27, 0.0])
    steps = (0.10, 0.22, 0.36, 0.52, 0.70, 0.86, 1.0)
    paths = []
    for k, start in enumerate(oval):
        outward = start - inside
        outward[2] = 0
        outward /= np.linalg.norm(outward)
        turn = (k - 18) / 10
        if abs(turn) <= 0.9 + 1e-9:
            paths.append(_neck_path(start, outward, turn, steps, neck_width))
        else:
            paths.append(_cranium_path(start, steps))
    return list(np.array(paths).transpose(1, 0, 2))


def _neck_path(
    start: NDArray[np.float64],
    outward: NDArray[np.float64],
    turn: float,
    steps: tuple[float, ...],
    neck_width: float,
) -> list[NDArray[np.float64]]:
    angle = -turn * 1.85

    def on_neck(y: float) -> NDArray[np.float64]:
        width, depth, z = (np.interp(y, _NECK[:, 0], _NECK[:, k]) for k in (1, 2, 3))
        return np.array([neck_width * width * np.sin(angle), y, z - depth * np.cos(angle)])

    reach = 1 - 0.35 * abs(turn)
    end = on_neck(1.0)
    first = start + outward * 0.045 * reach + np.array([0, 0.0, 0.05 + 0.09 * abs(turn)])
    second = on_neck(0.80 - 0.30 * turn * turn) + np.array([0, 0, -0.02 * reach])
    points = []
    for t in steps[:-2]:
        s = t / steps[-3]
        points.append(
            (1 - s) ** 3 * start + 3 * s * (1 - s) ** 2 * first + 3 * s * s * (1 - s) * second + s**3 * end
        )
    return [*points, on_neck(1.18), on_neck(1.38)]


def _cranium_path(start: NDArray[np.float64], steps: tuple[float, ...]) -> list[NDArray[np.float64]]:
    pole = np.array([0.0, 0.10, _CRANIUM_CENTRE[2] + _CRANIUM_RADII[2]])
    unit = (start - _CRANIUM_CENTRE) / _CRANIUM_RADII
    radius = np.linalg.norm(unit)
    goal = (pole - _CRANIUM_CENTRE) / _CRANIUM_RADII
    unit, goal = unit / radius, goal / np.linalg.norm(goal)
    angle = np.arccos(np.clip(unit @ goal, -1, 1))
    points = []
    for t in steps:
        direction = (np.sin((1 - t) * angle) * unit + np.sin(t * angle) * goal) / np.sin(angle)
        grown = radius + (1 - radius) * min(1.0, t / 0.3)
        points.append(_CRANIUM_CENTRE + direction * _CRANIUM_RADII * grown)
    return points


def _eased(matrix: sparse.csr_matrix, triangles: Triangles, face: FloatArray) -> sparse.csr_matrix:
    """Return the matrix that evens out the surface where the wings of the nose would fold over the cheek."""
    count = matrix.shape[0]
    edges = np.concatenate([triangles[:, [a, b]] for a, b in ((0, 1), (1, 2), (2, 0))])
    both = np.concatenate([edges, edges[:, ::-1]])
    near = sparse.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(count, count))
    near = sparse.diags(1 / np.maximum(np.asarray(near.sum(1)).ravel(), 1)) @ near
    coarse = matrix[:, :FACE_VERTICES] @ face
    wings = face[[129, 358, 64, 294, 49, 279]]
    apart = np.linalg.norm(coarse[:, None] - wings[None], axis=2).min(1)
    share = np.clip(1.4 - apart / 0.030, 0, 1)
    step = sparse.diags(1 - share) + sparse.diags(share) @ near
    eased = sparse.identity(count, format="csr")
    for _ in range(12):
        eased = step @ eased
    return eased.astype(np.float32)


def _carried(mouth: FloatArray, count: int) -> FloatArray:
    """Return the displacement of all control vertices: what lies behind the lips follows them."""
    moved = np.zeros((count, 3), np.float32)
    moved[:FACE_VERTICES] = mouth
    lips = mouth[list(LIPS_INNER)]
    for ring, share in enumerate((1.0, 0.85, 0.5, 0.2)):
        first = FACE_VERTICES + ring * len(LIPS_INNER)
        moved[first : first + len(LIPS_INNER)] = share * lips
    oval = list(FACE_OVAL)
    rows = FACE_VERTICES + 4 * len(LIPS_INNER) + 64
    for row, share in enumerate((0.75, 0.45, 0.2)):
        first = rows + row * len(oval)
        moved[first : first + len(oval)] = share * mouth[oval]
    return moved


def _interpolating(matrix: sparse.csr_matrix, control: FloatArray) -> FloatArray:
    """Move control vertices outward until the smooth surface passes near them (subdivision shrinks)."""
    moved = control.astype(np.float64).copy()
    for _ in range(3):
        moved[:FACE_VERTICES] += 0.8 * (control - (matrix @ moved)[: len(control)])[:FACE_VERTICES]
    return moved.astype(np.float32)


def _sculpted(rest: FloatArray, face: FloatArray, look: CharacterLook) -> FloatArray:
    """Return float32 (V,) displacement along the normal: lip fullness, philtrum, nostrils, lid crease."""
    x, y, z = rest.T
    front = (z < 0.12) & (np.abs(x) < 0.3)

    def spot(x0: float, y0: float, sx: float, sy: float) -> FloatArray:
        return np.exp(-(((np.abs(x) - x0) / sx) ** 2) - ((y - y0) / sy) ** 2)

    upper_y, inner_y, lower_y = face[0, 1], 0.5 * (face[13, 1] + face[14, 1]), face[17, 1]
    bulge = look.lip_fullness * 0.75 * spot(0.035, 0.45 * upper_y + 0.55 * inner_y, 0.055, 0.016)
    bulge += look.lip_fullness * spot(0.028, 0.5 * (inner_y + lower_y), 0.06, 0.020)
    bulge -= 0.010 * spot(0.0, lower_y + 0.022, 0.07, 0.018)
    bulge -= 0.004 * spot(0.0, upper_y - 0.035, 0.012, 0.03)
    bulge -= 0.004 * spot(face[291, 0] + 0.012, face[291, 1], 0.014, 0.016)
    bulge -= 0.030 * spot(0.036, face[2, 1] - 0.012, 0.017, 0.011) * (z < -0.1)
    fold = np.abs(x) - (0.085 + 0.36 * (y - 0.33))
    along_fold = np.exp(-(((y - 0.41) / 0.065) ** 2))
    bulge -= 0.0105 * look.age * np.exp(-((fold / 0.010) ** 2)) * along_fold
    bulge += 0.006 * look.age * np.exp(-(((fold - 0.028) / 0.026) ** 2)) * along_fold
    bulge -= 0.004 * look.age * spot(0.175, 0.185 + 0.02, 0.07, 0.007)
    bulge[~front] = 0
    return bulge.astype(np.float32)


def _outside_sphere(vertices: FloatArray, centre: FloatArray, radius: float) -> FloatArray:
    """Push vertices on the front of a sphere out of it."""
    offset = vertices - centre
    distance = np.linalg.norm(offset, axis=1)
    inside = (distance < radius) & (offset[:, 2] < -0.015)
    moved = vertices.copy()
    moved[inside] = centre + offset[inside] / distance[inside, None] * radius
    return moved
