"""``live``: a character speaks along with the microphone or a file, in a window or headless."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from mini_live.arguments import ArgumentValueError
from mini_live.audio_file_source import AudioFileSource, LimitedSource
from mini_live.clock import SystemClock
from mini_live.lasting import lasting
from mini_live.live_session import LiveSession
from mini_live.microphone import Microphone, find_microphone
from mini_live.mouth_curves import MouthCurveCollector, check_curve_path
from mini_live.sinks import QueuedSink, VideoFileSink
from mini_live.virtual_camera import VirtualCameraSink
from mini_live.whole_files import check_video_path, check_writable
from mini_live.wiring import Avatar, Mouth, mouth_controls, open_avatar, open_mouth
from talkingface.errors import BadAudioError
from talkingface.exit_codes import EXIT_DONE, EXIT_INTERRUPTED
from talkingface.mouth_stream import MouthStream
from talkingface.records import AudioChunk, VideoFrame
from talkingface.reporting import Reporter
from talkingface.seams import AudioSource, FrameSink
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE
from talkingface.video_files import VideoWriter

RECORDING_QUEUE_FRAMES = 2 * FRAMES_PER_SECOND
MICROPHONE = "mic"
BLOCK_MS = 20.0


def run(arguments: argparse.Namespace, reporter: Reporter) -> int | None:
    """Open the window, or run headless until the sound ends.

    Raises:
        AvatarError: what can go wrong with devices, files, character and output, each in one line.
    """
    if not arguments.headless:
        if arguments.mouth_curve or arguments.block_ms:
            raise ArgumentValueError(
                "expected --mouth-curve and --block-ms with --headless, found no --headless"
            )
        from mini_live.commands import window

        return window.run(arguments, reporter)
    return run_headless(arguments, reporter)


def run_headless(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Run without a window; an interrupt ends the session and keeps the recording whole.

    Returns:
        0, or 130 after an interrupt.
    """
    _check_outputs(arguments)
    if arguments.source in (None, MICROPHONE):
        find_microphone(arguments.device)
    else:
        AudioFileSource(Path(arguments.source), SAMPLE_RATE).close()
    controls = mouth_controls(arguments)
    reporter.progress(0.0, "load")
    with lasting():
        mouth = open_mouth()
        avatar = open_avatar(arguments.character, arguments.renderer, mouth.space, reporter.note)
    sinks: list[FrameSink] = []
    try:
        avatar.warm_up()
        sinks = _open_sinks(arguments, avatar)
        source = _open_source(arguments)
        try:
            stream = MouthStream(mouth.model, controls, controls.sound_offset_ms)
            return _run(arguments, reporter, source, stream, mouth, avatar, sinks)
        finally:
            source.close()
    except BaseException:
        for sink in sinks:
            with suppress(Exception):
                sink.close()
        raise
    finally:
        avatar.close()


def _run(
    arguments: argparse.Namespace,
    reporter: Reporter,
    source: AudioSource,
    stream: MouthStream,
    mouth: Mouth,
    avatar: Avatar,
    sinks: list[FrameSink],
) -> int:
    collector = MouthCurveCollector(mouth.space, mouth.model.look_ahead_ms) if arguments.mouth_curve else None
    session = LiveSession(
        source,
        stream,
        avatar.live_composer(),
        [*sinks, _ProgressSink(reporter, arguments.seconds)],
        SystemClock(),
        look_ahead_ms=mouth.model.look_ahead_ms,
        margin_s=(_block_ms(arguments) + max(0.0, -stream.offset_ms)) / 1000,
        collector=collector,
    )
    reporter.note(f"{avatar.character.name} is live; Ctrl-C ends it")
    with _interrupt_stops(session) as interrupted:
        session.run()
        for sink in sinks:
            sink.close()
    if collector is not None:
        collector.table().write(arguments.mouth_curve)
    figures = session.figures()
    if arguments.record and not figures["frames"] and not interrupted:
        raise BadAudioError(
            f"expected sound for at least one frame to record, found {figures['seconds'] * 1000:g} ms"
        )
    recorded = arguments.record if figures["frames"] else None
    fields = {
        "command": "live",
        "source": str(arguments.source or MICROPHONE),
        "character": avatar.character.name,
        **figures,
        "lost_samples": getattr(source, "lost_samples", 0),
        "unrecorded_frames": sum(getattr(sink, "dropped_frames", 0) for sink in sinks),
        "recording": str(recorded) if recorded else None,
        "renderer": avatar.renderer_name,
        "interrupted": bool(interrupted),
    }
    reporter.result(
        fields,
        f"{figures['frames']} frames, {figures['late_frames']} late, {figures['dropped_frames']} dropped, "
        f"latency {figures['latency_ms']['p50']:.0f} ms" + (f", recorded in {recorded}" if recorded else ""),
    )
    return EXIT_INTERRUPTED if interrupted else EXIT_DONE


def _check_outputs(arguments: argparse.Namespace) -> None:
    if arguments.record:
        check_video_path(arguments.record)
        check_writable(arguments.record)
    if arguments.mouth_curve:
        check_curve_path(arguments.mouth_curve)
        check_writable(arguments.mouth_curve)


def _open_source(arguments: argparse.Namespace) -> AudioSource:
    source: AudioSource
    if arguments.source in (None, MICROPHONE):
        source = Microphone(find_microphone(arguments.device))
    else:
        block_samples = max(1, round(_block_ms(arguments) / 1000 * SAMPLE_RATE))
        source = AudioFileSource(Path(arguments.source), block_samples, SystemClock())
    if arguments.seconds is not None:
        source = LimitedSource(source, max(1, round(arguments.seconds * SAMPLE_RATE)))
    return source


def _block_ms(arguments: argparse.Namespace) -> float:
    return BLOCK_MS if arguments.block_ms is None else float(arguments.block_ms)


def _open_sinks(arguments: argparse.Namespace, avatar: Avatar) -> list[FrameSink]:
    sinks: list[FrameSink] = []
    character = avatar.character
    if arguments.virtual_camera:
        sinks.append(VirtualCameraSink(character.width, character.height, badge=arguments.badge))
    if arguments.record:
        writer = VideoWriter(
            arguments.record, character.width, character.height, FRAMES_PER_SECOND,
            audio_sample_rate_hz=SAMPLE_RATE, preset="ultrafast", keep_what_is_whole=True,
            badge=arguments.badge,
        )  # fmt: skip
        sinks.append(QueuedSink(VideoFileSink(writer), RECORDING_QUEUE_FRAMES, drop_when_full=True))
    return sinks


class _ProgressSink:
    """Tells how far a session of known length is."""

    def __init__(self, reporter: Reporter, seconds: float | None) -> None:
        self._reporter = reporter
        self._seconds = seconds

    def write(self, frame: VideoFrame) -> None:
        done = 0.0 if self._seconds is None else frame.pts_s / self._seconds
        if frame.index % FRAMES_PER_SECOND == 0:
            self._reporter.progress(done, "live")

    def write_audio(self, chunk: AudioChunk) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def _interrupt_stops(session: LiveSession) -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM end the session instead of breaking it off; yields the signals that came."""
    came: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        session.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
