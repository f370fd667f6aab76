"""The offscreen context: without a display, with one, without any, and from other threads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mini_live.gl import context as context_module
from mini_live.gl.context import OffscreenContext
from talkingface.errors import GraphicsError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def context():
    try:
        opened = OffscreenContext()
    except GraphicsError as error:
        pytest.skip(f"no OpenGL here: {error}")
    yield opened
    opened.close()


def run_python(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def in_another_thread(call: Callable[[], object]) -> BaseException | None:
    found: list[BaseException | None] = []

    def run() -> None:
        try:
            call()
            found.append(None)
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def test_a_context_of_at_least_3_3_without_a_display(context: OffscreenContext) -> None:
    major, minor = (int(part) for part in context.version.split()[0].split(".")[:2])
    assert (major, minor) >= (3, 3)
    assert context.renderer_name
    assert context.backend_name != "closed"


def test_importing_the_module_imports_no_opengl_and_opens_nothing() -> None:
    program = (
        "import sys, mini_live.gl.mouth_renderer; print([m for m in ('OpenGL', 'glfw') if m in sys.modules])"
    )
    assert run_python(program) == "[]"


def test_only_the_thread_that_opened_it_may_use_it(context: OffscreenContext) -> None:
    for call in (context.make_current, context.close):
        error = in_another_thread(call)
        assert isinstance(error, GraphicsError)
        assert "thread" in str(error)
    context.make_current()


def test_a_closed_context_says_so(context: OffscreenContext) -> None:
    context.close()
    context.close()
    assert context.is_closed
    with pytest.raises(GraphicsError, match="closed"):
        context.make_current()


def test_another_thread_may_have_a_context_of_its_own(context: OffscreenContext) -> None:
    def open_and_close() -> None:
        other = OffscreenContext()
        other.make_current()
        other.close()

    assert in_another_thread(open_and_close) is None
    context.make_current()
    assert context.gl.glGetString(context.gl.GL_VERSION)


def test_no_context_at_all_is_one_line_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> context_module._Backend:
        raise RuntimeError("libEGL.so.1 not found\nand more")

    monkeypatch.setattr(context_module, "_openers", lambda: [("EGL", fail)])
    with pytest.raises(GraphicsError) as caught:
        OffscreenContext()
    assert "libEGL.so.1 not found" in str(caught.value)
    assert "--renderer cpu" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.device
def test_a_hidden_window_where_there_is_a_display() -> None:
    if not sys.platform.startswith("linux") or shutil.which("Xvfb") is None:
        pytest.skip("no Xvfb on this machine")
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(write_end)
        with os.fdopen(read_end) as numbers:
            display = f":{int(numbers.readline())}"
        program = (
            "import mini_live.gl.context as c\n"
            "c._openers = lambda: [('GLFW', c._GlfwBackend)]\n"
            "context = c.OffscreenContext()\n"
            "print(context.backend_name, context.version.split()[0] >= '3.3')\n"
            "context.close()\n"
        )
        assert run_python(program, DISPLAY=display) == "GLFW True"
    finally:
        server.terminate()
        server.wait(timeout=10)


@pytest.mark.parametrize(
    ("name", "is_software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("Google SwiftShader", True),
        ("GDI Generic", True),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False),
        ("Apple M2", False),
    ],
)
def test_drivers_without_a_card_are_known(context: OffscreenContext, name: str, is_software: bool) -> None:
    context.renderer_name = name
    assert context.is_software is is_software


def test_a_card_is_looked_for_where_linux_shows_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(context_module, "DEVICES", tmp_path)
    assert not context_module.may_have_card()
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "renderD128").touch()
    assert context_module.may_have_card()
