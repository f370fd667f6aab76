"""Makes speech of many voices and languages with installed synthesisers: ``python -m train_audio.made_speech``.

espeak-ng (languages and voices by formants), flite (recorded speakers) and, where it is installed, hibari (a neural
voice). Random words cover the sounds of a language more evenly than a text does. What is written is a ``speech.jsonl``
for ``train_audio.train --speech``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np

from talkingface.audio_files import read_audio
from talkingface.errors import BadInputError, MissingPackageError
from talkingface.exit_codes import exit_code_of
from talkingface.records import FloatArray
from talkingface.reporting import Reporter
from talkingface.timing import SAMPLE_RATE

ESPEAK_LANGUAGES = (
    "en-us",
    "en-gb",
    "de",
    "fr-fr",
    "es",
    "it",
    "ru",
    "ar",
    "cmn",
    "ja",
    "pl",
    "tr",
    "hi",
    "pt-br",
)
ESPEAK_VARIANTS = (
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "f1",
    "f2",
    "f3",
    "f4",
    "f5",
    "Annie",
    "Lee",
    "max",
)
FLITE_VOICES = ("awb", "rms", "slt", "kal16")
LICENCES = {
    "flite": "output of flite (BSD-like)",
    "espeak-ng": "output of espeak-ng (a GPL-3.0 program)",
    "hibari": "output of hibari-tts (Apache-2.0)",
}
SYLLABLES = "ba pe mi fo va su ti lo ra ke no du ga shi cho wa ya ze plo fri sta tru kwe mu bi"


def random_words(words: list[str], generator: np.random.Generator) -> str:
    """Return a sentence of 7 to 13 random words, with a comma now and then."""
    picked = [words[int(generator.integers(0, len(words)))] for _ in range(int(generator.integers(7, 14)))]
    return " ".join(word + ("," if generator.random() < 0.12 else "") for word in picked) + "."


def made_words(generator: np.random.Generator, count: int = 400) -> list[str]:
    """Return words of two to four open syllables that most languages can say."""
    return ["".join(generator.choice(SYLLABLES.split(), int(generator.integers(2, 5)))) for _ in range(count)]


def speak_espeak(text: str, path: Path, generator: np.random.Generator) -> str:
    """Speak with a random voice of a random language; returns the language."""
    language = str(generator.choice(ESPEAK_LANGUAGES))
    voice = f"{language}+{generator.choice(ESPEAK_VARIANTS)}"
    pace, pitch = str(int(generator.integers(120, 200))), str(int(generator.integers(25, 75)))
    _run(["espeak-ng", "-v", voice, "-s", pace, "-p", pitch, "-w", str(path), text])
    return language[:2] if language != "cmn" else "zh"


def speak_flite(text: str, path: Path, generator: np.random.Generator) -> str:
    """Speak with a random recorded speaker; returns the language."""
    stretch = f"duration_stretch={generator.uniform(0.8, 1.25):.2f}"
    _run(
        [
            "flite",
            "-voice",
            str(generator.choice(FLITE_VOICES)),
            "--setf",
            stretch,
            "-t",
            text,
            "-o",
            str(path),
        ]
    )
    return "en"


def hibari_speaker() -> Callable[[str, Path, np.random.Generator], str] | None:
    """Return a function that speaks with hibari's neural voice, or None where it is not installed."""
    try:
        from hibari import Hibari  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    synthesiser = Hibari()

    def speak(text: str, path: Path, generator: np.random.Generator) -> str:
        sound = synthesiser(text, speed=float(generator.uniform(0.8, 1.3)))
        write_wav(path, np.asarray(sound, np.float32), 24_000)
        return "en"

    return speak


def read_words(path: Path) -> list[str]:
    """Return the first word of each line of a file, where it is one of letters alone.

    Raises:
        BadInputError: the file cannot be read, or has no such words.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"expected a text file of words at {path}, found: {error}") from error
    words = [line.split()[0] for line in lines if line.strip() and line.split()[0].isalpha()]
    if not words:
        raise BadInputError(f"expected words at the begin of lines in {path}, found none")
    return words


def make(
    output: Path,
    minutes: float,
    words: list[str],
    seed: int,
    on_sound: Callable[[float], None] | None = None,
) -> list[dict[str, object]]:
    """Write made speech below ``output`` and its listing; returns the rows.

    Args:
        output: a folder.
        minutes: how much to speak.
        words: English ones, to speak of.
        seed: of all chance.
        on_sound: told after each sound which share of the minutes is spoken, 0..1.

    Raises:
        MissingPackageError: no synthesiser is installed.
    """
    speakers: list[tuple[str, Callable[[str, Path, np.random.Generator], str]]] = []
    if shutil.which("flite"):
        speakers.append(("flite", speak_flite))
    if shutil.which("espeak-ng"):
        speakers.append(("espeak-ng", speak_espeak))
    neural = hibari_speaker()
    if neural is not None:
        speakers += [("hibari", neural)]
    if not speakers:
        raise MissingPackageError(
            "expected a speech synthesiser, found none: install espeak-ng, flite or hibari-tts"
        )
    generator = np.random.default_rng(seed)
    made = made_words(generator)
    output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    total_s = 0.0
    while total_s < 60 * minutes:
        source, speak = speakers[len(rows) % len(speakers)]
        name = f"{source}-{len(rows):04d}"
        raw = output / f"{name}.raw.wav"
        vocabulary = words if source != "espeak-ng" or generator.random() < 0.3 else made
        language = speak(" ".join(random_words(vocabulary, generator) for _ in range(3)), raw, generator)
        sound = read_audio(raw)
        raw.unlink()
        write_wav(output / f"{name}.wav", sound, SAMPLE_RATE)
        total_s += len(sound) / SAMPLE_RATE
        row: dict[str, object] = {
            "set": "made_speech",
            "name": name,
            "file": f"{name}.wav",
            "language": language,
            "licence": LICENCES[source],
            "source": source,
        }
        rows.append(row)
        if on_sound is not None:
            on_sound(min(1.0, total_s / (60 * minutes)))
    (output / "speech.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return rows


def _run(command: list[str]) -> None:
    """Run a synthesiser with a fixed list of arguments."""
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 (a list of our own, no shell)
    if done.returncode:
        raise BadInputError(
            f"expected {command[0]} to speak, found {done.stderr.decode(errors='replace').strip()}"
        )


def write_wav(path: Path, sound: FloatArray, rate: int) -> None:
    """Write float32 (n,) sound as 16-bit mono WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train_audio.made_speech", description=__doc__)
    parser.add_argument("--output", type=Path, required=True, help="folder for the sounds and speech.jsonl")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument(
        "--words", type=Path, help="English words, the first of each line (such as a dictionary)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    options = parser.parse_args(arguments)
    if options.minutes <= 0:
        parser.error(f"expected --minutes above 0, found {options.minutes:g}")
    reporter = Reporter(as_json=options.json)
    return exit_code_of(lambda: _make(options, reporter), reporter, debug=options.debug)


def _make(options: argparse.Namespace, reporter: Reporter) -> None:
    words = read_words(options.words) if options.words else made_words(np.random.default_rng(options.seed))
    reporter.progress(0, "speak")
    rows = make(
        options.output, options.minutes, words, options.seed, lambda done: reporter.progress(done, "speak")
    )
    fields = {"output": str(options.output), "sounds": len(rows)}
    reporter.result(fields, f"{len(rows)} sounds in {options.output}")


if __name__ == "__main__":
    raise SystemExit(main())
