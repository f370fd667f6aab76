"""``mouth``: the mouth curves of a sound, for other tools."""

from __future__ import annotations

import argparse
from pathlib import Path

from mini_live.audio_file_source import AudioFileSource, sound_seconds
from mini_live.mouth_curves import MouthCurveCollector, MouthCurveTable, check_curve_path
from mini_live.whole_files import check_writable
from mini_live.wiring import mouth_controls, open_mouth
from talkingface.mouth_stream import MouthStream
from talkingface.reporting import Reporter
from talkingface.timing import SAMPLE_RATE

BLOCK_SAMPLES = SAMPLE_RATE


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Read the sound, run the mouth model, write the curve.

    Raises:
        BadAudioError: the sound cannot be used.
        BadInputError: an output that is neither JSON nor CSV.
        CheckpointError: the weights are missing or damaged.
        OutputError: the output cannot be written.
    """
    output: Path = arguments.output
    check_curve_path(output, arguments.format)
    controls = mouth_controls(arguments)
    source = AudioFileSource(arguments.audio, BLOCK_SAMPLES)
    check_writable(output)
    mouth = open_mouth()
    collector = MouthCurveCollector(mouth.space, mouth.model.look_ahead_ms)
    stream = MouthStream(mouth.model, controls, controls.sound_offset_ms)
    total = (sound_seconds(arguments.audio) or 0.0) * SAMPLE_RATE
    samples = 0
    while (chunk := source.read(0.0)) is not None:
        samples += len(chunk.samples)
        curve = stream.push(chunk.samples)
        collector.add(curve.coefficients, curve.silent)
        reporter.progress(samples / max(total, samples), "mouth")
    curve = stream.finish()
    collector.add(curve.coefficients, curve.silent)
    table = collector.table()
    table.write(output, arguments.format)
    reporter.result(
        _summary(table, output, samples), f"{len(table.silent)} frames of mouth curve in {output}"
    )


def _summary(table: MouthCurveTable, output: Path, samples: int) -> dict[str, object]:
    return {
        "command": "mouth",
        "output": str(output),
        "frames": len(table.silent),
        "seconds": round(samples / SAMPLE_RATE, 4),
        "look_ahead_ms": table.look_ahead_ms,
        "silent_frames": int(table.silent.sum()),
    }
