"""One compiled shading program and its uniforms."""

from __future__ import annotations

from typing import Any

from talkingface.errors import GraphicsError


class Program:
    """A vertex and a fragment shader, linked."""

    def __init__(self, gl: Any, vertex: str, fragment: str, uniforms: tuple[str, ...]) -> None:
        """Compile and link in the current context.

        Args:
            gl: the module ``OpenGL.GL``.
            vertex: GLSL source.
            fragment: GLSL source.
            uniforms: the names that :meth:`set` may be given.

        Raises:
            GraphicsError: the driver refuses a source.
        """
        self._gl = gl
        self._name = gl.glCreateProgram()
        for kind, source in ((gl.GL_VERTEX_SHADER, vertex), (gl.GL_FRAGMENT_SHADER, fragment)):
            shader = gl.glCreateShader(kind)
            gl.glShaderSource(shader, source)
            gl.glCompileShader(shader)
            if not gl.glGetShaderiv(shader, gl.GL_COMPILE_STATUS):
                raise GraphicsError(
                    f"expected a shader that compiles, found {_text(gl.glGetShaderInfoLog(shader))}"
                )
            gl.glAttachShader(self._name, shader)
            gl.glDeleteShader(shader)
        gl.glLinkProgram(self._name)
        if not gl.glGetProgramiv(self._name, gl.GL_LINK_STATUS):
            raise GraphicsError(
                f"expected a program that links, found {_text(gl.glGetProgramInfoLog(self._name))}"
            )
        self._places = {name: gl.glGetUniformLocation(self._name, name) for name in uniforms}
        self._setters = {2: gl.glUniform2f, 3: gl.glUniform3f, 4: gl.glUniform4f}

    def use(self) -> None:
        """Draw with this program from now on."""
        self._gl.glUseProgram(self._name)

    def set(self, name: str, *values: float) -> None:
        """Set a vec2, vec3 or vec4 of the program in use."""
        self._setters[len(values)](self._places[name], *values)

    def free(self) -> None:
        """Delete it."""
        self._gl.glDeleteProgram(self._name)


def _text(log: bytes | str) -> str:
    text = log.decode("utf-8", "replace") if isinstance(log, bytes) else log
    return " ".join(text.split())[:200]
