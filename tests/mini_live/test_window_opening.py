"""The window opened by a command line: every argument reaches the worker, and what only a console can is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from mini_live import cli
from mini_live.cli import build_parser
from mini_live.live_statistics import LiveStatus
from mini_live.window import opening
from mini_live.window.main_window import MainWindow
from mini_live.window.settings import WindowSettings
from talkingface.mouth_controls import MouthControls
from tests.mini_live.fakes import babble, write_wav
from tests.mini_live.test_window import IdleWorker


class AskedWorker(IdleWorker):
    """Also remembers how it was made, and says for how long it has heard."""

    heard_s = 0.0

    def __init__(self, character: Path, renderer: str, controls: MouthControls) -> None:
        super().__init__()
        self.asked.append(("made with", controls))

    @property
    def status(self) -> LiveStatus:
        return LiveStatus(seconds=self.heard_s)

    def set_camera(self, wanted: bool) -> None:
        self.asked.append(("camera", wanted))


@pytest.fixture
def opened(
    application: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[MainWindow, AskedWorker]]]:
    monkeypatch.setattr(opening, "Worker", AskedWorker)
    settings = WindowSettings(QSettings(str(tmp_path / "s.ini"), QSettings.Format.IniFormat))
    settings.remember_controls(MouthControls(smoothing=0.5))
    windows: list[MainWindow] = []

    def open_one(*arguments: str) -> tuple[MainWindow, AskedWorker]:
        window = opening.open_window(build_parser().parse_args(arguments), settings)
        windows.append(window)
        worker = window._worker
        assert isinstance(worker, AskedWorker)
        return window, worker

    yield open_one
    for window in windows:
        window.close()


def test_every_argument_reaches_the_worker(
    opened: Callable[..., tuple[MainWindow, AskedWorker]], tmp_path: Path
) -> None:
    wav, film = write_wav(tmp_path / "voice.wav", babble(1.0)), tmp_path / "out.mp4"
    knobs = ("--gain", "0.1", "--attack-ms", "40")
    _, worker = opened("live", "--source", str(wav), "--virtual-camera", "--record", str(film), *knobs)
    assert ("made with", MouthControls(gain=0.1, smoothing=0.5, attack_ms=40.0)) in worker.asked
    assert ("camera", True) in worker.asked
    assert worker.asked.index(("record", film)) < worker.asked.index(("file", wav))


def test_a_knob_leaves_the_settings_without_one_as_given(
    opened: Callable[..., tuple[MainWindow, AskedWorker]],
) -> None:
    window, _ = opened("live", "--attack-ms", "40", "--gain", "0.5")
    assert window.panel.mouth.controls == MouthControls(gain=0.5, smoothing=0.5, attack_ms=40.0)


@pytest.mark.parametrize("arguments", [(), ("live",)])
def test_nobody_is_listened_to_unasked(
    opened: Callable[..., tuple[MainWindow, AskedWorker]], arguments: tuple[str, ...]
) -> None:
    _, worker = opened(*arguments)
    assert "microphone" not in [what for what, _ in worker.asked]


def test_a_microphone_that_was_asked_for_is_listened_to(
    opened: Callable[..., tuple[MainWindow, AskedWorker]],
) -> None:
    _, worker = opened("live", "--source", "mic", "--device", "Headset")
    assert ("microphone", "Headset") in worker.asked


def test_the_window_closes_after_the_seconds(
    opened: Callable[..., tuple[MainWindow, AskedWorker]],
) -> None:
    window, worker = opened("live", "--seconds", "2")
    worker.heard_s = 1.9
    window._show_status()
    assert window.isVisible()
    worker.heard_s = 2.1
    window._show_status()
    assert not window.isVisible()


@pytest.mark.parametrize("given", [("--mouth-curve", "a.json"), ("--block-ms", "10")])
def test_what_only_headless_can_is_refused(
    given: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["live", *given]) == 2
    assert "--headless" in capsys.readouterr().err
