"""Other backgrounds: choosing one, the matte, and files with transparency read back."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from talkingface.background import Background, BackgroundChoice, chosen_background, covering
from talkingface.character import Character, load_character, save_character
from talkingface.colour_planes import PlaneConverter
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.engines.onnx_generator import PassThroughGenerator
from talkingface.errors import BadInputError, CharacterError, OutputError
from talkingface.face_rig import FaceRig
from talkingface.frame_composer import FrameComposer
from talkingface.frame_loop import FrameLoop
from talkingface.png_sequence import PngSequenceWriter
from talkingface.video_writer import VideoWriter
from talkingface.wrap_mesh import load_meshes
from tests.made_faces import HEIGHT, WIDTH, character_folder, mouth_space, opening_coefficients

FRAMES = 4
PERSON = ((160, 190), (95, 140))  # centre and half axes of the made matte


def person(grow_px: int = 0) -> np.ndarray:
    """Return the made matte, uint8 (HEIGHT, WIDTH)."""
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    axes = (PERSON[1][0] + grow_px, PERSON[1][1] + grow_px)
    cv2.ellipse(matte, PERSON[0], axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    return matte


@pytest.fixture(scope="module")
def character(tmp_path_factory: pytest.TempPathFactory) -> Character:
    folder = character_folder(tmp_path_factory.mktemp("matte") / "made", frames=FRAMES)
    with VideoWriter(folder / "alpha.mp4", WIDTH, HEIGHT, crf=10) as writer:
        for _ in range(FRAMES):
            writer.write_frame(cv2.cvtColor(person(), cv2.COLOR_GRAY2RGB))
    save_character(load_character(folder))
    return load_character(folder)


@pytest.fixture
def composer(character: Character) -> Iterator[FrameComposer]:
    meshes, base = load_meshes(), FrameLoop(character)
    rig = FaceRig(mouth_space(), meshes, character.neutral)
    renderer = CpuMouthRenderer(meshes, character.teeth_look)
    yield FrameComposer(character, rig, renderer, PassThroughGenerator(), base)
    base.close()


@pytest.mark.parametrize(
    ("text", "colour"), [("green", (0, 255, 0)), ("#00b140", (0, 0xB1, 0x40)), ("White", (255, 255, 255))]
)
def test_colours(text: str, colour: tuple[int, int, int]) -> None:
    choice = chosen_background(text)
    assert choice.rgb is not None
    assert tuple(choice.rgb[0, 0]) == colour


def test_pictures_and_what_is_none(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "beach.png"), np.full((5, 9, 3), (10, 20, 200), np.uint8))
    choice = chosen_background(str(tmp_path / "beach.png"))
    assert choice.rgb is not None
    assert choice.rgb.shape == (5, 9, 3)
    assert tuple(choice.rgb[0, 0]) == (200, 20, 10)
    assert chosen_background("transparent").is_transparent
    (tmp_path / "no.png").write_bytes(b"no picture")
    for wrong in ("no such", str(tmp_path / "no.png"), "#12345"):
        with pytest.raises(BadInputError, match=r"expected a (background|picture)"):
            chosen_background(wrong)


def test_a_picture_fills_the_frame_and_keeps_its_middle() -> None:
    wide = np.zeros((10, 40, 3), np.uint8)
    wide[:, 15:25] = 200
    filled = covering(wide, 20, 20)
    assert filled.shape == (20, 20, 3)
    assert (filled[:, 2:-2] == 200).all()


def test_without_a_matte_one_clear_line(character: Character) -> None:
    with pytest.raises(CharacterError, match=r"expected a matte .* found none: .* --matte"):
        Background(replace(character, matte_path=None), BackgroundChoice(None))


def test_a_colour_stands_behind_the_person(composer: FrameComposer, character: Character) -> None:
    composer.background = Background(character, chosen_background("#c02040"))
    mouth = opening_coefficients(0.05)
    frame = composer.compose_planes(1, mouth)
    composer.background.close()
    composer.background = None
    plain = composer.compose_planes(1 + FRAMES, mouth)
    assert frame.coverage is None
    outside, inside = person(12) == 0, person(-12) > 0
    assert np.abs(frame.rgb[outside].astype(int) - (0xC0, 0x20, 0x40)).max() <= 8
    np.testing.assert_array_equal(frame.rgb[inside], plain.rgb[inside])


def test_transparent_frames_carry_their_matte(composer: FrameComposer, character: Character) -> None:
    composer.background = Background(character, BackgroundChoice(None))
    frame = composer.compose_planes(2, opening_coefficients(0.08))
    composer.background.close()
    assert frame.coverage is not None
    assert frame.coverage.shape == (HEIGHT, WIDTH)
    assert frame.coverage[person(12) == 0].max() == 0
    assert frame.coverage[person(-25) > 0].min() == 255, "an open mouth is no hole"


@pytest.mark.parametrize("badge", [False, True])
def test_webm_keeps_transparency_and_sound(tmp_path: Path, badge: bool) -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), (200, 120, 40), np.uint8)
    planes = PlaneConverter().planes_of(rgb)
    path = tmp_path / "talk.webm"
    with VideoWriter(path, WIDTH, HEIGHT, audio_sample_rate_hz=48_000, badge=badge) as writer:
        for _ in range(10):
            writer.write_planes(planes, person())
        writer.write_audio(0.3 * np.sin(np.arange(19_200) / 20).astype(np.float32))
    frames, sound = read_webm(path)
    assert len(frames) == 10
    assert sound >= 19_200
    for rgba in frames:
        assert rgba[person(-6) > 0][:, 3].min() >= 250
        assert np.abs(rgba[person(-6) > 0][:, :3].astype(int) - (200, 120, 40)).max() <= 12
        corner = rgba[-40:, -60:, 3]
        assert (corner.max() > 60) == badge
        assert rgba[:40, :60, 3].max() <= 4


def read_webm(path: Path) -> tuple[list[np.ndarray], int]:
    """Return all frames as RGBA, decoded by libvpx, which knows the alpha, and the samples of sound."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.metadata["alpha_mode"] == "1"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        frames = [
            frame.to_ndarray(format="rgba")
            for packet in container.demux(stream)
            for frame in decoder.decode(packet)  # type: ignore[attr-defined]
        ]
    with av.open(str(path)) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    return frames, samples


def test_pictures_keep_transparency_and_sound(tmp_path: Path) -> None:
    rgb = np.full((HEIGHT, WIDTH, 3), (200, 120, 40), np.uint8)
    folder = tmp_path / "talk"
    writer = PngSequenceWriter(folder, 48_000)
    writer.write_planes(PlaneConverter().planes_of(rgb), person())
    writer.write_frame(rgb)
    writer.write_audio(np.full(480, 0.5, np.float32))
    assert not folder.exists()
    writer.close()
    writer.close()
    assert sorted(path.name for path in folder.iterdir()) == ["00000.png", "00001.png", "sound.wav"]
    first = cv2.imread(str(folder / "00000.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(first[..., 3], person())
    assert np.abs(first[200, 160, :3].astype(int) - (40, 120, 200)).max() <= 3
    assert cv2.imread(str(folder / "00001.png"), cv2.IMREAD_UNCHANGED)[..., 3].min() == 255
    with wave.open(str(folder / "sound.wav")) as sound:
        assert (sound.getframerate(), sound.getnframes()) == (48_000, 480)


def test_pictures_show_the_badge_where_the_frame_is_left_out(tmp_path: Path) -> None:
    writer = PngSequenceWriter(tmp_path / "talk", 48_000, badge=True)
    writer.write_planes(PlaneConverter().planes_of(np.zeros((HEIGHT, WIDTH, 3), np.uint8)), person())
    writer.close()
    alpha = cv2.imread(str(tmp_path / "talk" / "00000.png"), cv2.IMREAD_UNCHANGED)[..., 3]
    assert alpha[-40:, -60:].max() > 60
    assert alpha[:40, :60].max() == 0


def test_a_broken_off_folder_of_pictures_leaves_nothing(tmp_path: Path) -> None:
    writer = PngSequenceWriter(tmp_path / "talk", 48_000)
    writer.write_frame(np.zeros((4, 4, 3), np.uint8))
    writer.abort()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "talk").mkdir()
    with pytest.raises(OutputError, match="expected a new folder"):
        PngSequenceWriter(tmp_path / "talk", 48_000)
