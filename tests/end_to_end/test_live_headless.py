"""``live --headless`` from a file: the same mouths as ``speak``, in time, recorded in step with the sound."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from talkingface.audio_files import read_audio
from tests.end_to_end.program import CHARACTER, SPEECH, end_of, needs_character, run_app, start_app
from tests.end_to_end.watching import frame_count_of
from tests.mini_live.fakes import write_wav

pytestmark = needs_character


def coefficients_in(path: Path) -> np.ndarray:
    return np.array([frame["coefficients"] for frame in json.loads(path.read_text())["frames"]])


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return four seconds of speech."""
    return write_wav(tmp_path_factory.mktemp("speech") / "speech.wav", read_audio(SPEECH)[: 4 * 16_000])


@pytest.fixture(scope="module")
def offline(tmp_path_factory: pytest.TempPathFactory, speech: Path) -> np.ndarray:
    folder = tmp_path_factory.mktemp("offline")
    outcome = run_app(
        "speak", "--audio", speech, "--output", folder / "a.mp4", "--mouth-curve", folder / "a.json",
        "--character", CHARACTER,
    )  # fmt: skip
    assert outcome.code == 0, outcome.told
    return coefficients_in(folder / "a.json")


@pytest.mark.parametrize("block_ms", [10, 64])
def test_live_and_offline_agree(tmp_path: Path, speech: Path, offline: np.ndarray, block_ms: int) -> None:
    video = tmp_path / "live.mp4"
    outcome = run_app(
        "live", "--headless", "--source", speech, "--record", video, "--mouth-curve", tmp_path / "a.json",
        "--character", CHARACTER, "--block-ms", block_ms, "--json",
    )  # fmt: skip
    assert outcome.code == 0, outcome.told
    np.testing.assert_allclose(coefficients_in(tmp_path / "a.json"), offline, atol=1e-5)
    result = outcome.result
    assert result["frames"] + result["dropped_frames"] == len(offline)
    assert frame_count_of(video) == len(offline)
    sound, recorded = read_audio(speech), read_audio(video)
    length = min(len(sound), len(recorded))
    assert np.corrcoef(sound[:length], recorded[:length])[0, 1] > 0.98
    assert {"mouth", "render", "generate", "decode"} <= set(result["stages"])
    parts = result["latency_ms"]["parts"]
    assert parts["window"] == 50 and parts["look_ahead"] == 80
    assert {"p50", "p95"} <= set(parts["compute"]) & set(parts["pacing"]) & set(result["latency_ms"])


def test_an_interrupt_ends_the_session_and_keeps_the_recording_whole(tmp_path: Path, speech: Path) -> None:
    video = tmp_path / "kept.mp4"
    process = start_app(
        "live", "--headless", "--source", speech, "--record", video, "--character", CHARACTER, "--json"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"stage": "live"' in line:
            break
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    outcome = end_of(process, 20)
    assert outcome.code == 130
    assert outcome.result["interrupted"] is True
    assert frame_count_of(video) >= 20
    assert [path.name for path in tmp_path.iterdir()] == ["kept.mp4"]


def test_an_interrupted_speak_leaves_nothing(tmp_path: Path, speech: Path) -> None:
    process = start_app(
        "speak", "--audio", speech, "--output", tmp_path / "a.mp4", "--character", CHARACTER, "--json"
    )
    assert process.stdout is not None
    for line in process.stdout:
        if '"stage": "speak"' in line:
            break
    process.send_signal(signal.SIGINT)
    outcome = end_of(process, 20)
    assert outcome.code == 130
    assert "Traceback" not in outcome.told
    assert list(tmp_path.iterdir()) == []


def test_seconds_limit_the_session(tmp_path: Path, speech: Path) -> None:
    outcome = run_app(
        "live", "--headless", "--source", speech, "--seconds", 1.2, "--character", CHARACTER, "--json"
    )
    assert outcome.code == 0, outcome.told
    assert outcome.result["frames"] + outcome.result["dropped_frames"] == 30
    assert outcome.result["seconds"] == 1.2
