"""Which part of a clip becomes the endless base loop, and how its end meets its beginning.

A forward loop is preferred, cut between two moments that look alike and joined by a short morph: nobody sees time
run backwards. Where no two moments match well enough, the calmest part runs forward and back; it turns where the
head moves least, and slows down before it does, so that the turn is not seen.
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

FADE_FRAMES = 10
EASE_FRAMES = 8
SHORTEST_LOOP_S = 2.5
# What a morph can join unseen: the face so far apart (face heights), the picture so different (grey levels, or
# so many times the usual change between neighbours).
MOST_FACE_SHIFT = 0.035
MOST_PICTURE_CHANGE = 5.0
MOST_PICTURE_RATIO = 2.5
LID_WEIGHT = 1.5
CALMNESS_COST = 30.0
SHORTNESS_COST = 1.0
CANDIDATES = 400
HEAD_COLUMNS = 6
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
        closest: how far the face is apart in the best matching moments, in face heights; infinite where the clip
            is too short for any.
        turn_speed: how fast the head moves where the loop turns round, in face heights a frame; 0 if it does not.
        seam_ratio: picture change where the end meets the beginning, over the usual change between neighbours.
        seam_face_shift: how far the face leaps there, in face heights.
    """

    mixes: tuple[FrameMix, ...]
    kind: str
    closest: float
    turn_speed: float
    seam_ratio: float
    seam_face_shift: float


def choose_stretch(watched: Watched, analysis: FaceAnalysis, most_frames: int) -> tuple[int, int]:
    """Return (start, stop) of the calmest part with the mouth most shut, at most ``most_frames`` long."""
    count = len(analysis.points_px)
    if count <= most_frames:
        return 0, count
    total = np.concatenate([[0.0], np.cumsum(_restlessness(watched, analysis))])
    starts = np.arange(count - most_frames + 1)
    start = int(np.argmin(total[starts + most_frames] - total[starts]))
    return start, start + most_frames


def _restlessness(watched: Watched, analysis: FaceAnalysis) -> NDArray[np.float64]:
    """Return (F,): how little a frame is wanted, for an open or moving mouth, a turned head, blur, a lost face."""
    turn = np.stack([pose.rotation[:, 2] for pose in analysis.poses])
    turned = np.linalg.norm(turn[:, :2] - np.median(turn[:, :2], axis=0), axis=1)
    opening = np.maximum(analysis.opening - np.quantile(analysis.opening, 0.05), 0)
    talk = np.abs(np.diff(analysis.opening, prepend=analysis.opening[:1]))
    blurred = watched.sharpness < 0.5 * np.median(watched.sharpness)
    cost: NDArray[np.float64] = opening + 2 * talk + 0.1 * turned + 0.05 * blurred + 0.5 * analysis.mended
    return cost


def choose_loop(watched: Watched, analysis: FaceAnalysis, most_frames: int) -> LoopChoice:
    """Choose which frames repeat, and how.

    Args:
        watched: thumbnails tell how much the picture changes.
        analysis: the steady face tells how it moves.
        most_frames: of the finished loop.
    """
    usual = usual_change(watched.thumbs)
    where = _face_places(analysis)
    cut, closest = _matched_cut(watched, analysis, where, most_frames, usual)
    speed = 0.0
    if cut is not None:
        mixes, kind = _forward(*cut), "forward"
    else:
        # The slow turns at both ends take 2 * EASE_FRAMES more.
        most = max(2, (most_frames - 4 * EASE_FRAMES) // 2 + 1)
        start, stop = choose_stretch(watched, analysis, most)
        begin, end = _calm_turns(where, start, stop)
        mixes, kind = _forward_back(begin, end, most_frames), "forward-back"
        speed = max(_speed(where, begin), _speed(where, end - 1))
    ratio = _mixed_change(watched.thumbs, mixes[-1], mixes[0]) / usual
    shift = float(np.abs(_mixed(where, mixes[-1]) - _mixed(where, mixes[0])).max())
    return LoopChoice(mixes, kind, closest, speed, float(ratio), shift)


def closed_loop(watched: Watched, analysis: FaceAnalysis) -> LoopChoice:
    """Return all frames in order, for frames that were made as a loop."""
    mixes = tuple(FrameMix(k, k, 0.0) for k in range(len(analysis.points_px)))
    where = _face_places(analysis)
    ratio = _mixed_change(watched.thumbs, mixes[-1], mixes[0]) / usual_change(watched.thumbs)
    shift = float(np.abs(where[-1] - where[0]).max())
    return LoopChoice(mixes, "still", 0.0, 0.0, float(ratio), shift)


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
    """Return (F, 8): where head, nose, brow and eyelids are, in face heights."""
    points = analysis.points_px[..., :2]
    size = float(np.median([pose.scale_px for pose in analysis.poses]))
    head = points[:, list(STABLE)].mean(1) / size
    nose = points[:, NOSE_TIP] / size
    brow = points[:, STABLE[0]] / size
    lids = [
        LID_WEIGHT * np.linalg.norm(points[:, upper] - points[:, lower], axis=1) / size
        for upper, lower in (LEFT_LIDS, RIGHT_LIDS)
    ]
    return np.column_stack([head, nose, brow, *lids]).astype(np.float32)


def _matched_cut(
    watched: Watched, analysis: FaceAnalysis, where: FloatArray, most_frames: int, usual: float
) -> tuple[tuple[int, int] | None, float]:
    """Return (begin, end) such that the frames around ``end`` look as those around ``begin``, and how close any are.

    None for the first where no two can be joined unseen.
    """
    count = len(where)
    shortest = max(round(SHORTEST_LOOP_S * watched.track.frames_per_second), min(count, most_frames) // 2)
    firsts = np.arange(FADE_FRAMES, count - shortest)
    lasts = np.arange(FADE_FRAMES + shortest, count)
    if not len(firsts) or shortest > most_frames:
        return None, float("inf")
    apart = np.zeros((len(firsts), len(lasts)), np.float32)
    for step in (-8, -4, 0):
        for column in where.T:
            np.maximum(apart, np.abs(column[firsts + step][:, None] - column[lasts + step][None]), out=apart)
    length = lasts[None] - firsts[:, None]
    apart[(length < shortest) | (length > most_frames)] = np.inf
    total = np.concatenate([[0.0], np.cumsum(_restlessness(watched, analysis))])
    restless = (total[lasts][None] - total[firsts][:, None]) / np.maximum(length, 1)
    cost = apart / MOST_FACE_SHIFT + CALMNESS_COST * restless + SHORTNESS_COST * (1 - length / most_frames)
    cost[apart > MOST_FACE_SHIFT] = np.inf
    most_change = max(MOST_PICTURE_RATIO * usual, MOST_PICTURE_CHANGE)
    best: tuple[float, int, int] | None = None
    for number in np.argsort(cost, axis=None)[:CANDIDATES]:
        row, column = np.unravel_index(number, cost.shape)
        begin, end = int(firsts[row]), int(lasts[column])
        change = float(np.abs(watched.thumbs[begin].astype(np.float32) - watched.thumbs[end]).mean())
        score = float(cost[row, column]) + change / most_change
        if change <= most_change and np.isfinite(score) and (best is None or score < best[0]):
            best = (score, begin, end)
    return None if best is None else best[1:], float(apart.min())


def _forward_back(begin: int, end: int, most_frames: int) -> tuple[FrameMix, ...]:
    """Frames ``begin`` until before ``end`` and back, slowing down evenly towards both turns."""
    last = end - 1 - begin
    ease = min(EASE_FRAMES, last // 3, max(0, (most_frames - 2 * last) // 4))
    if ease < 2:
        there = [FrameMix(k, k, 0.0) for k in range(begin, end)]
        return tuple(there + there[-2:0:-1])
    slow = np.arange(1, 2 * ease) ** 2 / (4 * ease)
    places = np.concatenate([[0.0], slow, np.arange(ease, last - ease + 1), last - slow[::-1], [last]])
    there = [_between(begin + place) for place in places]
    return tuple(there + there[-2:0:-1])


def _between(place: float) -> FrameMix:
    """Return the mix that shows a moment between two frames."""
    first = int(place)
    share = place - first
    return FrameMix(first, first, 0.0) if share < 1e-3 else FrameMix(first, first + 1, float(share))


def _speed(where: FloatArray, frame: int) -> float:
    around = where[max(0, frame - 1) : frame + 2, :HEAD_COLUMNS]
    return float(np.abs(np.diff(around, axis=0)).max()) if len(around) > 1 else 0.0


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
