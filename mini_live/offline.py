"""Speaking offline: a whole sound through the same pipeline as live, as fast as it goes, into one video."""

from __future__ import annotations

import time
from collections.abc import Callable

from mini_live.mouth_curves import MouthCurveCollector
from mini_live.painting_ahead import PaintingAhead
from mini_live.sinks import QueuedSink, VideoFileSink
from talkingface.errors import BadAudioError
from talkingface.frame_composer import FrameComposer
from talkingface.mouth_stream import MouthCurve, MouthStream
from talkingface.seams import AudioSource
from talkingface.stage_timing import StageTimer
from talkingface.timing import SAMPLE_RATE, frame_count

WAITING_FRAMES = 16
# Sound comes half a second at once, which is twelve or thirteen frames: two groups.
MOST_TOGETHER = 7
TOGETHER_BYTES = 16_000_000  # of their planes, so that large pictures do not fill the memory


def frames_together(width: int, height: int) -> int:
    """Return how many frames of a size in pixels are best made together where nobody waits for a single one."""
    return max(1, min(MOST_TOGETHER, TOGETHER_BYTES // (width * height * 3 // 2)))


def speak_into(
    sink: VideoFileSink,
    source: AudioSource,
    mouth: MouthStream,
    composer: FrameComposer,
    collector: MouthCurveCollector,
    timer: StageTimer,
    on_frame: Callable[[int], None],
    heard: AudioSource | None = None,
    heard_rate_hz: int = SAMPLE_RATE,
    together: int = 1,
) -> int:
    """Drive the character with all of the sound; while frames are drawn, others are painted and encoded.

    Args:
        sink: where picture and sound go; whole when this returns, gone when it raises.
        source: the sound, which is not paced.
        mouth: a fresh stream of the mouth model.
        composer: the character, owned by the calling thread.
        collector: gets the mouth curve.
        timer: gets the time of the mouth model, a frame.
        on_frame: called with the number of frames drawn, after every one or every group.
        heard: the same sound in a better quality for the video; None takes ``source``.
        heard_rate_hz: its sample rate, for which ``sink`` was made.
        together: at most so many frames are made as a group, which takes less time; see :func:`frames_together`.

    Returns:
        The number of samples spoken.

    Raises:
        BadAudioError: damaged sound, or too short for a single frame.
        OutputError: the output cannot be written.
        GraphicsError: drawing failed.
    """
    queued = QueuedSink(sink, WAITING_FRAMES, drop_when_full=False)
    painting = PaintingAhead(composer, queued)
    samples = heard_samples = 0
    try:
        ended = False
        while not ended:
            chunk = source.read(0.0)
            ended = chunk is None
            if chunk is not None:
                samples += len(chunk.samples)
                if heard is None:
                    queued.write_audio(chunk)
            while heard is not None and (ended or heard_samples / heard_rate_hz < samples / SAMPLE_RATE):
                better = heard.read(0.0)
                if better is None:
                    break
                heard_samples += len(better.samples)
                queued.write_audio(better)
            begin_s = time.perf_counter()
            if chunk is not None:
                curve = mouth.push(chunk.samples)
            else:
                curve = mouth.finish(None if heard is None else frame_count(heard_samples, heard_rate_hz))
            if len(curve.coefficients):
                timer.add("mouth", (time.perf_counter() - begin_s) * 1000 / len(curve.coefficients))
            collector.add(curve.coefficients, curve.silent)
            _compose(curve, together, painting, on_frame)
        if not collector.frames:
            raise BadAudioError(
                f"expected sound for at least one frame, found {samples * 1000 / SAMPLE_RATE:g} ms"
            )
        painting.finish()
        queued.close()
    except BaseException:
        painting.stop()
        queued.stop()
        sink.abort()
        raise
    return samples


def _compose(
    curve: MouthCurve, together: int, painting: PaintingAhead, on_frame: Callable[[int], None]
) -> None:
    for row in range(0, len(curve), together):
        mouths = curve.coefficients[row : row + together]
        first = curve.first_frame + row
        painting.add(first, mouths)
        on_frame(first + len(mouths))
