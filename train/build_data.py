"""Build training patches from tracked clips: ``python -m train.build_data --clips DIR --store DIR``.

A pair is a genuine frame's aligned mouth patch (the truth) and a guide: the skin of *another* frame of the same
clip, warped to the truth's tracked face, with drawn teeth and cavity. So the network sees at training what it sees
in use: a mouth that was another mouth before. Persons already in the store are passed over.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mini_live.gl.context import OffscreenContext
from mini_live.gl.mouth_renderer import GlMouthRenderer
from talkingface.clips import Clip, load_clips, tracked
from talkingface.compositing import ring_in_patch
from talkingface.errors import NoFaceError
from talkingface.exit_codes import exit_code_of
from talkingface.head_pose import personal_neutral
from talkingface.landmarks import lip_opening, lip_width
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray, ImageArray, TeethLook
from talkingface.reference_choice import mouth_shapes
from talkingface.reporting import Reporter
from talkingface.seams import MouthRenderer
from talkingface.wrap_mesh import FaceMeshes, load_meshes
from train.patch_store import FACTS, PersonPatches, write_sets
from train.reenactment import USUAL_LOOK, ClipMaterial, estimated_look, load_material

TRUTHS_A_PERSON = 360
GUIDES_A_TRUTH = 2
NEAREST_FRAMES = 4  # a guide's skin is at least that far away in time
SMALL_FACE_PX = 150
SMALL_FACE_TRUTHS = 60
MODELLED_SHARE = 0.5
USUAL_LOOK_SHARE = 0.3
DECODED_FRAMES_A_CLIP = 700


def build_person(
    name: str,
    clips: list[Clip],
    cache: Path,
    space: MouthSpace,
    meshes: FaceMeshes,
    context: OffscreenContext,
) -> PersonPatches:
    """Make all patches of one person.

    Raises:
        NoFaceError: no clip has enough frames with a face.
    """
    random = np.random.default_rng(sum(name.encode()))
    tracks = [tracked(clip, cache) for clip in clips]
    points = np.concatenate([track.points[track.found] for track in tracks])
    if len(points) < 2 * NEAREST_FRAMES + 2:
        raise NoFaceError(
            f"expected at least {2 * NEAREST_FRAMES + 2} frames with a face, found {len(points)} of {name}"
        )
    neutral = personal_neutral(points, space.neutral)
    face_px = max(clip.face_px for clip in clips)
    budget = TRUTHS_A_PERSON if face_px >= SMALL_FACE_PX else SMALL_FACE_TRUTHS
    parts: dict[str, list[NDArray]] = defaultdict(list)
    answered = 0
    for number, (clip, track) in enumerate(zip(clips, tracks, strict=True)):
        if track.found.sum() <= 2 * NEAREST_FRAMES:
            continue
        material = load_material(clip, track, space, meshes, neutral=neutral, limit=DECODED_FRAMES_A_CLIP)
        share = max(
            6, round(budget * material.frame_count / min(len(points), DECODED_FRAMES_A_CLIP * len(clips)))
        )
        truths = spread_over_shapes(material.points_px, min(share, material.frame_count), random)
        renderer = GlMouthRenderer(meshes, varied_look(material, random), context)
        guides, answers = _guides_of(material, truths, renderer, random)
        renderer.close()
        parts["truths"].append(np.stack([material.truth_patch(frame) for frame in truths]))
        parts["clips"].append(np.full(len(truths), number, np.int32))
        parts["frames"].append(truths.astype(np.int32))
        parts["lips"].append(np.stack([outer_lips(material, frame) for frame in truths]))
        parts["openness"].append(lip_opening(material.points_px[truths]))
        parts["width"].append(lip_width(material.points_px[truths]))
        parts["guides"].append(guides)
        parts["answers"].append(answers + answered)
        answered += len(truths)
    joined = {key: np.concatenate(value) for key, value in parts.items()}
    return PersonPatches(
        name=name,
        split=clips[0].split,
        weight=person_weight(face_px, len(joined["truths"]), clips[0].genuine),
        **joined,
    )


def spread_over_shapes(points: FloatArray, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Choose ``count`` frames, half at random, half so that all lip openings occur equally often."""
    frames = len(points)
    if count >= frames:
        return np.arange(frames)
    opening = lip_opening(points)
    crowd = np.histogram(opening, bins=12)
    bins = np.clip(np.digitize(opening, crowd[1]) - 1, 0, 11)
    chance = 0.5 / frames + 0.5 / (np.maximum(crowd[0][bins], 1) * max((crowd[0] > 0).sum(), 1))
    return np.sort(random.choice(frames, count, replace=False, p=chance / chance.sum()))


def choose_sources(
    material: ClipMaterial, target: int, count: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Choose frames whose skin is drawn on ``target``: a like head pose, mostly another mouth, often a closed one."""
    turned = turned_degrees(material, target)
    shapes = mouth_shapes(material.points_px)
    change = np.linalg.norm(shapes - shapes[target], axis=1)
    closed = shapes[:, 0] < 0.15
    weight = np.exp(-turned / 4.0) * (0.3 + np.minimum(change, 1.5)) * (1 + closed)
    far = np.abs(np.arange(material.frame_count) - target) >= NEAREST_FRAMES
    weight = np.where(far, weight, 0) + 1e-12 * far
    return random.choice(material.frame_count, count, p=weight / weight.sum())


def modelled_patches(
    name: str,
    material: ClipMaterial,
    renderer: MouthRenderer,
    sources_of: Callable[[int], NDArray[np.int64]],
    *,
    clips: NDArray[np.int32],
    frames: NDArray[np.int32],
    weight: float,
) -> PersonPatches:
    """Make training patches of every frame of a material, its mouth as the mouth space models it.

    Args:
        name: of the person.
        material: the frames.
        renderer: draws the guides.
        sources_of: tells for a frame whose skin its guides are drawn with, a guide each.
        clips: see :class:`train.patch_store.PersonPatches`.
        frames: likewise.
        weight: likewise.
    """
    guides, answers = [], []
    for target in range(material.frame_count):
        points = material.modelled_points(target)
        for source in sources_of(target):
            guides.append(material.guide(renderer, int(source), target, points))
            answers.append(target)
    return PersonPatches(
        name=name,
        split="train",
        truths=np.stack([material.truth_patch(row) for row in range(material.frame_count)]),
        clips=clips,
        frames=frames,
        lips=np.stack([outer_lips(material, row) for row in range(material.frame_count)]),
        openness=lip_opening(material.points_px),
        width=lip_width(material.points_px),
        guides=np.stack(guides),
        answers=np.array(answers, np.int32),
        weight=weight,
    )


def turned_degrees(material: ClipMaterial, target: int) -> FloatArray:
    """Return by how much the head of each frame is turned against that of one frame."""
    rotations = np.stack([pose.rotation for pose in material.poses])
    cosine = (np.einsum("nij,ij->n", rotations, rotations[target]) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def varied_look(material: ClipMaterial, random: np.random.Generator) -> TeethLook:
    """Return the clip's own colours of teeth and cavity, or the usual ones, a little off."""
    look = USUAL_LOOK if random.random() < USUAL_LOOK_SHARE else estimated_look(material)
    return TeethLook(
        np.clip(look.teeth * random.uniform(0.85, 1.12), 0, 1).astype(np.float32),
        np.clip(look.cavity * random.uniform(0.7, 1.3), 0, 1).astype(np.float32),
    )


def outer_lips(material: ClipMaterial, frame: int) -> FloatArray:
    """Return the float32 (20, 2) outer lip ring of a genuine frame in patch pixels."""
    return ring_in_patch(material.geometry(frame, frame), material.rig.meshes.wrap.outer_lip_rows)


def person_weight(face_px: int, truths: int, genuine: bool) -> float:
    """Return how often a person is drawn: large faces, many frames and genuine pictures more."""
    return float(min(face_px, 260) / 260) ** 2 * float(np.sqrt(truths)) * (1.0 if genuine else 0.5)


def select(clips: list[Clip]) -> dict[str, list[Clip]]:
    """Group what is worth training on by person; newsreaders and single-speaker sets give a few clips each."""
    people: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.set_name == "characters" and not clip.genuine:
            continue
        many = clip.set_name.startswith(("newsreaders", "grid"))
        if not many or len(people[clip.person]) < 8:
            people[clip.person].append(clip)
    return people


def _guides_of(
    material: ClipMaterial, truths: NDArray[np.int64], renderer: MouthRenderer, random: np.random.Generator
) -> tuple[ImageArray, NDArray[np.int32]]:
    guides, answers = [], []
    for number, target in enumerate(truths):
        for source in choose_sources(material, int(target), GUIDES_A_TRUTH, random):
            points = material.modelled_points(int(target)) if random.random() < MODELLED_SHARE else None
            guides.append(material.guide(renderer, int(source), int(target), points))
            answers.append(number)
    return np.stack(guides), np.array(answers, np.int32)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m train.build_data", description=__doc__.splitlines()[0])
    parser.add_argument("--clips", required=True, help="folder with clips.jsonl, or with videos")
    parser.add_argument("--store", required=True, help="folder for the patches")
    parser.add_argument("--tracks", help="folder for face tracks (default: STORE-tracks)")
    parser.add_argument("--space", default="checkpoint/mouth_space.npz", help="the mouth space")
    parser.add_argument("--people", nargs="*", help="only these persons")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return run(build, parser.parse_args(arguments))


def run(
    build_store: Callable[[argparse.Namespace, Reporter], dict[str, int]], options: argparse.Namespace
) -> int:
    """Fill a store, tell what came of it, and return the exit code."""
    reporter = Reporter(as_json=options.json)

    def work() -> None:
        counts = build_store(options, reporter)
        text = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        reporter.result(counts, f"{text}: {options.store}")

    return exit_code_of(work, reporter, debug=options.debug)


def build(options: argparse.Namespace, reporter: Reporter) -> dict[str, int]:
    """Build every missing person and return counts."""
    store = Path(options.store)
    cache = Path(options.tracks) if options.tracks else store.with_name(store.name + "-tracks")
    space, meshes = MouthSpace.load(options.space), load_meshes()
    people = select(load_clips(options.clips))
    if options.people:
        people = {name: clips for name, clips in people.items() if name in options.people}
    store.mkdir(parents=True, exist_ok=True)
    write_sets(store, [clip for clips in people.values() for clip in clips if clip.split == "train"])
    context = OffscreenContext()
    counts = {"people": 0, "truths": 0, "guides": 0, "passed_over": 0, "already_there": 0}
    try:
        for number, (name, clips) in enumerate(people.items()):
            reporter.progress(number / len(people), "patches", name)
            if (store / name / FACTS).is_file():
                counts["already_there"] += 1
                continue
            try:
                patches = build_person(name, clips, cache, space, meshes, context)
            except NoFaceError as error:
                reporter.note(f"{name}: passed over ({error})")
                counts["passed_over"] += 1
                continue
            patches.save(store)
            counts["people"] += 1
            counts["truths"] += len(patches.truths)
            counts["guides"] += len(patches.guides)
            reporter.note(f"{name}: {len(patches.truths)} truths, {len(patches.guides)} guides")
        reporter.progress(1, "patches")
    finally:
        context.close()
    return counts


if __name__ == "__main__":
    sys.exit(main())
