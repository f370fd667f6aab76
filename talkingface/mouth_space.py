"""Mouth space: a few PCA coefficients stand for how the lower face leaves its rest.

Zero coefficients are the person's own rest, so silence is exactly zero. Components are orthogonal and scaled so
that each coefficient has unit root-mean-square over the training people.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkingface.array_files import read_arrays
from talkingface.errors import CheckpointError
from talkingface.landmarks import LANDMARK_COUNT, LIPS, lip_opening, lip_width
from talkingface.records import FloatArray


@dataclass(frozen=True)
class MouthSpace:
    """Linear blendshapes of the lower face.

    Attributes:
        neutral: float32 (478, 3) mean resting face in head coordinates (face height 1, y down, z away).
        vertices: int32 (M,) landmarks that the mouth moves, ascending.
        weights: float32 (M,) importance of each vertex when a displacement is projected (lips most).
        basis: float32 (K, M, 3) displacement in face heights for a coefficient of 1.
    """

    neutral: FloatArray
    vertices: NDArray[np.int32]
    weights: FloatArray
    basis: FloatArray

    def __post_init__(self) -> None:
        """Check shapes.

        Raises:
            CheckpointError: arrays that do not fit together.
        """
        if self.neutral.shape != (LANDMARK_COUNT, 3) or self.basis.shape[1:] != (len(self.vertices), 3):
            raise CheckpointError(
                f"expected a mouth space of neutral (478, 3) and basis (K, {len(self.vertices)}, 3), "
                f"found {self.neutral.shape} and {self.basis.shape}"
            )

    @property
    def coefficient_count(self) -> int:
        """K."""
        return len(self.basis)

    def displacement(self, coefficients: FloatArray) -> FloatArray:
        """Return (..., 478, 3) displacement from rest in face heights for (..., K) coefficients."""
        moved = np.asarray(coefficients) @ self._flat_basis
        full = np.zeros((*moved.shape[:-1], LANDMARK_COUNT, 3), np.float32)
        full[..., self.vertices, :] = moved.reshape(*moved.shape[:-1], -1, 3)
        return full

    def project(self, displacement: FloatArray) -> FloatArray:
        """Return the (..., K) coefficients that come nearest to a (..., 478, 3) displacement from rest."""
        moved = displacement[..., self.vertices, :]
        return (moved.reshape(*moved.shape[:-2], -1) @ self.projector).astype(np.float32, copy=False)

    @cached_property
    def _flat_basis(self) -> FloatArray:
        """float32 (K, 3M): coefficients to displacement."""
        return np.ascontiguousarray(self.basis.reshape(self.coefficient_count, -1), np.float32)

    @cached_property
    def projector(self) -> FloatArray:
        """float32 (3M, K): displacement of the vertices to coefficients; weighted least squares, orthogonal parts."""
        weighted = self.basis.astype(np.float64) * self.weights[:, None] ** 2
        flat = weighted.reshape(self.coefficient_count, -1)
        norm = (flat * self.basis.reshape(self.coefficient_count, -1)).sum(1)
        return np.ascontiguousarray((flat / norm[:, None]).T, np.float32)

    def lip_opening(self, coefficients: FloatArray) -> FloatArray:
        """Return the lip opening of the mean face for (..., K) coefficients."""
        return lip_opening(self.neutral + self.displacement(coefficients))

    def lip_width(self, coefficients: FloatArray) -> FloatArray:
        """Return the lip width of the mean face for (..., K) coefficients."""
        return lip_width(self.neutral + self.displacement(coefficients))

    def save(self, path: Path | str) -> None:
        """Write as npz."""
        np.savez_compressed(
            path, neutral=self.neutral, vertices=self.vertices, weights=self.weights, basis=self.basis
        )

    @classmethod
    def load(cls, path: Path | str) -> MouthSpace:
        """Read what :meth:`save` wrote.

        Raises:
            CheckpointError: missing or damaged.
        """
        try:
            data = read_arrays(path, ("neutral", "vertices", "weights", "basis"))
            return cls(
                data["neutral"].astype(np.float32),
                data["vertices"].astype(np.int32),
                data["weights"].astype(np.float32),
                data["basis"].astype(np.float32),
            )
        except (OSError, ValueError) as error:
            raise CheckpointError(f"expected a mouth space (npz), found {path} ({error})") from error


def fit_mouth_space(
    neutral: FloatArray,
    vertices: NDArray[np.int32],
    displacements: FloatArray,
    mirror: NDArray[np.int32] | None,
    components: int,
    vertex_weights: FloatArray | None = None,
) -> tuple[MouthSpace, dict[str, float]]:
    """Fit the blendshapes by PCA about rest.

    Args:
        neutral: float32 (478, 3) mean resting face.
        vertices: int32 (M,) landmarks that may move.
        displacements: float32 (n, 478, 3) displacement from each person's rest, in face heights.
        mirror: int32 (478,) the mirrored landmark of each; given, every sample counts mirrored too,
            which makes each component symmetric or antisymmetric.
        components: K.
        vertex_weights: float32 (M,) importance of each vertex in the fit (lips more than cheeks).

    Returns:
        The space and a report: ``variance_explained`` (0..1) and ``lip_error_percent`` of face height.
    """
    weights = np.ones(len(vertices), np.float32) if vertex_weights is None else vertex_weights
    samples = displacements[:, vertices]
    if mirror is not None:
        flipped = displacements[:, mirror] * np.array([-1, 1, 1], np.float32)
        samples = np.concatenate([samples, flipped[:, vertices]])
    weighted = (samples * weights[:, None]).reshape(len(samples), -1).astype(np.float64)
    values, vectors = np.linalg.eigh(weighted.T @ weighted / len(weighted))
    order = np.argsort(values)[::-1]
    kept = vectors[:, order[:components]].T.reshape(components, len(vertices), 3)
    scale = np.sqrt(np.maximum(values[order[:components]], 1e-12))
    basis = (kept * scale[:, None, None] / weights[:, None]).astype(np.float32)
    for component in basis:
        inner = component[np.searchsorted(vertices, [13, 14]), 1]
        if inner[1] - inner[0] < 0:
            component *= -1
    space = MouthSpace(neutral, vertices.astype(np.int32), weights, basis)
    fitted = space.displacement(space.project(displacements))
    error = np.linalg.norm((fitted - displacements)[:, list(LIPS)], axis=-1).mean()
    report = {
        "variance_explained": float(values[order[:components]].sum() / values.sum()),
        "lip_error_percent": float(error * 100),
    }
    return space, report
