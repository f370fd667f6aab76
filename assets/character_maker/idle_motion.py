"""Idle life as a closed loop: head pose, breath, blinks and glances for each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 25
LOOP_FRAMES = 200
BLINK_CLOSE_S, BLINK_OPEN_S = 0.12, 0.22
SACCADE_S = 0.10


@dataclass(frozen=True)
class Idle:
    """One moment. Angles in degrees, shifts in face heights, breath and blink 0..1."""

    yaw: float
    pitch: float
    roll: float
    sway_x: float
    sway_y: float
    breath: float
    blink: float
    gaze_yaw: float
    gaze_pitch: float


AT_REST = Idle(0, 0, 0, 0, 0, 0, 0, 0, 0)


def idle_loop(frame_count: int = LOOP_FRAMES, seed: int = 7) -> list[Idle]:
    """Return a seamless loop: breath runs three times through it, the head once; blinks and glances are irregular.

    ``seed`` gives each character a manner of its own; all curves close, so that the last frame meets the first.
    """
    rng = np.random.default_rng(seed)
    phase = 2 * np.pi * np.arange(frame_count) / frame_count
    time_s = np.arange(frame_count) / FRAMES_PER_SECOND
    loop_s = frame_count / FRAMES_PER_SECOND

    def wave(*parts: tuple[float, int]) -> NDArray[np.float64]:
        shifts = rng.uniform(0, 2 * np.pi, len(parts))
        return np.sum(
            [
                size * np.sin(turns * phase + shift)
                for (size, turns), shift in zip(parts, shifts, strict=True)
            ],
            axis=0,
        )

    yaw = wave((1.9, 1), (1.2, 2), (0.45, 5))
    pitch = wave((0.9, 1), (0.6, 2), (0.35, 4))
    roll = wave((0.9, 1), (0.5, 3))
    sway_x = wave((0.009, 1), (0.004, 2))
    calm = _calmest(
        np.stack([yaw, pitch, roll, 60 * sway_x], 1)
    )  # the loop is cut where the head is nearly still
    yaw, pitch, roll, sway_x = (np.roll(curve, -calm) for curve in (yaw, pitch, roll, sway_x))
    breath = 0.5 - 0.5 * np.cos(3 * phase)
    starts_s = np.array([0.13, 0.44, 0.78]) * loop_s + rng.uniform(-0.35, 0.35, 3)
    blink = np.clip(np.sum([_blink_curve(time_s - start) for start in starts_s], axis=0), 0, 1)
    gaze = -0.8 * np.stack([yaw, pitch], 1)
    table = np.stack([yaw, pitch, roll, sway_x, -0.006 * breath, breath, blink, gaze[:, 0], gaze[:, 1]], 1)
    return [Idle(*row) for row in np.round(table, 6).tolist()]


@dataclass(frozen=True)
class Glance:
    """Eyes that leave the viewer for a moment: where to in degrees, and for each frame how far, 0..1."""

    yaw: float
    pitch: float
    share: tuple[float, ...]


def glances(frame_count: int = LOOP_FRAMES, seed: int = 7) -> tuple[Glance, ...]:
    """Return two glances aside, for a loop of so many frames."""
    rng = np.random.default_rng(seed + 100)
    time_s = np.arange(frame_count) / FRAMES_PER_SECOND
    found = []
    for side, start, stay_s in ((-1.0, 0.26, 1.0), (1.0, 0.60, 0.8)):
        begin_s = start * frame_count / FRAMES_PER_SECOND + rng.uniform(-0.2, 0.2)
        share = _ease((time_s - begin_s) / SACCADE_S) - _ease((time_s - begin_s - stay_s) / SACCADE_S)
        yaw, pitch = side * rng.uniform(4.0, 6.0), rng.uniform(-1.0, 1.5)
        found.append(Glance(round(yaw, 4), round(pitch, 4), tuple(np.round(share, 6).tolist())))
    return tuple(found)


def _calmest(curves: NDArray[np.float64]) -> int:
    """Return the frame of closed curves (F, n) about which the least moves."""
    step = np.abs(np.roll(curves, -1, 0) - np.roll(curves, 2, 0)).sum(1)
    return int(step.argmin())


def _blink_curve(since_s: NDArray[np.float64]) -> NDArray[np.float64]:
    closing = _ease(since_s / BLINK_CLOSE_S)
    opening = _ease((since_s - BLINK_CLOSE_S - 0.02) / BLINK_OPEN_S)
    return closing - opening


def _ease(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
