"""The routes over WebSocket: sound in; mouth curves out, or pictures of a speaking character."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import ValidationError

from mini_live.mouth_curves import MouthCurveCollector
from mini_live.service.company import Company
from mini_live.service.inbox import SoundInbox
from mini_live.service.performance import Performance, Shown, jpeg
from mini_live.service.refusals import INTERNAL, close_code
from mini_live.service.schemas import SpeechSettings
from mini_live.service.sounds import PcmReader
from talkingface.badge import Badge
from talkingface.errors import AvatarError, BadInputError
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthCurve, MouthStream
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, frame_time_s

router = APIRouter()

# Index, flags (1 = silent), presentation time in seconds; all little-endian; the JPEG follows.
FRAME_HEADER = struct.Struct("<IId")
SILENT_FLAG = 1
PIECE_SAMPLES = SAMPLE_RATE // 5
HURRY_SAMPLES = SAMPLE_RATE // 2
MOST_WAITING_SAMPLES = 2 * SAMPLE_RATE


@router.websocket("/ws/mouth")
async def mouth(websocket: WebSocket, format: str = "int16", rate: int = SAMPLE_RATE) -> None:  # noqa: A002 - the caller's word
    """Answer sound with mouth coefficients, frame by frame."""
    await websocket.accept()
    company: Company = websocket.app.state.company
    async with _answering(websocket):
        with company.mouth_seats.one():
            await _stream_mouth(websocket, company, SoundInbox(PcmReader(format, rate), MOST_WAITING_SAMPLES))


@router.websocket("/ws/live")
async def live(
    websocket: WebSocket,
    character: str | None = None,
    format: str = "int16",  # noqa: A002 - the caller's word
    rate: int = SAMPLE_RATE,
    drop_late: bool = False,
    badge: bool = True,
) -> None:
    """Answer sound with pictures.

    Args:
        websocket: the caller.
        character: id of a character; None is the first one.
        format: of the sound that comes.
        rate: of the sound that comes, Hz.
        drop_late: leave frames out where the machine falls behind.
        badge: show the small AI sign.
    """
    await websocket.accept()
    company: Company = websocket.app.state.company
    async with _answering(websocket):
        with company.live_seats.one():
            inbox = SoundInbox(PcmReader(format, rate), MOST_WAITING_SAMPLES)
            folder = await asyncio.to_thread(company.catalogue.folder, character)
            performance = await asyncio.wrap_future(
                company.studio.call(
                    lambda: Performance(company.studio, company.studio.open_avatar(folder), MouthControls())
                )
            )
            try:
                shown = performance.avatar.character
                sign = Badge(shown.width, shown.height) if badge else None
                await _perform(websocket, company, performance, inbox, sign, drop_late=drop_late)
            finally:
                company.studio.post(performance.close)


@asynccontextmanager
async def _answering(websocket: WebSocket) -> AsyncIterator[None]:
    """Tell the caller what failed; one who has gone is no failure."""
    try:
        yield
    except WebSocketDisconnect:
        return
    except AvatarError as error:
        await _refuse(websocket, str(error), close_code(error))
    except asyncio.CancelledError:
        raise
    except Exception:
        await _refuse(websocket, "unexpected failure", INTERNAL)
        raise


async def _stream_mouth(websocket: WebSocket, company: Company, inbox: SoundInbox) -> None:
    mouth = company.studio.mouth
    stream = MouthStream(mouth.model)
    await websocket.send_json({
        "event": "ready", "fps": FRAMES_PER_SECOND, "look_ahead_ms": mouth.model.look_ahead_ms,
        "coefficients": mouth.model.coefficient_count,
    })  # fmt: skip
    async with inbox.filled_from(websocket, lambda text: _turn(text, company, stream.set_controls)):
        frames = 0
        while (samples := await inbox.take(PIECE_SAMPLES)) is not None:
            curve = await asyncio.wrap_future(company.studio.call(partial(stream.push, samples)))
            frames += await _send_curve(websocket, company, curve)
        curve = await asyncio.wrap_future(company.studio.call(stream.finish))
        frames += await _send_curve(websocket, company, curve)
        await websocket.send_json({"event": "end", "frames": frames})
        await websocket.close()


async def _send_curve(websocket: WebSocket, company: Company, curve: MouthCurve) -> int:
    if len(curve):
        collector = MouthCurveCollector(company.studio.mouth.space, company.studio.mouth.model.look_ahead_ms)
        collector.add(curve.coefficients, curve.silent)
        rows = collector.table().as_document()["frames"]
        for row, fields in enumerate(rows):
            index = curve.first_frame + row
            fields.update(index=index, time_s=round(frame_time_s(index), 4))
        await websocket.send_json({"event": "frames", "frames": rows})
    return len(curve)


async def _perform(
    websocket: WebSocket,
    company: Company,
    performance: Performance,
    inbox: SoundInbox,
    sign: Badge | None,
    *,
    drop_late: bool,
) -> None:
    character = performance.avatar.character
    await websocket.send_json({
        "event": "ready", "character": character.name, "width": character.width, "height": character.height,
        "fps": FRAMES_PER_SECOND, "look_ahead_ms": company.studio.mouth.model.look_ahead_ms,
        "header_bytes": FRAME_HEADER.size,
    })  # fmt: skip
    studio = company.studio
    async with inbox.filled_from(websocket, lambda text: _turn(text, company, performance.set_controls)):
        while True:
            hurry = drop_late and inbox.waiting > HURRY_SAMPLES
            samples = await inbox.take(inbox.waiting if hurry else PIECE_SAMPLES)
            if samples is None:
                break
            shown = await asyncio.wrap_future(studio.call(partial(performance.push, samples, hurry=hurry)))
            await _send_frames(websocket, shown, sign)
        shown = await asyncio.wrap_future(studio.call(performance.finish))
        await _send_frames(websocket, shown, sign)
        await websocket.send_json({
            "event": "end", "frames": performance.frames, "dropped_frames": performance.dropped_frames,
        })  # fmt: skip
        await websocket.close()


async def _send_frames(websocket: WebSocket, shown: list[Shown], sign: Badge | None) -> None:
    for one in shown:
        picture = await asyncio.to_thread(jpeg, one.frame, sign)
        header = FRAME_HEADER.pack(one.frame.index, SILENT_FLAG * one.silent, one.frame.pts_s)
        await websocket.send_bytes(header + picture)


async def _turn(text: str, company: Company, set_controls: Callable[[MouthControls], None]) -> None:
    """Obey a text message that turns the mouth's knobs."""
    try:
        fields = json.loads(text)
        event = fields.pop("event", None) if isinstance(fields, dict) else None
        if event != "controls":
            raise BadInputError(f"expected the event controls or end, found {str(event)[:40]!r}")
        controls = SpeechSettings.model_validate(fields).controls()
    except (ValueError, ValidationError) as error:
        raise BadInputError("expected a JSON object of numbers, found something else") from error
    await asyncio.wrap_future(company.studio.call(partial(set_controls, controls)))


async def _refuse(websocket: WebSocket, text: str, code: int) -> None:
    try:
        await websocket.send_json({"event": "error", "message": text})
        await websocket.close(code)
    except (RuntimeError, WebSocketDisconnect):
        return  # the caller has gone
