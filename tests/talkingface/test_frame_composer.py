"""Whole frames: drawn in RGB and as planes, and what stays as the base video has it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from talkingface.character import Character, load_character
from talkingface.colour_planes import plane_views
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.engines.onnx_generator import PassThroughGenerator, load_face_generator
from talkingface.face_rig import FaceRig
from talkingface.frame_composer import FrameComposer
from talkingface.frame_loop import FrameLoop
from talkingface.picture_measures import sharpness
from talkingface.records import CropRectangle, FloatArray, ImageArray
from talkingface.wrap_mesh import load_meshes
from tests.made_faces import PROJECT, character_folder, mouth_space, opening_coefficients


@pytest.fixture(scope="module")
def character(tmp_path_factory: pytest.TempPathFactory) -> Character:
    return load_character(character_folder(tmp_path_factory.mktemp("composer") / "made", frames=6))


@pytest.fixture
def composer(character: Character) -> Iterator[FrameComposer]:
    meshes, base = load_meshes(), FrameLoop(character)
    yield FrameComposer(
        character,
        FaceRig(mouth_space(), meshes, character.neutral),
        CpuMouthRenderer(meshes, character.teeth_look),
        load_face_generator(PROJECT / "checkpoint"),
        base,
    )
    base.close()


def place(crop: CropRectangle) -> tuple[slice, slice]:
    return slice(crop.y, crop.y + crop.height), slice(crop.x, crop.x + crop.width)


def test_only_the_crop_changes_and_the_mouth_opens(composer: FrameComposer, character: Character) -> None:
    base = FrameLoop(character)
    for index in (0, 1, 7):
        frame = composer.compose(index, opening_coefficients(0.08))
        plain = base.frame(index)
        crop = character.crops[index % 6]
        assert (frame.index, frame.pts_s) == (index, index / 25)
        changed = np.abs(frame.rgb.astype(int) - plain).max(-1) > 8
        assert changed[place(crop)].sum() > 200
        changed[place(crop)] = False
        assert not changed.any()
    base.close()


def test_it_tells_where_it_has_changed_the_base_frame(composer: FrameComposer, character: Character) -> None:
    base = FrameLoop(character).frame(3)
    frame, changed = composer.compose_and_tell(3, np.zeros(12, np.float32))
    np.testing.assert_array_equal(frame.rgb, composer.compose(3, np.zeros(12, np.float32)).rgb)
    rows, columns = np.nonzero((frame.rgb != base).any(axis=2))
    assert (changed.y, changed.y + changed.height) == (rows.min(), rows.max() + 1)
    assert (changed.x, changed.x + changed.width) == (columns.min(), columns.max() + 1)


class SoftPainter(PassThroughGenerator):
    """Paints what was drawn, softly."""

    def generate(
        self, guide: ImageArray, reference_features: FloatArray, rows: tuple[int, int] | None = None
    ) -> ImageArray:
        return np.asarray(
            cv2.GaussianBlur(super().generate(guide, reference_features), (0, 0), 0.8), np.uint8
        )


def test_a_soft_painter_is_made_as_fine_as_the_film(character: Character) -> None:
    noise = np.random.default_rng(1).normal(0, 60, character.references.shape)
    finer = np.clip(character.references + noise, 0, 255).astype(np.uint8)
    meshes, base = load_meshes(), FrameLoop(character)
    rig = FaceRig(mouth_space(), meshes, character.neutral)
    found = []
    for one in (replace(character, references=np.zeros_like(finer)), replace(character, references=finer)):
        composer = FrameComposer(
            one, rig, CpuMouthRenderer(meshes, character.teeth_look), SoftPainter(), base
        )
        frame = composer.compose(0, opening_coefficients(0.06))
        found.append(sharpness(frame.rgb[place(character.crops[0])]))
    base.close()
    assert found[1] > 1.2 * found[0]


def test_planes_show_the_same_picture(composer: FrameComposer, character: Character) -> None:
    wanted = opening_coefficients(0.06)
    rgb = [composer.compose(index, wanted).rgb for index in range(6)]
    for index in range(6):
        frame = composer.compose_planes(index + 6, wanted)
        assert (frame.index, frame.pts_s) == (index + 6, (index + 6) / 25)
        difference = np.abs(frame.rgb.astype(int) - rgb[index])
        assert difference.mean() < 0.6, "chroma at half size rounds twice in the drawn part"
        assert np.percentile(difference, 99) <= 8


def test_planes_outside_the_crop_are_those_of_the_video(
    composer: FrameComposer, character: Character
) -> None:
    base = FrameLoop(character)
    plain = base.planes(2)
    base.close()
    frame = composer.compose_planes(2, opening_coefficients(0.06))
    luma, kept = plane_views(frame.planes)[0], plane_views(plain)[0]
    crop = character.crops[2]
    outside = np.ones(luma.shape, bool)
    outside[crop.y - 4 : crop.y + crop.height + 4, crop.x - 16 : crop.x + crop.width + 16] = False
    np.testing.assert_array_equal(luma[outside], kept[outside])


def test_frames_may_be_drawn_ahead_of_painting(composer: FrameComposer) -> None:
    mouths = [opening_coefficients(opening) for opening in (0.0, 0.04, 0.08)]
    plain = [composer.compose_planes(index, mouth).planes for index, mouth in enumerate(mouths)]
    drawn = [composer.draw(index + 6, [mouth]) for index, mouth in enumerate(mouths)]
    for index, frame in enumerate(composer.paint(one)[0] for one in drawn):
        np.testing.assert_array_equal(frame.planes, plain[index])


def test_frames_may_be_made_together(composer: FrameComposer) -> None:
    mouths = [opening_coefficients(opening) for opening in (0.0, 0.04, 0.08)]
    plain = [composer.compose_planes(index, mouth).planes for index, mouth in enumerate(mouths)]
    together = composer.paint(composer.draw(6, mouths))
    assert [frame.index for frame in together] == [6, 7, 8]
    np.testing.assert_array_equal([frame.planes for frame in together], plain)


def test_the_stages_are_timed(composer: FrameComposer) -> None:
    composer.compose_planes(0, opening_coefficients(0.05))
    assert set(composer.stages.summary()) == {
        "decode", "geometry", "render", "blend", "generate", "paste", "planes",
    }  # fmt: skip


@pytest.mark.parametrize(
    "frames", [150, pytest.param(15_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_memory_stays_flat_over_ten_minutes_of_frames(composer: FrameComposer, frames: int) -> None:
    widest = opening_coefficients(0.08)

    def make(begin: int, count: int) -> None:
        for index in range(begin, begin + count):
            mouth = (widest * (0.5 + 0.5 * np.sin(index / 3))).astype(np.float32)
            composer.compose(index, mouth)
            composer.compose_planes(index, mouth)

    make(0, 60)
    before_mb = resident_mb()
    make(60, frames)
    assert resident_mb() - before_mb < 12


def resident_mb() -> float:
    if not sys.platform.startswith("linux"):
        pytest.skip("memory is read from /proc")
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
