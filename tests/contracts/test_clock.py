"""What every clock promises, the machine's own and the faked one."""

from __future__ import annotations

import pytest

from mini_live.clock import SystemClock
from talkingface.seams import Clock
from tests.mini_live.fakes import FakeClock

each_clock = pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])


@each_clock
def test_time_never_goes_back(clock: Clock) -> None:
    times = [clock.now_s() for _ in range(100)]
    assert times == sorted(times)


@each_clock
def test_sleeping_takes_at_least_that_long(clock: Clock) -> None:
    begin_s = clock.now_s()
    clock.sleep_s(0.03)
    assert clock.now_s() - begin_s >= 0.0299


@each_clock
@pytest.mark.parametrize("seconds", [0.0, -5.0])
def test_zero_and_less_return_at_once(clock: Clock, seconds: float) -> None:
    begin_s = clock.now_s()
    clock.sleep_s(seconds)
    assert clock.now_s() - begin_s < 0.5
