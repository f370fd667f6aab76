"""Head pose: the rigid part of a tracked face, fitted on points that speech does not move."""

from __future__ import annotations

import numpy as np

from talkingface.landmarks import STABLE, face_height_px, lip_opening
from talkingface.records import FloatArray, HeadPose


def fit_pose(points_px: FloatArray, head: FloatArray) -> HeadPose:
    """Fit the similarity that carries a head mesh onto tracked pixels (Umeyama 1991, least squares).

    Args:
        points_px: float32 (478, 3) tracked landmarks in pixels.
        head: float32 (478, 3) the same landmarks in head coordinates.
    """
    return fit_poses(points_px[None], head)[0]


def fit_poses(points_px: FloatArray, head: FloatArray) -> list[HeadPose]:
    """Fit one pose a frame: float32 (frames, 478, 3) pixels onto (478, 3) head coordinates."""
    stable = list(STABLE)
    source = head[stable].astype(np.float64)
    target = points_px[:, stable].astype(np.float64)
    source_mean, target_mean = source.mean(0), target.mean(1, keepdims=True)
    source, target = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(target.transpose(0, 2, 1) @ source)
    signs = np.ones((len(target), 3))
    signs[:, 2] = np.sign(np.linalg.det(u @ vt))
    rotations = (u * signs[:, None]) @ vt
    scales = (singular * signs).sum(1) / (source**2).sum()
    translations = target_mean[:, 0] - scales[:, None] * (rotations @ source_mean)
    return [
        HeadPose(rotation.astype(np.float32), float(scale), translation.astype(np.float32))
        for rotation, scale, translation in zip(rotations, scales, translations, strict=True)
    ]


def to_head(points_px: FloatArray, poses: list[HeadPose]) -> FloatArray:
    """Carry (frames, 478, 3) pixels into head coordinates, each frame by its own pose."""
    return np.stack([pose.to_head(frame) for frame, pose in zip(points_px, poses, strict=True)])


def unit_height(mesh: FloatArray) -> FloatArray:
    """Shift and scale a (478, 3) mesh so that the stable points' mean is the origin and face height is 1."""
    return ((mesh - mesh[list(STABLE)].mean(0)) / face_height_px(mesh)).astype(np.float32)


def average_head(meshes: FloatArray, rounds: int = 3) -> FloatArray:
    """Return the mean of (n, 478, 3) meshes after rigid alignment (generalised Procrustes), in head coordinates."""
    mean = unit_height(meshes[0])
    for _ in range(rounds):
        aligned = to_head(meshes, fit_poses(meshes, mean))
        mean = unit_height(aligned.mean(0))
    return mean


def personal_neutral(points_px: FloatArray, canonical: FloatArray, closed_share: float = 0.15) -> FloatArray:
    """Return a person's resting face in head coordinates, from the frames whose lips are most closed.

    Args:
        points_px: float32 (frames, 478, 3) tracked landmarks of one person.
        canonical: float32 (478, 3) mean face; sets the frontal orientation.
        closed_share: share of the frames, those with the smallest lip opening, that count as closed.
    """
    opening = lip_opening(points_px)
    limit = np.quantile(opening, closed_share)
    closed = points_px[opening <= max(float(limit), 0.006)]
    if len(closed) > 400:
        closed = closed[np.linspace(0, len(closed) - 1, 400).astype(int)]
    neutral = canonical
    for _ in range(2):
        aligned = to_head(closed, fit_poses(closed, neutral))
        neutral = unit_height(np.median(aligned, axis=0).astype(np.float32))
    return neutral
