"""Training patches of modelled people: ``python -m train.rendered_people --store DIR --looks default --random 8``.

The character maker draws any mouth of a person that it has modelled, so every guide has a true answer, in a pose and
a light that nothing else disturbs. The patches of a built-in character serve its own painter (``python -m
train.train --character DIR --store DIR``), those of random people may stand beside genuine ones in a store.
"""

from __future__ import annotations

import argparse
import colorsys
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assets.character_maker.idle_motion import AT_REST, Idle, idle_loop
from assets.character_maker.looks import CLOTHES, LOOKS, CharacterLook, Colour
from assets.character_maker.offscreen import Offscreen
from assets.character_maker.picture import Studio
from assets.character_maker.stage import Framing
from talkingface.audio_files import read_audio
from talkingface.character import load_character
from talkingface.clips import Clip
from talkingface.compositing import crop_of
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.face_rig import FaceRig
from talkingface.head_pose import fit_poses, personal_neutral
from talkingface.mouth_space import MouthSpace
from talkingface.mouth_stream import mouth_of
from talkingface.records import FloatArray, TeethLook
from talkingface.reporting import Reporter
from talkingface.wrap_mesh import FaceMeshes, load_meshes
from train.build_data import GUIDES_A_TRUTH, modelled_patches, run, turned_degrees, varied_look
from train.patch_store import FACTS, PersonPatches
from train.reenactment import ClipMaterial, crop_rectangles

PROGRAM = Path(__file__).resolve().parent.parent
SPEECH, CHECKPOINT = PROGRAM / "assets" / "speech", PROGRAM / "checkpoint"
SKIN_TONES = ((238, 190, 160), (231, 170, 138), (196, 136, 100), (150, 98, 68), (104, 66, 46))
RESTING_SHARE = (
    0.25  # of the pictures; their skin is what guides are drawn with, as in a character's own loop
)
NEAREST_SOURCES = 4
LEAST_GAIN, MOST_GAIN = 0.6, 1.6
PERSON_WEIGHT = 8.0
# The lower face alone is drawn: where it lies in such a picture, in face heights.
SIDE, CENTRE, EYES = 1.1, 0.55, -0.02


def patches_of(
    look: CharacterLook,
    count: int,
    space: MouthSpace,
    meshes: FaceMeshes,
    random: np.random.Generator,
    *,
    moments: list[Idle],
    face_height_px: float,
    teeth_look: TeethLook | None = None,
    every_light: int = 1,
    skin_levels: int = 3,
    light_cache: Path | None = None,
    on_picture: Callable[[float], None] | None = None,
) -> PersonPatches:
    """Draw a person's mouths and the guides of them.

    Args:
        look: the person.
        count: how many pictures.
        space: the mouth blendshapes.
        meshes: wrap and teeth.
        random: of everything.
        moments: head poses to choose from.
        face_height_px: how large the face is.
        teeth_look: of the guides, as the character's own folder has it; None varies what the pictures show.
        every_light: 1 takes all samples of the lamps, n every n-th.
        skin_levels: how often the skin's mesh is refined.
        light_cache: where the light is kept, or is to be kept.
        on_picture: told before each picture which share of them is drawn, 0..1.

    Raises:
        GraphicsError: no OpenGL context can be had.
        CheckpointError: there is no mouth model.
    """
    mouths = spoken_mouths(space, count, random)
    material = _filmed(
        look, mouths, space, meshes, random, moments=moments, face_height_px=face_height_px,
        every_light=every_light, skin_levels=skin_levels, light_cache=light_cache,
        on_picture=on_picture,
    )  # fmt: skip
    resting = np.flatnonzero(~mouths.any(axis=1))
    renderer = CpuMouthRenderer(meshes, teeth_look or varied_look(material, random))
    patches = modelled_patches(
        look.folder,
        material,
        renderer,
        lambda target: _resting_sources(material, target, resting, random),
        clips=np.arange(count, dtype=np.int32),  # each picture stands alone: none is near another in time
        frames=np.zeros(count, np.int32),
        weight=PERSON_WEIGHT,
    )
    renderer.close()
    return patches


def spoken_mouths(space: MouthSpace, count: int, random: np.random.Generator) -> FloatArray:
    """Return float32 (count, K) mouths of the demo speech, all lip openings equally often, a part of them at rest."""
    model = load_mouth_model(CHECKPOINT)
    spoken = np.concatenate(
        [mouth_of(read_audio(path), model).coefficients for path in sorted(SPEECH.glob("*.flac"))]
    )
    spoken = spoken[spoken.any(axis=1)]
    opening = space.lip_opening(spoken)
    bins = np.clip(np.digitize(opening, np.histogram(opening, bins=10)[1]) - 1, 0, 9)
    chance = 1 / np.bincount(bins, minlength=10)[bins]
    rows = random.choice(len(spoken), count, p=chance / chance.sum())
    mouths = spoken[rows] * random.uniform(LEAST_GAIN, MOST_GAIN, (count, 1)).astype(np.float32)
    mouths[: max(1, round(RESTING_SHARE * count))] = 0
    return mouths[random.permutation(count)]


def random_look(seed: int) -> CharacterLook:
    """Make up a person. Hair and clothes vary little: patches show hardly any of them."""
    random = np.random.default_rng(seed)
    tone = float(random.uniform(0, len(SKIN_TONES) - 1))
    lighter, darker = (np.array(SKIN_TONES[min(int(tone) + k, len(SKIN_TONES) - 1)]) for k in (0, 1))
    skin = lighter + (darker - lighter) * (tone % 1) + random.normal(0, 5, 3)
    red = np.array([1.02, 0.62, 0.60])
    lips = skin * (red if random.random() < 0.7 else red * [0.95, 0.8, 0.9]) * random.uniform(0.82, 1.08)
    return CharacterLook(
        name=f"Made-up {seed}",
        folder=f"rendered_{seed:03d}",
        seed=seed,
        skin=_colour(skin),
        blush=_colour(skin * [0.98, 0.66, 0.66]),
        lips=_colour(lips),
        freckles=float(random.choice([0.0, random.uniform(0, 1)])),
        age=float(random.choice([0.0, random.uniform(0, 1)])),
        eye_scale=float(random.uniform(0.95, 1.3)),
        face_width=float(random.uniform(0.94, 1.06)),
        jaw_width=float(random.uniform(0.86, 1.1)),
        chin=float(random.uniform(-0.01, 0.02)),
        nose_width=float(random.uniform(0.8, 1.1)),
        nose_size=float(random.uniform(0.8, 1.0)),
        lip_fullness=float(random.uniform(0.004, 0.018)),
        smile=float(random.uniform(0.0, 0.018)),
        stubble=float(random.choice([0.0, 0.0, random.uniform(0.2, 1)])),
        hair_style="updo",
        clothes=str(random.choice(CLOTHES)),
        cloth=_colour(255 * np.array(colorsys.hsv_to_rgb(random.random(), 0.5, 0.6))),
    )


def turned_moments(count: int, random: np.random.Generator) -> list[Idle]:
    """Return moments with the head turned more than an idle loop turns it."""
    angles = np.clip(random.normal(0, 1, (count, 3)), -2, 2) * (7.0, 4.0, 3.0)
    return [replace(AT_REST, yaw=float(a), pitch=float(b), roll=float(c)) for a, b, c in angles]


def _filmed(
    look: CharacterLook,
    mouths: FloatArray,
    space: MouthSpace,
    meshes: FaceMeshes,
    random: np.random.Generator,
    *,
    moments: list[Idle],
    face_height_px: float,
    every_light: int,
    skin_levels: int,
    light_cache: Path | None,
    on_picture: Callable[[float], None] | None,
) -> ClipMaterial:
    side = round(SIDE * face_height_px)
    framing = Framing(side, side, face_height_px, CENTRE * face_height_px, EYES * face_height_px)
    images, points = [], []
    with Offscreen() as offscreen:
        studio = Studio(
            offscreen, look, space.neutral, framing,
            skin_levels=skin_levels, every_light=every_light, light_cache=light_cache,
        )  # fmt: skip
        neutral = personal_neutral(studio.landmarks(AT_REST)[None], space.neutral)
        for number, mouth in enumerate(mouths):
            if on_picture is not None:
                on_picture(number / len(mouths))
            moment = replace(moments[int(random.integers(len(moments)))], blink=0.0)
            shape = space.displacement(mouth) if mouth.any() else None
            images.append(np.ascontiguousarray(studio.draw(moment, shape)[..., :3]))
            points.append(studio.landmarks(moment, shape))
    tracks = np.stack(points)
    rig = FaceRig(space, meshes, neutral)
    boxes = crop_rectangles(rig, tracks, side, side)
    cut = [np.ascontiguousarray(crop_of(image, box)) for image, box in zip(images, boxes, strict=True)]
    clip = Clip(Path(look.folder), look.folder, "rendered", look.folder, "train")
    return ClipMaterial(clip, cut, boxes, tracks, fit_poses(tracks, neutral), rig)


def _resting_sources(
    material: ClipMaterial, target: int, resting: NDArray[np.int64], random: np.random.Generator
) -> NDArray[np.int64]:
    """Choose resting pictures whose head is turned most like the target's."""
    others = resting[resting != target]
    near = others[np.argsort(turned_degrees(material, target)[others])[:NEAREST_SOURCES]]
    return random.choice(near, min(GUIDES_A_TRUTH, len(near)), replace=False)


def _colour(values: NDArray[Any]) -> Colour:
    red, green, blue = np.clip(np.round(values), 0, 255).astype(int).tolist()
    return red, green, blue


def wanted_people(options: argparse.Namespace) -> Iterator[tuple[CharacterLook, dict[str, Any]]]:
    """Yield whom to draw: the look, and how :func:`patches_of` is to draw it.

    Raises:
        CharacterError: a built-in character's folder is damaged.
    """
    usual = Framing().face_height_px
    for name in options.looks:
        own = load_character(PROGRAM / "assets" / "characters" / name)
        moments = idle_loop(seed=LOOKS[name].seed)
        yield LOOKS[name], {"moments": moments, "face_height_px": usual, "teeth_look": own.teeth_look}
    for seed in range(options.random):
        random = np.random.default_rng((options.seed, seed))
        height_px = float(random.uniform(190, usual))
        moments = turned_moments(200, random)
        yield random_look(seed), {"moments": moments, "face_height_px": height_px, "every_light": 2}


def build(options: argparse.Namespace, reporter: Reporter) -> dict[str, int]:
    """Draw every person who is not yet in the store and return counts."""
    store = Path(options.store)
    space, meshes = MouthSpace.load(CHECKPOINT / "mouth_space.npz"), load_meshes()
    counts = {"people": 0, "truths": 0, "guides": 0, "already_there": 0}
    asked_for = len(options.looks) + options.random
    for number, (look, how) in enumerate(wanted_people(options)):

        def told(share: float, number: int = number, name: str = look.name) -> None:
            reporter.progress((number + share) / asked_for, "patches", name)

        told(0)
        if (store / look.folder / FACTS).is_file():
            counts["already_there"] += 1
            continue
        light = options.keep_light and options.keep_light / f"{look.folder}_light.npz"
        random = np.random.default_rng((options.seed, look.seed))
        patches = patches_of(
            look, options.mouths, space, meshes, random, light_cache=light, on_picture=told, **how
        )
        patches.save(store)
        counts["people"] += 1
        counts["truths"] += len(patches.truths)
        counts["guides"] += len(patches.guides)
        reporter.note(f"{look.folder}: {len(patches.truths)} truths, {len(patches.guides)} guides")
    reporter.progress(1, "patches")
    return counts


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m train.rendered_people", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--store", required=True, help="folder for the patches")
    parser.add_argument("--looks", nargs="*", default=[], choices=sorted(LOOKS), help="built-in characters")
    parser.add_argument("--random", type=int, default=0, help="how many people to make up")
    parser.add_argument("--mouths", type=int, default=240, help="pictures a person")
    parser.add_argument("--keep-light", type=Path, help="folder that keeps the light of each person")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    return run(build, parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
