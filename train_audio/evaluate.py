"""Evaluation by person: ``python -m train_audio.evaluate --clips DIR``; runs on ONNX, without torch."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from talkingface.engines.onnx_mouth import OnnxMouthModel, load_mouth_model
from talkingface.errors import BadInputError
from talkingface.exit_codes import exit_code_of
from talkingface.mouth_space import MouthSpace
from talkingface.mouth_stream import mouth_of, ungated_mouth_of
from talkingface.records import FloatArray
from talkingface.reporting import Reporter
from talkingface.seams import MouthModel
from talkingface.timing import SAMPLES_PER_FRAME
from train_audio.measures import Agreement, agreement, mean_agreement
from train_audio.recordings import Recording, from_clips

SPACE_NAME = "mouth_space.npz"
LOUDNESS_FLOOR = 1e-3


def predicted_opening(recording: Recording, model: MouthModel, space: MouthSpace) -> FloatArray:
    """Return the float32 (T,) lip opening that the model gives to a recording's sound."""
    return space.lip_opening(mouth_of(recording.samples, model).coefficients)


def opening_before_gate(recording: Recording, model: MouthModel, space: MouthSpace) -> FloatArray:
    """Return the float32 (T,) lip opening of the network alone, without the gate that rests the mouth in silence.

    People often hold their lips apart in silence, so the gate costs agreement with them.
    """
    return space.lip_opening(ungated_mouth_of(recording.samples, model))


def loudness(recording: Recording) -> FloatArray:
    """Return the float32 (T,) baseline: the logarithm of each frame's level, smoothed over three frames."""
    padded = np.pad(recording.samples, (0, SAMPLES_PER_FRAME))
    frames = padded[: len(padded) // SAMPLES_PER_FRAME * SAMPLES_PER_FRAME].reshape(-1, SAMPLES_PER_FRAME)
    level = np.log(np.sqrt((frames**2).mean(1)) + LOUDNESS_FLOOR)
    smooth = np.convolve(np.pad(level, 1, mode="edge"), np.ones(3) / 3, "valid")
    return smooth[: recording.frames].astype(np.float32)


def evaluate(
    recordings: Sequence[Recording],
    opening_of: Callable[[Recording], FloatArray],
    on_clip: Callable[[float, Recording, Agreement], None] | None = None,
    before_gate: Callable[[Recording], FloatArray] | None = None,
) -> dict[str, Any]:
    """Measure a model on recordings with a face.

    Args:
        recordings: to judge on.
        opening_of: the model: a recording to its float32 (T,) lip opening.
        on_clip: called with the share done, the recording and its measures.
        before_gate: the model without its silence gate; None leaves it out.

    Returns:
        ``clips`` (rows by name); ``sets``, ``people``, ``languages`` and ``all`` (means); ``before_silence_gate``,
        ``loudness`` and ``chance`` (means by set; no chance where there is no other clip).
    """
    judged = [r for r in recordings if r.genuine and r.seen.mean() > 0.8 and r.opening.std() > 1e-4]
    if not judged:
        raise BadInputError("expected genuine clips with a face in them, found none")
    curves = []
    rows: dict[str, Agreement] = {}
    ungated: dict[str, Agreement] = {}
    for number, recording in enumerate(judged):
        curves.append(opening_of(recording))
        rows[recording.name] = agreement(curves[-1], recording.opening)
        if before_gate is not None:
            ungated[recording.name] = agreement(before_gate(recording), recording.opening)
        if on_clip is not None:
            on_clip((number + 1) / len(judged), recording, rows[recording.name])
    by_loudness = {r.name: agreement(loudness(r), r.opening) for r in judged}
    return {
        "clips": {name: row.as_dict() for name, row in rows.items()},
        "sets": _means(judged, rows, lambda r: r.set_name),
        "people": _means(judged, rows, lambda r: r.person),
        "languages": _means(judged, rows, lambda r: r.language),
        "all": mean_agreement(list(rows.values())),
        **({"before_silence_gate": _means(judged, ungated, lambda r: r.set_name)} if ungated else {}),
        "loudness": _correlations_only(_means(judged, by_loudness, lambda r: r.set_name)),
        "chance": _correlations_only(_means(judged, _by_chance(judged, curves), lambda r: r.set_name)),
    }


def chosen(recordings: list[Recording], split: str) -> list[Recording]:
    """Return the recordings of a split; ``auto`` is validation where any is marked so, else all.

    Raises:
        BadInputError: nothing is left.
    """
    if split == "auto":
        split = "validation" if any(r.split == "validation" for r in recordings) else "all"
    found = [r for r in recordings if split in ("all", r.split)]
    if not found:
        raise BadInputError(f"expected clips of the split {split}, found none")
    return found


def _by_chance(judged: list[Recording], curves: list[FloatArray]) -> dict[str, Agreement]:
    """Judge each clip by the answer to another person's sound; a single clip has no such row."""
    rows = {}
    for number, recording in enumerate(judged):
        others = [n for n, other in enumerate(judged) if other.person != recording.person]
        others = others or [n for n in range(len(judged)) if n != number]
        if not others:
            continue
        other = others[number % len(others)]
        repeats = -(-recording.frames // max(1, len(curves[other])))
        rows[recording.name] = agreement(np.tile(curves[other], repeats), recording.opening)
    return rows


def _means(
    judged: list[Recording], rows: dict[str, Agreement], key: Callable[[Recording], str]
) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Agreement]] = defaultdict(list)
    for recording in judged:
        if recording.name in rows:
            groups[key(recording)].append(rows[recording.name])
    return {name: mean_agreement(members) for name, members in sorted(groups.items())}


def _correlations_only(means: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Drop the amplitude of curves that have no unit."""
    return {name: {k: v for k, v in row.items() if k != "amplitude_ratio"} for name, row in means.items()}


def _load(model: Path) -> tuple[OnnxMouthModel, Path]:
    """Return the model and its folder; a folder is checked by its card."""
    if model.is_dir():
        return load_mouth_model(model), model
    return OnnxMouthModel(model), model.parent


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train_audio.evaluate", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl, or of videos")
    parser.add_argument(
        "--model", type=Path, default=Path("checkpoint"), help="folder with mouth_model.json, or ONNX"
    )
    parser.add_argument("--mouth-space", type=Path, help="mouth space (default: beside the model)")
    parser.add_argument(
        "--cache", type=Path, default=Path("cache/face_tracks"), help="where face tracks are kept"
    )
    parser.add_argument(
        "--split",
        choices=("auto", "all", "train", "validation"),
        default="auto",
        help="whom to judge on; auto: the people held out where there are any, else all",
    )
    parser.add_argument(
        "--json", action="store_true", help="events on standard output, one JSON object a line"
    )
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    options = _arguments().parse_args(arguments)
    reporter = Reporter(as_json=options.json)
    return exit_code_of(lambda: _run(options, reporter), reporter, debug=options.debug)


def _run(options: argparse.Namespace, reporter: Reporter) -> None:
    model, folder = _load(options.model)
    space = MouthSpace.load(options.mouth_space or folder / SPACE_NAME)
    recordings = from_clips(
        options.clips, options.cache, space, on_clip=lambda done: reporter.progress(done, "track")
    )

    def on_clip(done: float, recording: Recording, row: Agreement) -> None:
        reporter.progress(done, "evaluate")
        who = {"set": recording.set_name, "person": recording.person, "language": recording.language}
        reporter.event("clip", {"name": recording.name, **who, **row.as_dict()})

    judged = chosen(recordings, options.split)
    result = evaluate(
        judged,
        lambda r: predicted_opening(r, model, space),
        on_clip,
        before_gate=lambda r: opening_before_gate(r, model, space),
    )
    result["look_ahead_ms"] = model.look_ahead_ms
    reporter.result(result, as_table(result))


def as_table(result: dict[str, Any]) -> str:
    """Return the means as text for people."""
    lines = [f"{'':<28}{'clips':>6}{'r0':>8}{'best r':>8}{'|lag|':>7}{'amplitude':>11}"]

    def row(name: str, means: dict[str, float]) -> str:
        amplitude = f"{means['amplitude_ratio']:.2f}" if "amplitude_ratio" in means else ""
        numbers = f"{means['clips']:>6}{means['r0']:>8.3f}{means['best_r']:>8.3f}{means['best_lag']:>7.2f}"
        return f"{name[:27]:<28}{numbers}{amplitude:>11}"

    for name, means in result["sets"].items():
        lines.append(row(name, means))
        if "before_silence_gate" in result:
            lines.append(row("  before the silence gate", result["before_silence_gate"][name]))
        lines.append(row("  loudness alone", result["loudness"][name]))
        if name in result["chance"]:
            lines.append(row("  another's sound", result["chance"][name]))
    lines += [row(f"person {name}", means) for name, means in result["people"].items()]
    lines.append(row("all clips", result["all"]))
    if "look_ahead_ms" in result:
        lines.append(f"look-ahead {result['look_ahead_ms']} ms")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
