"""The character folder: what is written is read back, and nothing damaged, foreign or sly gets in."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from talkingface.character import Character, add_generator, list_characters, load_character
from talkingface.errors import CharacterError
from talkingface.frame_loop import FrameLoop
from tests.made_faces import character_folder, face_track, swaying


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return character_folder(tmp_path_factory.mktemp("characters") / "made 角色", frames=20, name="小明 M.")


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "copy"))


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / "character.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def reseal(folder: Path, name: str) -> None:
    """Make the manifest agree with a file that a test changed, as a forger would."""
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: digest}))


def change_arrays(folder: Path, name: str, **changes: Any) -> None:
    with np.load(folder / name, allow_pickle=False) as data:
        arrays = dict(data)
    arrays.update(changes)
    np.savez_compressed(folder / name, **arrays)
    reseal(folder, name)


def refusal(folder: Path) -> str:
    with pytest.raises(CharacterError) as failure:
        load_character(folder)
    assert "\n" not in str(failure.value)
    return str(failure.value)


def test_what_is_written_is_read_back(made: Path) -> None:
    character = load_character(made)
    poses = swaying(20, period=20)
    np.testing.assert_array_equal(character.points_px, face_track(poses).points)
    assert (character.name, character.width, character.height, character.frame_count) == (
        "小明 M.",
        320,
        400,
        20,
    )
    assert character.references.shape == (3, 128, 128, 3)
    assert character.poses[7].scale_px == pytest.approx(poses[7].scale_px)
    np.testing.assert_allclose(character.poses[7].rotation, poses[7].rotation)
    assert {(crop.width, crop.height) for crop in character.crops} == {(200, 220)}
    assert character.generator_path is None
    assert character.frames_path.is_file()


def test_folders_are_listed_by_name(made: Path, tmp_path: Path) -> None:
    assert list_characters(made.parent) == [made]
    assert list_characters(tmp_path / "nothing") == []


def test_an_own_generator_is_sealed_in(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "own.onnx").write_bytes(b"network")
    add_generator(folder, tmp_path / "own.onnx")
    assert load_character(folder).generator_path == folder / "generator.onnx"
    (folder / "generator.onnx").write_bytes(b"another")
    assert "generator.onnx" in refusal(folder)


def test_a_missing_folder_and_an_empty_one(tmp_path: Path) -> None:
    assert "found nothing at" in refusal(tmp_path / "nobody")
    assert "character.json" in refusal(tmp_path)


@pytest.mark.parametrize("name", ["frames.mp4", "tracks.npz", "face.npz", "references/01.png", "preview.jpg"])
def test_a_changed_byte_is_found(name: str, folder: Path) -> None:
    content = bytearray((folder / name).read_bytes())
    content[len(content) // 2] ^= 1
    (folder / name).write_bytes(content)
    told = refusal(folder)
    assert name in told
    assert "sha256" in told


def test_a_removed_file_is_named(folder: Path) -> None:
    (folder / "tracks.npz").unlink()
    assert "tracks.npz" in refusal(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"format_version": 1}', "[" * 100_000])
def test_a_damaged_manifest(content: str, folder: Path) -> None:
    (folder / "character.json").write_text(content)
    assert "character.json" in refusal(folder)


def test_another_version_says_what_to_do(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(format_version=99))
    assert "99" in refusal(folder)
    assert "prepare it again" in refusal(folder)


@pytest.mark.parametrize(
    "name",
    [
        "../outside",
        "/etc/passwd",
        "a/../../outside",
        "C:\\x",
        "references/../../outside",
        "",
        ".",
        "a//b",
        "a\0b",
    ],
)
def test_names_that_leave_the_folder(name: str, folder: Path) -> None:
    (folder.parent / "outside").write_text("x")
    digest = hashlib.sha256(b"x").hexdigest()
    edit_manifest(folder, lambda manifest: manifest["files"].update({name: digest}))
    assert "inside the character folder" in refusal(folder)


def test_links_are_refused(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.npz"
    shutil.move(folder / "tracks.npz", outside)
    (folder / "tracks.npz").symlink_to(outside)
    assert "link" in refusal(folder)


def test_a_linked_sub_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "references", tmp_path / "elsewhere")
    (folder / "references").symlink_to(tmp_path / "elsewhere")
    assert "link" in refusal(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [("width", 0), ("width", "320"), ("height", True), ("frame_count", 21), ("frame_count", 10**9),
     ("frames_per_second", 0), ("mouth_gain", -1), ("mouth_gain", None)],
)  # fmt: skip
def test_numbers_in_the_manifest_are_checked(key: str, value: Any, folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest.update({key: value}))
    told = refusal(folder)
    assert key in told or "points_px" in told


@pytest.mark.parametrize(
    ("file", "changes", "expected"),
    [
        ("tracks.npz", {"points_px": np.zeros((20, 468, 3), np.float32)}, "points_px"),
        ("tracks.npz", {"points_px": np.full((20, 478, 3), np.nan, np.float32)}, "finite"),
        ("tracks.npz", {"rotation": np.zeros((20, 3, 3), np.float32)}, "rotation"),
        ("tracks.npz", {"scale_px": -np.ones(20, np.float32)}, "scale"),
        ("tracks.npz", {"crop": np.tile(np.array([300, 0, 100, 100]), (20, 1))}, "crops"),
        ("tracks.npz", {"crop": np.tile(np.array([0, 0, 101, 100]), (20, 1))}, "crops"),
        ("tracks.npz", {"crop": np.tile(np.array([-2, 0, 100, 100]), (20, 1))}, "crops"),
        ("face.npz", {"neutral": np.array(["text"] * 478)}, "neutral"),
        ("face.npz", {"teeth": np.zeros(4, np.float32)}, "teeth"),
    ],
)
def test_arrays_of_another_shape_or_meaning(
    file: str, changes: dict[str, Any], expected: str, folder: Path
) -> None:
    change_arrays(folder, file, **changes)
    assert expected in refusal(folder)


def test_pickled_objects_are_never_opened(folder: Path) -> None:
    np.savez(
        folder / "face.npz", neutral=np.array([{"a": 1}], dtype=object), teeth=np.zeros(3), cavity=np.zeros(3)
    )
    reseal(folder, "face.npz")
    assert "face.npz" in refusal(folder)


def test_an_archive_that_unpacks_to_gigabytes_is_not_unpacked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = io.BytesIO()
    shape = {"descr": "<f4", "fortran_order": False, "shape": (20, 478, 3)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(folder / "tracks.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("points_px.npy", header.getvalue() + bytes(9_000_000))
    reseal(folder, "tracks.npz")
    monkeypatch.setattr("talkingface.sealed_folder.LARGEST_FILE_BYTES", 8_000_000)
    assert "at most" in refusal(folder)


def test_a_reference_of_another_size(folder: Path) -> None:
    content = bytearray((folder / "references" / "00.png").read_bytes())
    content[16:20] = (60_000).to_bytes(4, "big")
    (folder / "references" / "00.png").write_bytes(content)
    reseal(folder, "references/00.png")
    assert "00.png" in refusal(folder)


def damage(folder: Path, seed: int) -> None:
    """Flip, cut or swap bytes of one file; half of the times the manifest is made to agree."""
    random = np.random.default_rng(seed)
    names = ["character.json", "tracks.npz", "face.npz", "references/00.png", "frames.mp4"]
    name = names[int(random.integers(len(names)))]
    content = bytearray((folder / name).read_bytes())
    if random.random() < 0.3:
        content = content[: int(random.integers(len(content)))]
    else:
        for _ in range(int(random.integers(1, 30))):
            content[int(random.integers(len(content)))] = int(random.integers(256))
    (folder / name).write_bytes(content)
    if name != "character.json" and random.random() < 0.6:
        reseal(folder, name)


def look_through(character: Character) -> None:
    """Decode the base loop to its end, twice around its wrap."""
    try:
        loop = FrameLoop(character)
    except CharacterError as error:
        assert "\n" not in str(error)
        return
    try:
        for index in range(character.frame_count + 2):
            assert loop.frame(index).shape == (character.height, character.width, 3)
    except CharacterError as error:
        assert "\n" not in str(error)
    finally:
        loop.close()


def fuzz(made: Path, tmp_path: Path, seeds: range) -> None:
    for seed in seeds:
        folder = Path(shutil.copytree(made, tmp_path / "fuzzed"))
        damage(folder, seed)
        try:
            character = load_character(folder)
        except CharacterError as error:
            assert "\n" not in str(error)
        else:
            assert np.isfinite(character.points_px).all()
            look_through(character)
        shutil.rmtree(folder)
        assert list(tmp_path.iterdir()) == []


def test_damaged_folders_give_an_error_or_a_sound_character(made: Path, tmp_path: Path) -> None:
    fuzz(made, tmp_path, range(40))


@pytest.mark.slow
def test_many_damaged_folders(made: Path, tmp_path: Path) -> None:
    fuzz(made, tmp_path, range(40, 300))
