"""Checks of this machine: packages, drawing, sound, weights, characters; each with a cure for what is missing."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mini_live.microphone import list_microphones
from mini_live.speech_synthesis import installed_synthesiser
from mini_live.virtual_camera import VirtualCameraSink
from mini_live.wiring import CHARACTERS_FOLDER, DEFAULT_CHARACTER, open_gl_once, open_mouth, open_networks
from talkingface.character import list_characters, load_character
from talkingface.errors import AvatarError

NEEDED = "needed"
OPTIONAL = "optional"
NEEDED_PACKAGES = {
    "numpy": "numpy", "numba": "numba", "opencv-contrib-python": "opencv-contrib-python==4.11.0.86", "av": "av",
    "onnxruntime": "onnxruntime", "kaldi-native-fbank": "kaldi-native-fbank", "soxr": "soxr", "rich": "rich",
}  # fmt: skip
LIVE_PACKAGES = {
    "PySide6-Essentials": "PySide6-Essentials",
    "sounddevice": "sounddevice",
    "PyOpenGL": "PyOpenGL",
    "glfw": "glfw",
}
OTHER_PACKAGES = {"mediapipe": "mediapipe==0.10.21", "pyvirtualcam": "pyvirtualcam"}


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        ok: whether it is as it should be.
        weight: ``needed`` for speech and picture at all, ``optional`` for the rest.
        found: what was found, in a few words.
        cure: what to do where it is not ok.
    """

    name: str
    ok: bool
    weight: str
    found: str
    cure: str = ""


def examine() -> Iterator[Check]:
    """Make every check, one after the other; none raises."""
    version = platform.python_version()
    fits = (3, 10) <= sys.version_info[:2] <= (3, 12)
    yield Check("python", fits, NEEDED, version, "" if fits else "use Python 3.10, 3.11 or 3.12")
    for packages, weight in (
        (NEEDED_PACKAGES, NEEDED),
        (LIVE_PACKAGES, OPTIONAL),
        (OTHER_PACKAGES, OPTIONAL),
    ):
        for name, requirement in packages.items():
            yield _package(name, requirement, weight)
    yield _attempt("mouth model", NEEDED, _mouth)
    yield _attempt("face generator", NEEDED, _generator)
    yield _attempt("default character", NEEDED, _default_character)
    yield _attempt("other characters", OPTIONAL, _other_characters)
    yield _attempt("OpenGL", OPTIONAL, open_gl_once, "the slower drawing without OpenGL is used instead")
    yield _attempt("microphone", OPTIONAL, _microphones)
    yield _attempt("display", OPTIONAL, _display)
    yield _attempt("virtual camera", OPTIONAL, _camera)
    yield _attempt("text to speech", OPTIONAL, lambda: installed_synthesiser().name)


def _package(name: str, requirement: str, weight: str) -> Check:
    try:
        return Check(name, True, weight, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, False, weight, "not installed", f"pip install {requirement}")


def _attempt(name: str, weight: str, look: Callable[[], str], cure: str = "") -> Check:
    try:
        return Check(name, True, weight, look())
    except AvatarError as error:
        found, _, told = str(error).partition(": ")
        return Check(name, False, weight, found if told and not cure else str(error), cure or told)
    except Exception as error:  # a check must not end the checks after it
        return Check(name, False, weight, f"{type(error).__name__}: {error}", cure)


def _mouth() -> str:
    model = open_mouth().model
    return f"{model.coefficient_count} coefficients, look-ahead {model.look_ahead_ms} ms"


def _generator() -> str:
    open_networks()
    return "loads"


def _default_character() -> str:
    character = load_character(DEFAULT_CHARACTER)
    return f"{character.width}x{character.height}, {character.frame_count} frames"


def _other_characters() -> str:
    folders = [folder for folder in list_characters(CHARACTERS_FOLDER) if folder != DEFAULT_CHARACTER]
    for folder in folders:
        load_character(folder)
    return f"{len(folders)} found"


def _microphones() -> str:
    devices = list_microphones()
    if not devices:
        raise AvatarError("no microphone: plug one in and allow this program to use it, or speak a file")
    return "; ".join(
        f"{device.index} {device.name}{' (default)' if device.is_default else ''}" for device in devices
    )


def _display() -> str:
    from mini_live.commands.window import check_display

    check_display()
    return "a window can be opened"


def _camera() -> str:
    camera = VirtualCameraSink(640, 480)
    camera.close()
    return camera.name
