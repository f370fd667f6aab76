"""One upload: a form with a sound file, or JSON with the sound in base64, stored and checked."""

from __future__ import annotations

import asyncio
import base64
import binascii
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fastapi import Request
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile

from mini_live.service.refusals import TooLargeError
from mini_live.service.schemas import SpeechRequest, SpeechSettings
from talkingface.errors import BadInputError

SOUND_FIELD = "audio"
MOST_FIELDS = 16
SHOWN_NAME_LENGTH = 80


@dataclass(frozen=True)
class Upload:
    """What a caller sent: the stored file, the name they gave it, and their settings."""

    path: Path
    name: str
    settings: SpeechSettings


@asynccontextmanager
async def received_upload(request: Request, folder: Path, most_bytes: int) -> AsyncIterator[Upload]:
    """Store the sound of a request in a folder; it is gone afterwards, unless somebody moved it away.

    Raises:
        BadInputError: neither a form nor JSON, no sound in it, or settings that make no sense.
        TooLargeError: the sound is larger than ``most_bytes``.
    """
    place = Path(tempfile.mkdtemp(prefix="upload-", dir=folder))
    try:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            async with request.form(max_files=1, max_fields=MOST_FIELDS) as form:
                yield await _from_form(form, place / "sound", most_bytes)
        elif kind == "application/json":
            yield await asyncio.to_thread(_from_json, await request.body(), place / "sound", most_bytes)
        else:
            raise BadInputError(f"expected a form (multipart/form-data) or JSON, found {kind[:60]!r}")
    finally:
        shutil.rmtree(place, ignore_errors=True)


async def _from_form(form: FormData, path: Path, most_bytes: int) -> Upload:
    sound = form.get(SOUND_FIELD)
    if not isinstance(sound, UploadFile):
        raise BadInputError(f"expected a file in the field {SOUND_FIELD!r}, found none")
    fields = {name: value for name, value in form.items() if name != SOUND_FIELD and value != ""}
    settings = _validated(SpeechSettings, fields)
    await asyncio.to_thread(_store, sound.file, path, most_bytes)
    return Upload(path, Path(sound.filename or "the sound").name[:SHOWN_NAME_LENGTH], settings)


def _from_json(body: bytes, path: Path, most_bytes: int) -> Upload:
    try:
        request = SpeechRequest.model_validate_json(body)
    except ValidationError as error:
        raise BadInputError(_sentence(error)) from error
    try:
        content = base64.b64decode(request.audio_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInputError(f"expected base64 in audio_base64, found something else ({error})") from error
    if len(content) > most_bytes:
        raise TooLargeError(f"expected a sound of at most {most_bytes} bytes, found {len(content)}")
    path.write_bytes(content)
    return Upload(path, "the sound", request)


def _store(source: BinaryIO, path: Path, most_bytes: int) -> None:
    left = most_bytes
    with open(path, "wb") as file:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise TooLargeError(f"expected a sound of at most {most_bytes} bytes, found more")
            file.write(block)


def _validated(model: type[SpeechSettings], fields: Mapping[str, object]) -> SpeechSettings:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise BadInputError(_sentence(error)) from error


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the request"
    return f"expected a valid {where[:SHOWN_NAME_LENGTH]}, found: {first['msg']}"
