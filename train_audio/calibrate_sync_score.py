"""Fits the calibration of ``talkingface.sync_score`` on genuine clips and on the same clips with other sounds.

Prints the constants to put there, how well genuine and foreign sounds are told apart (area under the ROC curve),
and how far the offset found lies from the known one.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from talkingface.audio_files import read_audio
from talkingface.clips import Clip, load_clips, tracked
from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.errors import BadAudioError, BadInputError
from talkingface.exit_codes import exit_code_of
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray
from talkingface.reporting import Reporter
from talkingface.sync_score import (
    LEAST_FRAMES,
    SyncScore,
    compare_movements,
    heard_movements,
    tracked_movements,
)
from talkingface.timing import FRAMES_PER_SECOND

Floats = NDArray[np.float64]
FOREIGN_SOUNDS = 3
MOST_PIECES_A_CLIP = 8
LONGEST_CLIP_S = 60.0
FIT_ROUNDS = 60
RIDGE = 0.02
PURPOSE_SHIFT_FRAMES = 5


@dataclass(frozen=True)
class Piece:
    """A stretch of a clip: float32 (T, C) lips and sound, bool (T,) found, and the known lag or None."""

    clip: Clip
    lips: FloatArray
    found: NDArray[np.bool_]
    heard: FloatArray
    lag_frames: int | None


def main(argv: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train_audio.calibrate_sync_score", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, metavar="DIR", help="a folder with clips.jsonl")
    parser.add_argument(
        "--tracks", type=Path, required=True, metavar="CACHE", help="where face tracks are kept"
    )
    parser.add_argument("--checkpoint", type=Path, default=Path("checkpoint"), metavar="DIR")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of the pieces (default 3)")
    parser.add_argument("--split", choices=("validation", "train", "all"), default="validation")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    arguments = parser.parse_args(argv)
    reporter = Reporter(as_json=arguments.json)

    def work() -> None:
        figures = calibrate(arguments, lambda done: reporter.progress(done, "track"))
        reporter.result(figures, json.dumps(figures, indent=2))

    return exit_code_of(work, reporter, debug=arguments.debug)


def calibrate(arguments: argparse.Namespace, on_clip: Callable[[float], None]) -> dict[str, object]:
    """Return the fitted constants and figures.

    Args:
        arguments: of the command line.
        on_clip: told before each clip and at the end which share of them is tracked and heard, 0..1.

    Raises:
        BadInputError: fewer than two clips that can be used: the one's sound is foreign to the other.
        CheckpointError: no mouth model.
    """
    pieces = _pieces(arguments, on_clip)
    usable = len({piece.clip.name for piece in pieces})
    if usable < 2:
        raise BadInputError(
            f"expected at least two clips with a face and sound that fits (--split {arguments.split}), found {usable}"
        )
    rng = np.random.default_rng(1)
    genuine = [_compared(piece, piece.heard) for piece in pieces]
    foreign = [_compared(piece, other) for piece in pieces for other in _foreign(piece, pieces, rng)]
    table = np.array([[_correlation(row), row.confidence] for row in [*genuine, *foreign]])
    truth = np.array([1.0] * len(genuine) + [0.0] * len(foreign))
    balance = np.where(truth > 0, 0.5 / len(genuine), 0.5 / len(foreign))
    weights = _logistic(table, truth, balance)
    scores = 1 / (1 + np.exp(-(weights[0] + table @ weights[1:])))
    shift = [_shifted_offset(piece, sign * PURPOSE_SHIFT_FRAMES) for piece in pieces for sign in (-1, 1)]
    distances = [
        abs(row.offset_frames - piece.lag_frames)
        for row, piece in zip(genuine, pieces, strict=True)
        if piece.lag_frames is not None
    ]
    constants = zip(("bias", "correlation", "confidence"), weights, strict=True)
    return {
        "calibration": {name: round(float(weight), 3) for name, weight in constants},
        "genuine": len(genuine),
        "foreign": len(foreign),
        "auc": round(_auc(scores[truth > 0], scores[truth == 0]), 4),
        "auc_of_confidence": round(_auc(table[truth > 0, 1], table[truth == 0, 1]), 4),
        "mean_score_genuine": round(float(scores[truth > 0].mean()), 4),
        "mean_score_foreign": round(float(scores[truth == 0].mean()), 4),
        "offset_within_1_frame": _share([distance <= 1 for distance in distances]),
        "shift_of_5_found_within_1_frame": _share([abs(error) <= 1 for error in shift]),
        "by_set": _by_set(pieces, genuine),
    }


def _pieces(arguments: argparse.Namespace, on_clip: Callable[[float], None]) -> list[Piece]:
    model = load_mouth_model(arguments.checkpoint)
    space = MouthSpace.load(arguments.checkpoint / "mouth_space.npz")
    length = max(LEAST_FRAMES, round(arguments.seconds * FRAMES_PER_SECOND))
    pieces: list[Piece] = []
    clips = load_clips(arguments.clips)
    for number, clip in enumerate(clips):
        on_clip(number / len(clips))
        if not clip.genuine or not clip.lips_follow_sound or arguments.split not in ("all", clip.split):
            continue
        track = tracked(clip, arguments.tracks)
        try:
            samples = read_audio(clip.path)[: round(LONGEST_CLIP_S * 16_000)]
        except BadAudioError:
            continue
        heard = heard_movements(samples, model, space)
        frames = min(len(heard), len(track.found))
        if track.found[:frames].sum() < LEAST_FRAMES:
            continue
        found = track.found[:frames]
        lips = tracked_movements(track.points[:frames], found, space)
        starts = range(0, max(1, frames - length + 1), length)
        lag = clip.sound_lag_frames if abs(clip.sound_lag_frames) <= PURPOSE_SHIFT_FRAMES else None
        for start in list(starts)[:MOST_PIECES_A_CLIP]:
            part = slice(start, min(start + length, frames))
            if found[part].sum() >= LEAST_FRAMES:
                pieces.append(Piece(clip, lips[part], found[part], heard[part], lag))
    on_clip(1.0)
    return pieces


def _compared(piece: Piece, heard: FloatArray) -> SyncScore:
    length = min(len(heard), len(piece.lips))
    return compare_movements(piece.lips[:length], piece.found[:length], heard[:length])


def _foreign(piece: Piece, pieces: list[Piece], rng: np.random.Generator) -> list[FloatArray]:
    others = [p for p in pieces if p.clip.name != piece.clip.name and len(p.heard) >= LEAST_FRAMES]
    alike = [p for p in others if len(p.heard) >= 0.8 * len(piece.heard)] or others
    return [alike[int(rng.integers(len(alike)))].heard for _ in range(FOREIGN_SOUNDS)]


def _shifted_offset(piece: Piece, shift: int) -> int:
    """Return by how much the offset found after moving the sound by ``shift`` frames differs from that before."""
    moved = np.roll(piece.heard, shift, axis=0)
    before = _compared(piece, piece.heard).offset_frames
    return _compared(piece, moved).offset_frames - before - shift


def _correlation(row: SyncScore) -> float:
    return 1.0 - row.distance**2 / 2.0


def _logistic(table: NDArray[np.float64], truth: NDArray[np.float64], balance: NDArray[np.float64]) -> Floats:
    """Fit a logistic regression by Newton's method with a small ridge; returns bias and weights."""
    inputs = np.concatenate([np.ones((len(table), 1)), table], axis=1)
    weights = np.zeros(inputs.shape[1])
    ridge = np.diag([0.0] + [RIDGE / len(truth)] * table.shape[1])
    for _ in range(FIT_ROUNDS):
        guess = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (balance * (guess - truth)) + ridge @ weights
        curve = (inputs * (balance * guess * (1 - guess))[:, None]).T @ inputs + ridge
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(weights)), slope)
        weights = weights - step / max(1.0, float(np.abs(step).max()) / 3.0)
        if math.isclose(float(np.abs(step).max()), 0.0, abs_tol=1e-9):
            break
    return weights


def _auc(above: NDArray[np.float64], below: NDArray[np.float64]) -> float:
    return float((above[:, None] > below[None]).mean() + 0.5 * (above[:, None] == below[None]).mean())


def _share(values: list[bool]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


def _by_set(pieces: list[Piece], rows: list[SyncScore]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name in sorted({piece.clip.set_name for piece in pieces}):
        own = [row for row, piece in zip(rows, pieces, strict=True) if piece.clip.set_name == name]
        found[name] = {
            "pieces": len(own),
            "distance": round(float(np.mean([row.distance for row in own])), 4),
            "confidence": round(float(np.mean([row.confidence for row in own])), 4),
        }
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
