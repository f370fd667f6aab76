"""Text to speech through pretended programs on the PATH, and through espeak-ng where it is installed."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from mini_live.speech_synthesis import (
    MOST_CHARACTERS,
    WINDOWS_SCRIPT,
    InstalledSynthesiser,
    checked_text,
    installed_synthesiser,
)
from talkingface.errors import BadInputError, DeviceError, MissingPackageError

needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="pretends programs by scripts")
needs_espeak = pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the program espeak-ng")

PRETENDED = """#!{python}
import json, os, sys, wave
given = sys.argv[1:]
spoken = {{name: value for name, value in os.environ.items() if name.startswith("SPEECH_")}}
text_path = spoken.get("SPEECH_TEXT") or given[given.index("-f") + 1]
wav_path = spoken.get("SPEECH_WAV") or given[given.index("-w" if "-w" in given else "-o") + 1]
text = open(text_path, encoding="utf-8").read()
with open({log!r}, "w", encoding="utf-8") as log:
    json.dump({{"given": given, "spoken": spoken, "text": text}}, log)
if {code}:
    sys.exit("Error: no such voice\\nand more")
with wave.open(wav_path, "wb") as wav:
    wav.setnchannels(1); wav.setsampwidth(2); wav.setframerate(22050)
    wav.writeframes(b"\\x00\\x40" * {samples})
"""


class Machine:
    """A PATH with nothing but the programs put there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder / "log.json"

    def add(self, name: str, *, samples: int = 22_050, code: int = 0) -> None:
        script = PRETENDED.format(python=sys.executable, log=str(self._log), samples=samples, code=code)
        (self.folder / name).write_text(script, encoding="utf-8")
        (self.folder / name).chmod(0o755)

    @property
    def heard(self) -> dict[str, object]:
        """What the program was given."""
        return dict(json.loads(self._log.read_text(encoding="utf-8")))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", str(tmp_path))
    return Machine(tmp_path)


def option(given: object, name: str) -> str:
    assert isinstance(given, list)
    return str(given[given.index(name) + 1])


@needs_scripts
@pytest.mark.parametrize(
    ("text", "voice", "expected"),
    [
        ("Hello there.", None, "en-us"),
        ("你好。", None, "cmn-latn-pinyin"),
        ("I say 你好 to you.", None, "cmn-latn-pinyin"),
        ("Guten Tag.", "de", "de"),
    ],
)
def test_the_voice_follows_the_script_unless_one_is_given(
    machine: Machine, text: str, voice: str | None, expected: str
) -> None:
    machine.add("espeak-ng")
    samples = installed_synthesiser(voice, "linux").speak(text, 48_000)
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert len(samples) == pytest.approx(48_000, abs=100)
    assert np.median(samples) == pytest.approx(0.5, abs=0.01)
    assert option(machine.heard["given"], "-v") == expected
    assert machine.heard["text"] == text


@needs_scripts
def test_a_text_that_looks_like_options_and_commands_is_only_text(machine: Machine) -> None:
    machine.add("espeak-ng")
    text = "--version; $(touch broken) `touch broken` \"'"
    installed_synthesiser(None, "linux").speak(text, 16_000)
    assert machine.heard["text"] == text
    assert text not in str(machine.heard["given"])


@needs_scripts
def test_a_mac_speaks_with_its_own_voice(machine: Machine) -> None:
    machine.add("espeak-ng")
    machine.add("say")
    synthesiser = installed_synthesiser(None, "darwin")
    assert synthesiser.name == "say"
    synthesiser.speak("你好", 16_000)
    given = machine.heard["given"]
    assert option(given, "-v") == "Tingting"
    assert option(given, "-o").endswith(".wav")
    assert isinstance(given, list) and "--data-format=LEI16@22050" in given


@needs_scripts
def test_windows_gets_a_fixed_script_and_all_else_by_environment(machine: Machine) -> None:
    machine.add("powershell")
    installed_synthesiser(None, "win32").speak("Hi; exit 3", 16_000)
    heard = machine.heard
    assert option(heard["given"], "-Command") == WINDOWS_SCRIPT
    assert heard["text"] == "Hi; exit 3"
    assert dict(heard["spoken"])["SPEECH_LANGUAGE"] == "en-US"  # type: ignore[call-overload]
    installed_synthesiser("Zira'; exit", "win32").speak("Hi", 16_000)
    assert dict(machine.heard["spoken"])["SPEECH_VOICE"] == "Zira'; exit"  # type: ignore[call-overload]


@needs_scripts
def test_the_older_espeak_does_where_there_is_no_newer(machine: Machine) -> None:
    machine.add("espeak")
    installed_synthesiser(None, "linux").speak("你好", 16_000)
    assert option(machine.heard["given"], "-v") == "zh"


@pytest.mark.parametrize(
    ("platform", "cure"),
    [("linux", "apt-get"), ("darwin", "brew"), ("win32", "winget"), ("sunos", "apt-get")],
)
def test_without_a_program_the_cure_is_told(machine: Machine, platform: str, cure: str) -> None:
    with pytest.raises(MissingPackageError, match=f"{cure}.*(?i:espeak-ng)"):
        installed_synthesiser(None, platform)


@needs_scripts
def test_a_voice_that_is_refused_gives_the_programs_first_line(machine: Machine) -> None:
    machine.add("espeak-ng", code=1)
    with pytest.raises(BadInputError, match=r"voice 'martian', found: Error: no such voice$"):
        installed_synthesiser("martian", "linux").speak("Hi", 16_000)


@needs_scripts
def test_a_program_that_says_nothing_is_told_without_temporary_paths(machine: Machine) -> None:
    machine.add("espeak-ng", samples=0)
    with pytest.raises(BadInputError, match="no sound") as raised:
        installed_synthesiser(None, "linux").speak("Hi", 16_000)
    assert "spoken.wav" not in str(raised.value)


def test_a_program_that_is_none(tmp_path: Path) -> None:
    broken = tmp_path / "espeak-ng"
    broken.write_bytes(b"\x00\x01")
    with pytest.raises(DeviceError, match="expected to start"):
        InstalledSynthesiser("espeak-ng", broken).speak("Hi", 16_000)


@pytest.mark.parametrize("text", ["", "  \n\t ", "...!?", "\x00\x07", "。，！"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="words"):
        checked_text(text)


def test_the_length_of_a_text_is_limited() -> None:
    assert len(checked_text("a" * MOST_CHARACTERS + "  \n")) == MOST_CHARACTERS
    with pytest.raises(BadInputError, match="5000 characters, found 5001"):
        checked_text("a" * 5001)


def test_control_characters_are_not_spoken() -> None:
    assert checked_text("\x1b one\ntwo\x00three ") == "one two three"


@needs_espeak
@pytest.mark.parametrize("text", ["Hello there, my friend.", "你好，我的朋友。", "\ud800 broken"])
def test_espeak_speaks(text: str) -> None:
    synthesiser = InstalledSynthesiser("espeak-ng", Path(str(shutil.which("espeak-ng"))))
    samples = synthesiser.speak(text, 48_000)
    assert 0.4 < len(samples) / 48_000 < 4
    assert 0.02 < float(np.sqrt(np.mean(samples**2))) < 0.5


@needs_espeak
def test_mandarin_is_not_spelled_out(tmp_path: Path) -> None:
    synthesiser = installed_synthesiser("cmn-latn-pinyin", "linux")
    by_characters = synthesiser.speak("今天天气很好", 16_000)
    by_pinyin = synthesiser.speak("jīntiān tiānqì hěn hǎo", 16_000)
    assert len(by_characters) == pytest.approx(len(by_pinyin), rel=0.35)


@needs_scripts
def test_nothing_is_left_behind(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    machine.add("espeak-ng")
    installed_synthesiser(None, "linux").speak("Hi", 16_000)
    assert list(scratch.iterdir()) == []
