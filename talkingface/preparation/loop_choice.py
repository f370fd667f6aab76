"""Which part of a clip becomes the endless base loop, and how its end meets its beginning.

A forward loop with a matched cut and a short cross-fade is preferred: nobody sees time run backwards. Where no two
frames match well enough, the clip runs forward and back, turning where the head moves least.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import STABLE
from talkingface.preparation.shots import usual_change
from talkingface.preparation.steady_tracks import FaceAnalysis
from talkingface.preparation.watching import Watched
from talkingface.records import FloatArray

FADE_FRAMES = 6
SHORTEST_LOOP_S = 2.5
MOST_FACE_SHIFT = 0.02
MOST_PICTURE_RATIO = 2.5
SHORTNESS_COST = 0.03
CANDIDATES = 400
NOSE_TIP, LEFT_LIDS, RIGHT_LIDS = 1, (159, 145), (386, 374)


@dataclass(frozen=True)
class FrameMix:
    """One frame of the loop: ``(1 - share) * first + share * second``, numbers of source frames."""

    first: int
    second: int
    share: float


@dataclass(frozen=True)
class LoopChoice:
    """The loop and why it was chosen.

    Attributes:
        mixes: the loop's frames in order.
        kind: ``forward``, ``forward-back``, or ``still`` for a made motion.
        seam_ratio: picture change where the end meets the beginning, over the usual change between neighbours.
        seam_face_shift: how far the face leaps there, in face heights.
    """

    mixes: tuple[FrameMix, ...]
    kind: str
    seam_ratio: float
    seam_face_shift: float


def choose_stretch(watched: Watched, analysis: FaceAnalysis, most_frames: int) -> tuple[int, int]:
    """Return (start, stop) of the calmest part with the mouth most shut, at most ``most_frames`` long."""
    count = len(analysis.points_px)
    if count <= most_frames:
        return 0, count
    turn = np.stack([pose.rotation[:, 2] for pose in analysis.poses])
    turned = np.linalg.norm(turn[:, :2] - np.median(turn[:, :2], axis=0), axis=1)
    opening = np.maximum(analysis.opening - np.quantile(analysis.opening, 0.05), 0)
    talk = np.abs(np.diff(analysis.opening, prepend=analysis.opening[:1]))
    blurred = watched.sharpness < 0.5 * np.median(watched.sharpness)
    cost = opening + 2 * talk + 0.1 * turned + 0.05 * blurred + 0.5 * analysis.mended
    total = np.concatenate([[0.0], np.cumsum(cost)])
    starts = np.arange(count - most_frames + 1)
    start = int(np.argmin(total[starts + most_frames] - total[starts]))
    return start, start + most_frames


def choose_loop(
    watched: Watched, analysis: FaceAnalysis, start: int, stop: int, most_frames: int
) -> LoopChoice:
    """Choose how frames ``start`` until before ``stop`` repeat.

    Args:
        watched: thumbnails tell how much the picture changes.
        analysis: the steady face tells how it moves.
        start: first usable frame.
        stop: after the last usable frame.
        most_frames: of the finished loop.
    """
    usual = usual_change(watched.thumbs[start:stop])
    where = _face_places(analysis)
    cut = _matched_cut(watched, where, start, stop, usual)
    if cut is not None:
        begin, end = cut
        mixes = _forward(begin, end)
        kind = "forward"
    else:
        begin, end = _calm_turns(where, start, min(stop, start + most_frames // 2 + 1))
        there = [FrameMix(k, k, 0.0) for k in range(begin, end)]
        mixes = tuple(there + there[-2:0:-1])
        kind = "forward-back"
    ratio = _mixed_change(watched.thumbs, mixes[-1], mixes[0]) / usual
    shift = float(np.abs(_mixed(where, mixes[-1]) - _mixed(where, mixes[0])).max())
    return LoopChoice(mixes, kind, float(ratio), shift)


def closed_loop(watched: Watched, analysis: FaceAnalysis) -> LoopChoice:
    """Return all frames in order, for frames that were made as a loop."""
    mixes = tuple(FrameMix(k, k, 0.0) for k in range(len(analysis.points_px)))
    where = _face_places(analysis)
    ratio = _mixed_change(watched.thumbs, mixes[-1], mixes[0]) / usual_change(watched.thumbs)
    shift = float(np.abs(where[-1] - where[0]).max())
    return LoopChoice(mixes, "still", float(ratio), shift)


def mend_pictures(mixes: tuple[FrameMix, ...], bad: NDArray[np.bool_]) -> tuple[FrameMix, ...]:
    """Replace source frames that lost their picture by a cross-fade of the good ones around them."""
    if not bad.any() or bad.all():
        return mixes
    good = np.flatnonzero(~bad)
    mended = []
    for mix in mixes:
        number = mix.first if mix.share < 0.5 else mix.second
        if bad[mix.first] or bad[mix.second]:
            right = int(good[np.searchsorted(good, number).clip(0, len(good) - 1)])
            left = int(good[(np.searchsorted(good, number) - 1).clip(0)])
            share = 0.0 if right <= left else float(np.clip((number - left) / (right - left), 0, 1))
            mix = FrameMix(left, right, share)
        mended.append(mix)
    return tuple(mended)


def _face_places(analysis: FaceAnalysis) -> FloatArray:
    """Return (F, 8): where head, nose and eyelids are, in face heights."""
    points = analysis.points_px[..., :2]
    size = float(np.median([pose.scale_px for pose in analysis.poses]))
    head = points[:, list(STABLE)].mean(1) / size
    nose = points[:, NOSE_TIP] / size
    brow = points[:, STABLE[0]] / size
    lids = [
        np.linalg.norm(points[:, upper] - points[:, lower], axis=1) / size
        for upper, lower in (LEFT_LIDS, RIGHT_LIDS)
    ]
    return np.column_stack([head, nose, brow, *lids]).astype(np.float32)


def _matched_cut(
    watched: Watched, where: FloatArray, start: int, stop: int, usual: float
) -> tuple[int, int] | None:
    """Return (begin, end) such that frame ``end`` looks and moves as frame ``begin``, or None."""
    count = stop - start
    shortest = max(round(SHORTEST_LOOP_S * watched.track.frames_per_second), count // 2)
    if count < shortest + 2 * FADE_FRAMES:
        return None
    firsts = np.arange(start + FADE_FRAMES, stop - shortest - 2)
    lasts = np.arange(start + shortest, stop - 2)
    if not len(firsts) or not len(lasts):
        return None
    worst = np.zeros((len(firsts), len(lasts)), np.float32)
    for step in (-3, 0, 2):
        apart = np.abs(where[firsts + step][:, None] - where[lasts + step][None])
        worst = np.maximum(worst, apart.max(-1))
    length = lasts[None] - firsts[:, None]
    worst[length < shortest] = np.inf
    cost = worst + SHORTNESS_COST * (1 - length / count)
    best: tuple[float, int, int] | None = None
    for number in np.argsort(cost, axis=None)[:CANDIDATES]:
        row, column = np.unravel_index(number, cost.shape)
        if worst[row, column] > MOST_FACE_SHIFT:
            continue
        begin, end = int(firsts[row]), int(lasts[column])
        change = float(np.abs(watched.thumbs[begin].astype(np.float32) - watched.thumbs[end]).mean())
        score = change / usual + 100 * float(cost[row, column])
        if change / usual <= MOST_PICTURE_RATIO and (best is None or score < best[0]):
            best = (score, begin, end)
    return None if best is None else best[1:]


def _forward(begin: int, end: int) -> tuple[FrameMix, ...]:
    """Frames ``begin`` until before ``end``; the last few fade into those before ``begin``."""
    mixes = [FrameMix(k, k, 0.0) for k in range(begin, end - FADE_FRAMES)]
    for step in range(FADE_FRAMES):
        share = (step + 1) / (FADE_FRAMES + 1)
        mixes.append(FrameMix(end - FADE_FRAMES + step, begin - FADE_FRAMES + step, share))
    return tuple(mixes)


def _calm_turns(where: FloatArray, start: int, stop: int) -> tuple[int, int]:
    """Return (begin, end) near the ends of the stretch, at frames where the face moves least."""
    reach = max(1, (stop - start) // 6)
    speed = (
        np.abs(np.gradient(where[start:stop], axis=0)).max(1) if stop - start > 2 else np.zeros(stop - start)
    )
    begin = int(np.argmin(speed[:reach]))
    end = len(speed) - int(np.argmin(speed[::-1][:reach]))
    return start + begin, start + max(end, begin + 1)


def _mixed(values: FloatArray, mix: FrameMix) -> FloatArray:
    return (1 - mix.share) * values[mix.first] + mix.share * values[mix.second]


def _mixed_change(thumbs: NDArray[np.uint8], last: FrameMix, first: FrameMix) -> float:
    first_picture, last_picture = (
        (1 - mix.share) * thumbs[mix.first].astype(np.float32) + mix.share * thumbs[mix.second]
        for mix in (first, last)
    )
    return float(np.abs(first_picture - last_picture).mean())
