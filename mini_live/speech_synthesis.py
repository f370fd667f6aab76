"""Text to speech by a program that the system has: espeak-ng, macOS' ``say``, or Windows' own voices."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from talkingface.audio_files import iter_audio
from talkingface.errors import BadAudioError, BadInputError, DeviceError, MissingPackageError
from talkingface.records import FloatArray

MOST_CHARACTERS = 5_000
LONGEST_WAIT_S = 300.0
HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# What each program calls its voices for English and for Mandarin.
VOICES = {
    # Its voice "cmn" reads many characters as if they were English; the pinyin one reads all of them.
    "espeak-ng": ("en-us", "cmn-latn-pinyin"),
    "espeak": ("en-us", "zh"),
    "say": ("Samantha", "Tingting"),
    "powershell": ("en-US", "zh-CN"),
}
CURES = {
    "linux": "sudo apt-get install espeak-ng",
    "darwin": "brew install espeak-ng",
    "win32": "winget install eSpeak-NG.eSpeak-NG",
}
# What is spoken comes by file and by environment, so that no text is ever read as a command.
WINDOWS_SCRIPT = (
    "$ErrorActionPreference = 'Stop'; Add-Type -AssemblyName System.Speech; "
    "$speech = New-Object System.Speech.Synthesis.SpeechSynthesizer; "
    "if ($env:SPEECH_VOICE) { $speech.SelectVoice($env:SPEECH_VOICE) } "
    "else { $speech.SelectVoiceByHints('NotSet', 'NotSet', 0, [Globalization.CultureInfo]$env:SPEECH_LANGUAGE) }; "
    "$speech.SetOutputToWaveFile($env:SPEECH_WAV); "
    "$speech.Speak([IO.File]::ReadAllText($env:SPEECH_TEXT, [Text.Encoding]::UTF8)); $speech.Dispose()"
)


class SpeechSynthesiser(Protocol):
    """Speaks a text."""

    def speak(self, text: str, rate_hz: int) -> FloatArray:
        """Return the spoken text: float32 mono (n,) in -1..1 at ``rate_hz``, n > 0.

        Raises:
            BadInputError: a text without words, one that is too long, or a voice that is not there.
            DeviceError: the voice failed.
        """


@dataclass(frozen=True)
class InstalledSynthesiser:
    """Speaks through an installed program. See :class:`SpeechSynthesiser`.

    Attributes:
        name: the program's name, a key of ``VOICES``.
        program: where it is.
        voice: one of the program's voices; None chooses English or Mandarin by the text's script.
    """

    name: str
    program: Path
    voice: str | None = None

    def speak(self, text: str, rate_hz: int) -> FloatArray:
        """See :class:`SpeechSynthesiser`."""
        text = checked_text(text)
        language_voice = VOICES[self.name][bool(HAN.search(text))]
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            text_path, wav_path = Path(folder) / "text.txt", Path(folder) / "spoken.wav"
            text_path.write_text(text, encoding="utf-8", errors="replace")
            self._run(text_path, wav_path, language_voice)
            try:
                return np.concatenate(list(iter_audio(wav_path, rate_hz, rate_hz)))
            except BadAudioError as error:
                raise BadInputError(
                    f"expected {self.name} to speak the text, found no sound from it with voice "
                    f"{self.voice or language_voice}"
                ) from error

    def _run(self, text_path: Path, wav_path: Path, language_voice: str) -> None:
        voice = self.voice or language_voice
        environment = dict(os.environ)
        if self.name == "say":
            options = ["-v", voice, "--file-format=WAVE", "--data-format=LEI16@22050"]
            options += ["-o", str(wav_path), "-f", str(text_path)]
        elif self.name == "powershell":
            options = ["-NoProfile", "-NonInteractive", "-Command", WINDOWS_SCRIPT]
            environment |= {"SPEECH_TEXT": str(text_path), "SPEECH_WAV": str(wav_path)}
            environment |= {"SPEECH_VOICE": self.voice or "", "SPEECH_LANGUAGE": language_voice}
        else:
            options = ["-v", voice, "-b", "1", "-w", str(wav_path), "-f", str(text_path)]
        try:
            done = subprocess.run(  # noqa: S603 - a fixed list of arguments, no shell
                [str(self.program), *options],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LONGEST_WAIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DeviceError(
                f"expected {self.name} to speak the text within {LONGEST_WAIT_S:g} s, found it still at work"
            ) from error
        except (OSError, ValueError) as error:
            raise DeviceError(f"expected to start {self.program}, found {error}") from error
        if done.returncode:
            lines = (done.stderr or done.stdout).decode("utf-8", "replace").split("\n")
            told = next((line.strip() for line in lines if line.strip()), f"exit code {done.returncode}")
            raise BadInputError(f"expected {self.name} to speak with voice {voice!r}, found: {told}")


def installed_synthesiser(voice: str | None = None, platform: str = sys.platform) -> InstalledSynthesiser:
    """Return the system's own voice, or espeak-ng.

    Args:
        voice: one of the program's voices; None chooses by the text's script.
        platform: as ``sys.platform`` says it.

    Raises:
        MissingPackageError: no such program is installed; the message has the line that installs one.
    """
    own = {"darwin": ("say",), "win32": ("powershell",)}.get(platform, ())
    for name in (*own, "espeak-ng", "espeak"):
        program = shutil.which(name)
        if program:
            return InstalledSynthesiser(name, Path(program), voice or None)
    raise MissingPackageError(
        f"expected a program that speaks text, found none of them: {CURES.get(platform, CURES['linux'])}"
    )


def checked_text(text: str) -> str:
    """Return the text without white space around it and without control characters.

    Raises:
        BadInputError: nothing to say in it, or more than ``MOST_CHARACTERS``.
    """
    spoken = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    if not any(sign.isalnum() for sign in spoken):
        raise BadInputError(f"expected a text with words to speak, found {text[:40]!r}")
    if len(spoken) > MOST_CHARACTERS:
        raise BadInputError(
            f"expected a text of at most {MOST_CHARACTERS} characters, found {len(spoken)}: speak it in parts"
        )
    return spoken
