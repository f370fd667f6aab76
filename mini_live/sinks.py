"""Where frames and sound go: a video file, a queue before a slow sink, a callback."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, Protocol, TypeVar

from mini_live.fitting import fitted
from talkingface.colour_planes import PlanarFrame
from talkingface.errors import AvatarError, OutputError
from talkingface.records import AudioChunk, FloatArray, ImageArray, VideoFrame
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, frame_count

POLL_S = 0.2

FrameT = TypeVar("FrameT")
TakenFrameT = TypeVar("TakenFrameT", contravariant=True)


class SinkOf(Protocol[TakenFrameT]):
    """A :class:`talkingface.seams.FrameSink` for one kind of frame."""

    def write(self, frame: TakenFrameT) -> None:
        """Take one frame, in order."""

    def write_audio(self, chunk: AudioChunk) -> None:
        """Take the sound that the frames answer, in order."""

    def close(self) -> None:
        """Finish and free."""


class FileWriter(Protocol):
    """A video file or a folder of pictures that is being written."""

    def write_frame(self, rgb: ImageArray) -> None:
        """Write one uint8 (height, width, 3) frame."""

    def write_planes(self, planes: ImageArray, coverage: ImageArray | None = None) -> None:
        """Write one frame of planes with its matte."""

    def write_audio(self, samples: FloatArray) -> None:
        """Write the next samples."""

    def close(self) -> None:
        """Make the whole appear."""

    def abort(self) -> None:
        """Leave nothing behind."""


class VideoFileSink:
    """Writes an mp4 whose picture and sound are aligned; frames that were left out repeat the one before.

    The file begins with the first whole frame of the first sound it is given, so that a recording may begin in
    the middle of a stream.
    """

    def __init__(self, writer: FileWriter, sample_rate_hz: int = SAMPLE_RATE) -> None:
        """Take a fresh writer, which this sink closes or aborts.

        Args:
            writer: opened for that sample rate.
            sample_rate_hz: of the sound that comes; a multiple of the frame rate.
        """
        self._writer = writer
        self._rate_hz = sample_rate_hz
        self._samples_per_frame = sample_rate_hz // FRAMES_PER_SECOND
        self._first_frame: int | None = None
        self._next_index = 0
        self._samples = 0
        self._last: VideoFrame | PlanarFrame | None = None
        self._size: tuple[int, int] | None = None
        self._closed = False

    @property
    def frames_written(self) -> int:
        """Frames in the file so far, repeated ones included."""
        return self._next_index - (self._first_frame or 0)

    def write(self, frame: VideoFrame | PlanarFrame) -> None:
        """See :class:`talkingface.seams.FrameSink`; frames of sound before this sink's own are left out."""
        if self._first_frame is None or frame.index < self._next_index:
            return
        before = frame if self._last is None else self._last
        self._repeat(before, frame.index)
        self._put(frame)
        self._next_index = frame.index + 1
        self._last = frame

    def write_audio(self, chunk: AudioChunk) -> None:
        """See :class:`talkingface.seams.FrameSink`."""
        if self._first_frame is None:
            self._first_frame = self._next_index = -(-chunk.start_sample // self._samples_per_frame)
        skip = max(0, self._first_frame * self._samples_per_frame - chunk.start_sample)
        self._writer.write_audio(chunk.samples[skip:])
        self._samples += max(0, len(chunk.samples) - skip)

    def close(self) -> None:
        """Repeat the last frame to the end of the sound and make the file appear."""
        if self._closed:
            return
        self._closed = True
        if self._last is None:
            self._writer.abort()
            return
        whole_frames = frame_count(self._samples, self._rate_hz)
        self._repeat(self._last, (self._first_frame or 0) + whole_frames)
        self._writer.close()

    def abort(self) -> None:
        """Leave no file behind."""
        if not self._closed:
            self._closed = True
            self._writer.abort()

    def _repeat(self, frame: VideoFrame | PlanarFrame, until_index: int) -> None:
        while self._next_index < until_index:
            self._put(frame)
            self._next_index += 1

    def _put(self, frame: VideoFrame | PlanarFrame) -> None:
        """Write a frame in the file's own size, which another character may not have."""
        size = frame.size if isinstance(frame, PlanarFrame) else (frame.rgb.shape[1], frame.rgb.shape[0])
        if self._size is None:
            self._size = size
        if isinstance(frame, PlanarFrame) and size == self._size:
            self._writer.write_planes(frame.planes, frame.coverage)
        else:
            self._writer.write_frame(fitted(frame.rgb, *self._size))


class QueuedSink(Generic[FrameT]):
    """Feeds a slow sink from a thread of its own, through a bounded queue.

    An error of the slow sink is raised at the next call here.
    """

    def __init__(
        self,
        sink: SinkOf[FrameT],
        capacity_frames: int,
        *,
        drop_when_full: bool,
        on_finished: Callable[[AvatarError | None], None] | None = None,
    ) -> None:
        """Start the thread.

        Args:
            sink: the slow sink; used by the new thread alone from now on.
            capacity_frames: how many frames may wait.
            drop_when_full: True leaves a frame out and counts it; False waits for room. Sound is never dropped.
            on_finished: called from the thread when the slow sink was closed, or failed to.
        """
        self._sink = sink
        self._drop = drop_when_full
        self._on_finished = on_finished
        self._queue: queue.Queue[FrameT | AudioChunk | None] = queue.Queue()
        self._room = threading.Semaphore(capacity_frames)
        self._error: AvatarError | None = None
        self._ended = False
        self.dropped_frames = 0
        self._thread = threading.Thread(target=self._work, name="sink", daemon=True)
        self._thread.start()

    def write(self, frame: FrameT) -> None:
        """Hand one frame on, or leave it out where the queue is full and that is allowed."""
        self._raise()
        if self._drop:
            if not self._room.acquire(blocking=False):
                self.dropped_frames += 1
                return
        else:
            while not self._room.acquire(timeout=POLL_S):
                self._raise()
        self._queue.put(frame)

    def write_audio(self, chunk: AudioChunk) -> None:
        """Hand sound on."""
        self._raise()
        self._queue.put(chunk)

    @property
    def finished(self) -> bool:
        """Whether the thread has ended: all is written, or it failed."""
        return not self._thread.is_alive()

    def finish(self) -> None:
        """Close the slow sink after all that waits, without waiting here; may be called twice."""
        if not self._ended:
            self._ended = True
            self._queue.put(None)

    def close(self) -> None:
        """Wait until all is written and the slow sink is closed; raises what went wrong there."""
        self.finish()
        self._thread.join()
        self._raise()

    def stop(self) -> None:
        """End without finishing the slow sink; what waits is thrown away."""
        self._error = self._error or OutputError("stopped")
        self.finish()
        self._thread.join()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            self._attempt(partial(self._write_one, item))
            if not isinstance(item, AudioChunk):
                self._room.release()
        self._attempt(self._sink.close)
        if self._on_finished is not None:
            self._on_finished(self._error)

    def _attempt(self, action: Callable[[], None]) -> None:
        """Do it unless something failed before; keep what goes wrong for the caller's thread."""
        if self._error is not None:
            return
        try:
            action()
        except AvatarError as error:
            self._error = error
        except Exception as error:  # whatever it is, it must reach the caller
            self._error = OutputError(f"expected to write the output, found {type(error).__name__}: {error}")

    def _write_one(self, item: FrameT | AudioChunk) -> None:
        if isinstance(item, AudioChunk):
            self._sink.write_audio(item)
        else:
            self._sink.write(item)


class CallbackSink:
    """Gives every frame to a function, which must return at once; sound is ignored."""

    def __init__(self, on_frame: Callable[[VideoFrame], None]) -> None:
        """Keep the function."""
        self._on_frame = on_frame

    def write(self, frame: VideoFrame) -> None:
        """Call the function."""
        self._on_frame(frame)

    def write_audio(self, chunk: AudioChunk) -> None:
        """Ignore the sound."""

    def close(self) -> None:
        """Nothing to free."""
