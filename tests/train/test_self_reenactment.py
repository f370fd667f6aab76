"""Self-reenactment is honest and whole: nothing of the truth's mouth leaks, sources move on smoothly."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from talkingface.clips import Clip
from talkingface.cpu_renderer import CpuMouthRenderer
from talkingface.engines.onnx_generator import PassThroughGenerator
from talkingface.errors import BadInputError
from talkingface.landmarks import LIPS_OUTER
from talkingface.reference_choice import choose_reference_frames
from talkingface.tracking import FaceTrack
from talkingface.video_writer import VideoWriter
from talkingface.wrap_mesh import load_meshes
from tests.made_faces import HEIGHT, WIDTH, face_picture, face_track, head_pose, mouth_space, swaying
from train.picture_scores import PictureScores
from train.reenactment import USUAL_LOOK, estimated_look
from train.self_reenactment import Reenactment, set_up, sheet_frames, skin_path, speak

FRAMES = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, FaceTrack, Reenactment]:
    openings = 0.04 * (1 - np.cos(2 * np.pi * np.arange(FRAMES) / 11))
    track = face_track(swaying(FRAMES, reach_px=5), openings)
    path = tmp_path_factory.mktemp("clip") / "made.mp4"
    with VideoWriter(path, WIDTH, HEIGHT, crf=12) as writer:
        for points in track.points:
            writer.write_frame(face_picture(points))
    clip = Clip(path, "made", "made", "nobody", "validation")
    return clip, track, set_up(clip, track, mouth_space(), load_meshes())


def test_everything_shown_comes_from_the_first_part(made: tuple[Clip, FaceTrack, Reenactment]) -> None:
    _, _, setting = made
    assert setting.first.tolist() == list(range(20)) and setting.rest.tolist() == list(range(20, FRAMES))
    assert set(setting.sources) <= set(setting.first)
    assert setting.references.shape == (6, 128, 128, 3)


@pytest.mark.parametrize("own_skin", [True, False])
def test_nothing_of_the_true_mouth_leaks(made: tuple[Clip, FaceTrack, Reenactment], own_skin: bool) -> None:
    _, _, setting = made
    material = setting.material
    spoiled = [image.copy() for image in material.images]
    for frame in setting.rest:
        corner = np.array([material.crops[frame].x, material.crops[frame].y])
        lips = material.points_px[frame, list(LIPS_OUTER), :2] - corner
        cv2.fillPoly(spoiled[frame], [np.round(lips).astype(np.int32)], (0, 255, 0))
    other = replace(setting, material=replace(material, images=spoiled))
    renderer = CpuMouthRenderer(material.rig.meshes, USUAL_LOOK)
    generator = PassThroughGenerator()
    for honest, blind in zip(
        speak(setting, renderer, generator, own_skin=own_skin),
        speak(other, renderer, generator, own_skin=own_skin),
        strict=True,
    ):
        np.testing.assert_array_equal(honest.guide, blind.guide)
        np.testing.assert_array_equal(honest.faces["output"], blind.faces["output"])
    renderer.close()


def test_pass_through_is_the_warp_and_near_the_truth(made: tuple[Clip, FaceTrack, Reenactment]) -> None:
    _, _, setting = made
    renderer = CpuMouthRenderer(setting.material.rig.meshes, USUAL_LOOK)
    scores = PictureScores()
    for spoken in speak(setting, renderer, PassThroughGenerator()):
        np.testing.assert_array_equal(spoken.faces["output"], spoken.faces["warp_only"])
        truth = setting.material.images[spoken.frame]
        box = setting.material.crops[spoken.frame]
        points = setting.material.points_px[spoken.frame] - np.array([box.x, box.y, 0], np.float32)
        scores.add(spoken.faces["output"], truth, points, points)
    renderer.close()
    result = scores.result()
    assert result["psnr"] > 22 and result["ssim"] > 0.8
    assert result["lmd"] == 0 and result["faces_missed"] == 0


def test_skin_path_keeps_to_neighbours_and_finds_the_pose() -> None:
    first = [head_pose(turn_degrees=angle) for angle in np.linspace(-10, 10, 21)]
    rest = [head_pose(turn_degrees=angle) for angle in np.linspace(-3, 4, 8)]
    path = skin_path(first, rest)
    np.testing.assert_array_equal(path, np.arange(7, 15))
    shaking = [head_pose(turn_degrees=angle) for angle in (0, 1.2, 0, 1.2, 0)]
    assert (np.abs(np.diff(skin_path(first, shaking))) <= 1).all()


def test_sheet_names_five_mouths_of_the_rest(made: tuple[Clip, FaceTrack, Reenactment]) -> None:
    _, _, setting = made
    chosen = sheet_frames(setting)
    assert list(chosen) == ["closed", "half open", "wide", "rounded", "teeth"]
    assert set(chosen.values()) <= set(setting.rest.tolist())


def test_look_is_estimated_from_open_mouths(made: tuple[Clip, FaceTrack, Reenactment]) -> None:
    look = estimated_look(made[2].material, made[2].first)
    assert look.teeth.shape == look.cavity.shape == (3,)
    assert look.teeth.sum() >= look.cavity.sum()


def test_too_short_a_part_is_refused(made: tuple[Clip, FaceTrack, Reenactment]) -> None:
    clip, track, _ = made
    with pytest.raises(BadInputError, match="both parts"):
        set_up(clip, track, mouth_space(), load_meshes(), split=0.9)


def test_references_cover_closed_to_open() -> None:
    track = face_track([head_pose()] * 9, np.linspace(0, 0.08, 9))
    chosen = choose_reference_frames(track.points, 4)
    assert chosen[0] == 0 and chosen[-1] == 8 and len(set(chosen.tolist())) == 4
    turned = np.zeros(9, np.float32)
    turned[8] = 60
    assert 8 not in choose_reference_frames(track.points, 2, turned)


def test_command_refuses_what_it_cannot_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from train import evaluate

    with pytest.raises(SystemExit) as stopped:
        evaluate.main([])
    assert stopped.value.code == 2
    (tmp_path / "no.mp4").write_text("text")
    assert evaluate.main(["--video", str(tmp_path / "no.mp4"), "--tracks", str(tmp_path)]) == 1
    assert "Traceback" not in capsys.readouterr().err
