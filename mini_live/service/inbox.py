"""Sound that came over a WebSocket and waits for the studio: bounded, in order, with what else the caller says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import numpy as np
from fastapi import WebSocket, WebSocketDisconnect

from mini_live.service.refusals import TooLargeError
from mini_live.service.sounds import PcmReader
from talkingface.errors import BadInputError
from talkingface.records import FloatArray

LARGEST_MESSAGE_BYTES = 1 << 20


class SoundInbox:
    """Reads ahead up to a limit, then leaves the caller waiting; used by one event loop."""

    def __init__(self, reader: PcmReader, most_waiting_samples: int) -> None:
        """Start empty."""
        self._reader = reader
        self._most = most_waiting_samples
        self._parts: list[FloatArray] = []
        self._changed = asyncio.Condition()
        self._ended = False
        self._failure: BaseException | None = None
        self.waiting = 0

    @asynccontextmanager
    async def filled_from(
        self, websocket: WebSocket, on_text: Callable[[str], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Fill the inbox in the background; what goes wrong there is raised by :meth:`take`."""
        task = asyncio.create_task(self._fill(websocket, on_text))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def take(self, most_samples: int) -> FloatArray | None:
        """Return the next float32 (n,) samples of 16 kHz, at least one; None when the caller has ended the sound.

        Raises:
            WebSocketDisconnect: the caller has gone.
            BadInputError: the caller sent what makes no sense.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self.waiting or self._ended or self._failure)
            if self._failure is not None:
                raise self._failure
            if not self.waiting:
                return None
            samples = np.concatenate(self._parts)
            taken, rest = samples[:most_samples], samples[most_samples:]
            self._parts = [rest] if len(rest) else []
            self.waiting = len(rest)
            self._changed.notify_all()
            return taken

    async def _fill(self, websocket: WebSocket, on_text: Callable[[str], Awaitable[None]]) -> None:
        try:
            while True:
                message = await websocket.receive()
                if message["type"] == "websocket.disconnect":
                    raise WebSocketDisconnect(message.get("code", 1000))
                content, text = message.get("bytes"), message.get("text")
                if content is not None:
                    await self._put(self._read(content))
                elif text is not None and await self._ends(text, on_text):
                    await self._put(self._reader.finish(), last=True)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # it belongs to whoever takes
            async with self._changed:
                self._failure = error
                self._changed.notify_all()

    def _read(self, content: bytes) -> FloatArray:
        if self._ended:
            raise BadInputError("expected nothing after the end of the sound, found more")
        if len(content) > LARGEST_MESSAGE_BYTES:
            raise TooLargeError(
                f"expected messages of at most {LARGEST_MESSAGE_BYTES} bytes, found {len(content)}"
            )
        return self._reader.read(content)

    async def _put(self, samples: FloatArray, *, last: bool = False) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.waiting < self._most)
            self._ended = self._ended or last
            if len(samples):
                self._parts.append(samples)
                self.waiting += len(samples)
            self._changed.notify_all()

    async def _ends(self, text: str, on_text: Callable[[str], Awaitable[None]]) -> bool:
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise BadInputError("expected JSON in a text message, found something else") from error
        if isinstance(fields, dict) and fields.get("event") == "end":
            return True
        await on_text(text)
        return False
