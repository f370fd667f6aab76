"""A real microphone: PulseAudio's null sink, a wav spoken into it, PortAudio reading its monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from talkingface.audio_files import read_audio
from tests.end_to_end.program import (
    CHARACTER,
    SPEECH,
    end_of,
    environment,
    needs_character,
    run_app,
    start_app,
)
from tests.end_to_end.small_character import half_size
from tests.end_to_end.watching import correlation, delay_of, tracked_lips
from tests.mini_live.fakes import write_wav
from tests.mini_live.sound_server import SoundServer, missing_programs

pytestmark = [
    pytest.mark.device,
    pytest.mark.skipif(bool(missing_programs()), reason=f"needs {', '.join(missing_programs())}"),
]
SPOKEN_S = 4.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundServer]:
    pytest.importorskip("sounddevice", reason="needs PortAudio", exc_type=OSError)
    server = SoundServer(tmp_path_factory.mktemp("pulse"))
    yield server
    server.close()


def sound_environment(server: SoundServer) -> dict[str, str]:
    wanted = {
        name: server.environment[name]
        for name in server.environment
        if name.startswith(("PULSE", "XDG", "HOME"))
    }
    return environment(**wanted)


def openings_in(path: Path) -> np.ndarray:
    return np.array([frame["lip_opening"] for frame in json.loads(path.read_text())["frames"]])


@needs_character
def test_the_recorded_mouth_follows_what_is_spoken_into_the_microphone(
    server: SoundServer, tmp_path: Path
) -> None:
    spoken = read_audio(SPEECH)[: int(SPOKEN_S * 16_000)]
    wav = write_wav(tmp_path / "spoken.wav", spoken)
    video, curve_path = tmp_path / "microphone.mp4", tmp_path / "curve.json"
    # Small, because what the machine cannot keep up with is dropped, and a held frame is a wrong mouth.
    character = half_size(CHARACTER, tmp_path / "small")
    process = start_app(
        "live", "--headless", "--source", "mic", "--record", video, "--mouth-curve", curve_path,
        "--seconds", SPOKEN_S + 3, "--character", character, "--json", env=sound_environment(server),
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if '"stage": "live"' in line:
            break
    player = server.play(wav)
    outcome = end_of(process, 60)
    player.wait(10)
    assert outcome.code == 0, outcome.told
    drops = f"{outcome.result['dropped_frames']} frames dropped, {outcome.result['frames']} shown"
    begin_frame, phase_samples = divmod(delay_of(spoken, video), 640)
    on_grid = write_wav(
        tmp_path / "on_grid.wav", np.concatenate([np.zeros(phase_samples, np.float32), spoken])
    )
    assert run_app("mouth", "--audio", on_grid, "--output", tmp_path / "expected.json").code == 0
    expected = openings_in(tmp_path / "expected.json")
    track, lips = tracked_lips(video)
    assert track.found.mean() >= 0.99
    heard = lips[begin_frame : begin_frame + len(expected)]
    lags = {lag: correlation(heard, expected, lag) for lag in (-1, 0, 1)}
    assert max(lags.values()) >= 0.8, (lags, drops)
    assert correlation(lips, openings_in(curve_path)) >= 0.8, drops


def test_the_microphones_are_found_and_an_unknown_one_is_refused_with_the_list(server: SoundServer) -> None:
    env = sound_environment(server)
    checks = {check["name"]: check for check in run_app("doctor", "--json", env=env).lines[-1]["checks"]}
    assert checks["microphone"]["ok"], checks["microphone"]
    outcome = run_app("live", "--headless", "--device", "no such microphone", "--json", env=env)
    assert outcome.code == 1
    assert "no such microphone" in outcome.told and "pulse" in outcome.told
    assert len(outcome.told.strip().splitlines()) == 1


@needs_character
def test_an_unplugged_microphone_is_told_with_a_cure(tmp_path: Path) -> None:
    own = SoundServer(tmp_path / "own")
    process = start_app(
        "live",
        "--headless",
        "--source",
        "mic",
        "--character",
        CHARACTER,
        "--json",
        env=sound_environment(own),
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if '"stage": "live"' in line:
                break
    finally:
        own.close()
    outcome = end_of(process, 30)
    assert outcome.code == 1
    assert "is gone" in outcome.told and "plug it in" in outcome.told
