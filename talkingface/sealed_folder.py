"""A folder whose manifest lists every file with its sha256, read as untrusted input."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import CharacterError

FORMAT_VERSION = 1
MANIFEST = "character.json"
LARGEST_FILE_BYTES = 512 * 1024 * 1024


def seal(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest: format version, content, and the sha256 of every file that lies in the folder now.

    Raises:
        OSError: a file cannot be read or written.
    """
    files = {
        path.relative_to(folder).as_posix(): _sha256(path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path != folder / MANIFEST
    }
    manifest = {"format_version": FORMAT_VERSION, **content, "files": files}
    partial = folder / f".{MANIFEST}.part"
    partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / MANIFEST)


def unseal(folder: Path) -> dict[str, Any]:
    """Return the manifest, after every listed file was found inside the folder with its hash.

    Raises:
        CharacterError: missing, damaged, of another version, a changed file, a link, or a name that leaves the
            folder; the message says what is wrong with what.
    """
    if not folder.is_dir():
        raise CharacterError(f"expected a character folder, found nothing at {folder}")
    path = folder / MANIFEST
    if not path.is_file() or path.is_symlink():
        raise CharacterError(f"expected {MANIFEST} in a character folder, found none in {folder}")
    try:
        manifest = json.loads(read_file(path))
    except (ValueError, RecursionError) as error:
        raise CharacterError(f"expected JSON, found damage in {path} ({error})") from error
    if not isinstance(manifest, dict):
        raise CharacterError(f"expected a JSON object, found {type(manifest).__name__} in {path}")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        raise CharacterError(
            f"expected character format {FORMAT_VERSION}, found {version!r} in {path}: prepare it again"
        )
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(value, str) for value in files.values()):
        raise CharacterError(f"expected a list of files with their sha256, found none in {path}")
    for name, expected in files.items():
        found = _sha256(read_file(inside(folder, name)))
        if found != expected:
            raise CharacterError(
                f"expected {name} with sha256 {expected[:12]}…, found {found[:12]}… in {folder}: "
                "it was changed or damaged, prepare the character again"
            )
    return manifest


def inside(folder: Path, name: str) -> Path:
    """Return the path of a listed file.

    Raises:
        CharacterError: the name leaves the folder, a part of it is a link, or there is no such file.
    """
    parts = name.split("/")
    if any(sign in name for sign in ("\\", "\0", ":")) or any(part in ("", ".", "..") for part in parts):
        raise CharacterError(f"expected file names inside the character folder, found {name!r} ({folder})")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise CharacterError(f"expected plain files in the character folder, found a link: {path}")
    try:
        there = path.is_file()
    except OSError:
        there = False
    if not there:
        raise CharacterError(f"expected {name} in the character folder, found none in {folder}")
    return path


def read_file(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        CharacterError: it is too large or cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise CharacterError(f"expected at most {LARGEST_FILE_BYTES} bytes, found {size} in {path}")
        return path.read_bytes()
    except OSError as error:
        raise CharacterError(f"expected a readable file, found {path} ({error.strerror or error})") from error


def read_arrays(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, NDArray[Any]]:
    """Read npz arrays of finite numbers with exactly these shapes, without pickle and without unpacking a bomb.

    Raises:
        CharacterError: damaged, too large, or of other shapes.
    """
    content = read_file(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_FILE_BYTES:
            raise ValueError(f"{size} bytes of arrays, at most {LARGEST_FILE_BYTES} are read")
        with np.load(io.BytesIO(content), allow_pickle=False) as data:
            arrays = {name: data[name] for name in shapes}
    except Exception as error:  # numpy and zipfile raise a dozen kinds on damaged bytes
        reason = " ".join(str(error).split())
        raise CharacterError(
            f"expected arrays {', '.join(shapes)}, found damage in {path} ({reason})"
        ) from error
    for name, shape in shapes.items():
        array = arrays[name]
        if array.shape != shape or array.dtype.kind not in "fiu":
            found = f"{array.shape} {array.dtype}"
            raise CharacterError(f"expected {name} {shape} of numbers, found {found} in {path}")
        if not np.isfinite(array).all():
            raise CharacterError(f"expected finite numbers, found others in {name} of {path}")
    return arrays


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
