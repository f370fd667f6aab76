"""``speak``: a video of a character that speaks a sound file."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from mini_live.audio_file_source import AudioFileSource, sound_seconds
from mini_live.mouth_curves import MouthCurveCollector, check_curve_path
from mini_live.offline import speak_into
from mini_live.reporting import Reporter
from mini_live.sinks import VideoFileSink
from mini_live.whole_files import check_video_path, check_writable
from mini_live.wiring import Avatar, Mouth, mouth_controls, open_avatar, open_mouth
from talkingface.mouth_stream import MouthStream
from talkingface.stage_timing import StageTimer
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE
from talkingface.video_files import VideoWriter

BLOCK_SAMPLES = SAMPLE_RATE // 2
HEARD_RATE_HZ = 48_000


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Make the video.

    Raises:
        BadAudioError: the sound cannot be used.
        CharacterError: the character cannot be used.
        CheckpointError: weights are missing or damaged.
        GraphicsError: drawing failed.
        OutputError: an output cannot be written.
    """
    output: Path = arguments.output
    check_video_path(output)
    if arguments.mouth_curve:
        check_curve_path(arguments.mouth_curve)
        check_writable(arguments.mouth_curve)
    source = AudioFileSource(arguments.audio, BLOCK_SAMPLES)
    check_writable(output)
    controls = mouth_controls(arguments)
    reporter.progress(0.0, "load")
    mouth = open_mouth()
    avatar = open_avatar(arguments.character, arguments.renderer, mouth.space, reporter.note)
    try:
        result = _speak(arguments, source, mouth, MouthStream(mouth.model, controls), avatar, reporter)
    finally:
        avatar.close()
    reporter.result(
        result,
        f"{result['frames']} frames, {result['seconds']:.1f} s of speech in {result['wall_s']:.1f} s, in {output}",
    )


def _speak(
    arguments: argparse.Namespace,
    source: AudioFileSource,
    mouth: Mouth,
    stream: MouthStream,
    avatar: Avatar,
    reporter: Reporter,
) -> dict[str, object]:
    character = avatar.character
    collector = MouthCurveCollector(mouth.space, mouth.model.look_ahead_ms)
    timer = StageTimer()
    expected = max(1, round((sound_seconds(arguments.audio) or 0.0) * FRAMES_PER_SECOND))
    begin_s = time.monotonic()
    writer = VideoWriter(
        arguments.output,
        character.width,
        character.height,
        FRAMES_PER_SECOND,
        audio_sample_rate_hz=HEARD_RATE_HZ,
    )
    samples = speak_into(
        VideoFileSink(writer, HEARD_RATE_HZ),
        source,
        stream,
        avatar.composer,
        collector,
        timer,
        lambda done: reporter.progress(done / max(expected, done), "speak"),
        AudioFileSource(arguments.audio, HEARD_RATE_HZ // 2, rate_hz=HEARD_RATE_HZ),
        HEARD_RATE_HZ,
    )
    wall_s = time.monotonic() - begin_s
    if arguments.mouth_curve:
        collector.table().write(arguments.mouth_curve)
    return {
        "command": "speak",
        "output": str(arguments.output),
        "character": character.name,
        "frames": collector.frames,
        "seconds": round(samples / SAMPLE_RATE, 4),
        "wall_s": round(wall_s, 3),
        "real_time_factor": round(wall_s / (samples / SAMPLE_RATE), 4),
        "renderer": avatar.renderer_name,
        "look_ahead_ms": mouth.model.look_ahead_ms,
        "stages": {**timer.summary(), **avatar.composer.stages.summary()},
    }
