"""The one module that names concrete classes: it puts models, renderer and character together."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs

from mini_live.arguments import ArgumentValueError
from mini_live.resting import RestingComposer
from talkingface.character import Character, load_character
from talkingface.compiled import load_compiler
from talkingface.engines.onnx_generator import (
    CARD_NAME,
    PAINTER_NAME,
    PassThroughGenerator,
    load_face_generator,
)
from talkingface.engines.onnx_mouth import MODEL_NAME, load_mouth_model
from talkingface.errors import BadInputError, GraphicsError
from talkingface.face_rig import FaceRig
from talkingface.frame_composer import FrameComposer
from talkingface.frame_loop import FrameLoop
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_space import MouthSpace
from talkingface.records import TeethLook
from talkingface.sealed_folder import MANIFEST
from talkingface.seams import FaceGenerator, MouthModel, MouthRenderer
from talkingface.stage_timing import StageTimer
from talkingface.timing import FEATURES_PER_FRAME, MEL_BINS
from talkingface.wrap_mesh import FaceMeshes, load_meshes

PROGRAM_FOLDER = Path(__file__).resolve().parent.parent
CHARACTERS_FOLDER = PROGRAM_FOLDER / "assets" / "characters"
DEFAULT_CHARACTER = CHARACTERS_FOLDER / "default"
CHECKPOINT_FOLDER = PROGRAM_FOLDER / "checkpoint"
_ANY_LOOK = TeethLook(np.full(3, 0.8, np.float32), np.full(3, 0.2, np.float32))
# Eight seconds at 720 x 1080 of a still camera's portrait take about 90 MB, noisy ones of a real camera twice that.
MOST_KEPT_FRAME_BYTES = 128 * 1024 * 1024
MOUTH_SPACE = CHECKPOINT_FOLDER / "mouth_space.npz"


@dataclass(frozen=True)
class Mouth:
    """What turns sound into lips."""

    model: MouthModel
    space: MouthSpace


@dataclass(frozen=True)
class Avatar:
    """A character ready to speak. The thread that opened it uses and closes it."""

    character: Character
    composer: FrameComposer
    base: FrameLoop
    renderer: MouthRenderer
    renderer_name: str
    coefficient_count: int
    meshes: FaceMeshes
    generator: FaceGenerator

    def live_composer(self) -> RestingComposer:
        """Return a composer that saves work while nobody speaks."""
        return RestingComposer(self.composer, self.base, self.character.frame_count)

    def warm_up(self) -> None:
        """Draw one resting frame and forget it, so that the first live frame is not slow."""
        self.composer.compose(0, np.zeros(self.coefficient_count, np.float32))
        self.composer.stages = StageTimer()

    def close(self) -> None:
        """Free the drawing context, the base video and the matte."""
        self.renderer.close()
        self.base.close()
        if self.composer.background is not None:
            self.composer.background.close()


@dataclass(frozen=True)
class CharacterParts:
    """What of a character needs no drawing context."""

    character: Character
    meshes: FaceMeshes
    generator: FaceGenerator
    base: FrameLoop

    def close(self) -> None:
        """Free the base video, where the parts are not used after all."""
        self.base.close()


def open_mouth() -> Mouth:
    """Load the mouth model and the mouth space.

    Raises:
        CheckpointError: missing or damaged.
    """
    return Mouth(load_mouth_model(CHECKPOINT_FOLDER), MouthSpace.load(MOUTH_SPACE))


def open_avatar(
    folder: Path | None, renderer: str, space: MouthSpace, on_note: Callable[[str], None] | None = None
) -> Avatar:
    """Load a character and everything that draws it, and draw one frame to warm up.

    Args:
        folder: the character folder, or the name of a known one; None is the default character.
        renderer: ``gl``, ``cpu``, or ``auto`` for OpenGL where a graphics card draws it.
        space: the mouth blendshapes.
        on_note: told in a sentence when ``auto`` had to do without OpenGL.

    Raises:
        CharacterError: the folder cannot be used.
        CheckpointError: weights or meshes are missing or damaged.
        GraphicsError: OpenGL was asked for and does not work.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="loading") as beside:
        loading = beside.submit(load_parts, folder, on_note)
        # OpenGL belongs to this thread and takes as long to open as all the rest.
        try:
            drawer, name = _open_renderer(renderer, load_meshes(), _ANY_LOOK, on_note)
            load_compiler()  # needed soon, and there is time for it until the character is loaded
        except BaseException:
            if loading.exception() is None:
                loading.result().close()
            raise
    try:
        parts = loading.result()
        drawer.wear(parts.character.teeth_look)
        return _put_together(parts, space, drawer, name)
    except BaseException:
        drawer.close()
        raise


def load_parts(
    folder: Path | None, on_note: Callable[[str], None] | None = None, before: Avatar | None = None
) -> CharacterParts:
    """Load all of a character that needs no drawing context, in any thread, while another one is live.

    Args:
        folder: the character folder, or the name of a known one; None is the default character.
        on_note: told in a sentence what had to be left out.
        before: an avatar whose meshes and, where it is not its own, whose generator are taken over.

    Raises:
        CharacterError: the folder cannot be used.
        CheckpointError: weights or meshes are missing or damaged.
    """
    character = load_character(find_character(folder))
    meshes = load_meshes() if before is None else before.meshes
    own_generators = character.generator_path or (before is not None and before.character.generator_path)
    if before is not None and not own_generators:
        generator = before.generator
    else:
        generator = _open_generator(character, on_note)
    base = FrameLoop(character, most_kept_bytes=MOST_KEPT_FRAME_BYTES)
    return CharacterParts(character, meshes, generator, base)


def change_character(before: Avatar, parts: CharacterParts, space: MouthSpace) -> Avatar:
    """Put another character into the place of one: the drawing context goes on, the rest is freed.

    Call it in the thread of ``before``, which is closed by this, but for what the new one has taken over.
    """
    before.renderer.wear(parts.character.teeth_look)
    try:
        avatar = _put_together(parts, space, before.renderer, before.renderer_name)
    except BaseException:
        before.renderer.wear(before.character.teeth_look)
        raise
    before.base.close()
    return avatar


def _put_together(parts: CharacterParts, space: MouthSpace, drawer: MouthRenderer, name: str) -> Avatar:
    character = parts.character
    rig = FaceRig(space, parts.meshes, character.neutral)
    try:
        composer = FrameComposer(character, rig, drawer, parts.generator, parts.base)
    except BaseException:
        parts.close()
        raise
    return Avatar(
        character, composer, parts.base, drawer, name, space.coefficient_count, parts.meshes, parts.generator
    )


def find_character(asked: Path | None) -> Path:
    """Return the folder of a character that was asked for by folder, or by the name of one that the program knows.

    Args:
        asked: a folder; or the name alone of a folder that the program knows; None is the default.
    """
    if asked is None:
        return DEFAULT_CHARACTER
    if asked.exists() or len(asked.parts) != 1:
        return asked
    for known in (CHARACTERS_FOLDER, user_characters_folder()):
        if (known / asked / MANIFEST).is_file():
            return known / asked
    return asked


def user_characters_folder() -> Path:
    """Return where a person's own characters are kept; it may not exist yet."""
    return platformdirs.user_data_path("TalkingAvatar", appauthor=False) / "characters"


def open_gl_once() -> str:
    """Open and close an OpenGL context and tell what it is.

    Raises:
        GraphicsError: there is none.
    """
    from mini_live.gl.context import OffscreenContext

    context = OffscreenContext()
    try:
        return f"{context.renderer_name}, OpenGL {context.version}"
    finally:
        context.close()


def open_networks() -> FaceGenerator:
    """Load the face generator of the checkpoint.

    Raises:
        CheckpointError: missing or damaged.
    """
    return load_face_generator(CHECKPOINT_FOLDER)


def network_runs(model: MouthModel, character: Character) -> list[tuple[Path, Callable[[], object]]]:
    """Return every network that works in each frame: its file, and a call that runs it once on real-sized input."""
    state = model.initial_state()
    features = np.zeros((FEATURES_PER_FRAME, MEL_BINS), np.float32)
    runs: list[tuple[Path, Callable[[], object]]] = [
        (CHECKPOINT_FOLDER / MODEL_NAME, lambda: model.step(features, state))
    ]
    if (CHECKPOINT_FOLDER / CARD_NAME).is_file():
        generator = load_face_generator(CHECKPOINT_FOLDER, character.generator_path)
        encoded = generator.encode_references(character.references)
        guide = np.zeros((generator.patch_px, generator.patch_px, 4), np.uint8)
        path = character.generator_path or CHECKPOINT_FOLDER / PAINTER_NAME
        runs.append((path, lambda: generator.generate(guide, encoded)))
    return runs


def mouth_controls(arguments: argparse.Namespace, others: MouthControls | None = None) -> MouthControls:
    """Return the user's settings from the command line; what is not given is as in ``others``, or the default.

    Raises:
        ArgumentValueError: a setting outside its limits.
    """
    names = ("gain", "smoothing", "attack_ms", "hold_ms", "noise_gate_dbfs", "sound_offset_ms")
    given = {name: value for name in names if (value := getattr(arguments, name, None)) is not None}
    try:
        return replace(others or MouthControls(), **given)
    except BadInputError as error:
        raise ArgumentValueError(str(error)) from error


def _open_generator(character: Character, on_note: Callable[[str], None] | None) -> FaceGenerator:
    if not (CHECKPOINT_FOLDER / CARD_NAME).is_file():
        if on_note is not None:
            on_note(f"no {CARD_NAME} in {CHECKPOINT_FOLDER.name}/: the drawn mouth is shown as it is")
        return PassThroughGenerator()
    return load_face_generator(CHECKPOINT_FOLDER, character.generator_path)


def _open_renderer(
    wanted: str, meshes: FaceMeshes, look: TeethLook, on_note: Callable[[str], None] | None
) -> tuple[MouthRenderer, str]:
    if wanted != "cpu":
        try:
            drawer = _gl_renderer(meshes, look, needs_card=wanted == "auto")
            if drawer is not None:
                return drawer, "gl"
        except (GraphicsError, ImportError) as error:
            if wanted == "gl":
                raise GraphicsError(f"expected a working OpenGL, found none: {error}") from error
            if on_note is not None:
                on_note(f"drawing without OpenGL ({error})")
    from talkingface.cpu_renderer import CpuMouthRenderer

    return CpuMouthRenderer(meshes, look), "cpu"


def _gl_renderer(meshes: FaceMeshes, look: TeethLook, needs_card: bool) -> MouthRenderer | None:
    """Return the renderer of OpenGL; None where a graphics card is needed and OpenGL only computes.

    Raises:
        GraphicsError: no OpenGL.
        ImportError: PyOpenGL loads its platform's library at import and fails where there is none.
    """
    from mini_live.gl.context import may_have_card

    if needs_card and not may_have_card():
        return None
    from mini_live.gl.mouth_renderer import GlMouthRenderer

    renderer = GlMouthRenderer(meshes, look)
    if needs_card and renderer.is_software:
        renderer.close()
        return None
    return renderer
