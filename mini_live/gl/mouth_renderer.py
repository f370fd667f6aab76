"""Draws the lower face with OpenGL: cavity, teeth, then the character's own skin and lips over them."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from mini_live.gl.context import OffscreenContext
from mini_live.gl.framebuffer import DrawTarget
from mini_live.gl.programs import Program
from mini_live.gl.shaders import MOUTH, SKIN, VERTEX
from talkingface.errors import GraphicsError
from talkingface.mouth_drawing import (
    CAVITY_CENTRE_LIGHT,
    TEETH_EDGE_SHADE,
    MouthOval,
    check_crop,
    check_geometry,
    inner_lip_vertices,
    mouth_oval,
    teeth_light,
)
from talkingface.records import FloatArray, ImageArray, MouthGeometry, TeethLook
from talkingface.wrap_mesh import FaceMeshes

FLOATS_A_VERTEX = 6  # x, y, z, source x, source y, level
FLOAT_BYTES = 4
SKIN_DEPTH = (0.0, 0.5)  # the skin always lies before the teeth
TEETH_DEPTH = (0.5, 1.0)


class GlMouthRenderer:
    """The :class:`talkingface.seams.MouthRenderer` of OpenGL; made, used and closed by one thread."""

    def __init__(self, meshes: FaceMeshes, look: TeethLook, context: OffscreenContext | None = None) -> None:
        """Compile the programs and reserve the buffers.

        Args:
            meshes: wrap and teeth; their triangles are uploaded once.
            look: colours of teeth and cavity.
            context: draw in this context, which stays open at close; None opens one of its own.

        Raises:
            GraphicsError: no OpenGL context can be had, or it refuses the programs.
        """
        self._meshes = meshes
        self._look = look
        self._inner_lips = inner_lip_vertices(meshes.wrap.mouth_triangles)
        self._owns_context = context is None
        self._context = OffscreenContext() if context is None else context
        self._closed = False
        self._target: DrawTarget | None = None
        try:
            self._context.make_current()
            self._gl: Any = self._context.gl
            self._make_buffers()
        except BaseException:
            if self._owns_context:
                self._context.close()
            raise

    def render(self, crop: ImageArray, geometry: MouthGeometry) -> ImageArray:
        """Draw one frame.

        Args:
            crop: uint8 (h, w, 3) RGB, not changed.
            geometry: vertices in pixels of that crop; the middle of its first pixel is (0, 0).

        Returns:
            uint8 (h, w, 4): straight RGB, and A = coverage.

        Raises:
            BadInputError: crop or geometry of a wrong shape, type or with numbers that are not finite.
            GraphicsError: closed, used by another thread, or OpenGL failed.
        """
        check_crop(crop)
        check_geometry(geometry, self._meshes)
        if self._closed:
            raise GraphicsError("expected an open renderer, found a closed one")
        self._context.make_current()
        try:
            return self._draw(crop, geometry)
        except self._gl.GLError as error:
            raise GraphicsError(f"expected OpenGL to draw the mouth, found error {error.err}") from error

    def close(self) -> None:
        """Free everything that was made here; may be called twice, by the owning thread only."""
        if self._closed:
            return
        if not self._context.is_closed:
            self._context.make_current()
            self._free()
        self._closed = True
        if self._owns_context:
            self._context.close()

    def _make_buffers(self) -> None:
        gl, meshes = self._gl, self._meshes
        wrap_count = meshes.wrap.vertex_count
        lower_count = len(meshes.lower_teeth.vertices)
        self._wrap_rows = slice(0, wrap_count)
        self._lower_rows = slice(wrap_count, wrap_count + lower_count)
        self._upper_rows = slice(wrap_count + lower_count, wrap_count + lower_count + len(meshes.upper_teeth.vertices))
        self._vertices = np.zeros((self._upper_rows.stop, FLOATS_A_VERTEX), np.float32)
        self._vertices[self._wrap_rows, 5] = meshes.wrap.coverage
        indices = [
            meshes.wrap.mouth_triangles,
            np.concatenate(
                [
                    meshes.lower_teeth.triangles + self._lower_rows.start,
                    meshes.upper_teeth.triangles + self._upper_rows.start,
                ]
            ),
            meshes.wrap.triangles,
        ]
        self._index_counts = [block.size for block in indices]
        packed = np.concatenate([block.ravel() for block in indices]).astype(np.uint32)

        self._skin = Program(gl, VERTEX, SKIN, ("size_and_depth",))
        self._mouth = Program(
            gl, VERTEX, MOUTH, ("size_and_depth", "oval", "oval_inverse", "shading", "base_colour")
        )
        self._array = gl.glGenVertexArrays(1)
        gl.glBindVertexArray(self._array)
        self._vertex_buffer, self._index_buffer = (int(name) for name in gl.glGenBuffers(2))
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._vertex_buffer)
        gl.glBufferData(gl.GL_ARRAY_BUFFER, self._vertices.nbytes, None, gl.GL_STREAM_DRAW)
        gl.glBindBuffer(gl.GL_ELEMENT_ARRAY_BUFFER, self._index_buffer)
        gl.glBufferData(gl.GL_ELEMENT_ARRAY_BUFFER, packed.nbytes, packed, gl.GL_STATIC_DRAW)
        for location, size, first in ((0, 3, 0), (1, 2, 3), (2, 1, 5)):
            gl.glEnableVertexAttribArray(location)
            gl.glVertexAttribPointer(
                location,
                size,
                gl.GL_FLOAT,
                gl.GL_FALSE,
                FLOATS_A_VERTEX * FLOAT_BYTES,
                ctypes.c_void_p(first * FLOAT_BYTES),
            )

    def _draw(self, crop: ImageArray, geometry: MouthGeometry) -> ImageArray:
        gl = self._gl
        height, width = crop.shape[:2]
        if self._target is None or self._target.size != (width, height):
            self._free_target()
            self._target = DrawTarget(gl, width, height)
        oval = mouth_oval(geometry.target_px[self._inner_lips])
        self._upload_vertices(geometry, oval)
        self._target.begin(crop)
        gl.glBindVertexArray(self._array)
        place = self._size_and_depth(width, height)
        gl.glEnable(gl.GL_STENCIL_TEST)
        gl.glDisable(gl.GL_DEPTH_TEST)
        gl.glStencilFunc(gl.GL_ALWAYS, 1, 1)
        gl.glStencilOp(gl.GL_KEEP, gl.GL_KEEP, gl.GL_REPLACE)
        self._use_mouth_program(place, oval, self._look.cavity, is_teeth=False)
        self._draw_part(0)
        gl.glEnable(gl.GL_DEPTH_TEST)
        gl.glStencilFunc(gl.GL_EQUAL, 1, 1)
        gl.glStencilOp(gl.GL_KEEP, gl.GL_KEEP, gl.GL_KEEP)
        gl.glDepthRange(*TEETH_DEPTH)
        self._use_mouth_program(place, oval, self._look.teeth, is_teeth=True)
        self._draw_part(1)
        gl.glDisable(gl.GL_STENCIL_TEST)
        gl.glDepthRange(*SKIN_DEPTH)
        self._skin.use()
        self._skin.set("size_and_depth", *place)
        self._draw_part(2)
        return self._target.read()

    def _upload_vertices(self, geometry: MouthGeometry, oval: MouthOval) -> None:
        gl, rows, meshes = self._gl, self._vertices, self._meshes
        rows[self._wrap_rows, :3] = geometry.target_px
        rows[self._wrap_rows, 3:5] = geometry.source_px
        rows[self._lower_rows, :3] = geometry.lower_teeth_px
        rows[self._upper_rows, :3] = geometry.upper_teeth_px
        depth_px = oval.half_width_px
        rows[self._lower_rows, 5] = teeth_light(geometry.lower_teeth_px, meshes.lower_teeth.shade, depth_px)
        rows[self._upper_rows, 5] = teeth_light(geometry.upper_teeth_px, meshes.upper_teeth.shade, depth_px)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._vertex_buffer)
        gl.glBufferData(gl.GL_ARRAY_BUFFER, rows.nbytes, rows, gl.GL_STREAM_DRAW)

    def _size_and_depth(self, width: int, height: int) -> tuple[float, float, float, float]:
        nearest, furthest = float(self._vertices[:, 2].min()), float(self._vertices[:, 2].max())
        return float(width), float(height), nearest, 1.0 / max(furthest - nearest, 1e-3)

    def _use_mouth_program(
        self, place: tuple[float, float, float, float], oval: MouthOval, colour: FloatArray, *, is_teeth: bool
    ) -> None:
        program = self._mouth
        program.use()
        program.set("base_colour", *(float(value) for value in colour))
        kind = 1.0 if is_teeth else 0.0
        program.set("oval_inverse", 1.0 / oval.half_width_px, 1.0 / oval.half_height_px, oval.slit_light, kind)
        if not is_teeth:
            program.set("size_and_depth", *place)
            program.set("oval", *(float(value) for value in (*oval.centre_px, *oval.axis)))
            program.set("shading", CAVITY_CENTRE_LIGHT, TEETH_EDGE_SHADE, 0.0, 0.0)

    def _draw_part(self, part: int) -> None:
        first = sum(self._index_counts[:part]) * FLOAT_BYTES
        count = self._index_counts[part]
        self._gl.glDrawElements(
            self._gl.GL_TRIANGLES, count, self._gl.GL_UNSIGNED_INT, ctypes.c_void_p(first)
        )

    def _free_target(self) -> None:
        if self._target is not None:
            self._target.free()
            self._target = None

    def _free(self) -> None:
        gl = self._gl
        self._free_target()
        self._skin.free()
        self._mouth.free()
        gl.glDeleteVertexArrays(1, [self._array])
        gl.glDeleteBuffers(2, [self._vertex_buffer, self._index_buffer])
