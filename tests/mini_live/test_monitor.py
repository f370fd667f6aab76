"""The monitor: the voice is heard with its picture, however the device's clock runs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from mini_live import monitor
from mini_live.monitor import VoiceDelay
from talkingface.records import AudioChunk, VideoFrame

LATENCY_S = 0.03


def heard_by(device_clock: float, seconds: float, jitter_s: float = 0.0) -> np.ndarray:
    """Run a session against a device whose clock runs at another speed; returns what is heard at each true sample.

    The sound is a ramp, so that each sample tells its own number; -1 is silence.
    """
    delay = VoiceDelay(LATENCY_S)
    sound = np.arange(round((seconds + 1) * 16_000), dtype=np.float32) + 1.0
    events: list[tuple[float, str, int]] = []
    random = np.random.default_rng(1)
    for block in range(round(seconds * 50)):
        events.append(((block + 1) * 0.02, "hear", block))
    for frame in range(round(seconds * 25) - 6):
        events.append((frame * 0.04 + 0.16 + random.uniform(0, jitter_s), "show", frame))
    for pull in range(round(seconds * 100 * device_clock)):
        events.append((pull * 0.01 / device_clock, "take", pull))
    heard = np.full(round(seconds * 16_000) + 4_000, -1.0)
    out = np.zeros(160, np.float32)
    for time_s, kind, number in sorted(events):
        if kind == "hear":
            delay.hear(AudioChunk(sound[number * 320 : (number + 1) * 320], number * 320))
        elif kind == "show":
            delay.show(number)
        else:
            delay.take(out)
            begin = round((time_s + LATENCY_S) * 16_000)
            if begin + 160 <= len(heard):
                heard[begin : begin + 160] = np.where(out > 0, out - 1, -1)
    return heard


@pytest.mark.parametrize("device_clock", [1.0, 1.0005, 0.9995])
def test_sound_and_picture_stay_within_20_ms_for_ten_minutes(device_clock: float) -> None:
    heard = heard_by(device_clock, 600.0, jitter_s=0.004)
    for second in (2, 30, 120, 300, 590):
        at = second * 16_000
        shown_sample = round((second - 0.16) * 16_000)
        window = heard[at : at + 4_000]
        voiced = window >= 0
        assert voiced.mean() > 0.98
        early_ms = (window[voiced] - shown_sample - np.flatnonzero(voiced)) / 16
        assert abs(np.median(early_ms)) < 20, (second, float(np.median(early_ms)))


def test_no_sound_is_silence_and_lost_sound_does_not_stop_the_rest() -> None:
    delay = VoiceDelay(LATENCY_S)
    out = np.ones(160, np.float32)
    delay.take(out)
    assert not out.any() and delay.gaps == 0
    delay.hear(AudioChunk(np.ones(1600, np.float32), 0))
    delay.hear(AudioChunk(np.ones(1600, np.float32), 32_000))
    delay.show(0)
    delay.take(out)


def test_memory_is_bounded() -> None:
    delay = VoiceDelay(LATENCY_S)
    for block in range(2_000):
        delay.hear(AudioChunk(np.ones(640, np.float32), block * 640))
        delay.show(block)
    assert len(delay._heard) <= 32_000
    assert sum(len(block) for block in delay._ready) <= 4 * 800 + 640


class StallingStream:
    """A speaker's stream that is alive but asks for nothing."""

    made = 0
    active = True
    latency = 0.03

    def __init__(self, **settings: object) -> None:
        StallingStream.made += 1

    def start(self) -> None:
        """Ask for nothing."""

    def abort(self, ignore_errors: bool) -> None:
        """Nothing runs."""

    def close(self, ignore_errors: bool) -> None:
        """Nothing is open."""


def test_a_speaker_that_asks_for_nothing_any_more_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pretended = SimpleNamespace(OutputStream=StallingStream, PortAudioError=OSError)
    monkeypatch.setattr(monitor, "import_sounddevice", lambda: pretended)
    sink = monitor.MonitorSink()
    frame = VideoFrame(np.zeros((2, 2, 3), np.uint8), 0, 0.0)
    sink.write(frame)
    assert StallingStream.made == 1
    sink._asked_s -= 3.0
    sink.write(frame)
    sink.write(frame)
    assert StallingStream.made == 2
    sink.close()
