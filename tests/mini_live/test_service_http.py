"""The service over HTTP: characters, jobs from beginning to end, mouth curves, and what it refuses."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from mini_live.service.settings import ServiceSettings
from talkingface.audio_files import read_audio
from talkingface.errors import BadInputError
from talkingface.mouth_stream import mouth_of
from talkingface.video_files import probe_video, read_frames
from tests.mini_live.fakes import babble
from tests.mini_live.serving import characters_folder, company_of, finished, service, speak, voice


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return characters_folder(tmp_path_factory.mktemp("service") / "characters")


@pytest.fixture(scope="module")
def client(characters: Path) -> Iterator[TestClient]:
    with service(characters, most_upload_bytes=400_000, longest_sound_s=5.0) as client:
        yield client


def test_it_says_that_it_is_there(client: TestClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "fps": 25, "look_ahead_ms": 80, "live": 0, "mouth_streams": 0}


def test_characters_are_listed_whole_ones_first_and_damaged_ones_with_the_reason(client: TestClient) -> None:
    anna, broken = client.get("/characters").json()
    assert (anna["id"], anna["name"], anna["width"], anna["height"]) == ("anna", "Anna", 320, 400)
    assert anna["error"] == "" and anna["seconds"] == pytest.approx(1.2)
    assert broken["id"] == "broken" and broken["error"].startswith("expected")
    picture = client.get(anna["preview"])
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"


def test_a_job_goes_from_sound_to_video_to_nothing(client: TestClient, tmp_path: Path) -> None:
    job = speak(client, voice(1.0), gain="1.5")
    assert job["state"] in ("pending", "running") and job["video"] is None
    early = client.get(f"/jobs/{job['id']}/video")
    assert early.status_code == 409 or finished(client, job["id"])
    job = finished(client, job["id"])
    assert (job["state"], job["progress"], job["frames"], job["error"]) == ("completed", 1.0, 25, "")
    answer = client.get(job["video"])
    assert answer.headers["content-type"] == "video/mp4"
    video = tmp_path / "speech.mp4"
    video.write_bytes(answer.content)
    info = probe_video(video)
    assert (info.width, info.height, info.has_audio) == (320, 400, True)
    assert sum(1 for _ in read_frames(video)) == 25
    folder = company_of(client).folder / job["id"]
    assert [path.name for path in folder.iterdir()] == ["speech.mp4"]
    assert client.delete(f"/jobs/{job['id']}").status_code == 204
    assert client.get(f"/jobs/{job['id']}").status_code == 404
    assert not folder.exists()


def test_a_video_shows_that_it_is_synthetic_unless_told_otherwise(client: TestClient, tmp_path: Path) -> None:
    corners = []
    for fields in ({}, {"badge": "false"}):
        answer = client.post("/speak", files={"audio": ("voice.wav", voice(0.1))}, data=fields)
        job = finished(client, answer.json()["id"])
        (tmp_path / "speech.mp4").write_bytes(client.get(job["video"]).content)
        corners.append(next(iter(read_frames(tmp_path / "speech.mp4")))[-30:, -45:].astype(int))
    assert corners[0].max() > corners[1].max() + 40


def test_json_carries_a_sound_in_base64(client: TestClient) -> None:
    body = {"audio_base64": base64.b64encode(voice(0.2)).decode(), "character": "anna"}
    answer = client.post("/speak", json=body)
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/jobs/{answer.json()['id']}"
    assert finished(client, answer.json()["id"])["frames"] == 5


def test_mouth_answers_with_the_curve_of_the_whole_sound(client: TestClient, tmp_path: Path) -> None:
    wav = tmp_path / "voice.wav"
    wav.write_bytes(voice(2.03))
    document = client.post("/mouth", files={"audio": ("voice.wav", wav.read_bytes())}).json()
    expected = mouth_of(read_audio(wav), company_of(client).studio.mouth.model)
    found = np.array([frame["coefficients"] for frame in document["frames"]])
    np.testing.assert_allclose(found, expected.coefficients, atol=1e-5)
    assert document["fps"] == 25 and document["look_ahead_ms"] == 80
    assert document["frames"][10]["time_s"] == pytest.approx(0.4)


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n/etc/passwd\n"
BAD_SOUNDS = {
    "text": (b"this is no sound at all, but a letter", 422, "expected a sound file"),
    "empty": (b"", 422, "expected a sound file"),
    "playlist": (PLAYLIST, 422, "expected a sound file"),
    "damaged": (b"RIFF" + bytes(400), 422, "voice.wav"),
    "no samples": (voice(0)[:44], 422, "voice.wav"),
    "too long": (voice(5.5), 413, "expected at most 5 s"),
    "too many bytes": (bytes(450_000), 413, "expected a sound of at most 400000 bytes"),
    "far too many bytes": (bytes(700_000), 413, "expected at most 560000 bytes"),
}


@pytest.mark.parametrize("path", ["/speak", "/mouth"])
@pytest.mark.parametrize("kind", BAD_SOUNDS)
def test_what_is_no_sound_is_refused_in_one_line_and_leaves_nothing(
    client: TestClient, path: str, kind: str
) -> None:
    content, status, text = BAD_SOUNDS[kind]
    answer = client.post(path, files={"audio": ("voice.wav", content)})
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert text in answer.json()["error"] and "\n" not in answer.json()["error"]
    assert str(company_of(client).folder) not in answer.json()["error"]
    assert not list(company_of(client).folder.glob("upload-*"))


@pytest.mark.parametrize(
    ("fields", "status", "text"),
    [
        ({"character": "nobody"}, 404, "found 'nobody'"),
        ({"character": "../anna"}, 404, "found '../anna'"),
        ({"character": "broken"}, 422, "expected"),
        ({"gain": "9"}, 422, "expected gain of 0 to 2, found 9"),
        ({"gain": "much"}, 422, "expected a valid gain"),
        ({"colour": "red"}, 422, "expected a valid colour"),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    client: TestClient, fields: dict[str, str], status: int, text: str
) -> None:
    answer = client.post("/speak", files={"audio": ("voice.wav", voice(0.1))}, data=fields)
    assert answer.status_code == status
    assert text in answer.json()["error"]


def test_a_request_without_a_sound_is_refused(client: TestClient) -> None:
    assert "field 'audio'" in client.post("/speak", files={"sound": ("a", b"b")}).json()["error"]
    assert client.post("/speak", content=b"RIFF", headers={"content-type": "audio/wav"}).status_code == 422
    assert "audio_base64" in client.post("/speak", json={"text": "hello"}).json()["error"]
    assert "base64" in client.post("/speak", json={"audio_base64": "%%%"}).json()["error"]


def test_a_body_of_untold_length_is_cut_off(client: TestClient) -> None:
    def body() -> Iterator[bytes]:
        for _ in range(20):
            yield bytes(100_000)

    answer = client.post("/speak", content=body(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
    ],
)
def test_pages_of_other_sites_stay_outside(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/characters", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("expected")
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_page_may_ask(client: TestClient) -> None:
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        assert client.get("/health", headers={"host": host, "origin": f"http://{host}"}).status_code == 200


def test_unknown_places_and_jobs_are_one_line(client: TestClient) -> None:
    for path in ("/nowhere", "/jobs/none", "/jobs/none/video", "/characters/none/preview", "/docs"):
        answer = client.get(path)
        assert (answer.status_code, list(answer.json())) == (404, ["error"])
    assert client.delete("/jobs/none").status_code == 404


def test_with_a_token_only_those_who_know_it_come_in(characters: Path) -> None:
    with service(characters, token="open sesame") as client:
        assert client.get("/characters").status_code == 401
        assert client.get("/characters", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/characters", headers={"authorization": "Bearer open sesame"}).status_code == 200
        assert client.get("/characters?token=open+sesame").status_code == 200
        assert client.get("/health").status_code == client.get("/").status_code == 200
        assert client.get("/page/page.js").status_code == 200


def test_a_token_too_short_to_guard_is_refused() -> None:
    with pytest.raises(BadInputError, match="at least 8 characters, found 3"):
        ServiceSettings(token="abc")


def test_more_jobs_than_it_takes_on_are_turned_away(characters: Path) -> None:
    with service(characters, most_waiting_jobs=2) as client:
        held = threading.Event()
        company_of(client).studio.submit(lambda breathe: _hold(held, breathe))
        first, second = (speak(client, voice(0.1)) for _ in range(2))
        answer = client.post("/speak", files={"audio": ("voice.wav", voice(0.1))})
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
        assert client.delete(f"/jobs/{first['id']}").status_code == 204
        third = speak(client, voice(0.1))
        held.set()
        assert (
            finished(client, second["id"])["state"] == finished(client, third["id"])["state"] == "completed"
        )
        assert client.get(f"/jobs/{first['id']}").status_code == 404


def test_a_running_job_can_be_thrown_away(characters: Path) -> None:
    with service(characters) as client:
        job = speak(client, voice(60))
        while client.get(f"/jobs/{job['id']}").json()["frames"] < 3:
            time.sleep(0.02)
        client.delete(f"/jobs/{job['id']}")
        after = speak(client, voice(0.1))
        assert finished(client, after["id"])["state"] == "completed"
        assert not (company_of(client).folder / job["id"]).exists()


def test_only_the_newest_finished_jobs_are_kept(characters: Path) -> None:
    with service(characters, most_kept_jobs=1) as client:
        jobs = [speak(client, voice(0.1))["id"]]
        for _ in range(2):
            finished(client, jobs[-1])
            jobs.append(speak(client, voice(0.1))["id"])
        states = [client.get(f"/jobs/{job}").status_code for job in jobs]
        assert states == [404, 200, 200]


def test_ending_breaks_off_what_runs_and_leaves_nothing(characters: Path) -> None:
    before = _studio_threads()
    with service(characters) as client:
        job = speak(client, voice(60))
        while client.get(f"/jobs/{job['id']}").json()["frames"] < 3:
            time.sleep(0.02)
        folder = company_of(client).folder
        assert folder.is_dir() and len(_studio_threads() - before) == 1
    assert not folder.exists()
    assert _studio_threads() == before


def test_a_sound_in_another_form_gives_the_same_mouth(client: TestClient, tmp_path: Path) -> None:
    import av

    samples = babble(1.0)
    flac = tmp_path / "voice.flac"
    with av.open(str(flac), "w") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = 16_000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    answers = [
        client.post("/mouth", files={"audio": ("x", content)}).json()["frames"]
        for content in (flac.read_bytes(), voice(1.0))
    ]
    np.testing.assert_allclose(*([f["coefficients"] for f in frames] for frames in answers), atol=1e-3)


def _studio_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "studio"}


def _hold(until: threading.Event, breathe: object) -> None:
    while not until.wait(0.01):
        breathe()  # type: ignore[operator]
