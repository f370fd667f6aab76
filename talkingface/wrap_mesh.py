"""The OBJ models of the lower face: the wrap with its skirt, and the teeth."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import CheckpointError
from talkingface.landmarks import LIPS_INNER, LIPS_OUTER
from talkingface.mesh_motion import wrap_vertices
from talkingface.records import FloatArray

MESH_FOLDER = Path(__file__).resolve().parent.parent / "assets" / "meshes"


@dataclass(frozen=True)
class WrapMesh:
    """The lower-face surface: landmarks first, then the rings of the skirt that hangs on the jaw.

    Attributes:
        landmarks: int32 (L,) the MediaPipe landmark of each of the first L vertices.
        triangles: int32 (T, 3) skin and lips, clockwise to the viewer; the inner mouth is a hole.
        mouth_triangles: int32 (C, 3) the surface that closes the inner lips.
        coverage: float32 (V,) 1 inside, 0 on the outline.
        motion: float32 (L,) how far a landmark follows the mouth, 0..1.
        absolute: float32 (L,) 1 where a landmark goes to its modelled place outright (lips), 0 far away.
        skirt_landmarks: int32 (J,) jaw landmarks that the skirt hangs on.
        skirt_out: distance of each ring from the jaw, in face heights.
        skirt_motion: how far each ring follows the jaw, 0..1.
        skirt_centre_landmark: rings lie outward from this landmark.
    """

    landmarks: NDArray[np.int32]
    triangles: NDArray[np.int32]
    mouth_triangles: NDArray[np.int32]
    coverage: FloatArray
    motion: FloatArray
    absolute: FloatArray
    skirt_landmarks: NDArray[np.int32]
    skirt_out: tuple[float, ...]
    skirt_motion: tuple[float, ...]
    skirt_centre_landmark: int

    @property
    def vertex_count(self) -> int:
        """V."""
        return len(self.coverage)

    def vertices(self, points: FloatArray) -> FloatArray:
        """Return the (V, 3) wrap of a tracked face, float32 (478, 3), in the same units."""
        return wrap_vertices(
            points, self.landmarks, self.skirt_landmarks, self.skirt_centre_landmark, self.skirt_out
        )

    @cached_property
    def jaw_rows(self) -> NDArray[np.int64]:
        """The vertex numbers of the jaw landmarks."""
        return np.searchsorted(self.landmarks, self.skirt_landmarks)

    @cached_property
    def inner_lip_rows(self) -> NDArray[np.int64]:
        """The vertex numbers of the inner lip ring, in ring order."""
        return np.searchsorted(self.landmarks, LIPS_INNER)

    @cached_property
    def outer_lip_rows(self) -> NDArray[np.int64]:
        """The vertex numbers of the outer lip ring, in ring order."""
        return np.searchsorted(self.landmarks, LIPS_OUTER)


@dataclass(frozen=True)
class TeethMesh:
    """One row of teeth.

    Attributes:
        vertices: float32 (U, 3) head coordinates of the mean face at rest.
        triangles: int32 (T, 3), clockwise to the viewer.
        shade: float32 (U,) brightness 0..1.
    """

    vertices: FloatArray
    triangles: NDArray[np.int32]
    shade: FloatArray


@dataclass(frozen=True)
class FaceMeshes:
    """All models that draw a mouth."""

    wrap: WrapMesh
    upper_teeth: TeethMesh
    lower_teeth: TeethMesh


@cache
def load_meshes(folder: Path | str = MESH_FOLDER) -> FaceMeshes:
    """Load the wrap and the teeth; once, whoever asks for them.

    Raises:
        CheckpointError: a model is missing or damaged.
    """
    folder = Path(folder)
    try:
        return FaceMeshes(_wrap(folder), _teeth(folder, "upper_teeth"), _teeth(folder, "lower_teeth"))
    except (OSError, KeyError, ValueError, IndexError) as error:
        raise CheckpointError(
            f"expected wrap and teeth models in {folder}, found damage ({error})"
        ) from error


def _wrap(folder: Path) -> WrapMesh:
    vertices, groups = _read_obj(folder / "wrap.obj")
    side = _read_json(folder / "wrap.json")
    wrap = WrapMesh(
        landmarks=np.array(side["landmarks"], np.int32),
        triangles=groups["skin"],
        mouth_triangles=groups["mouth"],
        coverage=np.array(side["coverage"], np.float32),
        motion=np.array(side["motion"], np.float32),
        absolute=np.array(side["absolute"], np.float32),
        skirt_landmarks=np.array(side["skirt_landmarks"], np.int32),
        skirt_out=tuple(side["skirt_out"]),
        skirt_motion=tuple(side["skirt_motion"]),
        skirt_centre_landmark=int(side["skirt_centre_landmark"]),
    )
    expected = len(wrap.landmarks) + len(wrap.skirt_out) * len(wrap.skirt_landmarks)
    if not len(vertices) == wrap.vertex_count == expected:
        raise ValueError(f"expected {expected} wrap vertices, found {len(vertices)} and {wrap.vertex_count}")
    return wrap


def _teeth(folder: Path, name: str) -> TeethMesh:
    vertices, groups = _read_obj(folder / f"{name}.obj")
    shade = np.array(_read_json(folder / f"{name}.json")["shade"], np.float32)
    if len(shade) != len(vertices):
        raise ValueError(f"expected {len(vertices)} shades, found {len(shade)} in {name}")
    return TeethMesh(vertices, groups["teeth"], shade)


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _read_obj(path: Path) -> tuple[FloatArray, dict[str, NDArray[np.int32]]]:
    vertices: list[list[float]] = []
    groups: dict[str, list[list[int]]] = {}
    current: list[list[int]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append([float(value) for value in rest.split()])
        elif kind == "g":
            current = groups.setdefault(rest.strip(), [])
        elif kind == "f":
            current.append([int(corner.split("/")[0]) - 1 for corner in rest.split()])
    return np.array(vertices, np.float32), {name: np.array(faces, np.int32) for name, faces in groups.items()}
