"""The live loop: one thread takes sound, makes the mouth, composes the frames that are due and hands them over."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import cv2
import numpy as np

from mini_live.live_statistics import LiveStatistics, LiveStatus
from mini_live.mouth_curves import MouthCurveCollector
from mini_live.pacing import FRAME_PERIOD_S, AudioPacer
from talkingface.errors import AvatarError
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthCurve, MouthStream
from talkingface.records import AudioChunk, FloatArray, VideoFrame
from talkingface.seams import AudioSource, Clock, FrameSink
from talkingface.stage_timing import StageTimer
from talkingface.timing import frame_count

Orders = queue.SimpleQueue[Callable[[], None]]

IDLE_S = 0.1
STATUS_FRAMES = 5


class Composer(Protocol):
    """Makes frames; see :class:`talkingface.frame_composer.FrameComposer`."""

    stages: StageTimer

    def compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        """Make frame ``index`` with float32 (K,) coefficients."""


@dataclass(frozen=True)
class _Waiting:
    index: int
    coefficients: FloatArray
    mouth_ms: float
    heard_s: float


@dataclass(frozen=True)
class _Finished:
    frame: VideoFrame
    compute_ms: float


@dataclass
class _Ending:
    sink: FrameSink
    then: Callable[[], None]
    until_frame: int


class LiveSession:
    """Everything between an audio source and the sinks; all but :meth:`stop` and :meth:`post` is one thread's."""

    def __init__(
        self,
        source: AudioSource,
        mouth: MouthStream,
        composer: Composer,
        sinks: list[FrameSink],
        clock: Clock,
        *,
        look_ahead_ms: int,
        margin_s: float,
        collector: MouthCurveCollector | None = None,
        next_source: Callable[[AvatarError | None], AudioSource] | None = None,
        on_sink_error: Callable[[FrameSink, AvatarError], None] | None = None,
        on_composer_error: Callable[[AvatarError], Composer] | None = None,
        orders: Orders | None = None,
    ) -> None:
        """Keep the parts; nothing starts yet.

        Args:
            source: sound at the pace of real time.
            mouth: a fresh stream of the mouth model.
            composer: the character, owned by the thread that calls :meth:`run`.
            sinks: where frames and sound go; they must not hold the thread up. The caller closes them.
            clock: what pacing waits on.
            look_ahead_ms: of the mouth model.
            margin_s: how much later than its last sample a frame is shown at least.
            collector: gets the mouth curve, if given.
            next_source: asked for another source when one ended (None) or failed (its error); without it the
                session ends, or raises the error.
            orders: a queue that :meth:`post` fills, where orders came in before there was a session.
            on_sink_error: told when a sink failed, which is then left out; None raises the error instead.
            on_composer_error: asked for another composer when one failed; None raises the error instead.
        """
        self._source = source
        self._mouth = mouth
        self.composer = composer
        self._sinks = list(sinks)
        self._ending: list[_Ending] = []
        self._clock = clock
        self._pacer = AudioPacer(look_ahead_ms, margin_s)
        self._collector = collector
        self._on_sink_error = on_sink_error
        self._on_composer_error = on_composer_error
        self._pending: deque[_Waiting] = deque()
        self._finished: _Finished | None = None
        self._next_source = next_source
        self._orders: Orders = queue.SimpleQueue() if orders is None else orders
        self._stopping = threading.Event()
        self._samples = 0
        self._ended = False
        self.muted = False
        self.timer = StageTimer()
        self.statistics = LiveStatistics(look_ahead_ms)
        self.status = LiveStatus()

    def run(self) -> None:
        """Work until the sound ends or :meth:`stop`; frames of sound that was taken are still shown.

        Raises:
            DeviceError: the source failed and cannot go on.
            OutputError: a sink failed and nobody was to be told.
            GraphicsError: drawing failed.
        """
        # A frame's pictures are too small to be shared out: a busy second core would make every frame wait for it.
        cv2.setNumThreads(1)
        while not (self._ended and self._finished is None and not self._pending):
            self._obey()
            now_s = self._clock.now_s()
            if self._finished is not None and now_s >= self._pacer.due_s(self._finished.frame.index):
                self._hand_over(self._finished)
                self._finished = None
            elif self._finished is None and self._pending:
                self._compose_next(now_s)
            elif self._stopping.is_set() and not self._ended:
                self._finish()
            else:
                self._listen(now_s)

    def stop(self) -> None:
        """Ask to end, from any thread."""
        self._stopping.set()

    def post(self, order: Callable[[], None]) -> None:
        """Have something done by the worker between two steps, from any thread."""
        self._orders.put(order)

    def set_controls(self, controls: MouthControls) -> None:
        """Turn the mouth's knobs; call it through :meth:`post`."""
        self._mouth.set_controls(controls)

    def set_source(self, source: AudioSource) -> None:
        """Go on with the sound of another source and close the one before; call it through :meth:`post`."""
        self._source.close()
        self._source = source
        self.learn_pace_anew()

    def learn_pace_anew(self) -> None:
        """Take note that sound comes from another device now; the worker's thread only."""
        self._pacer.restart()

    def set_delay(self, delay_s: float) -> None:
        """Show frames that much later from now on; call it through :meth:`post`."""
        self._pacer.delay_s = max(0.0, delay_s)

    def add_sink(self, sink: FrameSink) -> None:
        """Begin to feed a sink; call it through :meth:`post`."""
        self._sinks.append(sink)

    def end_sink(self, sink: FrameSink, then: Callable[[], None]) -> None:
        """Give a sink no more sound, but the frames of the sound it has; call it through :meth:`post`.

        Args:
            sink: one of the session's sinks.
            then: called when it has its last frame, such as its ``close``; must not hold the session up.
        """
        if sink in self._sinks:
            self._sinks.remove(sink)
            self._ending.append(_Ending(sink, then, frame_count(self._samples)))

    def close_source(self) -> None:
        """Free the source that was listened to last."""
        self._source.close()

    def figures(self) -> dict[str, Any]:
        """Return what a session's result tells: frames, late and dropped ones, seconds, stages, latency."""
        stages = {**self.timer.summary(), **self.composer.stages.summary()}
        return self.statistics.figures(self._samples, stages)

    @property
    def samples(self) -> int:
        """Sound consumed so far, the clock of it all."""
        return self._samples

    def _obey(self) -> None:
        while not self._orders.empty():
            self._orders.get()()

    def _listen(self, now_s: float) -> None:
        wait_s = IDLE_S
        if self._finished is not None:
            wait_s = min(wait_s, max(0.0, self._pacer.due_s(self._finished.frame.index) - now_s))
        if self._ended:
            self._clock.sleep_s(wait_s)
            return
        chunk = self._read(wait_s)
        if chunk is None:
            self._finish()
        elif len(chunk.samples):
            samples = np.zeros_like(chunk.samples) if self.muted else chunk.samples
            self._take(AudioChunk(samples, self._samples))

    def _read(self, wait_s: float) -> AudioChunk | None:
        failure: AvatarError | None = None
        try:
            chunk = self._source.read(wait_s)
        except AvatarError as error:
            if self._next_source is None:
                raise
            chunk, failure = None, error
        if chunk is None and self._next_source is not None:
            self.set_source(self._next_source(failure))
            return AudioChunk(np.zeros(0, np.float32), self._samples)
        return chunk

    def _take(self, chunk: AudioChunk) -> None:
        self._samples += len(chunk.samples)
        self._pacer.arrived(self._samples, self._clock.now_s())
        self.statistics.heard(chunk.samples)
        for sink in list(self._sinks):
            self._guarded(sink, partial(sink.write_audio, chunk))
        begin_s = self._clock.now_s()
        self._queue(self._mouth.push(chunk.samples), begin_s)

    def _finish(self) -> None:
        self._ended = True
        self._queue(self._mouth.finish(), self._clock.now_s())

    def _queue(self, curve: MouthCurve, begin_s: float) -> None:
        if not len(curve.coefficients):
            return
        mouth_ms = (self._clock.now_s() - begin_s) * 1000 / len(curve.coefficients)
        self.timer.add("mouth", mouth_ms)
        if self._collector is not None:
            self._collector.add(curve.coefficients, curve.silent)
        for row, coefficients in enumerate(curve.coefficients):
            self._pending.append(_Waiting(curve.first_frame + row, coefficients, mouth_ms, begin_s))

    def _compose_next(self, now_s: float) -> None:
        waiting = self._pending.popleft()
        last = self._ended and not self._pending
        if now_s > self._pacer.due_s(waiting.index) + FRAME_PERIOD_S and not last:
            self.statistics.dropped_frames += 1
            return
        begin_s = self._clock.now_s()
        frame = self._compose(waiting.index, waiting.coefficients)
        compose_s = self._clock.now_s() - begin_s
        self.timer.add("compose", compose_s * 1000)
        self._finished = _Finished(frame, waiting.mouth_ms + compose_s * 1000)
        self._pacer.made(waiting.index, waiting.heard_s, waiting.mouth_ms / 1000 + compose_s)

    def _compose(self, index: int, coefficients: FloatArray) -> VideoFrame:
        try:
            return self.composer.compose(index, coefficients)
        except AvatarError as error:
            if self._on_composer_error is None:
                raise
            self.composer = self._on_composer_error(error)
            return self.composer.compose(index, coefficients)

    def _hand_over(self, finished: _Finished) -> None:
        frame = finished.frame
        now_s = self._clock.now_s()
        late = now_s > self._pacer.due_s(frame.index) + FRAME_PERIOD_S
        with self.timer.stage("hand over"):
            for sink in list(self._sinks):
                self._guarded(sink, partial(sink.write, frame))
            for ending in list(self._ending):
                self._end(ending, frame)
        self.statistics.handed_over(self._pacer.heard_s(frame.index), now_s, finished.compute_ms, late=late)
        if self.statistics.frames % STATUS_FRAMES == 0:
            self.status = self.statistics.status(self._samples, getattr(self._source, "lost_samples", 0))

    def _end(self, ending: _Ending, frame: VideoFrame) -> None:
        if frame.index < ending.until_frame:
            self._guarded(ending.sink, partial(ending.sink.write, frame))
        if frame.index >= ending.until_frame - 1:
            self._ending.remove(ending)
            self._guarded(ending.sink, ending.then)

    def _guarded(self, sink: FrameSink, action: Callable[[], None]) -> None:
        try:
            action()
        except AvatarError as error:
            if self._on_sink_error is None:
                raise
            self._sinks = [other for other in self._sinks if other is not sink]
            self._ending = [other for other in self._ending if other.sink is not sink]
            self._on_sink_error(sink, error)
