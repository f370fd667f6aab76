"""Idle life as a closed loop: head pose, breath, blinks and glances for each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 25
BLINK_STARTS_S = (1.24, 6.28)
BLINK_CLOSE_S, BLINK_OPEN_S = 0.12, 0.22
# Fixations: from this second on the eyes rest at (yaw, pitch) degrees; the last returns to the first.
GLANCES = (
    (0.0, 0.0, 0.0),
    (2.56, 4.0, 0.5),
    (3.36, 0.0, 0.0),
)
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


def idle_loop(frame_count: int = 200) -> list[Idle]:
    """Return a seamless loop: head and breath run twice through it, blinks and glances differ between the halves.

    Moments that are alike are equal, so that they need to be drawn only once.
    """
    phase = 2 * np.pi * (np.arange(frame_count) % (frame_count / 2)) / (frame_count / 2)
    time_s = np.arange(frame_count) / FRAMES_PER_SECOND

    def wave(*parts: tuple[float, int, float]) -> NDArray[np.float64]:
        return np.sum([size * np.sin(turns * phase + shift) for size, turns, shift in parts], axis=0)

    yaw = wave((2.2, 1, 0.4), (0.9, 2, 1.9), (0.35, 4, 0.2))
    pitch = wave((0.9, 1, 2.1), (0.55, 3, 0.7)) - 0.4
    roll = wave((1.1, 1, 3.3), (0.45, 2, 0.3))
    sway_x = wave((0.010, 1, 0.9), (0.004, 2, 2.2))
    breath = 0.5 - 0.5 * np.cos(phase)
    blink = np.clip(np.sum([_blink_curve(time_s - start) for start in BLINK_STARTS_S], axis=0), 0, 1)
    gaze = _glances(time_s, frame_count / FRAMES_PER_SECOND)
    gaze -= 0.5 * np.stack([yaw, pitch], 1)
    table = np.stack([yaw, pitch, roll, sway_x, -0.006 * breath, breath, blink, gaze[:, 0], gaze[:, 1]], 1)
    return [Idle(*row) for row in np.round(table, 6).tolist()]


def _blink_curve(since_s: NDArray[np.float64]) -> NDArray[np.float64]:
    closing = _ease(since_s / BLINK_CLOSE_S)
    opening = _ease((since_s - BLINK_CLOSE_S - 0.02) / BLINK_OPEN_S)
    return closing - opening


def _glances(time_s: NDArray[np.float64], loop_s: float) -> NDArray[np.float64]:
    gaze = np.zeros((len(time_s), 2)) + GLANCES[0][1:]
    before = np.array(GLANCES[0][1:])
    for start_s, yaw, pitch in GLANCES[1:]:
        after = np.array((yaw, pitch))
        if start_s + SACCADE_S < loop_s:
            gaze += _ease((time_s - start_s) / SACCADE_S)[:, None] * (after - before)
            before = after
    return gaze


def _ease(x: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.clip(x, 0, 1)
    return x * x * (3 - 2 * x)
