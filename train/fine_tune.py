"""Fine-tune of the painter for one character, on its own frames; kept only if its held-out frames improve."""

from __future__ import annotations

import copy
import itertools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from talkingface.character import Character, add_generator, load_character
from talkingface.clips import Clip
from talkingface.compositing import crop_of
from talkingface.errors import BadInputError
from talkingface.face_rig import FaceRig
from talkingface.frame_loop import FrameLoop
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray, ImageArray
from talkingface.reporting import Reporter
from talkingface.seams import MouthRenderer
from talkingface.wrap_mesh import load_meshes
from train.build_data import choose_sources, modelled_patches, outer_lips
from train.drawing import open_renderer
from train.export import export_painter, load_network
from train.patch_store import PersonPatches
from train.reenactment import ClipMaterial
from train.samples import Batch, Picked, as_batch, training_batches
from train.trainer import Trainer, TrainingPlan, validation_figures

HELD_OUT_SHARE = 0.25
FEWEST_FRAMES = 60
MOST_FRAMES = 500
GUIDES_A_TRUTH = 2
SAME_PATCH_LEVELS = 2.0  # a held-out truth nearer than this to a reference would tell nothing
WANTED_GAIN = 0.01
LEARNING_RATE = 3e-4
GUIDES_A_STEP = 12
ROUNDS = 6


def fine_tune(
    folder: Path,
    checkpoint: Path,
    space_path: Path,
    minutes: float,
    seed: int,
    reporter: Reporter,
    person: PersonPatches | None = None,
) -> dict[str, Any]:
    """Tune, measure on the held-out last part of the pictures, and store ``generator.onnx`` if it is better.

    Args:
        folder: the character; changed only at the end.
        checkpoint: folder of the general face generator.
        space_path: the mouth space.
        minutes: of computing time.
        seed: of everything random.
        reporter: told the progress.
        person: patches of this character with true answers, see :mod:`train.rendered_people`; None takes the base
            loop, whose mouths are those that it shows.

    Returns:
        Figures before and after on the held-out frames, and ``kept``.

    Raises:
        BadInputError: too few frames, or the held-out frames did not improve.
        CharacterError: the folder is no whole character.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    character = load_character(folder)
    if person is None:
        batches, held_out = _of_the_loop(character, space_path, seed, random)
    else:
        batches, held_out = _of_true_pictures(character, person, random)
    general = load_network(checkpoint)
    trainer = Trainer(general.config, TrainingPlan(learning_rate=LEARNING_RATE, average_decay=0.99))
    trainer.network.load_state_dict(general.state_dict())
    trainer.network.encoder.requires_grad_(False)
    trainer.average.load_state_dict(general.state_dict())
    before = best = validation_figures(general, held_out)
    best_network = general
    begun = time.process_time()
    for part in range(1, ROUNDS + 1):
        while (done := (time.process_time() - begun) / 60 / minutes) < part / ROUNDS:
            trainer.step(next(batches), done)
            reporter.progress(done, "fine-tune", f"step {trainer.step_count}")
        figures = validation_figures(trainer.average, held_out)
        reporter.note(
            f"step {trainer.step_count}: held-out l1 {figures['l1']:.3f} (before {before['l1']:.3f})"
        )
        if figures["l1"] < best["l1"]:
            best, best_network = figures, copy.deepcopy(trainer.average)
    reporter.progress(1, "fine-tune")
    if best["l1"] > before["l1"] * (1 - WANTED_GAIN):
        raise BadInputError(
            f"expected the held-out frames to improve by {WANTED_GAIN:.0%}, found a distance of {best['l1']:.3f} "
            f"after and {before['l1']:.3f} before; the character keeps the general generator"
        )
    with tempfile.TemporaryDirectory() as work:
        tuned = Path(work) / "generator.onnx"
        parity = export_painter(best_network, tuned)
        add_generator(folder, tuned)
    return {
        "kept": True,
        "before": before,
        "after": best,
        "steps": trainer.step_count,
        "parity_levels": parity,
    }


def _of_the_loop(
    character: Character, space_path: Path, seed: int, random: np.random.Generator
) -> tuple[Iterator[Batch], list[Batch]]:
    """Return endless training batches of the base loop's first part, and fixed ones of its last."""
    material = character_material(character, space_path)
    border = int(material.frame_count * (1 - HELD_OUT_SHARE))
    if border < FEWEST_FRAMES:
        raise BadInputError(
            f"expected at least {round(FEWEST_FRAMES / (1 - HELD_OUT_SHARE))} frames to fine-tune on, "
            f"found {material.frame_count} in {character.folder}"
        )
    renderer = open_renderer(material.rig.meshes, character.teeth_look)
    try:
        person = _patches(material, renderer, np.arange(border), random)
        held_out = _held_out(material, renderer, border, character.references, random)
    finally:
        renderer.close()
    return training_batches([person], 1, GUIDES_A_STEP, seed, augment=False), held_out


def _of_true_pictures(
    character: Character, person: PersonPatches, random: np.random.Generator
) -> tuple[Iterator[Batch], list[Batch]]:
    """Return the same of patches with true answers, with the character's own references, as in use."""
    border = round(len(person.truths) * (1 - HELD_OUT_SHARE))
    taught, unseen = np.flatnonzero(person.answers < border), np.flatnonzero(person.answers >= border)
    if border < FEWEST_FRAMES or not len(unseen):
        raise BadInputError(
            f"expected at least {round(FEWEST_FRAMES / (1 - HELD_OUT_SHARE))} pictures of {person.name} to "
            f"fine-tune on, found {len(person.truths)}"
        )

    def batch(rows: NDArray[np.int64]) -> Batch:
        answers = person.answers[rows]
        return as_batch(
            [Picked(person.guides[rows], person.truths[answers], person.lips[answers], character.references)]
        )

    batches = (batch(np.sort(random.choice(taught, GUIDES_A_STEP))) for _ in itertools.count())
    return batches, [batch(part) for part in np.array_split(unseen, -(-len(unseen) // GUIDES_A_STEP))]


def character_material(character: Character, space_path: Path) -> ClipMaterial:
    """Return a character's base loop as material, at most ``MOST_FRAMES`` of it and each true frame once."""
    count = min(frames_before_the_turn(character.points_px), MOST_FRAMES)
    rig = FaceRig(MouthSpace.load(space_path), load_meshes(), character.neutral)
    loop = FrameLoop(character)
    images = [np.ascontiguousarray(crop_of(loop.frame(row), character.crops[row])) for row in range(count)]
    clip = Clip(character.frames_path, character.name, "character", character.name, "train")
    return ClipMaterial(
        clip,
        images,
        list(character.crops[:count]),
        character.points_px[:count],
        list(character.poses[:count]),
        rig,
    )


def frames_before_the_turn(points_px: FloatArray) -> int:
    """Return how many frames come before a loop that runs there and back shows frames again.

    Shown again, they would be trained on and held out at once.

    Args:
        points_px: float32 (frames, 478, 3) landmarks of the loop.
    """
    for frame in range(2, len(points_px)):
        earlier, last, here = points_px[frame - 2 : frame + 1]
        if np.array_equal(here, earlier) and not np.array_equal(here, last):
            return frame
    return len(points_px)


def _patches(
    material: ClipMaterial, renderer: MouthRenderer, truths: NDArray[np.int64], random: np.random.Generator
) -> PersonPatches:
    """Make guides of frames with the skin of the same frames only."""
    part = replace(
        material,
        images=[material.images[row] for row in truths],
        crops=[material.crops[row] for row in truths],
        points_px=material.points_px[truths],
        poses=[material.poses[row] for row in truths],
    )
    return modelled_patches(
        material.clip.person,
        part,
        renderer,
        lambda target: choose_sources(part, target, GUIDES_A_TRUTH, random),
        clips=np.zeros(part.frame_count, np.int32),
        frames=truths.astype(np.int32),
        weight=1.0,
    )


def _held_out(
    material: ClipMaterial,
    renderer: MouthRenderer,
    border: int,
    references: ImageArray,
    random: np.random.Generator,
) -> list[Batch]:
    """Make fixed batches of frames after ``border``, with skin from before it and the character's own references."""
    picked = []
    for target in range(border, material.frame_count, max(1, (material.frame_count - border) // 60)):
        truth = material.truth_patch(target)
        apart = [float(cv2.absdiff(truth, reference).mean()) for reference in references]
        if min(apart) < SAME_PATCH_LEVELS:
            continue
        source = int(random.integers(0, border))
        guide = material.guide(renderer, source, target, material.modelled_points(target))
        picked.append(Picked(guide[None], truth[None], outer_lips(material, target)[None], references))
    if not picked:
        raise BadInputError("expected held-out frames that differ from the references, found none")
    return [as_batch([part]) for part in picked]
