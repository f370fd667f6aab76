"""Records: the head pose carries points out and back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from talkingface.records import AudioChunk, HeadPose


def turned(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """Return a rotation (3, 3) by angles in radians."""
    cy, sy, cp, sp, cr, sr = (
        np.cos(yaw),
        np.sin(yaw),
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
    )
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (about_z @ about_y @ about_x).astype(np.float32)


def test_pixels_and_back() -> None:
    pose = HeadPose(turned(0.3, -0.2, 0.1), 240.0, np.array([360, 400, -20], np.float32))
    head = np.random.default_rng(0).normal(0, 0.4, (478, 3)).astype(np.float32)
    pixels = pose.to_pixels(head)
    assert pixels.dtype == np.float32
    np.testing.assert_allclose(pose.to_head(pixels), head, atol=2e-6)
    np.testing.assert_allclose(pixels[0], 240 * turned(0.3, -0.2, 0.1) @ head[0] + (360, 400, -20), rtol=1e-4)


def test_records_do_not_change() -> None:
    chunk = AudioChunk(np.zeros(4, np.float32), 0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        chunk.start_sample = 1  # type: ignore[misc]
