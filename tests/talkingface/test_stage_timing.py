"""Stage timing keeps bounded memory and true percentiles."""

import time

import pytest

from talkingface.stage_timing import StageTimer


def test_percentiles_of_known_times() -> None:
    timer = StageTimer()
    for milliseconds in range(1, 102):
        timer.add("render", float(milliseconds))
    assert timer.summary()["render"] == {"p50": 51.0, "p95": 96.0, "p99": 100.0}


def test_stage_measures_the_block_even_when_it_fails() -> None:
    timer = StageTimer()
    with pytest.raises(ValueError, match="inside"), timer.stage("slow"):
        time.sleep(0.02)
        raise ValueError("inside")
    assert timer.summary()["slow"]["p50"] >= 19


def test_what_is_done_for_several_frames_is_shared_among_them() -> None:
    timer = StageTimer()
    with timer.stage("together", 4):
        time.sleep(0.08)
    with timer.stage("together"):
        pass
    assert 19 <= timer.summary()["together"]["p50"] < 60


def test_only_the_newest_are_kept() -> None:
    timer = StageTimer(kept=10)
    for milliseconds in range(1000):
        timer.add("x", float(milliseconds))
    assert timer.summary()["x"]["p50"] >= 990
