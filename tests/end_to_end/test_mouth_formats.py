"""``mouth`` for other tools: ARKit weights as JSON and CSV, an offset, and formats that belie the ending."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from talkingface.arkit_shapes import ARKIT_NAMES
from tests.end_to_end.program import run_app

SPEECH = Path(__file__).parents[2] / "assets" / "speech" / "hello_en.flac"


def _curve(output: Path, *more: object) -> dict[str, object]:
    outcome = run_app("mouth", "--audio", SPEECH, "--output", output, *more, "--json")
    assert outcome.code == 0, outcome.told
    document: dict[str, object] = json.loads(output.read_text())
    return document


def test_arkit_weights_follow_the_mouth(tmp_path: Path) -> None:
    plain = _curve(tmp_path / "plain.json")
    arkit = _curve(tmp_path / "arkit.json", "--format", "arkit")
    assert arkit["names"] == list(ARKIT_NAMES)
    weights = np.array([frame["weights"] for frame in arkit["frames"]])
    opening = np.array([frame["lip_opening"] for frame in plain["frames"]])
    silent = np.array([frame["silent"] for frame in plain["frames"]])
    assert weights.shape == (len(opening), len(ARKIT_NAMES))
    jaw = weights[:, ARKIT_NAMES.index("jawOpen")]
    assert np.corrcoef(jaw, opening)[0, 1] > 0.8
    assert 0.2 < jaw.max() <= 1.0
    assert not weights[silent].any()

    outcome = run_app("mouth", "--audio", SPEECH, "--output", tmp_path / "arkit.csv", "--format", "arkit")
    assert outcome.code == 0, outcome.told
    table = list(csv.reader((tmp_path / "arkit.csv").open()))
    assert table[0] == ["time_s", *ARKIT_NAMES]
    np.testing.assert_allclose(np.array(table[1:], float)[:, 1:], weights, atol=1e-5)


def test_an_offset_shifts_the_curve(tmp_path: Path) -> None:
    plain = _curve(tmp_path / "plain.json")
    later = _curve(tmp_path / "later.json", "--sound-offset-ms", "120")
    one, other = (np.array([frame["lip_opening"] for frame in curve["frames"]]) for curve in (plain, later))
    assert len(one) == len(other)
    assert np.corrcoef(one[:-3], other[3:])[0, 1] > 0.99


def test_a_format_that_belies_the_ending_is_refused(tmp_path: Path) -> None:
    outcome = run_app("mouth", "--audio", SPEECH, "--output", tmp_path / "a.json", "--format", "csv")
    assert outcome.code == 2
    assert ".csv" in outcome.told
    assert not (tmp_path / "a.json").exists()
