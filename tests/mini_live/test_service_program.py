"""The program ``serve`` as a person starts it: a real server on the loopback, real sockets, a real end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from mini_live.cli import main
from talkingface.audio_files import read_audio
from tests.mini_live.fakes import babble, write_wav
from tests.mini_live.serving import characters_folder, int16_bytes

PROJECT = Path(__file__).resolve().parents[2]
START_S = 60.0


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return characters_folder(tmp_path_factory.mktemp("program") / "characters")


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, str(PROJECT / "app.py"), *(str(argument) for argument in arguments)]


@contextmanager
def serving(characters: Path, *more: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the program on a free port; yields its address and process, and ends it."""
    arguments = command(
        "serve", "--port", "0", "--characters", characters, "--renderer", "cpu", "--json", *more
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        arguments, cwd=PROJECT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        event = json.loads(process.stdout.readline())
        assert event["event"] == "listening", event
        yield event["url"], process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def server(characters: Path) -> Iterator[str]:
    with serving(characters) as (url, _):
        yield url


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:  # an http address of this machine
        return json.load(answer)


def test_streamed_coefficients_are_those_of_the_command_mouth(server: str, tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "voice.wav", babble(2.5))
    done = subprocess.run(
        command("mouth", "--audio", wav, "--output", tmp_path / "mouth.json"), cwd=PROJECT, check=False
    )
    assert done.returncode == 0
    expected = json.loads((tmp_path / "mouth.json").read_text())["frames"]
    sent = (read_audio(wav) * 32768).astype("<i2").tobytes()
    frames: list[dict[str, Any]] = []
    with connect(server.replace("http", "ws") + "ws/mouth", proxy=None) as stream:
        assert json.loads(stream.recv())["event"] == "ready"
        for start in range(0, len(sent), 882):
            stream.send(sent[start : start + 882])
        stream.send(json.dumps({"event": "end"}))
        while (event := json.loads(stream.recv()))["event"] == "frames":
            frames += event["frames"]
    assert event == {"event": "end", "frames": len(expected)}
    for name in ("coefficients", "lip_opening", "lip_width", "time_s"):
        np.testing.assert_allclose([f[name] for f in frames], [f[name] for f in expected], atol=1e-5)
    assert [f["silent"] for f in frames] == [f["silent"] for f in expected]


def test_live_pictures_come_over_a_real_socket(server: str) -> None:
    with connect(server.replace("http", "ws") + "ws/live?character=anna", proxy=None) as stream:
        assert json.loads(stream.recv())["width"] == 320
        stream.send(int16_bytes(babble(1.0)))
        stream.send(json.dumps({"event": "end"}))
        count = 0
        while isinstance(message := stream.recv(), bytes):
            assert message[16:18] == b"\xff\xd8"
            count += 1
    assert count == json.loads(message)["frames"] == 25


def test_a_foreign_page_is_refused_before_the_handshake(server: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(server.replace("http", "ws") + "ws/mouth", origin="http://evil.example", proxy=None)
    assert refused.value.response.status_code == 403


def test_a_message_that_is_too_large_ends_the_stream_not_the_service(server: str) -> None:
    with connect(server.replace("http", "ws") + "ws/mouth", proxy=None) as stream:
        stream.recv()
        # Too large by its last few bytes: nothing is left unread, so the refusal is not lost to a reset connection.
        stream.send([bytes(1 << 20), bytes(16)])
        with pytest.raises(Exception, match="1009"):
            while True:
                stream.recv(20)
    assert get(server + "health")["status"] == "ok"


def test_a_taken_port_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["serve", "--port", str(port), "--json"]) == 1
    told = capsys.readouterr()
    (line,) = told.out.splitlines()
    assert json.loads(line)["event"] == "error"
    assert f"expected a free port, found 127.0.0.1:{port}" in told.err
    assert len(told.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--port", "70000"], 2, "expected a port of 0 to 65535"),
        (["--host", "203.0.113.7"], 1, "expected a free port, found 203.0.113.7"),
        (["--host", "no such name"], 1, "expected an address of this machine, found 'no such name'"),
        (["--token", "short"], 1, "expected a token of at least 8 characters"),
        (["--characters", "nowhere"], 1, "expected a folder of characters"),
    ],
)
def test_arguments_that_make_no_sense_are_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, text: str
) -> None:
    port = [] if "--port" in arguments else ["--port", "0"]
    assert main(["serve", *port, *arguments]) == code
    complaint = capsys.readouterr().err
    assert text in complaint and len(complaint.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_soon_with_open_streams(characters: Path, number: int) -> None:
    with (
        serving(characters) as (url, process),
        connect(url.replace("http", "ws") + "ws/live", proxy=None) as stream,
    ):
        stream.recv()
        stream.send(int16_bytes(babble(0.5)))
        begin_s = time.monotonic()
        process.send_signal(number)
        output, complaints = process.communicate(timeout=20)
        assert process.returncode == 130
        assert time.monotonic() - begin_s < 10
    assert json.loads(output.splitlines()[-1]) == {"event": "result", "command": "serve", "interrupted": True}
    assert "Traceback" not in complaints


def test_listening_to_the_network_is_warned_of(characters: Path) -> None:
    with serving(characters, "--host", "0.0.0.0") as (url, process):
        assert url.startswith("http://127.0.0.1:")
        assert get(url + "health")["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate(timeout=20)
    assert "warning: other machines can reach it at 0.0.0.0" in complaints
    assert "no --token guards it" in complaints
