"""People that the character maker models, as patches with true answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assets.character_maker.looks import CharacterLook
from talkingface.errors import GraphicsError
from talkingface.mouth_space import MouthSpace
from talkingface.wrap_mesh import load_meshes
from train import rendered_people
from train.patch_store import PersonPatches, load_store
from train.rendered_people import CHECKPOINT, patches_of, random_look, spoken_mouths, turned_moments
from train.smoke import smoke_people

COUNT = 12


@pytest.fixture(scope="module")
def space() -> MouthSpace:
    return MouthSpace.load(CHECKPOINT / "mouth_space.npz")


@pytest.fixture(scope="module")
def person(space: MouthSpace) -> PersonPatches:
    random = np.random.default_rng(3)
    try:
        return patches_of(
            random_look(5), COUNT, space, load_meshes(), random, moments=turned_moments(20, random),
            face_height_px=150, every_light=16, skin_levels=2,
        )  # fmt: skip
    except GraphicsError as error:
        pytest.skip(f"no OpenGL: {error}")


def test_made_up_people_differ_and_come_again() -> None:
    # Each is within what the model bears, or it would be refused.
    looks = [random_look(seed) for seed in range(60)]
    assert looks == [random_look(seed) for seed in range(60)]
    assert len({look.folder for look in looks}) == 60
    skins = np.array([look.skin for look in looks])
    assert skins.std(0).min() > 20 and len(np.unique(skins, axis=0)) == 60


def test_mouths_are_those_of_speech_and_a_part_rests(space: MouthSpace) -> None:
    mouths = spoken_mouths(space, 200, np.random.default_rng(1))
    resting = ~mouths.any(axis=1)
    assert mouths.shape == (200, space.coefficient_count) and resting.sum() == 50
    opening = space.lip_opening(mouths[~resting])
    assert opening.max() > 0.06 and np.quantile(opening, 0.2) < 0.03


@pytest.mark.timeout(300)
def test_guides_are_drawn_on_the_skin_of_a_resting_mouth(person: PersonPatches) -> None:
    assert person.truths.shape == (COUNT, 128, 128, 3) and person.guides.shape[1:] == (128, 128, 4)
    assert set(person.answers.tolist()) == set(range(COUNT))
    # Cheeks and chin of a guide are those of its truth: same skin, same light, same place.
    truths = person.truths[person.answers].astype(int)
    apart = np.abs(person.guides[..., :3].astype(int) - truths)
    assert np.median(apart[:, :30]) < 6 and np.median(apart[:, 110:]) < 10
    still, widest = person.openness.argmin(), person.openness.argmax()
    assert person.openness[still] < 0.012 < 0.04 < person.openness[widest]
    # Only an open mouth has an inside, and it is darker and brighter than skin: cavity and teeth.
    insides = [person.guides[person.answers == row][0, ..., 3] for row in (still, widest)]
    assert 4 * (insides[0] > 128).sum() < (insides[1] > 128).sum()


@pytest.mark.timeout(300)
def test_the_command_fills_a_store_once(
    person: PersonPatches, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendered_people, "patches_of", lambda look, *_, **__: _named(person, look.folder))
    command = ["--store", str(tmp_path), "--looks", "noah", "--random", "2", "--mouths", str(COUNT)]
    assert rendered_people.main(command) == 0
    assert sorted(one.name for one in load_store(tmp_path)) == ["noah", "rendered_000", "rendered_001"]
    monkeypatch.setattr(rendered_people, "patches_of", None)  # all are there: nobody is drawn again
    assert rendered_people.main(command) == 0


def test_programs_are_told_the_progress_and_the_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (drawn,) = smoke_people(3, people=1, frames=12)

    def drawn_at_once(
        look: CharacterLook, *_: object, on_picture: Callable[[float], None], **__: object
    ) -> PersonPatches:
        on_picture(0.5)
        return _named(drawn, look.folder)

    monkeypatch.setattr(rendered_people, "patches_of", drawn_at_once)
    monkeypatch.setattr("talkingface.reporting.LINE_PERIOD_S", 0.0)
    assert rendered_people.main(["--store", str(tmp_path), "--random", "2", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [line.split(":")[0] for line in err.splitlines()] == ["rendered_000", "rendered_001"]
    told = [json.loads(line) for line in out.splitlines()]
    assert all(row["event"] == "progress" and row["stage"] == "patches" for row in told[:-1])
    assert [row["done"] for row in told[:-1]] == [0.0, 0.25, 0.5, 0.75, 1.0]
    counts = {
        "people": 2,
        "truths": 2 * len(drawn.truths),
        "guides": 2 * len(drawn.guides),
        "already_there": 0,
    }
    assert told[-1] == {"event": "result", **counts}


def _named(person: PersonPatches, name: str) -> PersonPatches:
    return PersonPatches(**{**vars(person), "name": name})
