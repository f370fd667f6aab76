"""How well the lips of a video fit a sound: offset, distance, confidence and a score from 0 to 1.

The face is tracked and projected into the mouth space; the mouth model says from the sound alone how the lips
should move. Both are compared at every lag of half a second and less, by the correlation of the lip opening and a
few other movements. Distance and confidence are read as in SyncNet (Chung and Zisserman, "Out of time", 2016): the
distance at the best lag, and by how much it lies below the median over all lags.

``score`` is the estimated share of genuine clips among clips with these figures, half of them genuine and half of
them with the sound of another clip. :data:`CALIBRATION` was fitted on the validation people of a folder of talking
clips, cut into pieces of 3 s, by ``python -m train_audio.calibrate_sync_score --clips DIR --tracks CACHE``, which
also prints how often the two are told apart: with the shipped model the area under the ROC curve is 0.82 on the very
pieces that it was fitted on. It is to be run again whenever the mouth model changes.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import BadAudioError, BadInputError, BadVideoError, NoFaceError
from talkingface.head_pose import fit_poses, personal_neutral, to_head
from talkingface.mouth_space import MouthSpace
from talkingface.mouth_stream import ungated_mouth_of
from talkingface.records import FloatArray
from talkingface.seams import MouthModel
from talkingface.timing import FRAME_MS, FRAMES_PER_SECOND, SAMPLE_RATE, frame_count
from talkingface.tracking import FaceTrack

FARTHEST_LAG_FRAMES = 15
LEAST_FRAMES = FRAMES_PER_SECOND
LEAST_OVERLAP_FRAMES = 10
LONGEST_S = 120.0
SILENCE_DBFS = -55.0
# A correlation over n frames counts n / (n + this) of itself: over a second, chance alone correlates well.
SHRINKING_FRAMES = 25
# What is compared: lip opening, lip width, and two coefficients that speech moves (protrusion, lower lip).
OPENING_WEIGHT, WIDTH_WEIGHT = 1.0, 0.25
COEFFICIENT_WEIGHTS = {4: 0.25, 5: 0.25}


@dataclass(frozen=True)
class Calibration:
    """Turns the best lag's correlation and the confidence into a score, by a logistic function."""

    bias: float
    correlation: float
    confidence: float

    def score(self, correlation: float, confidence: float) -> float:
        """Return 0..1."""
        logit = self.bias + self.correlation * correlation + self.confidence * confidence
        return 1.0 / (1.0 + math.exp(-min(max(logit, -30.0), 30.0)))


CALIBRATION = Calibration(bias=-3.84, correlation=10.36, confidence=9.68)


@dataclass(frozen=True)
class SyncScore:
    """How lips fit a sound.

    Attributes:
        offset_frames: the best lag in frames of 40 ms, -15..15; positive where the lips lead the sound.
        offset_ms: the same in milliseconds.
        distance: 0 (the lips do just what the sound says) to 2 (the opposite), at the best lag; over 3 s another sound
            has about 1.28, the right one about 1.21 (1.17 in continuous speech).
        confidence: median distance over all lags minus the best one.
        score: 0 (another sound) to 1 (certainly theirs), whatever the offset.
        frames: how many frames with a face were compared.
    """

    offset_frames: int
    offset_ms: int
    distance: float
    confidence: float
    score: float
    frames: int

    def as_dict(self) -> dict[str, float]:
        """Return the figures by their names, rounded."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def sync_score(track: FaceTrack, samples: FloatArray, model: MouthModel, space: MouthSpace) -> SyncScore:
    """Compare a tracked video with a sound; the first two minutes count.

    Args:
        track: of the video, at 25 fps.
        samples: float32 (n,) 16 kHz mono.
        model: the mouth model.
        space: what it was trained for.

    Raises:
        BadAudioError: less than a second of sound, or nothing to hear in it.
        BadVideoError: less than a second of video, or another frame rate.
        NoFaceError: a face in less than a second of the frames.
    """
    frames = min(frame_count(len(samples)), len(track.found), round(LONGEST_S * FRAMES_PER_SECOND))
    _check(track, samples, frames)
    found = track.found[:frames]
    lips = tracked_movements(track.points[:frames], found, space)
    heard = heard_movements(samples, model, space)[:frames]
    return compare_movements(lips, found, heard)


def tracked_movements(points_px: FloatArray, found: NDArray[np.bool_], space: MouthSpace) -> FloatArray:
    """Return float32 (T, C) what is compared of a tracked face: (T, 478, 3) pixels, bool (T,) found; else zero."""
    coefficients = np.zeros((len(found), space.coefficient_count), np.float32)
    seen = points_px[found]
    rest = personal_neutral(seen, space.neutral)
    coefficients[found] = space.project((to_head(seen, fit_poses(seen, rest)) - rest).astype(np.float32))
    return movements(coefficients, space)


def heard_movements(samples: FloatArray, model: MouthModel, space: MouthSpace) -> FloatArray:
    """Return float32 (T, C) what the mouth model expects of a sound, without gate and controls."""
    return movements(ungated_mouth_of(samples, model), space)


def movements(coefficients: FloatArray, space: MouthSpace) -> FloatArray:
    """Return float32 (T, C) what is compared: lip opening, lip width, then some of the (T, K) coefficients."""
    shape = [space.lip_opening(coefficients), space.lip_width(coefficients)]
    return np.stack([*shape, *(coefficients[:, index] for index in COEFFICIENT_WEIGHTS)], axis=1)


def compare_movements(lips: FloatArray, found: NDArray[np.bool_], heard: FloatArray) -> SyncScore:
    """Find the lag at which lips and sound agree best.

    Args:
        lips: float32 (T, C) tracked movements.
        found: bool (T,) where they are known.
        heard: float32 (T, C) movements that the sound asks for.

    Raises:
        BadInputError: curves of different length, or shorter than a second.
    """
    if lips.shape != heard.shape or len(lips) != len(found) or len(lips) < LEAST_FRAMES:
        raise BadInputError(
            f"expected curves of one length from {LEAST_FRAMES} frames on, found {lips.shape} and {heard.shape}"
        )
    lags = range(-FARTHEST_LAG_FRAMES, FARTHEST_LAG_FRAMES + 1)
    agreement = np.array([_agreement(lips, found, heard, lag) for lag in lags])
    distances = np.sqrt(2.0 * (1.0 - agreement))
    best = int(np.argmin(distances))
    confidence = float(np.median(distances) - distances[best])
    offset = lags[best]
    return SyncScore(
        offset_frames=offset,
        offset_ms=offset * FRAME_MS,
        distance=float(distances[best]),
        confidence=confidence,
        score=CALIBRATION.score(float(agreement[best]), confidence),
        frames=int(found.sum()),
    )


def _agreement(lips: FloatArray, found: NDArray[np.bool_], heard: FloatArray, lag: int) -> float:
    """Return the weighted correlation, -1..1, of lips at frame t - lag with the sound of frame t."""
    length = len(lips) - abs(lag)
    seen = found[max(0, -lag) :][:length]
    count = int(seen.sum())
    if count < LEAST_OVERLAP_FRAMES:
        return 0.0
    one = lips[max(0, -lag) :][:length][seen].astype(np.float64)
    other = heard[max(0, lag) :][:length][seen].astype(np.float64)
    one, other = one - one.mean(0), other - other.mean(0)
    norm = np.sqrt((one**2).sum(0) * (other**2).sum(0))
    correlation = np.where(norm > 1e-9, (one * other).sum(0) / np.maximum(norm, 1e-9), 0.0)
    weights = np.array([OPENING_WEIGHT, WIDTH_WEIGHT, *COEFFICIENT_WEIGHTS.values()])
    return float((weights * correlation).sum() / weights.sum()) * count / (count + SHRINKING_FRAMES)


def _check(track: FaceTrack, samples: FloatArray, frames: int) -> None:
    if abs(track.frames_per_second - FRAMES_PER_SECOND) > 0.01:
        raise BadVideoError(f"expected a track at {FRAMES_PER_SECOND} fps, found {track.frames_per_second:g}")
    if len(track.found) < LEAST_FRAMES:
        raise BadVideoError(
            f"expected at least 1 s of video, found {len(track.found) / FRAMES_PER_SECOND:.2f} s"
        )
    if len(samples) < SAMPLE_RATE:
        raise BadAudioError(f"expected at least 1 s of sound, found {len(samples) / SAMPLE_RATE:.2f} s")
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    if 20 * math.log10(max(level, 1e-9)) < SILENCE_DBFS:
        raise BadAudioError("expected speech to compare the lips with, found silence")
    seen = int(track.found[:frames].sum())
    if seen < LEAST_FRAMES:
        raise NoFaceError(
            f"expected a face in at least {LEAST_FRAMES} frames, found one in {seen} of {frames}"
        )
