"""Half an hour live: hardly a late frame, sound and picture together to the end, no growth of memory or handles.

``SOAK_MINUTES=30 python -m pytest tests/end_to_end/test_soak.py -s`` prints the figures as they come.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from talkingface.audio_files import read_audio
from tests.end_to_end.desk import HEARD, Desk, missing
from tests.end_to_end.program import CHARACTER, SPEECH, needs_character
from tests.mini_live.fakes import write_wav
from tests.mini_live.sound_server import SINK

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
SETTLE_MINUTES = min(3.0, MINUTES / 4)
RATE_HZ = 16_000
# The figures of a minute stand in the log at its end; so many seconds before it the sound is compared.
FIGURES_S = 22.0
FIGURES = re.compile(r"figures: frames=(\d+) late=(\d+) dropped=(\d+) fps=([\d.]+) latency_ms=(\d+)")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.device,
    pytest.mark.timeout(round(MINUTES * 60 + 300)),
    needs_character,
    pytest.mark.skipif(bool(missing()), reason=f"needs {', '.join(missing())}"),
]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def recorder(desk: Desk, source: str, path: Path) -> subprocess.Popen[bytes]:
    """Record a source of the sound server as raw 16-bit mono."""
    return subprocess.Popen(
        ["parec", f"--device={source}", f"--rate={RATE_HZ}", "--channels=1", "--format=s16le", "--latency-msec=20",
         "--file-format=raw", str(path)],
        env=desk.sound.environment,
    )  # fmt: skip


def tell(line: str) -> None:
    """Say how far it is, to whoever watches with ``-s``."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def delay_ms(spoken: Path, heard: Path, at_s: float, seconds: float = 20.0) -> float:
    """Return by how much what is heard comes after what is spoken, around a time of both recordings."""
    begin, count = round(at_s * RATE_HZ), round(seconds * RATE_HZ)
    parts = []
    for path in (spoken, heard):
        part = np.fromfile(path, "<i2", count, offset=2 * begin).astype(np.float64)
        parts.append(part - part.mean())
    size = 1 << (2 * count).bit_length()
    product = np.fft.irfft(np.fft.rfft(parts[1], size) * np.conj(np.fft.rfft(parts[0], size)), size)
    lag = int(np.argmax(product[: RATE_HZ * 2]))
    return 1000 * lag / RATE_HZ


def test_half_an_hour_live(desk: Desk, tmp_path: Path) -> None:
    speech = read_audio(SPEECH)
    pause = np.zeros(round(1.5 * RATE_HZ), np.float32)
    loop = write_wav(tmp_path / "loop.wav", np.concatenate([speech, pause] * 8))
    desk.remember(language="en", monitor__microphone="pulse")
    desk.open_app("live", "--character", CHARACTER, "--source", "mic")
    desk.wait_for(lambda: desk.told("source: microphone"), "the microphone")
    spoken, heard = tmp_path / "spoken.raw", tmp_path / "heard.raw"
    recorders = [recorder(desk, f"{SINK}.monitor", spoken), recorder(desk, f"{HEARD}.monitor", heard)]
    begin_s = time.monotonic()
    player = desk.sound.play(loop)
    process = desk.process()
    rows: list[tuple[float, float, int, int]] = []
    printed = 0
    while time.monotonic() - begin_s < MINUTES * 60:
        time.sleep(10)
        if player.poll() is not None:
            player = desk.sound.play(loop)
        assert process.status() != psutil.STATUS_ZOMBIE, desk.log[-800:]
        minute = (time.monotonic() - begin_s) / 60
        rows.append((minute, process.memory_info().rss / 1e6, process.num_fds(), process.num_threads()))
        lines = FIGURES.findall(desk.log)
        if len(lines) > printed:
            printed = len(lines)
            tell(f"{minute:.1f} min {lines[-1]} rss {rows[-1][1]:.1f} MB, {rows[-1][2:]} handles, threads")
    player.terminate()
    for one in recorders:
        one.terminate()
        one.wait(10)
    settled = [row for row in rows if row[0] >= SETTLE_MINUTES]
    third = max(1, len(settled) // 3)
    growth_mb = np.median([row[1] for row in settled[-third:]]) - np.median(
        [row[1] for row in settled[:third]]
    )
    handles = settled[-1][2] - settled[0][2]
    figures = [[float(part) for part in line] for line in FIGURES.findall(desk.log)]
    first, last = figures[0], figures[-1]
    frames = last[0] - first[0]
    late_share = (last[1] - first[1] + last[2] - first[2]) / max(1.0, frames + last[2] - first[2])
    minutes = sorted({1, (len(figures) + 1) // 2, len(figures)})
    # By how much the voice comes after the picture; the recorders' own delay is in it, and stays the same.
    together_ms = [
        delay_ms(spoken, heard, 60.0 * minute - FIGURES_S) - figures[minute - 1][4] for minute in minutes
    ]
    drift_ms = max(together_ms) - min(together_ms)
    tell(
        f"late or dropped {100 * late_share:.3f} %, memory {growth_mb:+.1f} MB, handles {handles:+d}, "
        f"latency {first[4]:.0f} to {last[4]:.0f} ms, voice less picture {together_ms} ms"
    )
    assert late_share < 0.005
    assert growth_mb < 20
    assert handles <= 0
    assert drift_ms < 40
