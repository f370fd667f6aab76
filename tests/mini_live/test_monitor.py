"""The monitor: the voice is heard with its picture, however the device's clock runs."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from mini_live import monitor
from mini_live.voice_delay import VoiceDelay
from talkingface.errors import DeviceError
from talkingface.records import AudioChunk, VideoFrame

LATENCY_S = 0.03
SHOWN_AFTER_S = 0.16


def heard_by(
    device_clock: float, seconds: float, jitter_s: float = 0.0, dropped: frozenset[int] = frozenset()
) -> np.ndarray:
    """Run a session against a device whose clock runs at another speed; returns what is heard at each true sample.

    The sound is a ramp, so that each sample tells its own number; -1 is silence.
    """
    delay = VoiceDelay()
    sound = np.arange(round((seconds + 1) * 16_000), dtype=np.float32) + 1.0
    events: list[tuple[float, str, int]] = []
    random = np.random.default_rng(1)
    for block in range(round(seconds * 50)):
        events.append(((block + 1) * 0.02, "hear", block))
    for frame in range(round(seconds * 25) - 6):
        events.append((frame * 0.04 + SHOWN_AFTER_S + random.uniform(0, jitter_s), "show", frame))
    for pull in range(round(seconds * 100 * device_clock)):
        events.append((pull * 0.01 / device_clock, "take", pull))
    heard = np.full(round(seconds * 16_000) + 4_000, -1.0)
    out = np.zeros(160, np.float32)
    for time_s, kind, number in sorted(events):
        if kind == "hear":
            delay.hear(AudioChunk(sound[number * 320 : (number + 1) * 320], number * 320))
        elif kind == "show" and number not in dropped:
            delay.show(number, time_s)
        elif kind == "take":
            delay.take(out, time_s + LATENCY_S)
            begin = round((time_s + LATENCY_S) * 16_000)
            if begin + 160 <= len(heard):
                heard[begin : begin + 160] = np.where(out > 0, out - 1, -1)
    return heard


def early_ms(heard: np.ndarray, at_s: float, shown_after_s: float = SHOWN_AFTER_S) -> float:
    """Return by how much the sound is ahead of its picture in the quarter of a second from a time on."""
    window = heard[round(at_s * 16_000) :][:4_000]
    voiced = window >= 0
    assert voiced.mean() > 0.98
    shown_sample = round((at_s - shown_after_s) * 16_000)
    return float(np.median((window[voiced] - shown_sample - np.flatnonzero(voiced)) / 16))


@pytest.mark.parametrize("device_clock", [1.0, 1.0005, 0.9995])
def test_sound_and_picture_stay_together(device_clock: float) -> None:
    heard = heard_by(device_clock, 200.0, jitter_s=0.004)
    for second in (2, 30, 120, 195):
        assert abs(early_ms(heard, second)) < 5, second


def test_the_sound_of_dropped_frames_is_heard() -> None:
    heard = heard_by(1.0, 20.0, dropped=frozenset(range(200, 230)) | frozenset(range(300, 400, 2)))
    voiced = heard[16_000 : 19 * 16_000]
    assert (voiced >= 0).all()
    assert np.abs(np.diff(voiced)).max() < 1.2, "no sample is left out, none comes twice"


@pytest.mark.parametrize("later_s", [0.025, 0.3])
def test_a_picture_that_comes_later_from_now_on_takes_its_sound_along(later_s: float) -> None:
    delay = VoiceDelay()
    delay.hear(AudioChunk(np.arange(32_000, dtype=np.float32) + 1.0, 0))
    out = np.zeros(160, np.float32)
    for frame in range(25):
        delay.show(frame, frame * 0.04 + SHOWN_AFTER_S)
    delay.take(out, 0.6)
    for frame in range(25):
        delay.show(frame, frame * 0.04 + SHOWN_AFTER_S + later_s)
    jumps = delay.jumps
    for pull in range(100):
        delay.take(out, 0.61 + pull * 0.01)
    behind_ms = (out[0] - 1 - (1.6 - SHOWN_AFTER_S - later_s) * 16_000) / 16
    assert abs(behind_ms) < 20
    assert (delay.jumps > jumps) == (later_s > 0.03), (
        "a little is made up for by playing slower, much by a jump"
    )


def test_no_sound_is_silence_and_lost_sound_does_not_stop_the_rest() -> None:
    delay = VoiceDelay()
    out = np.ones(160, np.float32)
    delay.take(out, 1.0)
    assert not out.any() and delay.gaps == 0
    delay.hear(AudioChunk(np.ones(1600, np.float32), 0))
    delay.hear(AudioChunk(np.ones(1600, np.float32), 32_000))
    delay.show(0, 1.0)
    delay.take(out, 1.0)
    assert not out.any(), "that sound is gone"
    delay.take(out, 3.02)
    assert out[-1] == 1.0


def test_memory_is_bounded() -> None:
    delay = VoiceDelay()
    for block in range(2_000):
        delay.hear(AudioChunk(np.ones(640, np.float32), block * 640))
        delay.show(block, block * 0.04)
    assert len(delay._heard) <= 32_000


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
    assert sink._opening is not None
    sink._opening.join(5)
    sink.write(frame)
    assert StallingStream.made == 2
    sink.close()


def test_a_speaker_that_cannot_be_opened_again_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pretended = SimpleNamespace(OutputStream=StallingStream, PortAudioError=OSError)
    monkeypatch.setattr(monitor, "import_sounddevice", lambda: pretended)
    sink = monitor.MonitorSink()
    frame = VideoFrame(np.zeros((2, 2, 3), np.uint8), 0, 0.0)

    def gone(**settings: object) -> StallingStream:
        raise OSError("no such device")

    pretended.OutputStream = gone
    sink._asked_s -= 3.0
    sink.write(frame)
    assert sink._opening is not None
    sink._opening.join(5)
    with pytest.raises(DeviceError, match="cannot be opened"):
        sink.write(frame)
    sink.close()
