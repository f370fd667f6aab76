"""A person's own characters as files: exported and imported as one zip, renamed, deleted."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import stat
import zipfile
from pathlib import Path

from mini_live.whole_files import write_whole
from talkingface.character import load_character
from talkingface.errors import CharacterError, OutputError
from talkingface.sealed_folder import LARGEST_FILE_BYTES, MANIFEST, inside, unseal

LONGEST_NAME = 60
LONGEST_FOLDER_NAME = 40
MOST_ENTRIES = 200
MOST_BYTES = 1024**3
COPY_BYTES = 1 << 20
# What is compressed already gains nothing from being compressed again.
STORED_SUFFIXES = {".mp4", ".npz", ".png", ".jpg", ".onnx"}
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def export_character(folder: Path, archive: Path) -> None:
    """Write a character's listed files into one zip; the same character gives the same bytes.

    Raises:
        CharacterError: the folder is damaged.
        OutputError: the zip cannot be written; nothing is left then.
    """
    names = [MANIFEST, *unseal(folder)["files"]]
    partial = archive.with_name(f".{archive.name[:40]}.{secrets.token_hex(4)}.part")
    try:
        with zipfile.ZipFile(partial, "w") as target:
            for name in names:
                entry = zipfile.ZipInfo(name, ZIP_DATE)
                stored = Path(name).suffix in STORED_SUFFIXES
                entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
                path = folder / MANIFEST if name == MANIFEST else inside(folder, name)
                entry.file_size = path.stat().st_size
                with open(path, "rb") as source, target.open(entry, "w") as written:
                    shutil.copyfileobj(source, written, COPY_BYTES)
        partial.replace(archive)
    except OSError as error:
        raise OutputError(f"expected to write {archive}, found: {error.strerror or error}") from error
    finally:
        partial.unlink(missing_ok=True)


def import_character(archive: Path, into: Path) -> Path:
    """Unpack a zip as untrusted input, verify the character in it, and put it beside a person's others.

    Args:
        archive: a zip of a character folder's files, or of the one folder that holds them.
        into: where characters are kept; made where it is missing.

    Returns:
        The new character folder.

    Raises:
        CharacterError: not a zip, damaged, too large, links or names that leave the folder, or no whole character.
        OutputError: it cannot be written.
    """
    work = into / f".importing-{secrets.token_hex(4)}"
    try:
        work.mkdir(parents=True)
        try:
            with zipfile.ZipFile(archive) as source:
                _unpack(source, work)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise CharacterError(f"expected a whole zip, found a damaged one: {archive} ({error})") from error
        name = load_character(work).name
        folder = free_folder(into, name)
        work.replace(folder)
        return folder
    except OSError as error:
        raise OutputError(f"expected to unpack {archive}, found: {error.strerror or error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


def rename_character(folder: Path, name: str) -> None:
    """Give a character another name; its folder stays where it is.

    Raises:
        CharacterError: the folder is damaged, or the name has no letter or digit or is too long.
        OutputError: it cannot be written.
    """
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or not any(sign.isalnum() for sign in name) or not name.isprintable():
        raise CharacterError(
            f"expected a name of 1 to {LONGEST_NAME} signs, found {name[:LONGEST_NAME]!r} of {len(name)}"
        )
    manifest = {**unseal(folder), "name": name}
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    write_whole(folder / MANIFEST, text.encode("utf-8"))


def delete_character(folder: Path) -> None:
    """Delete a character folder: it vanishes at once, even where emptying it fails half-way.

    Raises:
        CharacterError: that is no character folder.
        OutputError: it cannot be deleted.
    """
    if not (folder / MANIFEST).is_file() or folder.is_symlink():
        raise CharacterError(f"expected a character folder, found no {MANIFEST} in {folder}")
    doomed = folder.with_name(f".deleted-{secrets.token_hex(4)}")
    try:
        folder.replace(doomed)
    except OSError as error:
        raise OutputError(f"expected to delete {folder}, found: {error.strerror or error}") from error
    shutil.rmtree(doomed, ignore_errors=True)


def free_folder(parent: Path, name: str) -> Path:
    """Return a folder's path after a name that is not taken yet."""
    stem = re.sub(r"[^\w\- ]+", "_", name).strip(" ._")[:LONGEST_FOLDER_NAME] or "character"
    path, number = parent / stem, 2
    while path.exists():
        path, number = parent / f"{stem} {number}", number + 1
    return path


def name_of(folder: Path) -> str:
    """Return the name a character goes by; its folder's where the manifest cannot be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return str(manifest["name"])[:LONGEST_NAME]
    except (OSError, ValueError, KeyError, TypeError):
        return folder.name


def _unpack(source: zipfile.ZipFile, work: Path) -> None:
    """Write every file of a zip below ``work``; folders are made for them, nothing else is."""
    entries = [entry for entry in source.infolist() if not entry.is_dir()]
    if len(entries) > MOST_ENTRIES:
        raise CharacterError(f"expected at most {MOST_ENTRIES} files in the zip, found {len(entries)}")
    top = _common_folder([entry.filename for entry in entries])
    left = MOST_BYTES
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename.removeprefix(top)
        parts = name.split("/")
        bad_sign = any(sign in name for sign in ("\\", "\0", ":"))
        if bad_sign or any(part in ("", ".", "..") for part in parts) or len(name) > 200:
            raise CharacterError(f"expected file names inside the character, found {entry.filename!r}")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise CharacterError(f"expected plain files in the zip, found a link: {entry.filename!r}")
        if name.casefold() in seen:
            raise CharacterError(f"expected each file once in the zip, found {entry.filename!r} twice")
        seen.add(name.casefold())
        path = work.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        left -= _copy(source, entry, path, min(left, LARGEST_FILE_BYTES))


def _copy(source: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, most_bytes: int) -> int:
    """Unpack one file, whatever size it says it has, up to a limit; returns its real size in bytes."""
    written = 0
    with source.open(entry) as packed, open(path, "xb") as file:
        while block := packed.read(COPY_BYTES):
            written += len(block)
            if written > most_bytes:
                raise CharacterError(
                    f"expected a character of at most {MOST_BYTES} bytes, found more in {entry.filename!r}"
                )
            file.write(block)
    return written


def _common_folder(names: list[str]) -> str:
    """Return ``FOLDER/`` where the manifest lies in the one folder that holds everything, else an empty text."""
    tops = {name.split("/")[0] for name in names}
    if MANIFEST not in names and len(tops) == 1:
        top = f"{tops.pop()}/"
        if top + MANIFEST in names:
            return top
    return ""
