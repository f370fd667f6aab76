"""Made speech: what its command tells, with a synthesiser that hums."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from talkingface.timing import SAMPLE_RATE
from train_audio import made_speech
from train_audio.recordings import from_speech


def hum(text: str, path: Path, generator: np.random.Generator) -> str:
    time_s = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    made_speech.write_wav(path, (0.3 * np.sin(2 * np.pi * 180 * time_s)).astype(np.float32), SAMPLE_RATE)
    return "en"


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(made_speech.shutil, "which", lambda name: name if name == "flite" else None)
    monkeypatch.setattr(made_speech, "hibari_speaker", lambda: None)
    monkeypatch.setattr(made_speech, "speak_flite", hum)
    return ["--output", str(tmp_path / "out"), "--minutes", "0.1"]


def test_programs_are_told_the_progress_and_the_count(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "words").write_text("one 1\n\n \n2 two\nthree\n")
    assert made_speech.main([*command, "--json", "--words", str(tmp_path / "words")]) == 0
    told = capsys.readouterr()
    events = [json.loads(line) for line in told.out.splitlines()]
    assert {event["stage"] for event in events[:-1]} == {"speak"}
    assert (events[0]["done"], events[-2]["done"]) == (0, 1)
    assert events[-1] == {"event": "result", "output": str(tmp_path / "out"), "sounds": 3}
    assert not told.err
    assert len(from_speech(tmp_path / "out" / "speech.jsonl")) == 3


def test_people_read_the_count_on_standard_error(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made_speech.main(command) == 0
    assert capsys.readouterr() == ("", f"3 sounds in {tmp_path / 'out'}\n")


@pytest.mark.parametrize("text", [None, "1\n2\n"])
def test_words_that_cannot_be_had_are_one_line(
    text: str | None, command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "words").write_text(text)
    assert made_speech.main([*command, "--words", str(tmp_path / "words")]) == 1
    told = capsys.readouterr().err
    assert told.startswith("error: expected") and "words" in told and told.count("\n") == 1


def test_an_interrupt_is_one_line(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(made_speech, "speak_flite", interrupted)
    assert made_speech.main(command) == 130
    assert capsys.readouterr() == ("", "error: interrupted\n")
