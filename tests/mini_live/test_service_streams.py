"""The service over WebSocket: mouth curves for any chunking, live pictures, and what it refuses."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from mini_live.service.sounds import PcmReader
from talkingface.mouth_stream import mouth_of
from talkingface.timing import frame_count
from tests.mini_live.fakes import babble
from tests.mini_live.serving import (
    characters_folder,
    company_of,
    finished,
    int16_bytes,
    service,
    speak,
    voice,
)

WS = "ws://127.0.0.1"
END = json.dumps({"event": "end"})


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return characters_folder(tmp_path_factory.mktemp("streams") / "characters")


@pytest.fixture(scope="module")
def client(characters: Path) -> Iterator[TestClient]:
    with service(characters, most_live=1, most_mouth_streams=2) as client:
        yield client


def mouth_frames(socket: WebSocketTestSession) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read until the end; returns the frames and the last event."""
    frames: list[dict[str, Any]] = []
    while (event := socket.receive_json())["event"] == "frames":
        frames += event["frames"]
    return frames, event


def pictures(socket: WebSocketTestSession) -> tuple[list[tuple[int, bool, float, bytes]], dict[str, Any]]:
    found = []
    while (message := socket.receive()).get("bytes") is not None:
        index, flags, pts_s = struct.unpack("<IId", message["bytes"][:16])
        found.append((index, bool(flags & 1), pts_s, message["bytes"][16:]))
    return found, json.loads(message["text"])


@pytest.mark.parametrize("block_bytes", [2, 640, 2566, 100_000])
def test_mouth_frames_are_those_of_the_whole_sound_for_any_chunking(
    client: TestClient, block_bytes: int
) -> None:
    seconds = 0.1 if block_bytes == 2 else 2.03
    sent = int16_bytes(babble(seconds))
    with client.websocket_connect(f"{WS}/ws/mouth") as socket:
        ready = socket.receive_json()
        assert (ready["event"], ready["look_ahead_ms"], ready["coefficients"]) == ("ready", 80, 12)
        for start in range(0, len(sent), block_bytes):
            socket.send_bytes(sent[start : start + block_bytes])
        socket.send_text(END)
        frames, end = mouth_frames(socket)
    samples = np.frombuffer(sent, "<i2").astype(np.float32) / 32768
    expected = mouth_of(samples, company_of(client).studio.mouth.model)
    assert end == {"event": "end", "frames": len(expected)} and len(frames) == len(expected)
    np.testing.assert_allclose([f["coefficients"] for f in frames], expected.coefficients, atol=1e-5)
    assert [f["index"] for f in frames] == list(range(len(expected)))
    assert frames[-1]["time_s"] == pytest.approx((len(expected) - 1) / 25)


def test_float_sound_at_another_rate_is_understood(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/mouth?format=float32&rate=48000") as socket:
        socket.receive_json()
        sound = babble(1.0, rate_hz=48_000).astype("<f4")
        for block in np.array_split(sound, 50):
            socket.send_bytes(block.tobytes())
        socket.send_text(END)
        frames, end = mouth_frames(socket)
    reader = PcmReader("float32", 48_000)
    heard = np.concatenate([reader.read(sound.tobytes()), reader.finish()])
    expected = mouth_of(heard, company_of(client).studio.mouth.model)
    assert end["frames"] == len(expected)
    np.testing.assert_allclose([f["coefficients"] for f in frames], expected.coefficients, atol=1e-5)


def test_frames_come_while_the_sound_goes_on(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/mouth") as socket:
        socket.receive_json()
        socket.send_bytes(int16_bytes(babble(1.0)))
        indices = [frame["index"] for _ in range(4) for frame in socket.receive_json()["frames"]]
        assert indices == list(range(len(indices))) and len(indices) > 10


def test_controls_turn_the_mouth(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/mouth") as socket:
        socket.receive_json()
        socket.send_text(json.dumps({"event": "controls", "gain": 0}))
        socket.send_bytes(int16_bytes(babble(1.0)))
        socket.send_text(END)
        frames, _ = mouth_frames(socket)
    assert not np.any([frame["coefficients"] for frame in frames])


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (b"\x00\x01\x02", "expected whole int16 samples of 2 bytes, found 3 bytes"),
        ("hello", "expected JSON in a text message"),
        ("[1, 2]", "expected the event controls or end"),
        ('{"event": "dance"}', "found 'dance'"),
        ('{"event": "controls", "gain": 7}', "expected gain of 0 to 2, found 7"),
        ('{"event": "controls", "gain": "x"}', "expected a JSON object of numbers"),
    ],
)
@pytest.mark.parametrize("path", ["/ws/mouth", "/ws/live"])
def test_nonsense_is_told_and_ends_the_stream(
    client: TestClient, path: str, message: bytes | str, text: str
) -> None:
    with client.websocket_connect(f"{WS}{path}") as socket:
        socket.receive_json()
        if isinstance(message, bytes):
            socket.send_bytes(message)
        else:
            socket.send_text(message)
        assert text in socket.receive_json()["message"]
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
    assert closed.value.code == 1008
    assert client.get("/health").json()["live"] == 0


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("format=mp3", "found 'mp3'"),
        ("rate=100", "expected a sample rate"),
        ("character=nobody", "found 'nobody'"),
        ("character=broken", "expected"),
    ],
)
def test_a_stream_that_cannot_begin_says_why(client: TestClient, query: str, text: str) -> None:
    with client.websocket_connect(f"{WS}/ws/live?{query}") as socket:
        event = socket.receive_json()
        assert event["event"] == "error" and text in event["message"]


def test_numbers_that_are_none_are_refused(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/mouth?format=float32") as socket:
        socket.receive_json()
        socket.send_bytes(np.array([0.0, np.nan], "<f4").tobytes())
        assert "NaN" in socket.receive_json()["message"]


@pytest.mark.parametrize("path", ["/ws/mouth", "/ws/live"])
@pytest.mark.parametrize("headers", [{"origin": "http://evil.example"}, {"host": "evil.example"}])
def test_pages_of_other_sites_get_no_stream(client: TestClient, path: str, headers: dict[str, str]) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client.websocket_connect(f"{WS}{path}", headers=headers),
    ):
        pass
    assert refused.value.code == 1008


def test_a_stream_needs_the_token(characters: Path) -> None:
    with service(characters, token="open sesame") as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(f"{WS}/ws/mouth?token=wrong"):
            pass
        with client.websocket_connect(f"{WS}/ws/mouth?token=open+sesame") as socket:
            assert socket.receive_json()["event"] == "ready"


def test_live_answers_sound_with_every_picture_in_order(client: TestClient) -> None:
    samples = babble(1.0)
    with client.websocket_connect(f"{WS}/ws/live?character=anna") as socket:
        ready = socket.receive_json()
        assert (ready["character"], ready["width"], ready["height"], ready["header_bytes"]) == (
            "Anna",
            320,
            400,
            16,
        )
        for start in range(0, 16_000, 1000):
            socket.send_bytes(int16_bytes(samples[start : start + 1000]))
        socket.send_text(END)
        shown, end = pictures(socket)
    assert end == {"event": "end", "frames": 25, "dropped_frames": 0}
    assert [index for index, *_ in shown] == list(range(25))
    assert [pts_s for _, _, pts_s, _ in shown] == pytest.approx([k / 25 for k in range(25)])
    decoded = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for *_, jpeg in shown]
    assert {picture.shape for picture in decoded} == {(400, 320, 3)}
    assert np.abs(decoded[0].astype(int) - decoded[12]).mean() > 0.5


def test_live_carries_the_sign_unless_it_is_left_out(client: TestClient) -> None:
    corners = []
    for query in ("", "&badge=false"):
        with client.websocket_connect(f"{WS}/ws/live?character=anna{query}") as socket:
            socket.receive_json()
            socket.send_bytes(int16_bytes(babble(0.2)))
            socket.send_text(END)
            shown, _ = pictures(socket)
        picture = cv2.imdecode(np.frombuffer(shown[0][-1], np.uint8), cv2.IMREAD_COLOR)
        corners.append(picture[-50:, -60:].astype(int))
    difference = np.abs(corners[0] - corners[1]).max(-1)
    assert (difference > 40).sum() > 60 and difference[:8].max() < 12


def test_live_leaves_frames_out_only_where_that_was_asked_for(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/live?drop_late=true") as socket:
        socket.receive_json()
        socket.send_bytes(int16_bytes(babble(4.0)))
        socket.send_text(END)
        shown, end = pictures(socket)
    indices = [index for index, *_ in shown]
    assert indices == sorted(set(indices)) and indices[-1] == 99
    assert end["frames"] == len(shown) and end["frames"] + end["dropped_frames"] == 100
    assert end["dropped_frames"] > 0


def test_silence_is_told(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/live") as socket:
        socket.receive_json()
        socket.send_bytes(bytes(16_000))
        socket.send_text(END)
        shown, _ = pictures(socket)
    assert len(shown) == frame_count(8000) and all(silent for _, silent, *_ in shown)


def test_more_live_avatars_than_there_are_seats_are_turned_away(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/live") as first:
        first.receive_json()
        assert client.get("/health").json()["live"] == 1
        with client.websocket_connect(f"{WS}/ws/live") as second:
            assert "at most 1 live avatars" in second.receive_json()["message"]
            with pytest.raises(WebSocketDisconnect) as closed:
                second.receive_json()
            assert closed.value.code == 1013
        first.send_text(END)
        assert pictures(first)[1]["frames"] == 0
    with client.websocket_connect(f"{WS}/ws/live") as third:
        assert third.receive_json()["event"] == "ready"


def test_a_live_picture_goes_on_while_a_video_is_made(client: TestClient) -> None:
    job = speak(client, voice(60))
    with client.websocket_connect(f"{WS}/ws/live") as socket:
        socket.receive_json()
        socket.send_bytes(int16_bytes(babble(1.0)))
        socket.send_text(END)
        assert len(pictures(socket)[0]) == 25
    assert client.get(f"/jobs/{job['id']}").json()["state"] == "running"
    client.delete(f"/jobs/{job['id']}")
    assert finished(client, speak(client, voice(0.1))["id"])["state"] == "completed"


def test_a_caller_who_goes_away_frees_the_seat(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}/ws/live") as socket:
        socket.receive_json()
        socket.send_bytes(int16_bytes(babble(0.5)))
    assert _becomes(lambda: client.get("/health").json()["live"] == 0)
    with client.websocket_connect(f"{WS}/ws/live") as socket:
        assert socket.receive_json()["event"] == "ready"


def _becomes(true: Callable[[], bool], tries: int = 200) -> bool:
    for _ in range(tries):
        if true():
            return True
        time.sleep(0.02)
    return False
