"""A character as one file: out and in again unchanged; what a zip may not hold is refused and leaves nothing."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_live import character_shelf
from mini_live.character_shelf import (
    delete_character,
    export_character,
    free_folder,
    import_character,
    name_of,
    rename_character,
)
from talkingface.character import load_character
from talkingface.errors import CharacterError, OutputError
from tests.end_to_end.program import CHARACTER, needs_character
from tests.end_to_end.small_character import half_size

pytestmark = needs_character


@pytest.fixture(scope="module")
def character(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return half_size(CHARACTER, tmp_path_factory.mktemp("made") / "small", frames=5)


@pytest.fixture(scope="module")
def archive(character: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("zip") / "small.zip"
    export_character(character, path)
    return path


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_out_and_in_again_nothing_has_changed(character: Path, archive: Path, tmp_path: Path) -> None:
    first = import_character(archive, tmp_path / "mine")
    second = import_character(archive, tmp_path / "mine")
    assert (first.name, second.name) == ("half size", "half size 2")
    assert files_of(first) == files_of(character) == files_of(second)
    assert load_character(first).name == "half size"


def test_the_same_character_gives_the_same_bytes(character: Path, archive: Path, tmp_path: Path) -> None:
    export_character(character, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


def test_a_zipped_folder_is_taken_too(character: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "folder.zip", "w") as target:
        for name, content in files_of(character).items():
            target.writestr(f"Some Name/{name}", content)
    assert load_character(import_character(tmp_path / "folder.zip", tmp_path / "mine")).name == "half size"


def changed(source: Path, target: Path, change: Callable[[zipfile.ZipFile], None], without: str = "") -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for entry in old.infolist():
            if entry.filename != without:
                new.writestr(entry, old.read(entry))
        change(new)
    return target


def link(target: zipfile.ZipFile) -> None:
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    target.writestr(entry, "/etc/passwd")


def many(target: zipfile.ZipFile) -> None:
    for number in range(300):
        target.writestr(f"more/{number}", b"")


UNSAFE: list[tuple[str, Callable[[zipfile.ZipFile], None], str]] = [
    ("a name that climbs", lambda it: it.writestr("../evil.txt", "x"), "evil"),
    ("an absolute name", lambda it: it.writestr("/evil.txt", "x"), "evil"),
    ("a drive", lambda it: it.writestr("C:evil.txt", "x"), "evil"),
    ("a backslash", lambda it: it.writestr(r"..\evil.txt", "x"), "evil"),
    ("a link", link, "link"),
    ("too many", many, "200 files"),
    ("a file twice by case", lambda it: it.writestr("CHARACTER.json", "{}"), "twice"),
    ("a changed file", lambda it: it.writestr("preview.jpg", "other"), "preview.jpg"),
]


@pytest.mark.parametrize(("what", "change", "told"), UNSAFE, ids=[what for what, _, _ in UNSAFE])
def test_unsafe_zips_are_refused_and_leave_nothing(
    what: str, change: Callable[[zipfile.ZipFile], None], told: str, archive: Path, tmp_path: Path
) -> None:
    without = "preview.jpg" if what == "a changed file" else ""
    bad = changed(archive, tmp_path / "bad.zip", change, without)
    with pytest.raises(CharacterError, match=told):
        import_character(bad, tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []
    assert not list(tmp_path.rglob("evil*"))


def test_a_bomb_is_refused_by_what_it_really_holds(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(character_shelf, "MOST_BYTES", 3_000_000)
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("bomb.bin", bytes(5_000_000))
    assert bomb.stat().st_size < 10_000
    with pytest.raises(CharacterError, match="at most 3000000"):
        import_character(bomb, tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


@pytest.mark.parametrize("cut", [0, 10, 3_000])
def test_damaged_zips_are_refused(cut: int, archive: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.zip"
    bad.write_bytes(archive.read_bytes()[:cut])
    with pytest.raises(CharacterError, match="zip"):
        import_character(bad, tmp_path / "mine")


def test_a_damaged_character_is_not_exported(character: Path, archive: Path, tmp_path: Path) -> None:
    mine = import_character(archive, tmp_path)
    (mine / "face.npz").write_bytes(b"other")
    with pytest.raises(CharacterError, match=r"face\.npz"):
        export_character(mine, tmp_path / "out.zip")
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]


def test_a_place_that_cannot_be_written_is_one_line(character: Path, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        export_character(character, tmp_path / "none" / "out.zip")


def test_a_new_name_stays(archive: Path, tmp_path: Path) -> None:
    mine = import_character(archive, tmp_path)
    rename_character(mine, "  小明  Ming ")
    assert load_character(mine).name == name_of(mine) == "小明 Ming"
    for bad in ("", "  ", "…", "x" * 61, "a\x00b"):
        with pytest.raises(CharacterError, match="name of 1 to"):
            rename_character(mine, bad)


def test_deleting_takes_the_folder_and_nothing_else(archive: Path, tmp_path: Path) -> None:
    mine, other = import_character(archive, tmp_path), import_character(archive, tmp_path)
    delete_character(mine)
    assert not mine.exists() and load_character(other)
    assert [path.name for path in tmp_path.iterdir()] == [other.name]
    with pytest.raises(CharacterError, match=r"character\.json"):
        delete_character(tmp_path)


def test_folder_names_are_plain_and_free(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "../../A: b?").name == "A_ b"
    (tmp_path / "Ann").mkdir()
    assert free_folder(tmp_path, "Ann").name == "Ann 2"
    assert free_folder(tmp_path, "...").name == "character"
