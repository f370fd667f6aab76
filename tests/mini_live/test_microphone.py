"""The microphone on a pretended PortAudio: rates, drops, unplugging, and sentences with a cure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mini_live import microphone as under_test
from mini_live.microphone import Microphone, find_microphone, list_microphones
from talkingface.errors import DeviceError
from tests.mini_live.fakes import babble


class PretendedPortAudio:
    """Enough of the sounddevice module to open one stream and feed it by hand."""

    class PortAudioError(Exception):
        """As PortAudio raises it."""

    def __init__(self, rates_hz: tuple[int, ...] = (16_000,)) -> None:
        self.rates_hz = rates_hz
        self.stream: PretendedStream | None = None
        self.default = type("Default", (), {"device": (1, 0)})()
        self.devices: list[dict[str, Any]] = [
            {"name": "Speakers", "max_input_channels": 0, "default_samplerate": 48_000.0},
            {"name": "Built-in", "max_input_channels": 2, "default_samplerate": 48_000.0},
            {"name": "USB Headset", "max_input_channels": 1, "default_samplerate": 44_100.0},
        ]

    def query_devices(self) -> list[dict[str, Any]]:
        return self.devices

    def InputStream(self, **settings: Any) -> PretendedStream:
        if settings["samplerate"] not in self.rates_hz:
            raise self.PortAudioError("Invalid sample rate")
        self.stream = PretendedStream(settings)
        return self.stream


class PretendedStream:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.active = False

    def start(self) -> None:
        self.active = True

    def abort(self, ignore_errors: bool = True) -> None:
        self.active = False

    def close(self, ignore_errors: bool = True) -> None:
        self.active = False

    def speak(self, samples: np.ndarray) -> None:
        block = self.settings["blocksize"]
        callback: Callable[..., None] = self.settings["callback"]
        for begin in range(0, len(samples) - block + 1, block):
            callback(samples[begin : begin + block, None].copy(), block, None, None)

    def unplug(self) -> None:
        self.active = False
        self.settings["finished_callback"]()


def opened(monkeypatch: pytest.MonkeyPatch, *rates_hz: int) -> tuple[Microphone, PretendedStream]:
    portaudio = PretendedPortAudio(rates_hz or (16_000,))
    monkeypatch.setattr(under_test, "import_sounddevice", lambda: portaudio)
    microphone = Microphone(find_microphone(None))
    assert portaudio.stream is not None
    return microphone, portaudio.stream


def heard(microphone: Microphone) -> np.ndarray:
    parts: list[np.ndarray] = []
    empty = 0
    while empty < 4:  # a resampler holds its first samples back for a block or two
        chunk = microphone.read(0.0)
        assert chunk is not None and chunk.start_sample == sum(map(len, parts))
        parts.append(chunk.samples)
        empty = 0 if len(chunk.samples) else empty + 1
    return np.concatenate([np.zeros(0, np.float32), *parts])


def test_only_inputs_are_listed_and_the_default_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "import_sounddevice", PretendedPortAudio)
    assert [(device.index, device.name, device.is_default) for device in list_microphones()] == [
        (1, "Built-in", True),
        (2, "USB Headset", False),
    ]
    assert find_microphone("headset").index == 2
    assert find_microphone("2").name == "USB Headset"


@pytest.mark.parametrize("wanted", ["7", "0", "webcam"])
def test_an_unknown_microphone_is_refused_with_the_list(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setattr(under_test, "import_sounddevice", PretendedPortAudio)
    with pytest.raises(DeviceError, match=r"Built-in.*USB Headset"):
        find_microphone(wanted)


def test_no_microphone_names_a_way_without(monkeypatch: pytest.MonkeyPatch) -> None:
    portaudio = PretendedPortAudio()
    portaudio.devices = portaudio.devices[:1]
    monkeypatch.setattr(under_test, "import_sounddevice", lambda: portaudio)
    with pytest.raises(DeviceError, match="sound file"):
        find_microphone(None)


def test_sound_at_16_khz_arrives_as_it_was_spoken(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone, stream = opened(monkeypatch)
    sound = babble(1.0)
    stream.speak(sound)
    np.testing.assert_array_equal(heard(microphone), sound)
    microphone.close()


@pytest.mark.parametrize("rate_hz", [48_000, 44_100])
def test_a_device_that_cannot_do_16_khz_is_resampled(monkeypatch: pytest.MonkeyPatch, rate_hz: int) -> None:
    microphone, stream = opened(monkeypatch, rate_hz)
    stream.speak(babble(2.0, rate_hz))
    got = heard(microphone)
    expected = babble(2.0)
    assert 31_000 < len(got) <= 32_000
    best = max(np.corrcoef(got[lag : lag + 20_000], expected[:20_000])[0, 1] for lag in range(0, 400, 4))
    assert best > 0.9
    microphone.close()


def test_a_device_that_opens_at_no_rate_is_told_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DeviceError, match=r"cannot be opened.*close other programs"):
        opened(monkeypatch, 8000)


def test_sound_that_nobody_took_becomes_silence_of_the_same_length(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone, stream = opened(monkeypatch)
    stream.speak(np.full(16_000 * 6, 0.5, np.float32))
    before = heard(microphone)
    assert len(before) == 64_000 and microphone.lost_samples == 0
    stream.speak(np.full(320, 0.25, np.float32))
    after = heard_further(microphone, len(before))
    assert len(before) + len(after) == 16_000 * 6 + 320
    assert not after[:-320].any() and (after[-320:] == 0.25).all()
    assert microphone.lost_samples == 32_000


def heard_further(microphone: Microphone, position: int) -> np.ndarray:
    chunk = microphone.read(0.0)
    assert chunk is not None and chunk.start_sample == position
    return chunk.samples


def test_an_unplugged_microphone_gives_what_it_had_and_then_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    microphone, stream = opened(monkeypatch)
    stream.speak(babble(0.1))
    stream.unplug()
    for _ in range(5):
        assert len(microphone.read(0.0).samples) == 320  # type: ignore[union-attr]
    with pytest.raises(DeviceError, match=r"is gone.*plug it in"):
        microphone.read(0.01)
    microphone.close()
    microphone.close()
