"""The real window on a real (virtual) display: it opens, shows the character, moves, and closes within a second."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from talkingface.tracking import MediaPipeTracker
from tests.end_to_end.program import CHARACTER, SPEECH, end_of, environment, needs_character, start_app
from tests.end_to_end.watching import frame_count_of

pytestmark = [
    pytest.mark.device,
    needs_character,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb"),
]
SHOWN_WITHIN_S = 30.0
# A second for the window, the rest for what is still to be recorded on a busy machine.
CLOSED_WITHIN_S = 6.0
GRAB = """
import sys
from PySide6.QtGui import QGuiApplication
application = QGuiApplication([])
application.primaryScreen().grabWindow(0).save(sys.argv[1])
"""


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout is not None
    number = server.stdout.readline().strip()
    if not number:
        pytest.skip("Xvfb does not start here")
    yield f":{number}"
    server.terminate()
    server.wait(10)


def shot(display: str, path: Path) -> NDArray[np.uint8]:
    """Return uint8 (height, width, 3) RGB of the whole display."""
    env = environment(DISPLAY=display, QT_QPA_PLATFORM="xcb")
    subprocess.run(
        [sys.executable, "-c", GRAB, str(path)], env=env, check=True, timeout=30, capture_output=True
    )
    picture = cv2.imread(str(path))
    assert picture is not None
    return np.ascontiguousarray(picture[..., ::-1])


def moves(openings: list[float]) -> bool:
    """Tell whether a mouth opens and closes by more than the tracker trembles."""
    return len(openings) > 2 and max(openings) - min(openings) > 0.012


def test_the_window_shows_the_character_speaking_records_and_closes_within_a_second(
    display: str, tmp_path: Path
) -> None:
    video = tmp_path / "recorded.mp4"
    env = environment(DISPLAY=display, XDG_CONFIG_HOME=str(tmp_path / "settings"), QT_QPA_PLATFORM="xcb")
    process = start_app(
        "live", "--character", CHARACTER, "--source", SPEECH, "--record", video, "--json", env=env
    )
    try:
        tracker = MediaPipeTracker()
        mouths: list[float] = []
        limit_s = time.monotonic() + SHOWN_WITHIN_S
        while not moves(mouths) and time.monotonic() < limit_s and process.poll() is None:
            mesh = tracker.track(shot(display, tmp_path / "shot.png"))
            if mesh is not None:
                face_px = float(np.linalg.norm(mesh[10, :2] - mesh[152, :2]))
                assert face_px > 120, "the character is small"
                mouths.append(float(np.linalg.norm(mesh[13, :2] - mesh[14, :2])) / face_px)
        tracker.close()
        assert mouths, "no face on the screen"
        assert moves(mouths), f"the mouth does not move: {mouths}"
    finally:
        begin_s = time.monotonic()
        process.send_signal(signal.SIGTERM)
        outcome = end_of(process, 10)
    assert time.monotonic() - begin_s < CLOSED_WITHIN_S
    assert outcome.code == 130 and outcome.result["interrupted"] is True
    assert "Traceback" not in outcome.told
    assert frame_count_of(video) >= 5
