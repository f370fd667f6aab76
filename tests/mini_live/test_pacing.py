"""When frames are due: steady in spite of jitter, with a drifting clock, and after a device lost sound."""

from __future__ import annotations

import numpy as np
import pytest

from mini_live.pacing import AudioPacer


def test_a_frame_is_due_when_its_last_sample_was_heard_and_the_margin_is_over() -> None:
    pacer = AudioPacer(80, 0.02)
    pacer.arrived(320, 10.02)
    assert pacer.due_s(0) == pytest.approx(10.0 + 0.08 + 0.05 + 0.02)
    assert pacer.heard_s(5) == pytest.approx(10.2)


def test_arrivals_that_were_held_up_do_not_move_the_picture() -> None:
    pacer = AudioPacer(80, 0.02)
    held_up_s = np.random.default_rng(3).exponential(0.01, 500)
    due_s = []
    for block in range(500):
        end = (block + 1) * 320
        pacer.arrived(end, end / 16_000 + held_up_s[block])
        due_s.append(pacer.due_s(block))
    steps_s = np.diff(due_s[50:])
    assert np.abs(steps_s - 0.04).max() < 0.003


def test_a_sound_clock_that_runs_slow_is_followed() -> None:
    pacer = AudioPacer(80, 0.0)
    drift = 1.0002
    for block in range(60_000):
        end = (block + 1) * 320
        pacer.arrived(end, end / 16_000 * drift)
    last = 60_000 // 2 - 10
    true_s = (last * 640 + 1280 + 800) / 16_000 * drift
    assert pacer.due_s(last) == pytest.approx(true_s, abs=0.005)


def test_after_lost_sound_the_pacer_learns_anew_within_a_second() -> None:
    pacer = AudioPacer(80, 0.0)
    for block in range(500):
        end = (block + 1) * 320
        lost_s = 0.4 if block >= 300 else 0.0
        pacer.arrived(end, end / 16_000 + lost_s)
        if block == 300 + 50:
            assert pacer.heard_s(0) == pytest.approx(0.4, abs=0.01)


def test_another_source_starts_from_what_was_known() -> None:
    pacer = AudioPacer(80, 0.0)
    pacer.arrived(320, 5.02)
    pacer.restart()
    assert pacer.heard_s(0) == pytest.approx(5.0)
    pacer.arrived(640, 5.34)
    assert pacer.heard_s(0) == pytest.approx(5.3)


def shown_for(lag_s: list[float], least_s: float = 0.02) -> list[float]:
    """Return how much later than promised each frame is due, where frames take that long after their sound."""
    pacer = AudioPacer(80, least_s)
    pacer.arrived(320, 0.02)
    due_s = []
    for frame, lag in enumerate(lag_s):
        promised_s = (frame + 2) * 0.04 + 0.05
        due_s.append(pacer.due_s(frame) - promised_s)
        pacer.made(frame, promised_s, lag)
    return due_s


def test_frames_that_are_ready_in_time_are_not_held_back() -> None:
    assert max(shown_for([0.012] * 500)) == pytest.approx(0.02)


def test_the_picture_waits_for_nearly_all_frames_and_forgets_again() -> None:
    lag_s = list(np.random.default_rng(2).uniform(0.01, 0.035, 1_500))
    later = shown_for(lag_s + [0.005] * 1_500)
    assert max(np.abs(np.diff(later))) < 0.0003, "nobody sees it"
    in_time = [lag <= due for lag, due in zip(lag_s[500:1_500], later[500:1_500], strict=True)]
    assert 0.9 < float(np.mean(in_time)) < 0.99
    assert later[-1] < 0.032


def test_the_picture_never_waits_for_a_machine_that_is_too_slow() -> None:
    assert max(shown_for([0.06] * 3_000)) <= 0.1 + 1e-9
