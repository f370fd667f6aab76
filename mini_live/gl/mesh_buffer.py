"""The vertices and triangles of wrap and teeth on the OpenGL side."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from talkingface.mouth_drawing import Box, teeth_light, triangles_in_box
from talkingface.records import MouthGeometry
from talkingface.wrap_mesh import FaceMeshes

FLOATS_A_VERTEX = 6  # x, y, z, source x, source y, level
BYTES = 4  # of a float and of an index
PLACES = ((0, 3, 0), (1, 2, 3), (2, 1, 5))  # location in the shader, floats, first float

SKIN, TEETH, CAVITY = range(3)
DEPTH_RANGES = ((0.0, 0.4), (0.4, 0.8), (0.9, 1.0))  # skin lies before all teeth, teeth before the cavity


class MeshBuffer:
    """One vertex buffer filled anew for every frame, and one index buffer of which only the teeth change.

    The last number of a vertex, its level, is coverage for the wrap and light for the teeth.
    """

    def __init__(self, gl: Any, meshes: FaceMeshes) -> None:
        """Reserve the buffers in the current context and upload the triangles."""
        self._gl = gl
        self._meshes = meshes
        wrap_end = meshes.wrap.vertex_count
        lower_end = wrap_end + len(meshes.lower_teeth.vertices)
        self._wrap = slice(0, wrap_end)
        self._lower = slice(wrap_end, lower_end)
        self._upper = slice(lower_end, lower_end + len(meshes.upper_teeth.vertices))
        self._rows = np.zeros((self._upper.stop, FLOATS_A_VERTEX), np.float32)
        self._rows[self._wrap, 5] = meshes.wrap.coverage
        teeth = (
            meshes.lower_teeth.triangles + self._lower.start,
            meshes.upper_teeth.triangles + self._upper.start,
        )
        self._teeth_triangles = np.concatenate(teeth).astype(np.int32)
        fixed = np.concatenate([meshes.wrap.triangles, meshes.wrap.mouth_triangles]).astype(np.uint32)
        skin_size, cavity_size = meshes.wrap.triangles.size, meshes.wrap.mouth_triangles.size
        self._firsts = [0, skin_size + cavity_size, skin_size]
        self._counts = [skin_size, 0, cavity_size]
        self._array = int(gl.glGenVertexArrays(1))
        self._vertex_buffer, self._index_buffer = (int(name) for name in gl.glGenBuffers(2))
        gl.glBindVertexArray(self._array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._vertex_buffer)
        gl.glBufferData(gl.GL_ARRAY_BUFFER, self._rows.nbytes, None, gl.GL_STREAM_DRAW)
        gl.glBindBuffer(gl.GL_ELEMENT_ARRAY_BUFFER, self._index_buffer)
        size_bytes = fixed.nbytes + self._teeth_triangles.nbytes
        gl.glBufferData(gl.GL_ELEMENT_ARRAY_BUFFER, size_bytes, None, gl.GL_DYNAMIC_DRAW)
        gl.glBufferSubData(gl.GL_ELEMENT_ARRAY_BUFFER, 0, fixed.nbytes, fixed)
        stride = FLOATS_A_VERTEX * BYTES
        for location, size, first in PLACES:
            gl.glEnableVertexAttribArray(location)
            place = ctypes.c_void_p(first * BYTES)
            gl.glVertexAttribPointer(location, size, gl.GL_FLOAT, gl.GL_FALSE, stride, place)

    def fill(self, geometry: MouthGeometry, mouth_half_width_px: float, box: Box | None) -> None:
        """Upload one frame's vertices, and the triangles of those teeth that can be seen in the mouth's box."""
        gl, rows, meshes = self._gl, self._rows, self._meshes
        rows[self._wrap, :3] = geometry.target_px
        rows[self._wrap, 3:5] = geometry.source_px
        rows[self._lower, :3] = geometry.lower_teeth_px
        rows[self._upper, :3] = geometry.upper_teeth_px
        rows[self._lower, 5] = teeth_light(
            geometry.lower_teeth_px, meshes.lower_teeth.shade, mouth_half_width_px
        )
        rows[self._upper, 5] = teeth_light(
            geometry.upper_teeth_px, meshes.upper_teeth.shade, mouth_half_width_px
        )
        gl.glBindVertexArray(self._array)
        gl.glBindBuffer(gl.GL_ARRAY_BUFFER, self._vertex_buffer)
        gl.glBufferData(gl.GL_ARRAY_BUFFER, rows.nbytes, rows, gl.GL_STREAM_DRAW)
        self._counts[TEETH] = 0
        if box is not None:
            seen = triangles_in_box(rows, self._teeth_triangles, box)
            self._counts[TEETH] = seen.size
            gl.glBufferSubData(gl.GL_ELEMENT_ARRAY_BUFFER, self._firsts[TEETH] * BYTES, seen.nbytes, seen)

    def depth_of_field_px(self) -> tuple[float, float]:
        """Return the nearest z of the frame and the distance from there to the furthest, at least a little."""
        nearest, furthest = float(self._rows[:, 2].min()), float(self._rows[:, 2].max())
        return nearest, max(furthest - nearest, 1e-3)

    def draw(self, part: int) -> None:
        """Draw SKIN, TEETH or CAVITY with the program in use."""
        gl, count = self._gl, self._counts[part]
        if count:
            gl.glDepthRange(*DEPTH_RANGES[part])
            first = ctypes.c_void_p(self._firsts[part] * BYTES)
            gl.glDrawElements(gl.GL_TRIANGLES, count, gl.GL_UNSIGNED_INT, first)

    def free(self) -> None:
        """Delete everything."""
        gl = self._gl
        gl.glDeleteVertexArrays(1, [self._array])
        gl.glDeleteBuffers(2, [self._vertex_buffer, self._index_buffer])
