"""Cutting a video into shots: where another picture begins, where one flashes by, and which part is used."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import NoFaceError
from talkingface.preparation.watching import Watched

FEWEST_FRAMES = 8
LONGEST_GAP_FRAMES = 12


def best_shot(watched: Watched) -> tuple[int, int]:
    """Return (start, stop) of the longest part without a cut and without a long time without a face.

    Raises:
        NoFaceError: no face anywhere, or nowhere for long enough.
    """
    found = watched.track.found
    flash = flashes(watched.thumbs)
    steady = watched.thumbs.copy()
    for k in np.flatnonzero(flash):
        steady[k] = steady[k - 1]
    borders = {0, len(found), *(int(k) for k in cuts(steady))}
    known = np.flatnonzero(found)
    for left, right in itertools.pairwise(known):
        if right - left - 1 > LONGEST_GAP_FRAMES:
            borders |= {int(left) + 1, int(right)}
    ordered = sorted(borders)
    shots = []
    for start, stop in itertools.pairwise(ordered):
        inside = np.flatnonzero(found[start:stop]) + start
        if len(inside):
            shots.append((int(inside[0]), int(inside[-1]) + 1))
    start, stop = max(shots, key=lambda shot: shot[1] - shot[0])
    if stop - start < min(FEWEST_FRAMES, len(found)):
        raise NoFaceError(
            f"expected a face for at least {FEWEST_FRAMES} frames on end, found {stop - start}: "
            "film one person from the front, without cuts"
        )
    return start, stop


def flashes(thumbs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return bool (F,): pictures of up to three frames that differ from both sides, which resemble each other."""
    bad = np.zeros(len(thumbs), bool)
    if len(thumbs) < 5:
        return bad
    small = thumbs.astype(np.float32)
    usual = max(usual_change(thumbs), 1.0)
    for length in (1, 2, 3):
        before, after = small[: -length - 1], small[length + 1 :]
        around = np.abs(before - after).mean((1, 2))
        for offset in range(1, length + 1):
            inside = small[offset : offset + len(before)]
            leap = np.minimum(np.abs(inside - before).mean((1, 2)), np.abs(inside - after).mean((1, 2)))
            bad[offset : offset + len(before)] |= (leap > 12 * usual) & (leap > 12) & (around < 0.35 * leap)
    return bad


def cuts(thumbs: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the frames at which another shot begins."""
    if len(thumbs) < 3:
        return np.zeros(0, np.int64)
    change = np.abs(np.diff(thumbs.astype(np.float32), axis=0)).mean((1, 2))
    usual = np.median(change)
    return np.flatnonzero((change > 10 * usual + 6) & (change > 12)) + 1


def usual_change(thumbs: NDArray[np.uint8]) -> float:
    """Return the median change between neighbours of (F, h, w) grey pictures, in grey levels."""
    if len(thumbs) < 2:
        return 1.0
    change = np.abs(np.diff(thumbs.astype(np.float32), axis=0)).mean((1, 2))
    return max(float(np.median(change)), 0.15)
