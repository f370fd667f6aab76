"""Build the mouth space from tracked clips: ``python -m train_audio.build_mouth_space --clips DIR``."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.checkpoints import write_card
from talkingface.clips import Clip, load_clips, tracked
from talkingface.errors import BadInputError
from talkingface.exit_codes import exit_code_of
from talkingface.head_pose import average_head, fit_poses, personal_neutral, to_head, unit_height
from talkingface.landmarks import CHIN_BOTTOM, FOREHEAD_TOP, LIPS, lip_opening
from talkingface.mouth_space import MouthSpace, fit_mouth_space
from talkingface.records import FloatArray
from talkingface.reporting import Reporter

NOSE_TIP = 4
FRAMES_PER_PERSON = 400
LIP_WEIGHT = 3.0
MIRROR = np.array([-1, 1, 1], np.float32)
KIND = "mouth_space"
LICENCE = "Apache-2.0"
MEASURED = (
    "variance_explained: of the weighted displacement from rest (train: the mirrored frames too); "
    "lip_error_percent: mean distance of the lip vertices over face height; validation: people it was not fitted on"
)


def person_points(
    clips: list[Clip],
    cache: Path,
    limit: int = FRAMES_PER_PERSON,
    on_clip: Callable[[], None] | None = None,
) -> dict[str, FloatArray]:
    """Gather up to ``limit`` tracked frames a person, evenly spread: {person: float32 (n, 478, 3) pixels}."""
    gathered: dict[str, list[FloatArray]] = defaultdict(list)
    for clip in clips:
        track = tracked(clip, cache)
        gathered[clip.person].append(track.points[track.found])
        if on_clip is not None:
            on_clip()
    people = {}
    for person, parts in gathered.items():
        points = np.concatenate(parts)
        if not len(points):
            continue
        people[person] = points[np.unique(np.linspace(0, len(points) - 1, limit).astype(int))]
    return people


def mirror_map(mean: FloatArray) -> NDArray[np.int32]:
    """Return for each landmark the one on the other side, by the nearest mirrored position."""
    flipped = mean * MIRROR
    distance = np.linalg.norm(mean[:, None] - flipped[None], axis=-1)
    return distance.argmin(0).astype(np.int32)


def canonical_head(people: dict[str, FloatArray]) -> tuple[FloatArray, NDArray[np.int32]]:
    """Return the mean resting face, symmetric and upright, and the mirror map."""
    meshes = []
    for points in people.values():
        opening = lip_opening(points)
        meshes.append(points[opening <= max(float(np.quantile(opening, 0.2)), 0.006)].mean(0))
    yaw = [abs(float(mesh[33, 2] - mesh[263, 2])) / float(np.ptp(mesh[:, 0])) for mesh in meshes]
    meshes.insert(0, meshes[int(np.argmin(yaw))])
    mean = _upright(average_head(np.stack(meshes)))
    for _ in range(3):
        mirror = mirror_map(mean)
        mean = _upright(average_head(np.stack([mean, mean[mirror] * MIRROR])))
    mirror = mirror_map(mean)
    return unit_height(((mean + mean[mirror] * MIRROR) / 2).astype(np.float32)), mirror


def _upright(mean: FloatArray) -> FloatArray:
    """Turn a mean face so that eyes are level, sides equally deep, and forehead and chin equally deep."""
    x = mean[263] - mean[33]
    y = mean[CHIN_BOTTOM] - mean[FOREHEAD_TOP]
    x = x / np.linalg.norm(x)
    y = y - x * (x @ y)
    y = y / np.linalg.norm(y)
    axes = np.stack([x, y, np.cross(x, y)])
    return unit_height((mean @ axes.T).astype(np.float32))


def build(
    clips: list[Clip], cache: Path, components: int, on_clip: Callable[[float], None] | None = None
) -> tuple[MouthSpace, dict[str, Any]]:
    """Fit on the training people and report on the validation people beside them.

    Args:
        clips: of both.
        cache: where face tracks are kept.
        components: how many coefficients, 1 to 12.
        on_clip: told after each clip which share of them is tracked, 0..1.

    Raises:
        BadInputError: nobody to fit on.
    """
    fitted_on = [c for c in clips if c.split != "validation"]
    judged_on = [c for c in clips if c.split == "validation" and c.genuine]
    number = 0

    def tracked_one() -> None:
        nonlocal number
        number += 1
        if on_clip is not None:
            on_clip(number / (len(fitted_on) + len(judged_on)))

    train = person_points(fitted_on, cache, on_clip=tracked_one)
    if not train:
        raise BadInputError("expected clips of people to fit on with a face in them, found none")
    held_out = person_points(judged_on, cache, on_clip=tracked_one)
    neutral, mirror = canonical_head(train)
    lower = np.flatnonzero(neutral[:468, 1] > neutral[NOSE_TIP, 1] - 0.03).astype(np.int32)
    weights = np.where(np.isin(lower, LIPS), LIP_WEIGHT, 1.0).astype(np.float32)
    displacements = np.concatenate([displacement(p, neutral) for p in train.values()])
    space, fitted = fit_mouth_space(neutral, lower, displacements, mirror, components, weights)
    report: dict[str, Any] = {"train": fitted | {"labels": len(train), "frames": len(displacements)}}
    if held_out:
        unseen = np.concatenate([displacement(p, neutral) for p in held_out.values()])
        report["validation"] = measure(space, unseen) | {"labels": len(held_out), "frames": len(unseen)}
    return space, report


def data_table(clips: list[Clip]) -> list[dict[str, Any]]:
    """Return a row a set of what is fitted on: its clips, labels of people and licences, as the listing has them."""
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.split != "validation":
            groups[clip.set_name].append(clip)
    return [
        {
            "name": name,
            "clips": len(members),
            "labels": len({member.person for member in members}),
            "genuine": all(member.genuine for member in members),
            "licences": sorted({member.licence for member in members}),
        }
        for name, members in sorted(groups.items())
    ]


def write_space_card(space: MouthSpace, path: Path, clips: list[Clip], report: dict[str, Any]) -> None:
    """Write the card of a saved space beside it: its hash, what it was fitted on, and the ``report`` of :func:`build`.

    Raises:
        CheckpointError: the space is not there.
        OutputError: the card cannot be written.
    """
    write_card(
        path.with_suffix(".json"),
        kind=KIND,
        files=[path.name],
        config={
            "coefficient_count": space.coefficient_count,
            "vertices": len(space.vertices),
            "lip_weight": LIP_WEIGHT,
            "most_frames_a_label": FRAMES_PER_PERSON,
        },
        training_data=data_table(clips),
        licence=LICENCE,
        metrics=report | {"measured": MEASURED},
    )


def displacement(points_px: FloatArray, canonical: FloatArray) -> FloatArray:
    """Return one person's (n, 478, 3) displacement from their own rest, in face heights."""
    own = personal_neutral(points_px, canonical)
    return to_head(points_px, fit_poses(points_px, own)) - own


def measure(space: MouthSpace, displacements: FloatArray) -> dict[str, float]:
    """Return ``variance_explained`` over the moving vertices and ``lip_error_percent`` of face height."""
    fitted = space.displacement(space.project(displacements))
    wanted = displacements[:, space.vertices] * space.weights[:, None]
    residual = wanted - fitted[:, space.vertices] * space.weights[:, None]
    error = np.linalg.norm((fitted - displacements)[:, list(LIPS)], axis=-1).mean()
    return {
        "variance_explained": float(1 - (residual**2).sum() / (wanted**2).sum()),
        "lip_error_percent": float(error * 100),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train_audio.build_mouth_space", description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with clips.jsonl, or of videos")
    parser.add_argument(
        "--cache", type=Path, default=Path("cache/face_tracks"), help="where face tracks are kept"
    )
    parser.add_argument("--output", type=Path, default=Path("checkpoint/mouth_space.npz"))
    parser.add_argument("--components", type=int, default=12)
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    options = parser.parse_args(arguments)
    reporter = Reporter(as_json=options.json)
    return exit_code_of(lambda: _run(options, reporter), reporter, debug=options.debug)


def _run(options: argparse.Namespace, reporter: Reporter) -> None:
    if not 1 <= options.components <= 12:
        raise BadInputError(f"expected 1 to 12 components, found {options.components}")
    clips = load_clips(options.clips)
    reporter.progress(0, "track")
    space, report = build(
        clips, options.cache, options.components, lambda done: reporter.progress(done, "track")
    )
    space.save(options.output)
    write_space_card(space, options.output, clips, report)
    reporter.result({"output": str(options.output), **report}, json.dumps(report, indent=2))


if __name__ == "__main__":
    raise SystemExit(main())
