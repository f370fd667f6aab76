"""Spoken sound files of any folder become a list of speech that a training reads."""

import json
from pathlib import Path

import numpy as np
import pytest

from talkingface.timing import SAMPLE_RATE
from train_audio.gathered_speech import JOINED_SECONDS, main
from train_audio.made_speech import write_wav
from train_audio.recordings import from_speech


def _spoken(path: Path, seconds: float, loudness: float) -> None:
    time_s = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_wav(path, (loudness * np.sin(2 * np.pi * 180 * time_s)).astype(np.float32), SAMPLE_RATE)


def test_short_sounds_are_levelled_and_joined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(12):
        _spoken(tmp_path / "in" / f"sub{number % 2}" / f"{number}_fr.wav", 3.0, 0.05 if number % 2 else 0.9)
    _spoken(tmp_path / "in" / "other_de.wav", 3.0, 0.5)
    (tmp_path / "in" / "broken_fr.wav").write_bytes(b"RIFF no sound")
    (tmp_path / "in" / "empty_fr.wav").write_bytes(b"")
    command = [
        "--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--name", "captions-fr",
        "--pattern", "*_fr.wav", "--language", "fr", "--licence", "CC0",
    ]  # fmt: skip
    assert main(command) == 0
    told = capsys.readouterr()
    assert not told.out and told.err.endswith(f"2 recordings in {tmp_path / 'out'}\n")
    assert "broken_fr.wav" in told.err
    assert main([*command, "--json"]) == 0  # the rows of a source are replaced, not doubled
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["stage"] for event in events[:-1]} == {"gather"} and events[-2]["done"] == 1
    assert events[-1] == {"event": "result", "output": str(tmp_path / "out"), "recordings": 2}
    rows = [json.loads(line) for line in (tmp_path / "out" / "speech.jsonl").read_text().splitlines()]
    recordings = from_speech(tmp_path / "out" / "speech.jsonl")
    assert len(rows) == len(recordings) == 2
    assert {row["language"] for row in rows} == {"fr"}
    total_s = sum(len(r.samples) for r in recordings) / SAMPLE_RATE
    assert 36.0 < total_s < 36.0 + 12 * 0.6
    assert len(recordings[0].samples) >= JOINED_SECONDS * SAMPLE_RATE
    loud = np.abs(recordings[0].samples).reshape(-1)[: int(3 * SAMPLE_RATE)]
    assert 0.08 < loud.max() < 0.16


def test_a_folder_without_sounds_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in").mkdir()
    assert main(["--input", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--name", "x"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: expected sound files") and told.count("\n") == 1
    assert not (tmp_path / "out").exists()
