"""The virtual camera on a pretended driver, and the cure where there is none."""

from __future__ import annotations

import sys
import types
from typing import ClassVar

import numpy as np
import pytest

from mini_live.virtual_camera import VirtualCameraSink
from talkingface.errors import DeviceError, MissingPackageError
from talkingface.records import VideoFrame


class PretendedCamera:
    made: ClassVar[list[PretendedCamera]] = []

    def __init__(self, width: int, height: int, fps: int) -> None:
        self.size, self.fps, self.device = (width, height), fps, "/dev/video9"
        self.sent: list[np.ndarray] = []
        self.closed = 0
        PretendedCamera.made.append(self)

    def send(self, rgb: np.ndarray) -> None:
        if len(self.sent) == 2:
            raise RuntimeError("device removed")
        self.sent.append(rgb)

    def close(self) -> None:
        self.closed += 1


def with_driver(monkeypatch: pytest.MonkeyPatch, camera: object) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", types.SimpleNamespace(Camera=camera))


def test_frames_are_sent_as_they_are_and_a_lost_camera_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with_driver(monkeypatch, PretendedCamera)
    sink = VirtualCameraSink(48, 32, badge=False)
    camera = PretendedCamera.made[-1]
    assert (camera.size, camera.fps, sink.name) == ((48, 32), 25, "/dev/video9")
    frame = VideoFrame(np.full((32, 48, 3), 7, np.uint8), 0, 0.0)
    sink.write(frame)
    sink.write(frame)
    np.testing.assert_array_equal(camera.sent[0], frame.rgb)
    with pytest.raises(DeviceError, match="video9"):
        sink.write(frame)
    sink.close()
    sink.close()
    assert camera.closed == 1


def test_the_sign_is_on_what_is_sent_and_not_on_what_others_show(monkeypatch: pytest.MonkeyPatch) -> None:
    with_driver(monkeypatch, PretendedCamera)
    sink = VirtualCameraSink(96, 64)
    frame = VideoFrame(np.full((64, 96, 3), 7, np.uint8), 0, 0.0)
    sink.write(frame)
    sink.badge = False
    sink.write(frame)
    signed, plain = PretendedCamera.made[-1].sent
    assert signed[32:, 48:].max() > 200 and (signed[:32] == 7).all()
    assert (plain == 7).all() and (frame.rgb == 7).all()
    sink.close()


@pytest.mark.parametrize(("system", "cure"), [("linux", "v4l2loopback"), ("win32", "OBS"), ("darwin", "OBS")])
def test_a_missing_driver_is_told_with_the_cure_of_the_system(
    monkeypatch: pytest.MonkeyPatch, system: str, cure: str
) -> None:
    def missing(**settings: object) -> None:
        raise RuntimeError("no backend")

    with_driver(monkeypatch, missing)
    monkeypatch.setattr(sys, "platform", system)
    with pytest.raises(DeviceError, match=cure):
        VirtualCameraSink(48, 32)


def test_a_missing_package_names_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyvirtualcam", None)
    with pytest.raises(MissingPackageError, match="pip install pyvirtualcam"):
        VirtualCameraSink(48, 32)
