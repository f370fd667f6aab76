"""The fine-tune for one character: kept when its held-out frames improve, refused when they do not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from talkingface.character import load_character
from talkingface.engines.onnx_generator import load_face_generator
from talkingface.networks.face_generator import FaceGeneratorNetwork
from tests.made_faces import character_folder, mouth_space
from train import fine_tune as fine_tune_module
from train import train as train_command
from train.export import export_generator
from train.smoke import smoke_people

MINUTES = 0.15


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a general generator that paints everything a little too bright."""
    torch.manual_seed(0)
    network = FaceGeneratorNetwork()
    network.painter.paint.bias.data += 0.04
    folder = tmp_path_factory.mktemp("checkpoint")
    export_generator(network, folder, training_data=[], metrics={}, licence="Apache-2.0")
    mouth_space().save(folder / "mouth_space.npz")
    return folder


@pytest.mark.slow
def test_better_painter_is_stored_with_the_character(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = character_folder(tmp_path / "made", frames=88)
    command = ["--character", str(folder), "--export", str(checkpoint), "--minutes", str(MINUTES), "--json"]
    assert train_command.main(command) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["kept"] and result["after"]["l1"] < result["before"]["l1"]
    character = load_character(folder)
    assert character.generator_path is not None
    engine = load_face_generator(checkpoint, character.generator_path)
    features = engine.encode_references(character.references)
    guide = np.full((128, 128, 4), 120, np.uint8)
    assert engine.generate(guide, features).shape == (128, 128, 3)


@pytest.mark.slow
def test_painter_that_does_not_improve_is_refused(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_module, "WANTED_GAIN", 0.99)
    folder = character_folder(tmp_path / "made", frames=88)
    command = ["--character", str(folder), "--export", str(checkpoint), "--minutes", "0.02"]
    assert train_command.main(command) == 1
    assert "keeps the general generator" in capsys.readouterr().err
    assert load_character(folder).generator_path is None


@pytest.mark.slow
def test_true_pictures_teach_better_than_the_loop(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = character_folder(tmp_path / "made", frames=12)
    (drawn,) = smoke_people(3, people=1, frames=96)
    replace(drawn, name="made").save(tmp_path / "store")
    command = ["--character", str(folder), "--export", str(checkpoint), "--minutes", str(MINUTES)]
    assert train_command.main([*command, "--store", str(tmp_path / "store"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["kept"] and result["after"]["l1"] < result["before"]["l1"]
    assert load_character(folder).generator_path is not None


def test_a_store_without_the_character_is_refused(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = character_folder(tmp_path / "made", frames=12)
    smoke_people(3, people=1)[0].save(tmp_path / "store")
    command = ["--character", str(folder), "--export", str(checkpoint), "--store", str(tmp_path / "store")]
    assert train_command.main(command) == 1
    assert "expected patches of 'made'" in capsys.readouterr().err


def test_too_short_a_character_is_refused(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = character_folder(tmp_path / "made", frames=12)
    assert train_command.main(["--character", str(folder), "--export", str(checkpoint)]) == 1
    assert "found 12" in capsys.readouterr().err


def test_the_way_back_of_a_loop_is_not_held_out() -> None:
    there = np.random.default_rng(0).random((40, 478, 3), dtype=np.float32)
    there_and_back = np.concatenate([there, there[-2:0:-1]])
    assert fine_tune_module.frames_before_the_turn(there_and_back) == 40
    assert fine_tune_module.frames_before_the_turn(there) == 40
    assert fine_tune_module.frames_before_the_turn(np.repeat(there[:1], 40, 0)) == 40, (
        "a face that rests turns nowhere"
    )
