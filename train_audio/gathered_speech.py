"""Makes a ``speech.jsonl`` of any folder of spoken sound files: ``python -m train_audio.gathered_speech``.

Short sounds (telephone prompts, spoken captions) are brought to one loudness and joined, with a breath of silence
between them, to recordings of some twenty seconds: what ``train_audio.train --speech`` learns other voices from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from talkingface.audio_files import read_audio
from talkingface.errors import AvatarError, BadInputError
from talkingface.exit_codes import exit_code_of
from talkingface.records import FloatArray
from talkingface.reporting import Reporter
from talkingface.timing import SAMPLE_RATE
from train_audio.made_speech import write_wav

SOUND_SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".g722", ".gsm"})
JOINED_SECONDS = 20.0
SHORTEST_SECONDS = 0.7
GAP_SECONDS = (0.1, 0.6)
LEVEL_RMS = 0.08
HEARD_RMS = 1e-4


def sound_files(folder: Path, pattern: str, seed: int) -> list[Path]:
    """Return the sound files below a folder whose names fit, in an order by chance.

    Raises:
        BadInputError: there are none.
    """
    found = sorted(p for p in folder.rglob(pattern) if p.suffix.lower() in SOUND_SUFFIXES and p.is_file())
    if not found:
        raise BadInputError(f"expected sound files named {pattern} below {folder}, found none")
    order = np.random.default_rng(seed).permutation(len(found))
    return [found[index] for index in order]


def levelled(samples: FloatArray) -> FloatArray | None:
    """Return float32 (n,) speech at one loudness; None where it is too short or says nothing."""
    loud = samples[np.abs(samples) > 0.1 * np.abs(samples).max(initial=0.0)]
    if len(samples) < SHORTEST_SECONDS * SAMPLE_RATE or not len(loud):
        return None
    rms = float(np.sqrt((loud.astype(np.float64) ** 2).mean()))
    if rms < HEARD_RMS:
        return None
    return np.clip(samples * (LEVEL_RMS / rms), -1.0, 1.0).astype(np.float32)


def joined(
    files: Iterable[Path], minutes: float, seed: int, passed_over: Callable[[AvatarError], None]
) -> Iterator[FloatArray]:
    """Yield recordings of about twenty seconds until ``minutes`` are full or no file is left.

    ``passed_over`` is told why a file cannot be read.
    """
    generator = np.random.default_rng(seed)
    parts: list[FloatArray] = []
    total = length = 0
    for path in files:
        try:
            speech = levelled(read_audio(path))
        except AvatarError as error:
            passed_over(error)
            continue
        if speech is None:
            continue
        gap = np.zeros(int(generator.uniform(*GAP_SECONDS) * SAMPLE_RATE), np.float32)
        parts += [speech, gap]
        length += len(speech) + len(gap)
        if length >= JOINED_SECONDS * SAMPLE_RATE:
            yield np.concatenate(parts)
            total, parts, length = total + length, [], 0
            if total >= 60.0 * minutes * SAMPLE_RATE:
                return
    if parts:
        yield np.concatenate(parts)


def gather(options: argparse.Namespace, reporter: Reporter) -> list[dict[str, object]]:
    """Write the joined sounds and add them to the listing in ``--output``; returns the new rows.

    Raises:
        BadInputError: there are no sound files.
    """
    files = sound_files(options.input, options.pattern, options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, object]] = []
    joined_s = 0.0

    def told() -> Iterator[Path]:
        for number, path in enumerate(files):
            done = max(number / len(files), joined_s / (60.0 * options.minutes))
            reporter.progress(done, "gather", path.name)
            yield path

    sounds = joined(told(), options.minutes, options.seed, lambda error: reporter.note(str(error)))
    for number, sound in enumerate(sounds):
        name = f"{options.name}-{number:04d}"
        write_wav(options.output / f"{name}.wav", sound, SAMPLE_RATE)
        rows.append(
            {
                "set": options.set,
                "name": name,
                "file": f"{name}.wav",
                "language": options.language,
                "licence": options.licence,
                "source": options.name,
            }
        )
        joined_s += len(sound) / SAMPLE_RATE
    reporter.progress(1, "gather")
    listing = options.output / "speech.jsonl"
    kept = listing.read_text(encoding="utf-8").splitlines() if listing.is_file() else []
    kept = [line for line in kept if json.loads(line).get("source") != options.name]
    text = "".join(line + "\n" for line in [*kept, *(json.dumps(row) for row in rows)])
    listing.write_text(text, encoding="utf-8")
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m train_audio.gathered_speech", description=__doc__)
    parser.add_argument("--input", type=Path, required=True, help="folder of sound files")
    parser.add_argument("--output", type=Path, required=True, help="folder for the sounds and speech.jsonl")
    parser.add_argument("--name", required=True, help="short name of this source; its old rows are replaced")
    parser.add_argument("--pattern", default="*", help="which files, such as '*_fr.ogg'")
    parser.add_argument("--set", default="gathered_speech", help="name of the set in the model's card")
    parser.add_argument("--language", default="?", help="two letters")
    parser.add_argument("--licence", default="?", help="of the sounds, for the model's card")
    parser.add_argument("--minutes", type=float, default=60.0, help="at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    parser.add_argument("--debug", action="store_true", help="show where an error came from")
    options = parser.parse_args(arguments)
    if options.minutes <= 0:
        parser.error(f"expected --minutes above 0, found {options.minutes:g}")
    reporter = Reporter(as_json=options.json)

    def work() -> None:
        count = len(gather(options, reporter))
        fields = {"output": str(options.output), "recordings": count}
        reporter.result(fields, f"{count} recordings in {options.output}")

    return exit_code_of(work, reporter, debug=options.debug)


if __name__ == "__main__":
    raise SystemExit(main())
