"""Weights and their cards: what was changed, is missing or of another kind is noticed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from talkingface.checkpoints import (
    load_card,
    load_tensors,
    save_tensors,
    sha256_of,
    verified_file,
    write_card,
)
from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.errors import CheckpointError, OutputError

FACTS: dict[str, Any] = {
    "kind": "thing",
    "config": {"a": 1},
    "training_data": [],
    "licence": "x",
    "metrics": {},
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    (tmp_path / "weights.onnx").write_bytes(b"weights")
    write_card(tmp_path / "card.json", files=["weights.onnx"], ablations=[1], **FACTS)
    return tmp_path / "card.json"


def test_what_is_written_is_read_and_verified(card: Path) -> None:
    read = load_card(card, kind="thing")
    assert read["config"] == {"a": 1}
    assert read["ablations"] == [1]
    assert read["files"]["weights.onnx"]["sha256"] == sha256_of(card.parent / "weights.onnx")
    assert verified_file(card.parent, "weights.onnx", read) == card.parent / "weights.onnx"


def test_changed_weights_are_noticed(card: Path) -> None:
    (card.parent / "weights.onnx").write_bytes(b"other")
    with pytest.raises(CheckpointError, match="sha256"):
        verified_file(card.parent, "weights.onnx", load_card(card, kind="thing"))


def test_missing_weights_are_noticed(card: Path) -> None:
    (card.parent / "weights.onnx").unlink()
    with pytest.raises(CheckpointError, match=r"weights\.onnx"):
        verified_file(card.parent, "weights.onnx", load_card(card, kind="thing"))
    with pytest.raises(CheckpointError, match=r"other\.onnx"):
        verified_file(card.parent, "other.onnx", load_card(card, kind="thing"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda card: card.update(kind="other"), "expected a thing card"),
        (lambda card: card.update(format=99), "format"),
        (lambda card: card.pop("licence"), "licence"),
    ],
)
def test_other_cards_are_refused(card: Path, change: Any, said: str) -> None:
    content = json.loads(card.read_text())
    change(content)
    card.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=said):
        load_card(card, kind="thing")


@pytest.mark.parametrize("content", ["", "[]", "{", "null"])
def test_damaged_cards_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(CheckpointError):
        load_card(tmp_path / "card.json", kind="thing")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="model card"):
        load_mouth_model(tmp_path)


def test_nothing_is_left_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "weights.onnx").write_bytes(b"")
    (tmp_path / "card.json").mkdir()
    with pytest.raises(OutputError):
        write_card(tmp_path / "card.json", files=["weights.onnx"], **FACTS)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["card.json", "weights.onnx"]


def test_tensors_round_trip(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save_tensors(tmp_path / "a.safetensors", {"w": torch.arange(6.0).reshape(2, 3).T})
    assert torch.equal(load_tensors(tmp_path / "a.safetensors")["w"], torch.arange(6.0).reshape(2, 3).T)
    (tmp_path / "a.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError):
        load_tensors(tmp_path / "a.safetensors")


def test_the_live_road_needs_no_torch() -> None:
    code = (
        "import sys, talkingface.mouth_stream, talkingface.engines.onnx_mouth, train_audio.evaluate;"
        "sys.exit('torch' in sys.modules or 'mediapipe' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
