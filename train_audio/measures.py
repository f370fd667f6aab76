"""How well a predicted lip opening follows a tracked one: correlation, best lag and amplitude."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

LAGS = range(-5, 6)


@dataclass(frozen=True)
class Agreement:
    """The measures of one clip.

    Attributes:
        r0: Pearson correlation of predicted and tracked lip opening at lag 0.
        best_r: the best correlation at lags of -5 to 5 frames.
        best_lag: the lag that has it; positive where the tracked lips lead.
        amplitude_ratio: standard deviation of the prediction over that of the tracked curve.
    """

    r0: float
    best_r: float
    best_lag: int
    amplitude_ratio: float

    def as_dict(self) -> dict[str, float]:
        """Return the measures by their names."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def correlation(one: NDArray[np.floating], other: NDArray[np.floating]) -> float:
    """Return Pearson's r, 0 where one of the curves does not move."""
    one = one.astype(np.float64) - one.mean(dtype=np.float64)
    other = other.astype(np.float64) - other.mean(dtype=np.float64)
    norm = np.sqrt((one**2).sum() * (other**2).sum())
    return float((one * other).sum() / norm) if norm > 1e-12 else 0.0


def lagged_correlation(predicted: NDArray[np.floating], tracked: NDArray[np.floating], lag: int) -> float:
    """Return r of ``predicted[t]`` with ``tracked[t - lag]``: a positive lag undoes tracked lips that lead."""
    length = min(len(predicted), len(tracked)) - abs(lag)
    if length < 3:
        return 0.0
    return correlation(predicted[max(0, lag) :][:length], tracked[max(0, -lag) :][:length])


def agreement(predicted: NDArray[np.floating], tracked: NDArray[np.floating]) -> Agreement:
    """Measure float (T,) predicted against float (T,) tracked lip opening; a longer one is cut."""
    length = min(len(predicted), len(tracked))
    predicted, tracked = predicted[:length], tracked[:length]
    curve = {lag: lagged_correlation(predicted, tracked, lag) for lag in LAGS}
    spread = float(tracked.std(dtype=np.float64))
    return Agreement(
        r0=curve[0],
        best_r=max(curve.values()),
        best_lag=max(curve, key=lambda lag: curve[lag]),
        amplitude_ratio=float(predicted.std(dtype=np.float64)) / spread if spread > 1e-9 else 0.0,
    )


def mean_agreement(rows: list[Agreement]) -> dict[str, float]:
    """Return the mean of each measure over clips, ``clips`` counting them; ``best_lag`` as its mean distance from 0."""
    if not rows:
        return {"clips": 0}
    return {
        "clips": len(rows),
        "r0": round(float(np.mean([row.r0 for row in rows])), 4),
        "best_r": round(float(np.mean([row.best_r for row in rows])), 4),
        "best_lag": round(float(np.mean([abs(row.best_lag) for row in rows])), 3),
        "amplitude_ratio": round(float(np.mean([row.amplitude_ratio for row in rows])), 4),
    }
