"""Paints and hands on frames in a thread of its own while the caller draws the next ones."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from mini_live.sinks import SinkOf
from talkingface.colour_planes import PlanarFrame
from talkingface.frame_composer import DrawnFrame, FrameComposer
from talkingface.records import FloatArray

MOST_GROUPS_WAITING = 2


class PaintingAhead:
    """Splits the work on frames between two threads; they reach the sink in order.

    Drawing stays with the calling thread, which owns the OpenGL context and the base video.
    """

    def __init__(self, composer: FrameComposer, sink: SinkOf[PlanarFrame]) -> None:
        """Start the thread.

        Args:
            composer: owned by the calling thread, but for its painting.
            sink: gets the frames, from the new thread.
        """
        self._composer = composer
        self._sink = sink
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="painting")
        self._waiting: deque[Future[None]] = deque()

    def add(self, first: int, mouths: FloatArray) -> None:
        """Draw frames in a row, of float32 (n, K), and leave the rest to the thread; waits where that is far behind.

        Raises:
            GraphicsError: drawing failed.
            CharacterError: the base video cannot be read.
            OutputError: an earlier frame could not be written.
        """
        drawn = self._composer.draw(first, list(mouths))
        while len(self._waiting) >= MOST_GROUPS_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._pool.submit(self._paint, drawn))

    def finish(self) -> None:
        """Wait until all frames are with the sink.

        Raises:
            OutputError: one could not be written.
        """
        while self._waiting:
            self._waiting.popleft().result()
        self._pool.shutdown()

    def stop(self) -> None:
        """Paint no more; what waits is thrown away. May be called after a failure, and twice."""
        self._pool.shutdown(cancel_futures=True)

    def _paint(self, drawn: list[DrawnFrame]) -> None:
        for frame in self._composer.paint(drawn):
            self._sink.write(frame)
