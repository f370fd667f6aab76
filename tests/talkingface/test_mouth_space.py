"""Mouth space: zero is rest, projection undoes displacement, PCA finds what was put in, the shipped one is sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.checkpoints import load_card, verified_file
from talkingface.errors import CheckpointError
from talkingface.landmarks import LIPS, lip_opening
from talkingface.mouth_space import MouthSpace, fit_mouth_space


@pytest.fixture(scope="module")
def shipped(project: Path) -> MouthSpace:
    return MouthSpace.load(project / "checkpoint" / "mouth_space.npz")


def random_coefficients(space: MouthSpace, frames: int) -> np.ndarray:
    return np.random.default_rng(5).normal(0, 1, (frames, space.coefficient_count)).astype(np.float32)


def test_the_card_fits_the_file_and_names_what_it_was_fitted_on(project: Path, shipped: MouthSpace) -> None:
    card = load_card(project / "checkpoint" / "mouth_space.json", kind="mouth_space")
    assert verified_file(project / "checkpoint", "mouth_space.npz", card).is_file()
    assert card["config"]["coefficient_count"] == shipped.coefficient_count
    assert card["config"]["vertices"] == len(shipped.vertices)
    assert all(row["name"] and row["clips"] > 0 and row["licences"] for row in card["training_data"])
    assert card["licence"] == "Apache-2.0"
    assert {"train", "validation", "measured"} <= set(card["metrics"])


def test_zero_is_rest(shipped: MouthSpace) -> None:
    rest = np.zeros((3, shipped.coefficient_count), np.float32)
    assert not shipped.displacement(rest).any()
    assert not shipped.project(np.zeros((3, 478, 3), np.float32)).any()
    np.testing.assert_allclose(shipped.lip_opening(rest), lip_opening(shipped.neutral))


def test_projection_undoes_displacement(shipped: MouthSpace) -> None:
    wanted = random_coefficients(shipped, 40)
    np.testing.assert_allclose(shipped.project(shipped.displacement(wanted)), wanted, atol=2e-4)


def test_one_frame_and_many_agree(shipped: MouthSpace) -> None:
    wanted = random_coefficients(shipped, 4)
    many = shipped.displacement(wanted)
    assert many.shape == (4, 478, 3)
    assert many.dtype == np.float32
    np.testing.assert_allclose(shipped.displacement(wanted[2]), many[2], atol=1e-7)
    np.testing.assert_allclose(shipped.project(many[2]), shipped.project(many)[2], atol=1e-6)


def test_only_the_lower_face_moves(shipped: MouthSpace) -> None:
    moved = np.flatnonzero(np.abs(shipped.displacement(random_coefficients(shipped, 20))).max((0, 2)) > 0)
    assert set(moved) <= set(shipped.vertices.tolist())
    assert set(LIPS) <= set(shipped.vertices.tolist())
    assert not {10, 9, 33, 263, 159} & set(moved.tolist())


def test_coefficients_are_few_and_in_the_size_of_one(shipped: MouthSpace) -> None:
    assert shipped.coefficient_count <= 12
    energy = (shipped.basis**2 * shipped.weights[:, None] ** 2).sum((1, 2))
    assert (np.diff(energy) <= 1e-6).all(), "components come in falling order"


def test_an_opening_mouth_opens(shipped: MouthSpace) -> None:
    unit = np.eye(shipped.coefficient_count, dtype=np.float32)
    openings = shipped.lip_opening(unit) - shipped.lip_opening(0 * unit)
    assert openings.max() > 0.01
    strongest = unit[int(openings.argmax())]
    curve = shipped.lip_opening(np.linspace(0, 3, 7, dtype=np.float32)[:, None] * strongest)
    assert (np.diff(curve) > 0).all()


def test_saved_and_loaded_is_the_same(shipped: MouthSpace, tmp_path: Path) -> None:
    shipped.save(tmp_path / "space.npz")
    again = MouthSpace.load(tmp_path / "space.npz")
    for name in ("neutral", "vertices", "weights", "basis"):
        np.testing.assert_array_equal(getattr(again, name), getattr(shipped, name))


def test_what_was_put_in_is_found(shipped: MouthSpace) -> None:
    put_in = MouthSpace(shipped.neutral, shipped.vertices, shipped.weights, shipped.basis[:3])
    samples = put_in.displacement(random_coefficients(put_in, 500))
    found, report = fit_mouth_space(shipped.neutral, shipped.vertices, samples, None, 3, shipped.weights)
    assert report["variance_explained"] == pytest.approx(1, abs=1e-4)
    assert report["lip_error_percent"] < 0.01
    coefficients = found.project(samples)
    np.testing.assert_allclose(np.sqrt((coefficients**2).mean(0)), 1, atol=0.02)
    np.testing.assert_allclose(found.displacement(coefficients), samples, atol=1e-4)


def test_too_few_components_explain_less(shipped: MouthSpace) -> None:
    samples = shipped.displacement(random_coefficients(shipped, 300))
    explained = [
        fit_mouth_space(shipped.neutral, shipped.vertices, samples, None, k, shipped.weights)[1]
        for k in (1, 4, 12)
    ]
    assert explained[0]["variance_explained"] < explained[1]["variance_explained"] < 1.0001
    assert explained[0]["lip_error_percent"] > explained[2]["lip_error_percent"]


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04 broken"])
def test_a_damaged_file_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "space.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="expected a mouth space") as failure:
        MouthSpace.load(path)
    assert "\n" not in str(failure.value)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="expected a mouth space"):
        MouthSpace.load(tmp_path / "nothing.npz")


def test_arrays_that_do_not_fit_are_refused(shipped: MouthSpace) -> None:
    with pytest.raises(CheckpointError, match="expected a mouth space of neutral"):
        MouthSpace(shipped.neutral[:100], shipped.vertices, shipped.weights, shipped.basis)
