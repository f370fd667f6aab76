"""Training parts: losses on known input, the pool, samples, the store, and a whole small training."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from talkingface.errors import BadInputError, CheckpointError
from talkingface.networks.face_generator import FaceGeneratorConfig
from talkingface.networks.patch_discriminator import PatchDiscriminator
from train import train as train_command
from train.image_pool import ImagePool
from train.losses import VggDistance, picture_losses, structure_map
from train.patch_store import load_store
from train.samples import as_batch, augmented, importance_maps, pick, reference_rows, training_batches
from train.smoke import smoke_people
from train.trainer import Trainer, TrainingPlan


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_losses_are_zero_for_the_truth_and_weighted_by_importance() -> None:
    truth = torch.rand(2, 3, 32, 32)
    importance = torch.ones(2, 1, 32, 32)
    assert all(
        float(term) == pytest.approx(0, abs=1e-5)
        for term in picture_losses(truth, truth, importance).values()
    )
    painted = truth.clone()
    painted[..., :16] += 0.5
    importance[..., :16] = 0
    assert float(picture_losses(painted, truth, importance)["pixels"]) == 0


def test_structure_map_of_a_picture_with_itself() -> None:
    picture = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(structure_map(picture, picture), torch.ones(1, 1, 8, 8))


def test_pool_gives_back_earlier_pictures() -> None:
    pool = ImagePool(size=4, seed=1)
    for value in range(4):
        assert float(pool.mixed(torch.full((1, 1, 1, 1), float(value)))) == value
    mixed = torch.cat([pool.mixed(torch.full((1, 1, 1, 1), 9.0)) for _ in range(12)])
    assert len(pool) == 4 and (mixed < 9).any() and (mixed == 9).any()


def test_judge_gives_verdicts_and_features() -> None:
    verdict, features = PatchDiscriminator()(torch.rand(2, 4, 64, 64))
    assert verdict.shape == (2, 1, 8, 8) and len(features) == 3


def test_references_are_never_near_the_truth() -> None:
    person = smoke_people(2)[0]
    for random in (np.random.default_rng(0), None):
        rows = reference_rows(person, np.array([10], np.int32), random)
        assert len(rows) == 6
        assert (np.abs(person.frames[rows] - person.frames[10]) >= 10).all()
    fixed = reference_rows(person, np.array([10], np.int32), None)
    assert person.openness[fixed].min() < 0.02 and person.openness[fixed].max() > 0.08


def test_augmentation_changes_truth_and_references_alike() -> None:
    person = smoke_people(2)[0]
    picked = pick(person, np.array([0, 1]), np.random.default_rng(3))
    same = type(picked)(picked.guides, picked.truths, picked.lips, picked.truths.copy())
    changed = augmented(same, np.random.default_rng(4))
    np.testing.assert_array_equal(changed.truths, changed.references)
    assert (changed.truths != picked.truths).any()
    maps = importance_maps(changed.lips, changed.guides)
    np.testing.assert_allclose(maps.mean((1, 2)), 1, rtol=1e-3)


def test_same_seed_gives_the_same_batches() -> None:
    people = smoke_people(5)
    first, second = (next(training_batches(people, 2, 2, 9)) for _ in range(2))
    torch.testing.assert_close(first.guides, second.guides)
    torch.testing.assert_close(first.references, second.references)


def test_store_keeps_what_it_was_given(tmp_path: Path) -> None:
    for person in smoke_people(6):
        person.save(tmp_path)
    loaded = load_store(tmp_path)
    assert [person.split for person in loaded] == ["train", "train", "validation"]
    np.testing.assert_array_equal(loaded[0].guides, smoke_people(6)[0].guides)
    with pytest.raises(BadInputError, match="build_data"):
        load_store(tmp_path / "nothing")


def test_training_teaches_and_resumes(tmp_path: Path) -> None:
    person = smoke_people(7)[0]
    batch = as_batch([pick(person, np.arange(2), np.random.default_rng(0))])
    plan = TrainingPlan(learning_rate=1e-2, judge_from=2, half_precision=False)
    torch.manual_seed(0)
    trainer = Trainer(FaceGeneratorConfig(), plan)
    losses = [trainer.step(batch, 0.0)["pixels"] for _ in range(15)]
    assert losses[-1] < 0.97 * losses[0]
    trainer.save(tmp_path / "state.pt")
    resumed = Trainer(FaceGeneratorConfig(), plan)
    resumed.load(tmp_path / "state.pt")
    assert resumed.step_count == 15
    assert resumed.step(batch, 0.0)["pixels"] == pytest.approx(trainer.step(batch, 0.0)["pixels"], rel=1e-3)
    (tmp_path / "broken.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointError):
        resumed.load(tmp_path / "broken.pt")


def test_vgg_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"features.0.weight": torch.zeros(3, 3)}, tmp_path / "vgg.safetensors")
    with pytest.raises(CheckpointError, match=r"features\.0\.weight"):
        VggDistance(tmp_path / "vgg.safetensors")


def test_command_without_a_store_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        train_command.main([])
    assert stopped.value.code == 2
    capsys.readouterr()
    assert train_command.main(["--store", "nowhere", "--json"]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("error: ") and "build_data" in told.err
    assert json.loads(told.out)["event"] == "error"


@pytest.mark.parametrize("kept", [True, False])
def test_an_interrupted_training_tells_where_to_go_on_unless_nothing_stays(
    kept: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(trainer: Trainer, *_: object) -> dict[str, float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "step", interrupted)
    for person in smoke_people(8):
        person.save(tmp_path / "store")
    places = ["--store", str(tmp_path / "store"), "--run", str(tmp_path / "run")]
    assert train_command.main([*(places if kept else ["--smoke"]), "--full-precision"]) == 130
    *said, last = capsys.readouterr().err.splitlines()
    assert last == "error: interrupted"
    assert len(said) == kept
    if kept:
        assert str(tmp_path / "run") in said[0] and said[0].endswith("the same command goes on from there")
        assert (tmp_path / "run" / "state.pt").is_file()


@pytest.mark.slow
def test_smoke_training_runs_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert train_command.main(["--smoke", "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["event"] == "result" and last["steps"] == 24 and last["parity_levels"] <= 1
