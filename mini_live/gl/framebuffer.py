"""The picture a renderer draws into, and the texture it takes the character's skin from."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from talkingface.errors import GraphicsError
from talkingface.records import ImageArray

SAMPLES = int(os.environ.get("S","0"))
UP = os.environ.get("UP","RGB")


class DrawTarget:
    """A framebuffer of our own with colour, depth and stencil, and a crop texture of the same size."""

    def __init__(self, gl: Any, width: int, height: int) -> None:
        """Reserve it in the current context.

        Raises:
            GraphicsError: the driver refuses the framebuffer.
        """
        self._gl = gl
        self.size = (width, height)
        self._texture = gl.glGenTextures(1)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)
        gl.glTexImage2D(
            gl.GL_TEXTURE_2D, 0, gl.GL_RGBA8, width, height, 0, gl.GL_RGB, gl.GL_UNSIGNED_BYTE, None
        )
        for setting, value in (
            (gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE),
            (gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE),
        ):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, setting, value)
        self._renderbuffers: list[int] = []
        self._drawn = self._framebuffer(SAMPLES, with_depth=True)
        self._resolved = self._framebuffer(0, with_depth=False) if SAMPLES else self._drawn
        gl.glPixelStorei(gl.GL_UNPACK_ALIGNMENT, 1)
        gl.glPixelStorei(gl.GL_PACK_ALIGNMENT, 1)

    def begin(self, crop: ImageArray) -> None:
        """Upload the crop, uint8 (h, w, 3), and empty the picture."""
        gl = self._gl
        width, height = self.size
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)
        if UP=="RGB":
            gl.glTexSubImage2D(
                gl.GL_TEXTURE_2D, 0, 0, 0, width, height, gl.GL_RGB, gl.GL_UNSIGNED_BYTE, np.ascontiguousarray(crop)
            )
        else:
            import cv2
            gl.glTexSubImage2D(
                gl.GL_TEXTURE_2D, 0, 0, 0, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, cv2.cvtColor(crop, cv2.COLOR_RGB2RGBA)
            )
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._drawn)
        gl.glViewport(0, 0, width, height)
        gl.glClearColor(0, 0, 0, 0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT | gl.GL_STENCIL_BUFFER_BIT)

    def read(self) -> ImageArray:
        """Return what was drawn, uint8 (h, w, 4)."""
        gl = self._gl
        width, height = self.size
        if self._resolved != self._drawn:
            gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, self._resolved)
            gl.glBlitFramebuffer(
                0, 0, width, height, 0, 0, width, height, gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST
            )
            gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, self._resolved)
        picture = np.empty((height, width, 4), np.uint8)
        gl.glReadPixels(0, 0, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, picture)
        return picture

    def free(self) -> None:
        """Delete everything."""
        gl = self._gl
        gl.glDeleteFramebuffers(2 if self._resolved != self._drawn else 1, [self._drawn, self._resolved])
        gl.glDeleteRenderbuffers(len(self._renderbuffers), self._renderbuffers)
        gl.glDeleteTextures(1, [self._texture])

    def _framebuffer(self, samples: int, *, with_depth: bool) -> int:
        gl = self._gl
        name = int(gl.glGenFramebuffers(1))
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, name)
        parts = [(gl.GL_COLOR_ATTACHMENT0, gl.GL_RGBA8)]
        if with_depth:
            parts.append((gl.GL_DEPTH_STENCIL_ATTACHMENT, gl.GL_DEPTH24_STENCIL8))
        for attachment, storage in parts:
            buffer = int(gl.glGenRenderbuffers(1))
            self._renderbuffers.append(buffer)
            gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, buffer)
            gl.glRenderbufferStorageMultisample(gl.GL_RENDERBUFFER, samples, storage, *self.size)
            gl.glFramebufferRenderbuffer(gl.GL_FRAMEBUFFER, attachment, gl.GL_RENDERBUFFER, buffer)
        if gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER) != gl.GL_FRAMEBUFFER_COMPLETE:
            raise GraphicsError("expected a framebuffer for drawing, found that the driver refuses it")
        return name
