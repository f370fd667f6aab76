"""The voice is heard with its picture: measured on a real sound server, also after stalls, load and a long time.

``MONITOR_MINUTES=30 python -m pytest tests/end_to_end/test_monitor_in_step.py -s`` prints what is measured.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from talkingface.audio_files import read_audio
from tests.end_to_end.program import CHARACTER, PROJECT, SPEECH, environment, needs_character
from tests.end_to_end.small_character import half_size
from tests.mini_live.fakes import write_wav
from tests.mini_live.sound_server import SINK, SoundServer, missing_programs

RATE_HZ = 16_000
MINUTES = float(os.environ.get("MONITOR_MINUTES", "1.2"))
WITHIN_MS = 20.0
WINDOW_S = 0.8
# So much later is what a null sink is given than what its monitor gives out.
RECORDER_MS = 5.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.device,
    pytest.mark.timeout(round(MINUTES * 60 + 240)),
    needs_character,
    pytest.mark.skipif(bool(missing_programs()), reason=f"needs {', '.join(missing_programs())}"),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SoundServer]:
    server = SoundServer(tmp_path / "pulse")
    yield server
    server.close()


class Ear:
    """Hears what the speaker plays, and knows when."""

    def __init__(self, server: SoundServer) -> None:
        self._recorder = subprocess.Popen(
            ["parec", f"--device={SINK}.monitor", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le",
             f"--latency-msec={RECORDER_MS:g}", "--raw"],
            stdout=subprocess.PIPE, env=server.environment,
        )  # fmt: skip
        self._heard: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self._recorder.stdout is not None
        while block := os.read(self._recorder.stdout.fileno(), 1 << 14):
            self._heard.append((time.monotonic(), block))

    def around(self, begin_s: float, end_s: float) -> tuple[np.ndarray, float]:
        """Return float64 (n,) sound of a time, and the monotonic time of its first sample."""
        blocks = [(at_s, np.frombuffer(block, "<i2")) for at_s, block in list(self._heard)]
        kept = [(at_s, block) for at_s, block in blocks if begin_s <= at_s < end_s]
        ends = np.cumsum([len(block) for _, block in kept])
        first_s = min(at_s - end / RATE_HZ for (at_s, _), end in zip(kept, ends, strict=True))
        return np.concatenate([block for _, block in kept]).astype(np.float64), first_s

    def close(self) -> None:
        self._recorder.terminate()
        self._recorder.wait(10)


def late_ms(ear: Ear, stamps: Path, spoken: np.ndarray) -> float:
    """Return by how much the voice came after its picture in the clearest moment of the last seconds."""
    now_s = time.monotonic()
    shown = np.array(
        [[float(part) for part in line.split()] for line in stamps.read_text().splitlines()[:-1]]
    )
    moments = [
        compared(*ear.around(now_s - back_s - WINDOW_S, now_s - back_s), shown, spoken)
        for back_s in np.arange(0.0, 4.0, WINDOW_S / 2)
    ]
    like, late = max(moments)
    assert like > 0.7, f"the voice is heard as it is, not {like:.2f} like it, {late:+.1f} ms"
    return late


def compared(heard: np.ndarray, first_s: float, shown: np.ndarray, spoken: np.ndarray) -> tuple[float, float]:
    """Return how much what was heard is like what was spoken, -1..1, and by how many milliseconds it is late.

    Args:
        heard: float64 (n,) sound, whose first sample was heard at ``first_s``.
        first_s: monotonic seconds.
        shown: float64 (frames, 2) number of each frame and the time it was handed over.
        spoken: float32 (m,) all that is said.
    """
    recent = shown[np.abs(shown[:, 1] - first_s - WINDOW_S / 2) < WINDOW_S / 2]
    delay_s = float(np.median(recent[:, 1] - recent[:, 0] / 25))
    begin, room = round((first_s - delay_s) * RATE_HZ), RATE_HZ // 4
    expected = spoken[begin - room : begin + len(heard) + room]
    product = np.correlate(expected, heard, "valid")
    best = int(np.argmax(product))
    power = (heard**2).sum() * (expected[best : best + len(heard)] ** 2).sum()
    return float(product[best] / np.sqrt(power + 1.0)), 1000 * (room - best) / RATE_HZ + RECORDER_MS


def measured(ear: Ear, stamps: Path, spoken: np.ndarray, what: str, wait_s: float) -> float:
    time.sleep(wait_s)
    late = late_ms(ear, stamps, spoken)
    sys.stdout.write(f"{what}: the voice comes {late:+.1f} ms after its picture\n")
    sys.stdout.flush()
    return late


def test_the_voice_is_heard_with_its_picture(server: SoundServer, tmp_path: Path) -> None:
    speech = read_audio(SPEECH)
    spoken = np.tile(speech, round((MINUTES + 2.5) * 60 * RATE_HZ / len(speech)) + 1)
    small = half_size(CHARACTER, tmp_path / "small")
    wav, stamps = write_wav(tmp_path / "spoken.wav", spoken), tmp_path / "stamps.txt"
    kept = {
        name: text for name, text in server.environment.items() if name.startswith(("PULSE", "XDG", "HOME"))
    }
    ear = Ear(server)
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.end_to_end.monitored", wav, stamps, small],
        cwd=PROJECT, env=environment(**kept, PULSE_SINK=SINK), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        while not stamps.is_file() or len(stamps.read_text().splitlines()) < 50:
            assert program.poll() is None, program.communicate()[1][-800:]
            time.sleep(0.1)
        late = [measured(ear, stamps, spoken, "soon", 10.0)]
        begin_s = time.monotonic()
        while time.monotonic() - begin_s < MINUTES * 60 - 30:
            late.append(measured(ear, stamps, spoken, f"{(time.monotonic() - begin_s) / 60:.1f} min", 15.0))
        playing = psutil.Process(server.process_id)
        playing.send_signal(signal.SIGSTOP)
        time.sleep(4.0)
        playing.send_signal(signal.SIGCONT)
        late.append(measured(ear, stamps, spoken, "after a stall of the speaker", 14.0))
        picture = psutil.Process(program.pid)
        for _ in range(10):
            picture.send_signal(signal.SIGSTOP)
            time.sleep(0.15)
            picture.send_signal(signal.SIGCONT)
            time.sleep(0.3)
        late.append(measured(ear, stamps, spoken, "after dropped frames", 12.0))
    finally:
        program.kill()
        program.communicate()
        ear.close()
    assert max(abs(one) for one in late) < WITHIN_MS, late
