"""A windowless OpenGL context for building pictures, with meshes, programs and framebuffers that own their names."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from talkingface.errors import GraphicsError

_SURFACELESS_PLATFORM = 0x31DD
SHADER_FOLDER = Path(__file__).parent / "shaders"


class Offscreen:
    """An OpenGL 3.3 core context without a window (EGL surfaceless). Use it as a context manager, on one thread."""

    def __init__(self) -> None:
        """Open the context.

        Raises:
            GraphicsError: no such context can be had.
        """
        os.environ.setdefault("PYOPENGL_PLATFORM", "egl")
        from OpenGL import EGL, GL
        from OpenGL.EGL.EXT.platform_base import eglGetPlatformDisplayEXT

        self.gl: Any = GL
        self._egl = EGL
        self._display = eglGetPlatformDisplayEXT(_SURFACELESS_PLATFORM, None, None)
        if not EGL.eglInitialize(self._display, EGL.EGLint(), EGL.EGLint()):
            raise GraphicsError("expected EGL without a display (libegl1, libgl1-mesa-dri), found none")
        EGL.eglBindAPI(EGL.EGL_OPENGL_API)
        wanted = (EGL.EGLint * 7)(0x3098, 3, 0x30FB, 3, 0x30FD, 1, EGL.EGL_NONE)
        self._context = EGL.eglCreateContext(self._display, None, EGL.EGL_NO_CONTEXT, wanted)
        if not EGL.eglMakeCurrent(self._display, EGL.EGL_NO_SURFACE, EGL.EGL_NO_SURFACE, self._context):
            raise GraphicsError("expected an OpenGL 3.3 core context, found that it cannot be made current")

    def __enter__(self) -> Offscreen:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the context; everything made in it is freed with it."""
        egl = self._egl
        egl.eglMakeCurrent(self._display, egl.EGL_NO_SURFACE, egl.EGL_NO_SURFACE, egl.EGL_NO_CONTEXT)
        egl.eglDestroyContext(self._display, self._context)


class Program:
    """A linked pair of shaders from the shader folder."""

    def __init__(self, offscreen: Offscreen, vertex: str, fragment: str, *defines: str) -> None:
        """Compile and link.

        Raises:
            GraphicsError: a shader does not compile.
        """
        from OpenGL.GL import shaders

        gl = self._gl = offscreen.gl
        head = "#version 330 core\n" + "".join(f"#define {name}\n" for name in defines) + _text("light.glsl")
        try:
            parts = [
                shaders.compileShader(head + _text(vertex), gl.GL_VERTEX_SHADER),
                shaders.compileShader(head + _text("shade.glsl") + _text(fragment), gl.GL_FRAGMENT_SHADER),
            ]
            self.name = int(shaders.compileProgram(*parts, validate=False))
        except shaders.ShaderCompilationError as error:
            raise GraphicsError(f"cannot compile {vertex} with {fragment}: {error}") from error

    def use(self, **uniforms: object) -> None:
        """Make current and set uniforms: float, int, or array (2, 3, 4 or 3x3)."""
        gl = self._gl
        gl.glUseProgram(self.name)
        for key, value in uniforms.items():
            place = gl.glGetUniformLocation(self.name, key)
            if place < 0:
                continue
            if isinstance(value, int):
                gl.glUniform1i(place, value)
            elif isinstance(value, float | np.floating):
                gl.glUniform1f(place, value)
            else:
                array = np.ascontiguousarray(value, np.float32)
                if array.shape == (3, 3):
                    gl.glUniformMatrix3fv(place, 1, gl.GL_TRUE, array)
                else:
                    {2: gl.glUniform2fv, 3: gl.glUniform3fv, 4: gl.glUniform4fv}[array.size](place, 1, array)


def _text(name: str) -> str:
    return (SHADER_FOLDER / name).read_text()


class Mesh:
    """Triangles with float32 attributes at fixed locations 0, 1, 2, ..."""

    def __init__(
        self, offscreen: Offscreen, triangles: NDArray[np.int32], *attributes: NDArray[np.float32]
    ) -> None:
        """Upload."""
        gl = self._gl = offscreen.gl
        self._vertex_array = gl.glGenVertexArrays(1)
        gl.glBindVertexArray(self._vertex_array)
        self._buffers = []
        for location, values in enumerate(attributes):
            buffer = gl.glGenBuffers(1)
            data = np.ascontiguousarray(values, np.float32)
            gl.glBindBuffer(gl.GL_ARRAY_BUFFER, buffer)
            gl.glBufferData(gl.GL_ARRAY_BUFFER, data.nbytes, data, gl.GL_DYNAMIC_DRAW)
            gl.glEnableVertexAttribArray(location)
            gl.glVertexAttribPointer(location, data.shape[1], gl.GL_FLOAT, False, 0, ctypes.c_void_p(0))
            self._buffers.append(buffer)
        elements = np.ascontiguousarray(triangles, np.uint32)
        self._count = elements.size
        gl.glBindBuffer(gl.GL_ELEMENT_ARRAY_BUFFER, gl.glGenBuffers(1))
        gl.glBufferData(gl.GL_ELEMENT_ARRAY_BUFFER, elements.nbytes, elements, gl.GL_STATIC_DRAW)
        gl.glBindVertexArray(0)

    def update(self, location: int, values: NDArray[np.float32]) -> None:
        """Replace one attribute by values of the same shape."""
        gl = self._gl
        data = np.ascontiguousarray(values, np.float32)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._buffers[location])
        gl.glBufferSubData(gl.GL_ARRAY_BUFFER, 0, data.nbytes, data)

    def draw(self) -> None:
        """Draw all triangles with the current program."""
        gl = self._gl
        gl.glBindVertexArray(self._vertex_array)
        gl.glDrawElements(gl.GL_TRIANGLES, self._count, gl.GL_UNSIGNED_INT, ctypes.c_void_p(0))
        gl.glBindVertexArray(0)


class Target:
    """A framebuffer with float colour textures (RGBA16F) and a depth texture."""

    def __init__(self, offscreen: Offscreen, width: int, height: int, colours: int) -> None:
        """Allocate.

        Raises:
            GraphicsError: the framebuffer is not complete.
        """
        gl = self._gl = offscreen.gl
        self.width, self.height = width, height
        self._name = gl.glGenFramebuffers(1)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._name)
        self.colours = [self._texture(gl.GL_RGBA16F, gl.GL_RGBA) for _ in range(colours)]
        for k, texture in enumerate(self.colours):
            attachment = gl.GL_COLOR_ATTACHMENT0 + k
            gl.glFramebufferTexture2D(gl.GL_FRAMEBUFFER, attachment, gl.GL_TEXTURE_2D, texture, 0)
        self.depth = self._texture(gl.GL_DEPTH_COMPONENT32F, gl.GL_DEPTH_COMPONENT)
        gl.glFramebufferTexture2D(gl.GL_FRAMEBUFFER, gl.GL_DEPTH_ATTACHMENT, gl.GL_TEXTURE_2D, self.depth, 0)
        if colours:
            gl.glDrawBuffers(colours, [gl.GL_COLOR_ATTACHMENT0 + k for k in range(colours)])
        else:
            gl.glDrawBuffer(gl.GL_NONE)
            gl.glReadBuffer(gl.GL_NONE)
        if gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER) != gl.GL_FRAMEBUFFER_COMPLETE:
            raise GraphicsError(f"expected a float framebuffer of {width}x{height}, found none")

    def begin(self) -> None:
        """Bind and clear everything to zero, depth to far."""
        gl = self._gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._name)
        gl.glViewport(0, 0, self.width, self.height)
        gl.glClearColor(0, 0, 0, 0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glDisable(gl.GL_CULL_FACE)

    def read(self, index: int) -> NDArray[np.float32]:
        """Return one colour texture, float32 (height, width, 4), row 0 the top of the picture."""
        gl = self._gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._name)
        gl.glReadBuffer(gl.GL_COLOR_ATTACHMENT0 + index)
        raw = gl.glReadPixels(0, 0, self.width, self.height, gl.GL_RGBA, gl.GL_FLOAT)
        return np.frombuffer(raw, np.float32).reshape(self.height, self.width, 4)

    def read_bytes(self, index: int) -> NDArray[np.uint8]:
        """Return one colour texture, 0..1 as uint8 (height, width, 4), row 0 the top of the picture."""
        gl = self._gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._name)
        gl.glReadBuffer(gl.GL_COLOR_ATTACHMENT0 + index)
        raw = gl.glReadPixels(0, 0, self.width, self.height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE)
        return np.frombuffer(raw, np.uint8).reshape(self.height, self.width, 4)

    def read_depth(self) -> NDArray[np.float32]:
        """Return depth, float32 (height, width) 0 near .. 1 far, row 0 at clip coordinate -1."""
        gl = self._gl
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._name)
        raw = gl.glReadPixels(0, 0, self.width, self.height, gl.GL_DEPTH_COMPONENT, gl.GL_FLOAT)
        return np.frombuffer(raw, np.float32).reshape(self.height, self.width)

    def _texture(self, inner: int, outer: int) -> int:
        gl = self._gl
        texture = int(gl.glGenTextures(1))
        gl.glBindTexture(gl.GL_TEXTURE_2D, texture)
        gl.glTexImage2D(gl.GL_TEXTURE_2D, 0, inner, self.width, self.height, 0, outer, gl.GL_FLOAT, None)
        for key in (gl.GL_TEXTURE_MIN_FILTER, gl.GL_TEXTURE_MAG_FILTER):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, key, gl.GL_NEAREST)
        for key in (gl.GL_TEXTURE_WRAP_S, gl.GL_TEXTURE_WRAP_T):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, key, gl.GL_CLAMP_TO_EDGE)
        return texture


class WholePicture:
    """Draws one triangle over the whole target."""

    def __init__(self, offscreen: Offscreen) -> None:
        """Make the empty vertex array that a core context asks for."""
        self._gl = offscreen.gl
        self._vertex_array = offscreen.gl.glGenVertexArrays(1)

    def draw(self) -> None:
        """Run the current program for every pixel."""
        gl = self._gl
        gl.glDisable(gl.GL_DEPTH_TEST)
        gl.glBindVertexArray(self._vertex_array)
        gl.glDrawArrays(gl.GL_TRIANGLES, 0, 3)
        gl.glBindVertexArray(0)


def bind_texture(offscreen: Offscreen, unit: int, texture: int) -> None:
    """Bind a texture to a unit."""
    gl = offscreen.gl
    gl.glActiveTexture(gl.GL_TEXTURE0 + unit)
    gl.glBindTexture(gl.GL_TEXTURE_2D, texture)


def upload_image(offscreen: Offscreen, image: NDArray[np.float32], texture: int | None = None) -> int:
    """Make (or refill) a smoothly filtered texture of a float32 (h, w, 4) image; row 0 is coordinate 0.

    Binds to the active unit: choose units only when all images are up.
    """
    gl = offscreen.gl
    texture = int(gl.glGenTextures(1)) if texture is None else texture
    gl.glBindTexture(gl.GL_TEXTURE_2D, texture)
    data = np.ascontiguousarray(image, np.float32)
    height, width = data.shape[:2]
    gl.glTexImage2D(gl.GL_TEXTURE_2D, 0, gl.GL_RGBA16F, width, height, 0, gl.GL_RGBA, gl.GL_FLOAT, data)
    gl.glGenerateMipmap(gl.GL_TEXTURE_2D)
    gl.glTexParameteri(gl.GL_TEXTURE_2D, gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR_MIPMAP_LINEAR)
    gl.glTexParameteri(gl.GL_TEXTURE_2D, gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR)
    for key in (gl.GL_TEXTURE_WRAP_S, gl.GL_TEXTURE_WRAP_T):
        gl.glTexParameteri(gl.GL_TEXTURE_2D, key, gl.GL_CLAMP_TO_EDGE)
    return texture
