"""Draws the lower face with OpenGL: the character's own skin and lips, then teeth and cavity in their hole."""

from __future__ import annotations

from typing import Any

from mini_live.gl import mesh_buffer
from mini_live.gl.context import OffscreenContext
from mini_live.gl.framebuffer import DrawTarget
from mini_live.gl.programs import Program
from mini_live.gl.shaders import CAVITY, SKIN, TEETH, VERTEX
from talkingface.errors import GraphicsError
from talkingface.mouth_drawing import (
    CAVITY_CENTRE_LIGHT,
    CURVATURE_GAIN,
    CURVATURE_ZERO,
    TEETH_EDGE_SHADE,
    MouthOval,
    check_crop,
    check_geometry,
    inner_lip_vertices,
    mouth_box,
    mouth_oval,
)
from talkingface.records import ImageArray, MouthGeometry, TeethLook
from talkingface.wrap_mesh import FaceMeshes

Vec4 = tuple[float, float, float, float]


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
            gl: Any = self._context.gl
            self._gl = gl
            self._skin = Program(gl, VERTEX, SKIN, ("size_and_depth", "curvature"))
            inside = ("size_and_depth", "oval", "light", "base_colour")
            self._teeth = Program(gl, VERTEX, TEETH, inside)
            self._cavity = Program(gl, VERTEX, CAVITY, inside)
            self._buffer = mesh_buffer.MeshBuffer(gl, meshes)
        except BaseException:
            if self._owns_context:
                self._context.close()
            raise

    @property
    def is_software(self) -> bool:
        """Whether no graphics card draws."""
        return self._context.is_software

    def wear(self, look: TeethLook) -> None:
        """Draw another person's teeth and cavity from now on."""
        self._look = look

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
        """Free everything that was made here; may be called twice, by the owning thread only.

        Raises:
            GraphicsError: called by another thread.
        """
        if self._closed:
            return
        if not self._context.is_closed:
            self._context.make_current()
            self._free_target()
            self._skin.free()
            self._teeth.free()
            self._cavity.free()
            self._buffer.free()
        self._closed = True
        if self._owns_context:
            self._context.close()

    def _draw(self, crop: ImageArray, geometry: MouthGeometry) -> ImageArray:
        height, width = crop.shape[:2]
        if self._target is None or self._target.size != (width, height):
            self._free_target()
            self._target = DrawTarget(self._gl, width, height)
        inner_lips_px = geometry.target_px[self._inner_lips]
        oval, box = mouth_oval(inner_lips_px), mouth_box(inner_lips_px, width, height)
        self._buffer.fill(geometry, oval.half_width_px, box)
        self._target.begin(crop)
        nearest_px, depth_px = self._buffer.depth_of_field_px()
        place = float(width), float(height), nearest_px, 1.0 / depth_px
        self._draw_skin(place)
        if box is not None:
            self._target.begin_box(box)
            self._draw_skin(place)
            self._draw_mouth(place, oval)
            self._target.end_box(box)
        return self._target.read()

    def _draw_skin(self, place: Vec4) -> None:
        self._skin.use()
        self._skin.set("size_and_depth", *place)
        self._skin.set("curvature", CURVATURE_ZERO / 255, CURVATURE_GAIN)
        self._buffer.draw(mesh_buffer.SKIN)

    def _draw_mouth(self, place: Vec4, oval: MouthOval) -> None:
        """Draw what shows through the hole that the skin left."""
        where = tuple(float(value) for value in (*oval.centre_px, *oval.axis))
        light = 1.0 / oval.half_width_px, 1.0 / oval.half_height_px, oval.slit_light
        for program, part, colour, falloff in (
            (self._teeth, mesh_buffer.TEETH, self._look.teeth, 1.0 - TEETH_EDGE_SHADE),
            (self._cavity, mesh_buffer.CAVITY, self._look.cavity, CAVITY_CENTRE_LIGHT),
        ):
            program.use()
            program.set("size_and_depth", *place)
            program.set("oval", *where)
            program.set("light", *light, falloff)
            program.set("base_colour", *(float(value) for value in colour))
            self._buffer.draw(part)

    def _free_target(self) -> None:
        if self._target is not None:
            self._target.free()
            self._target = None
