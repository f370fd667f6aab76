"""Make the demo speech: ``python assets/speech/make_speech.py``; needs the programs flite and espeak-ng.

The English voice is flite's ``slt`` (Carnegie Mellon University, free of charge and of conditions on what it
speaks); the Chinese one is espeak-ng's ``cmn-latn-pinyin`` (GPL-3.0 program, what it speaks is free). The
sentences are ours, so the files carry the project's licence.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soxr

HERE = Path(__file__).resolve().parent
SAMPLE_RATE = 16_000
PAUSE_S = 0.4
PEAK = 0.7

ENGLISH = (
    "Hello! I am your new avatar.",
    "Give me your voice, and I will speak with my own face, live, on your computer.",
    "No graphics card is needed, and nothing you say leaves this room.",
)
# In pinyin, because espeak-ng's dictionary of characters is not complete everywhere. It says:
# 你好！我是你的虚拟形象。
# 把你的声音交给我，我会在你的电脑上实时开口说话。
# 不需要显卡，你说的话也不会离开这个房间。
CHINESE = (
    "nǐ hǎo! wǒ shì nǐde xūnǐ xíngxiàng.",
    "bǎ nǐde shēngyīn jiāogěi wǒ, wǒ huì zài nǐde diànnǎo shàng shíshí kāikǒu shuōhuà.",
    "bù xūyào xiǎnkǎ, nǐ shuōde huà yě búhuì líkāi zhège fángjiān.",
)


def speak_english(text: str, wav: Path) -> None:
    """Speak one sentence with flite."""
    subprocess.run(
        ["flite", "-voice", "slt", "--setf", "duration_stretch=1.05", "-t", text, "-o", str(wav)], check=True
    )


def speak_chinese(text: str, wav: Path) -> None:
    """Speak one sentence with espeak-ng."""
    subprocess.run(
        ["espeak-ng", "-v", "cmn-latn-pinyin", "-s", "150", "-p", "55", "-w", str(wav), text], check=True
    )


def read_mono(path: Path) -> np.ndarray:
    """Decode a file to float32 mono at 16 kHz."""
    with av.open(str(path)) as container:
        rate = container.streams.audio[0].rate
        blocks = [frame.to_ndarray() for frame in container.decode(audio=0)]
    sound = np.concatenate(blocks, axis=1).astype(np.float32).mean(0)
    return soxr.resample(sound, rate, SAMPLE_RATE, quality="VHQ")


def join(sentences: list[np.ndarray]) -> np.ndarray:
    """Put pauses before, between and after the sentences, and bring the whole to one peak."""
    pause = np.zeros(round(PAUSE_S * SAMPLE_RATE), np.float32)
    sound = np.concatenate([pause, *(part for sentence in sentences for part in (sentence, pause))])
    return sound * (PEAK / np.abs(sound).max())


def write_flac(path: Path, sound: np.ndarray) -> None:
    """Write float32 mono sound as 16 bit FLAC at 16 kHz."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (sound * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        frame.sample_rate = SAMPLE_RATE
        frame.time_base = Fraction(1, SAMPLE_RATE)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def main(arguments: list[str] | None = None) -> int:
    """Write both files; returns the exit code."""
    parser = argparse.ArgumentParser(description="Make the demo speech with flite and espeak-ng.")
    parser.add_argument("--output", type=Path, default=HERE, help="folder to write to")
    folder = parser.parse_args(arguments).output
    for name, sentences, speak in (
        ("hello_en", ENGLISH, speak_english),
        ("hello_zh", CHINESE, speak_chinese),
    ):
        spoken = []
        with tempfile.TemporaryDirectory() as scratch:
            for sentence in sentences:
                wav = Path(scratch) / "sentence.wav"
                speak(sentence, wav)
                spoken.append(read_mono(wav))
        write_flac(folder / f"{name}.flac", join(spoken))
        print(f"wrote {folder / name}.flac", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
