"""A service in the test's own process, with a small made character, and ways to ask it."""

from __future__ import annotations

import io
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
from starlette.testclient import TestClient

from mini_live.service.application import create_app
from mini_live.service.company import Company
from mini_live.service.settings import ServiceSettings
from talkingface.records import FloatArray
from tests.made_faces import character_folder
from tests.mini_live.fakes import babble

ADDRESS = "http://127.0.0.1"
FINISHED = ("completed", "failed")


def characters_folder(folder: Path) -> Path:
    """Make a folder with one whole character, "anna", and a damaged one, "broken"."""
    folder.mkdir()
    character_folder(folder / "anna", name="Anna")
    (folder / "broken").mkdir()
    (folder / "broken" / "character.json").write_text('{"format_version": 1, "files": {}}')
    return folder


def service(characters: Path, **changes: Any) -> TestClient:
    """Return a client; as a context it starts and ends the service."""
    settings = ServiceSettings(character_folders=(characters,), renderer="cpu", **changes)
    return TestClient(create_app(settings), base_url=ADDRESS, raise_server_exceptions=False)


def company_of(client: TestClient) -> Company:
    company: Company = client.app.state.company  # type: ignore[attr-defined]
    return company


def wav_bytes(samples: FloatArray) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(int16_bytes(samples))
    return data.getvalue()


def int16_bytes(samples: FloatArray) -> bytes:
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def voice(seconds: float = 1.0) -> bytes:
    return wav_bytes(babble(seconds))


def speak(client: TestClient, sound: bytes | None = None, **fields: str) -> dict[str, Any]:
    """Hand in a job and return what the service says of it."""
    files = {"audio": ("voice.wav", voice() if sound is None else sound)}
    answer = client.post("/speak", files=files, data={"character": "anna", **fields})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def finished(client: TestClient, name: str, timeout_s: float = 90.0) -> dict[str, Any]:
    """Wait until a job is completed or failed."""
    end_s = time.monotonic() + timeout_s
    while (job := client.get(f"/jobs/{name}").json())["state"] not in FINISHED:
        assert time.monotonic() < end_s, job
        time.sleep(0.05)
    return dict(job)
