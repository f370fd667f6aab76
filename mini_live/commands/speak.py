"""``speak``: a video of a character that speaks a sound file or a text."""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mini_live.audio_file_source import AudioFileSource, sound_seconds
from mini_live.lasting import lasting
from mini_live.mouth_curves import MouthCurveCollector, check_curve_path
from mini_live.offline import frames_together, speak_into
from mini_live.samples_source import SamplesSource
from mini_live.sinks import FileWriter, VideoFileSink
from mini_live.speech_synthesis import SpeechSynthesiser, checked_text, installed_synthesiser
from mini_live.whole_files import check_transparent_path, check_video_path, check_writable
from mini_live.wiring import Avatar, Mouth, mouth_controls, open_avatar, open_mouth
from talkingface.background import Background, chosen_background
from talkingface.errors import BadInputError
from talkingface.mouth_stream import MouthStream
from talkingface.png_sequence import PngSequenceWriter
from talkingface.reporting import Reporter
from talkingface.resampling import StreamResampler
from talkingface.seams import AudioSource
from talkingface.stage_timing import StageTimer
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE
from talkingface.video_files import VideoWriter

BLOCK_SAMPLES = SAMPLE_RATE // 2
HEARD_RATE_HZ = 48_000
HEARD_BLOCK_SAMPLES = HEARD_RATE_HZ // 2


@dataclass(frozen=True)
class Sound:
    """What is spoken.

    Attributes:
        spoken: at 16 kHz, for the mouth.
        heard: the same at ``HEARD_RATE_HZ``, for the video.
        seconds: how long it is about; 0 where nobody knows.
    """

    spoken: AudioSource
    heard: AudioSource
    seconds: float


def run(arguments: argparse.Namespace, reporter: Reporter) -> None:
    """Make the video.

    Raises:
        BadInputError: the sound or the text cannot be used.
        CharacterError: the character cannot be used, or has no matte and should stand before another background.
        CheckpointError: weights are missing or damaged.
        GraphicsError: drawing failed.
        MissingPackageError: there is a text and no program to speak it.
        OutputError: an output cannot be written.
    """
    output: Path = arguments.output
    behind = chosen_background(arguments.background) if arguments.background else None
    is_transparent = behind is not None and behind.is_transparent
    if is_transparent:
        check_transparent_path(output)
    else:
        check_video_path(output)
    if arguments.mouth_curve:
        check_curve_path(arguments.mouth_curve)
        check_writable(arguments.mouth_curve)
    if arguments.voice is not None and arguments.text is None:
        raise BadInputError("expected --voice together with --text, found it with --audio")
    sound = sound_of_file(arguments.audio) if arguments.text is None else None
    check_writable(output)
    controls = mouth_controls(arguments)
    if sound is None:
        checked_text(arguments.text)
        synthesiser = installed_synthesiser(arguments.voice)
        reporter.progress(0.0, "synthesise")
        sound = sound_of_text(arguments.text, synthesiser)
    reporter.progress(0.0, "load")
    with lasting():
        mouth = open_mouth()
        avatar = open_avatar(arguments.character, arguments.renderer, mouth.space, reporter.note)
    try:
        if behind is not None:
            avatar.composer.background = Background(avatar.character, behind)
        stream = MouthStream(mouth.model, controls, controls.sound_offset_ms)
        result = _speak(arguments, sound, mouth, stream, avatar, reporter)
    finally:
        avatar.close()
    reporter.result(
        result,
        f"{result['frames']} frames, {result['seconds']:.1f} s of speech in {result['wall_s']:.1f} s, in {output}",
    )


def sound_of_file(path: Path) -> Sound:
    """Open a sound file; it is decoded as it is spoken.

    Raises:
        BadAudioError: it cannot be used.
    """
    return Sound(
        AudioFileSource(path, BLOCK_SAMPLES),
        AudioFileSource(path, HEARD_BLOCK_SAMPLES, rate_hz=HEARD_RATE_HZ),
        sound_seconds(path) or 0.0,
    )


def sound_of_text(text: str, synthesiser: SpeechSynthesiser) -> Sound:
    """Have a text spoken.

    Raises:
        BadInputError: the text or the voice cannot be used.
        DeviceError: the voice failed.
    """
    heard = synthesiser.speak(text, HEARD_RATE_HZ)
    resampler = StreamResampler(HEARD_RATE_HZ)
    spoken = np.clip(np.concatenate([resampler.push(heard), resampler.finish()]), -1.0, 1.0)
    return Sound(
        SamplesSource(spoken, BLOCK_SAMPLES),
        SamplesSource(heard, HEARD_BLOCK_SAMPLES),
        len(heard) / HEARD_RATE_HZ,
    )


def _open_writer(output: Path, width: int, height: int, badge: bool) -> FileWriter:
    """Open an mp4, a WebM with transparency, or a folder of pictures with it, by the output's ending."""
    if not output.suffix:
        return PngSequenceWriter(output, HEARD_RATE_HZ, badge=badge)
    return VideoWriter(
        output, width, height, FRAMES_PER_SECOND, audio_sample_rate_hz=HEARD_RATE_HZ, quick=True, badge=badge
    )


def _speak(
    arguments: argparse.Namespace,
    sound: Sound,
    mouth: Mouth,
    stream: MouthStream,
    avatar: Avatar,
    reporter: Reporter,
) -> dict[str, object]:
    character = avatar.character
    collector = MouthCurveCollector(mouth.space, mouth.model.look_ahead_ms)
    timer = StageTimer()
    expected = max(1, round(sound.seconds * FRAMES_PER_SECOND))
    begin_s = time.monotonic()
    writer = _open_writer(arguments.output, character.width, character.height, arguments.badge)
    samples = speak_into(
        VideoFileSink(writer, HEARD_RATE_HZ),
        sound.spoken,
        stream,
        avatar.composer,
        collector,
        timer,
        lambda done: reporter.progress(done / max(expected, done), "speak"),
        sound.heard,
        HEARD_RATE_HZ,
        frames_together(character.width, character.height),
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
