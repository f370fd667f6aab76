"""``doctor``, ``bench``, ``characters`` and ``track`` on this very machine."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.program import CHARACTER, needs_character, run_app


def test_doctor_names_what_is_missing_with_a_cure() -> None:
    outcome = run_app("doctor", "--json")
    result = outcome.result
    checks = {check["name"]: check for check in result["checks"]}
    assert {"python", "numpy", "mouth model", "default character", "microphone", "OpenGL", "display"} <= set(
        checks
    )
    assert all(check["cure"] for check in checks.values() if not check["ok"])
    assert checks["mouth model"]["ok"], checks["mouth model"]
    assert not checks["display"]["ok"]
    assert "live --headless" in checks["display"]["cure"] + checks["display"]["found"]
    assert outcome.code == (1 if result["missing"] else 0)


def test_doctor_tells_a_person_in_lines() -> None:
    outcome = run_app("doctor")
    assert outcome.raw == ""
    assert any(line.startswith("ok") and "numpy" in line for line in outcome.told.splitlines())
    assert "cure:" in outcome.told


@needs_character
def test_bench_measures_every_stage_and_the_networks() -> None:
    outcome = run_app("bench", "--frames", 6, "--character", CHARACTER, "--json")
    assert outcome.code == 0, outcome.told
    result = outcome.result
    assert {"mouth", "decode", "geometry", "render", "blend", "generate", "paste", "all"} <= set(
        result["stages"]
    )
    assert all(stage["p50"] <= stage["p95"] for stage in result["stages"].values())
    costs = {network["file"]: network for network in result["networks"]}
    assert costs["mouth_model.onnx"]["multiply_accumulates"] <= 700_000
    assert all(cost["parameters"] > 1000 and cost["ms"]["p50"] > 0 for cost in costs.values())


@needs_character
def test_the_cpu_renderer_does_without_opengl() -> None:
    outcome = run_app("bench", "--frames", 2, "--renderer", "cpu", "--character", CHARACTER, "--json")
    assert outcome.code == 0, outcome.told
    assert outcome.result["renderer"] == "cpu"


@needs_character
def test_bench_brings_a_character_into_a_size_and_keeps_cores_busy() -> None:
    outcome = run_app(
        "bench", "--frames", 3, "--size", "360x540", "--busy", 1, "--character", CHARACTER, "--json"
    )
    assert outcome.code == 0, outcome.told
    assert (outcome.result["size"], outcome.result["busy_cores"]) == ("360x540", 1)


@needs_character
@pytest.mark.slow
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs a core for the other program")
def test_a_busy_core_does_not_hold_the_frames_up() -> None:
    """Threads that spin while they wait make a frame ten times as long as soon as another program computes."""
    alone, beside = (
        run_app("bench", "--frames", 200, "--busy", busy, "--character", CHARACTER, "--json").result[
            "stages"
        ]["all"]
        for busy in (0, 1)
    )
    assert beside["p50"] < 2 * alone["p50"]
    assert beside["p95"] < 3 * alone["p95"]


@needs_character
def test_characters_are_listed_and_verified() -> None:
    outcome = run_app("characters", "--folder", CHARACTER, "--json")
    assert outcome.code == 0, outcome.told
    listed = {Path(entry["folder"]).name: entry for entry in outcome.result["characters"]}
    assert listed[CHARACTER.name]["ok"] and listed[CHARACTER.name]["frames"] > 0


@needs_character
def test_track_writes_the_mesh_of_every_frame(tmp_path: Path) -> None:
    outcome = run_app("track", CHARACTER / "frames.mp4", "--output", tmp_path / "mesh.npz", "--json")
    assert outcome.code == 0, outcome.told
    with np.load(tmp_path / "mesh.npz", allow_pickle=False) as data:
        points, found = data["points"], data["found"]
        assert float(data["fps"]) == 25.0
    assert points.shape == (outcome.result["frames"], 478, 3) and points.dtype == np.float32
    assert found.dtype == bool and found.mean() >= 0.99
    events = [line["event"] for line in outcome.lines]
    assert events[-1] == "result" and "progress" in events
