"""The routes over HTTP: health, characters, jobs and mouth curves; thin, the work is done elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from mini_live.mouth_curves import MouthCurveCollector
from mini_live.service.company import Company
from mini_live.service.refusals import NotReadyError
from mini_live.service.schemas import CharacterView, Failure, Health, JobView, MouthDocument
from mini_live.service.sounds import check_sound, decoded
from mini_live.service.uploads import received_upload
from talkingface.mouth_stream import MouthStream
from talkingface.records import FloatArray
from talkingface.timing import FRAMES_PER_SECOND

router = APIRouter(responses={code: {"model": Failure} for code in (401, 403, 404, 409, 413, 422, 503)})


@router.get("/health")
async def health(request: Request) -> Health:
    """Say that the service is there, and how busy."""
    company = _company(request)
    return Health(
        status="ok",
        fps=FRAMES_PER_SECOND,
        look_ahead_ms=company.studio.mouth.model.look_ahead_ms,
        live=company.live_seats.taken,
        mouth_streams=company.mouth_seats.taken,
    )


@router.get("/characters")
async def characters(request: Request) -> list[CharacterView]:
    """List the characters."""
    return [CharacterView.of(offer) for offer in await asyncio.to_thread(_company(request).catalogue.offers)]


@router.get("/characters/{name}/preview", response_class=FileResponse)
async def preview(request: Request, name: str) -> FileResponse:
    """Send a small picture of a character."""
    folder = await asyncio.to_thread(_company(request).catalogue.folder, name)
    picture = folder / "preview.jpg"
    if not picture.is_file():
        raise NotReadyError(f"expected a picture of {name!r}, found none in its folder")
    return FileResponse(picture, media_type="image/jpeg")


@router.post("/speak", status_code=202)
async def speak(request: Request, response: Response) -> JobView:
    """Take on a job: a video of a character that speaks the sound."""
    company = _company(request)
    company.jobs.check_room()
    limits = company.settings
    async with received_upload(request, company.folder, limits.most_upload_bytes) as upload:
        controls = upload.settings.controls()
        folder = await asyncio.to_thread(company.catalogue.folder, upload.settings.character)
        sound = await asyncio.to_thread(check_sound, upload.path, upload.name, limits.longest_sound_s)
        job = company.jobs.add(sound.path, sound.samples, folder, controls, badge=upload.settings.badge)
    response.headers["Location"] = f"/jobs/{job.id}"
    return JobView.of(job)


@router.get("/jobs/{name}")
async def job(request: Request, name: str) -> JobView:
    """Tell how far a job is."""
    return JobView.of(_company(request).jobs.get(name))


@router.get("/jobs/{name}/video", response_class=FileResponse)
async def video(request: Request, name: str) -> FileResponse:
    """Send the video of a completed job."""
    return FileResponse(
        _company(request).jobs.finished_video(name), media_type="video/mp4", filename="speech.mp4"
    )


@router.delete("/jobs/{name}", status_code=204)
async def drop_job(request: Request, name: str) -> None:
    """Throw a job away, finished or not."""
    await asyncio.to_thread(_company(request).jobs.remove, name)


@router.post("/mouth")
async def mouth(request: Request) -> MouthDocument:
    """Answer a sound with its mouth curve, as the command ``mouth`` writes it."""
    company = _company(request)
    limits = company.settings
    model, space = company.studio.mouth.model, company.studio.mouth.space
    collector = MouthCurveCollector(space, model.look_ahead_ms)
    async with received_upload(request, company.folder, limits.most_upload_bytes) as upload:
        stream = MouthStream(model, upload.settings.controls())
        blocks = decoded(upload.path, upload.name, limits.longest_sound_s)
        while (block := await asyncio.to_thread(_next, blocks)) is not None:
            curve = await asyncio.wrap_future(company.studio.call(partial(stream.push, block)))
            collector.add(curve.coefficients, curve.silent)
        curve = await asyncio.wrap_future(company.studio.call(stream.finish))
        collector.add(curve.coefficients, curve.silent)
    return MouthDocument.model_validate(await asyncio.to_thread(lambda: collector.table().as_document()))


def page_file(name: str) -> Path:
    """Return a file of the web page."""
    return Path(__file__).with_name("page") / name


def _company(request: Request) -> Company:
    company: Company = request.app.state.company
    return company


def _next(blocks: Iterator[FloatArray]) -> FloatArray | None:
    return next(blocks, None)
