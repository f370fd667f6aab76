"""Weights on disk: safetensors and ONNX files with one JSON card that tells their hashes, origin and figures."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkingface.errors import CheckpointError, OutputError

if TYPE_CHECKING:
    from torch import Tensor

CARD_FORMAT = 1
REQUIRED = ("format", "kind", "files", "config", "training_data", "licence", "metrics")


def sha256_of(path: Path | str) -> str:
    """Return the hexadecimal SHA-256 of a file.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise CheckpointError(f"expected a weights file, found {path} ({error.strerror or error})") from error


def write_card(
    path: Path | str,
    *,
    kind: str,
    files: list[str],
    config: dict[str, Any],
    training_data: list[dict[str, Any]],
    licence: str,
    metrics: dict[str, Any],
    **more: object,
) -> None:
    """Write the card of files that lie in the same folder, whole or not at all.

    Args:
        path: the card.
        kind: what the weights are, such as ``mouth_model``.
        files: names of the files in the card's folder; their hashes are taken now.
        config: what is needed to build the network again.
        training_data: a row a data set, with its name and licence.
        licence: of the weights.
        metrics: figures and how they were measured.
        **more: further facts.

    Raises:
        CheckpointError: a file is missing.
        OutputError: the card cannot be written.
    """
    path = Path(path)
    card = {
        "format": CARD_FORMAT,
        "kind": kind,
        "files": {name: {"sha256": sha256_of(path.parent / name)} for name in files},
        "config": config,
        "training_data": training_data,
        "licence": licence,
        "metrics": metrics,
        **more,
    }
    _write_whole(path, (json.dumps(card, indent=2, ensure_ascii=False) + "\n").encode())


def load_card(path: Path | str, *, kind: str) -> dict[str, Any]:
    """Read a card and check that it is one of that kind.

    Raises:
        CheckpointError: missing, damaged, of another kind or version, or without a required field.
    """
    try:
        card = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"expected a model card (JSON), found {path} ({error})") from error
    if not isinstance(card, dict) or any(field not in card for field in REQUIRED):
        raise CheckpointError(f"expected a model card with {', '.join(REQUIRED)}, found others in {path}")
    if card["format"] != CARD_FORMAT or card["kind"] != kind:
        raise CheckpointError(
            f"expected a {kind} card of format {CARD_FORMAT}, found {card['kind']} of {card['format']} in {path}"
        )
    return card


def verified_file(folder: Path | str, name: str, card: dict[str, Any]) -> Path:
    """Return the path of a file named in the card after checking its hash.

    Raises:
        CheckpointError: not named, missing, or with another hash.
    """
    expected = card["files"].get(name, {}).get("sha256")
    if expected is None:
        raise CheckpointError(f"expected {name} in the model card, found {sorted(card['files'])}")
    path = Path(folder) / name
    found = sha256_of(path)
    if found != expected:
        raise CheckpointError(f"expected {name} with sha256 {expected[:12]}…, found {found[:12]}… ({path})")
    return path


def save_tensors(path: Path | str, tensors: dict[str, Tensor]) -> None:
    """Write tensors as safetensors, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    from safetensors.torch import save

    _write_whole(
        Path(path), save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()})
    )


def load_tensors(path: Path | str) -> dict[str, Tensor]:
    """Read safetensors.

    Raises:
        CheckpointError: missing or damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(Path(path).read_bytes())
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"expected safetensors, found {path} ({error})") from error


def _write_whole(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"expected to write {path}, could not ({error.strerror or error})") from error
