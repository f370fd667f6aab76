"""An OpenGL 3.3 core context without a visible window: EGL where there is one, else a hidden GLFW window."""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from talkingface.errors import GraphicsError

EGL_PLATFORM_DEVICE = 0x313F
EGL_PLATFORM_SURFACELESS = 0x31DD
EGL_CONTEXT_MAJOR = 0x3098
EGL_CONTEXT_MINOR = 0x30FB
EGL_CONTEXT_PROFILE_MASK = 0x30FD
EGL_CORE_PROFILE = 0x1
SOFTWARE_THREADS = "0"  # llvmpipe draws in the calling thread: more threads only fight with the networks

# How drivers that compute on the processor call themselves: Mesa's three, SwiftShader, and the system's own.
SOFTWARE_NAMES = (
    "llvmpipe",
    "softpipe",
    "swrast",
    "swiftshader",
    "gdi generic",
    "basic render",
    "apple software",
)

DEVICES = Path("/dev")
CARD_DEVICES = ("dri/renderD*", "dri/card*", "nvidia[0-9]*", "dxg", "mali*", "kgsl*")  # of Linux

CURE = "install libegl1 and libgl1-mesa-dri (Linux) or a graphics driver, or draw with --renderer cpu"


def may_have_card() -> bool:
    """Return whether a graphics card may be there; told without loading OpenGL, which takes a third of a second."""
    if not sys.platform.startswith("linux"):
        return True
    return any(True for pattern in CARD_DEVICES for _ in DEVICES.glob(pattern))


class _Backend(Protocol):
    """One way to an OpenGL context."""

    name: str

    def make_current(self) -> None:
        """Make the context that of the calling thread."""

    def close(self) -> None:
        """Destroy the context."""


class OffscreenContext:
    """An OpenGL 3.3 core context that belongs to the thread that made it."""

    def __init__(self) -> None:
        """Open the first context that can be had and make it current.

        Raises:
            GraphicsError: no OpenGL 3.3 context on this machine.
        """
        self._owner = threading.get_ident()
        self._backend: _Backend | None = _open_backend()
        try:
            gl = self.gl
            version = tuple(int(part) for part in gl.glGetString(gl.GL_VERSION).split()[0].split(b".")[:2])
            if version < (3, 3):
                raise GraphicsError(f"expected OpenGL 3.3 or newer, found {version[0]}.{version[1]}: {CURE}")
            self.renderer_name: str = gl.glGetString(gl.GL_RENDERER).decode("utf-8", "replace")
            self.version: str = gl.glGetString(gl.GL_VERSION).decode("utf-8", "replace")
        except BaseException:
            self.close()
            raise

    @property
    def gl(self) -> Any:
        """The module ``OpenGL.GL``."""
        return importlib.import_module("OpenGL.GL")

    @property
    def backend_name(self) -> str:
        """How the context was had: ``EGL surfaceless``, ``EGL device``, ``EGL default`` or ``GLFW``."""
        return "closed" if self._backend is None else self._backend.name

    @property
    def is_software(self) -> bool:
        """Whether the processor computes what a graphics card would draw."""
        name = self.renderer_name.lower()
        return any(software in name for software in SOFTWARE_NAMES)

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._backend is None

    def make_current(self) -> None:
        """Make this context the current one; every use of OpenGL begins here.

        Raises:
            GraphicsError: closed, or called from a thread that does not own it.
        """
        self._check_thread()
        if self._backend is None:
            raise GraphicsError("expected an open OpenGL context, found a closed one")
        self._backend.make_current()

    def close(self) -> None:
        """Destroy the context; may be called twice, by the owning thread only.

        Raises:
            GraphicsError: called from a thread that does not own it.
        """
        self._check_thread()
        if self._backend is not None:
            backend, self._backend = self._backend, None
            backend.close()

    def _check_thread(self) -> None:
        if threading.get_ident() != self._owner:
            raise GraphicsError(
                "expected OpenGL to be used by the thread that opened it, found another thread"
            )


def _open_backend() -> _Backend:
    failures = []
    for name, opener in _openers():
        try:
            _prepare_bindings()
            return opener()
        # PyOpenGL and GLFW raise whatever their platform layer meets: missing libraries, EGL errors, attributes.
        except Exception as error:
            failures.append(f"{name}: {_one_line(error)}")
    raise GraphicsError(f"expected an OpenGL context, found none ({'; '.join(failures)}): {CURE}")


def _openers() -> list[tuple[str, Callable[[], _Backend]]]:
    window: list[tuple[str, Callable[[], _Backend]]] = [("GLFW", _GlfwBackend)]
    if not sys.platform.startswith("linux"):
        return window
    egl: list[tuple[str, Callable[[], _Backend]]] = [
        ("EGL surfaceless", lambda: _EglBackend("EGL surfaceless", _surfaceless_display)),
        ("EGL device", lambda: _EglBackend("EGL device", _device_display)),
        ("EGL default", lambda: _EglBackend("EGL default", _default_display)),
    ]
    has_display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return egl + window if has_display else egl


def _prepare_bindings() -> None:
    """Set what PyOpenGL and Mesa read once, before their first import."""
    os.environ.setdefault("LP_NUM_THREADS", SOFTWARE_THREADS)
    if sys.platform.startswith("linux"):
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")


class _EglBackend:
    """A context of EGL with no surface at all."""

    def __init__(self, name: str, display_of: Callable[[Any], Any]) -> None:
        self.name = name
        self._egl: Any = importlib.import_module("OpenGL.EGL")
        egl = self._egl
        # Displays are shared by the whole process, so they are never terminated.
        self._display = display_of(egl)
        if not egl.eglInitialize(self._display, ctypes.c_int(), ctypes.c_int()):
            raise GraphicsError("the display does not start")
        if not egl.eglBindAPI(egl.EGL_OPENGL_API):
            raise GraphicsError("the display has no OpenGL")
        configs, count = (egl.EGLConfig * 1)(), ctypes.c_int()
        wanted = [egl.EGL_RENDERABLE_TYPE, egl.EGL_OPENGL_BIT, egl.EGL_SURFACE_TYPE, 0, egl.EGL_NONE]
        if not egl.eglChooseConfig(self._display, wanted, configs, 1, count) or not count.value:
            raise GraphicsError("the display has no fitting configuration")
        profile = [EGL_CONTEXT_MAJOR, 3, EGL_CONTEXT_MINOR, 3, EGL_CONTEXT_PROFILE_MASK, EGL_CORE_PROFILE]
        self._context = egl.eglCreateContext(
            self._display, configs[0], egl.EGL_NO_CONTEXT, [*profile, egl.EGL_NONE]
        )
        if not self._context:
            raise GraphicsError("the display gives no OpenGL 3.3 core context")
        try:
            self.make_current()
        except BaseException:
            self.close()
            raise

    def make_current(self) -> None:
        egl = self._egl
        none = egl.EGL_NO_SURFACE
        if not egl.eglMakeCurrent(self._display, none, none, self._context):
            raise GraphicsError("the OpenGL context cannot be made current")

    def close(self) -> None:
        egl = self._egl
        egl.eglMakeCurrent(self._display, egl.EGL_NO_SURFACE, egl.EGL_NO_SURFACE, egl.EGL_NO_CONTEXT)
        egl.eglDestroyContext(self._display, self._context)


def _surfaceless_display(egl: Any) -> Any:
    platform = importlib.import_module("OpenGL.EGL.EXT.platform_base")
    return _checked_display(platform.eglGetPlatformDisplayEXT(EGL_PLATFORM_SURFACELESS, None, None))


def _device_display(egl: Any) -> Any:
    platform = importlib.import_module("OpenGL.EGL.EXT.platform_base")
    devices = importlib.import_module("OpenGL.EGL.EXT.device_base").egl_get_devices()
    for device in devices:
        display = platform.eglGetPlatformDisplayEXT(EGL_PLATFORM_DEVICE, device, None)
        if display and egl.eglInitialize(display, ctypes.c_int(), ctypes.c_int()):
            return display
    raise GraphicsError("no graphics device answers")


def _default_display(egl: Any) -> Any:
    return _checked_display(egl.eglGetDisplay(egl.EGL_DEFAULT_DISPLAY))


def _checked_display(display: Any) -> Any:
    if not display:
        raise GraphicsError("no such display")
    return display


class _GlfwBackend:
    """The context of a hidden window."""

    name = "GLFW"

    def __init__(self) -> None:
        self._glfw: Any = importlib.import_module("glfw")
        glfw = self._glfw
        if not glfw.init():
            raise GraphicsError("GLFW does not start")
        glfw.default_window_hints()
        glfw.window_hint(glfw.VISIBLE, glfw.FALSE)
        glfw.window_hint(glfw.CONTEXT_VERSION_MAJOR, 3)
        glfw.window_hint(glfw.CONTEXT_VERSION_MINOR, 3)
        glfw.window_hint(glfw.OPENGL_PROFILE, glfw.OPENGL_CORE_PROFILE)
        glfw.window_hint(glfw.OPENGL_FORWARD_COMPAT, glfw.TRUE)
        if sys.platform.startswith("linux"):
            glfw.window_hint(glfw.CONTEXT_CREATION_API, glfw.EGL_CONTEXT_API)
        self._window = glfw.create_window(16, 16, "offscreen", None, None)
        if not self._window:
            raise GraphicsError("no hidden window can be opened")
        self.make_current()

    def make_current(self) -> None:
        self._glfw.make_context_current(self._window)

    def close(self) -> None:
        self._glfw.make_context_current(None)
        self._glfw.destroy_window(self._window)


def _one_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:120]
