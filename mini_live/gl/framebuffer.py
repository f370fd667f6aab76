"""The picture a renderer draws into, and the texture it takes the character's skin from."""

from __future__ import annotations

from typing import Any

import numpy as np

from talkingface.errors import GraphicsError
from talkingface.mouth_drawing import Box, with_curvature
from talkingface.records import ImageArray

EDGE_SAMPLES = 4


class DrawTarget:
    """Framebuffers of our own and a crop texture, all of one size.

    The skin is drawn plainly; only the box around the mouth, whose lip edges would look jagged, is drawn again with
    several samples a pixel and resolved into the picture.
    """

    def __init__(self, gl: Any, width: int, height: int) -> None:
        """Reserve it in the current context.

        Raises:
            GraphicsError: the driver refuses the framebuffer.
        """
        self._gl = gl
        self.size = (width, height)
        self._with_curvature = np.empty((height, width, 4), np.uint8)
        self._texture = int(gl.glGenTextures(1))
        self._framebuffers: list[int] = []
        self._renderbuffers: list[int] = []
        try:
            self._make_texture()
            samples = min(EDGE_SAMPLES, int(gl.glGetIntegerv(gl.GL_MAX_SAMPLES)))
            self._plain = self._make_framebuffer(0)
            self._sampled = self._make_framebuffer(samples)
        except BaseException:
            self.free()
            raise

    def begin(self, crop: ImageArray) -> None:
        """Upload the crop, uint8 (h, w, 3), and empty the picture."""
        gl = self._gl
        width, height = self.size
        with_curvature(crop, self._with_curvature)
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)
        gl.glTexSubImage2D(
            gl.GL_TEXTURE_2D, 0, 0, 0, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, self._with_curvature
        )
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._plain)
        gl.glViewport(0, 0, width, height)
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glEnable(gl.GL_CULL_FACE)  # the far cheek's inside must not show through an open mouth
        gl.glDisable(gl.GL_SCISSOR_TEST)
        self._empty()

    def begin_box(self, box: Box) -> None:
        """Go on with the many-sample picture, emptied, of which only the box will count."""
        gl = self._gl
        left, top, right, bottom = box
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._sampled)
        gl.glEnable(gl.GL_SCISSOR_TEST)
        gl.glScissor(left, top, right - left, bottom - top)
        self._empty()

    def end_box(self, box: Box) -> None:
        """Put the box of the many-sample picture into the picture."""
        gl = self._gl
        gl.glDisable(gl.GL_SCISSOR_TEST)
        gl.glBindFramebuffer(gl.GL_READ_FRAMEBUFFER, self._sampled)
        gl.glBindFramebuffer(gl.GL_DRAW_FRAMEBUFFER, self._plain)
        gl.glBlitFramebuffer(*box, *box, gl.GL_COLOR_BUFFER_BIT, gl.GL_NEAREST)

    def read(self) -> ImageArray:
        """Return what was drawn, uint8 (h, w, 4)."""
        gl = self._gl
        width, height = self.size
        picture = np.empty((height, width, 4), np.uint8)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, self._plain)
        gl.glReadPixels(0, 0, width, height, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, picture)
        return picture

    def free(self) -> None:
        """Delete everything."""
        gl = self._gl
        gl.glDeleteFramebuffers(len(self._framebuffers), self._framebuffers)
        gl.glDeleteRenderbuffers(len(self._renderbuffers), self._renderbuffers)
        gl.glDeleteTextures(1, [self._texture])

    def _empty(self) -> None:
        gl = self._gl
        gl.glClearColor(0, 0, 0, 0)
        gl.glClear(gl.GL_COLOR_BUFFER_BIT | gl.GL_DEPTH_BUFFER_BIT)

    def _make_texture(self) -> None:
        gl = self._gl
        gl.glBindTexture(gl.GL_TEXTURE_2D, self._texture)
        gl.glTexImage2D(
            gl.GL_TEXTURE_2D, 0, gl.GL_RGBA8, *self.size, 0, gl.GL_RGBA, gl.GL_UNSIGNED_BYTE, None
        )
        for setting, value in (
            (gl.GL_TEXTURE_MIN_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_MAG_FILTER, gl.GL_LINEAR),
            (gl.GL_TEXTURE_WRAP_S, gl.GL_CLAMP_TO_EDGE),
            (gl.GL_TEXTURE_WRAP_T, gl.GL_CLAMP_TO_EDGE),
        ):
            gl.glTexParameteri(gl.GL_TEXTURE_2D, setting, value)

    def _make_framebuffer(self, samples: int) -> int:
        gl = self._gl
        name = int(gl.glGenFramebuffers(1))
        self._framebuffers.append(name)
        gl.glBindFramebuffer(gl.GL_FRAMEBUFFER, name)
        for attachment, storage in (
            (gl.GL_COLOR_ATTACHMENT0, gl.GL_RGBA8),
            (gl.GL_DEPTH_ATTACHMENT, gl.GL_DEPTH_COMPONENT24),
        ):
            buffer = int(gl.glGenRenderbuffers(1))
            self._renderbuffers.append(buffer)
            gl.glBindRenderbuffer(gl.GL_RENDERBUFFER, buffer)
            gl.glRenderbufferStorageMultisample(gl.GL_RENDERBUFFER, samples, storage, *self.size)
            gl.glFramebufferRenderbuffer(gl.GL_FRAMEBUFFER, attachment, gl.GL_RENDERBUFFER, buffer)
        if gl.glCheckFramebufferStatus(gl.GL_FRAMEBUFFER) != gl.GL_FRAMEBUFFER_COMPLETE:
            raise GraphicsError("expected a framebuffer for drawing, found that the driver refuses it")
        return name
