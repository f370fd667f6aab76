"""Draws the lower face without OpenGL, in compiled loops; faster than OpenGL where that has no graphics card.

The picture is that of the OpenGL renderer but for rounding, the smoothing of the lips' edges, and folds, where whole
triangles are sorted by depth instead of pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.errors import GraphicsError
from talkingface.mouth_drawing import (
    CAVITY_CENTRE_LIGHT,
    TEETH_EDGE_SHADE,
    Box,
    MouthOval,
    check_crop,
    check_geometry,
    inner_lip_vertices,
    mouth_box,
    mouth_oval,
    teeth_light,
)
from talkingface.records import FloatArray, ImageArray, MouthGeometry, TeethLook
from talkingface.skin_painting import SkinPainter
from talkingface.triangle_painting import SAMPLES_Y, paint_mouth_inside, seen_far_to_near
from talkingface.wrap_mesh import FaceMeshes

FULL = 255


class CpuMouthRenderer:
    """The :class:`talkingface.seams.MouthRenderer` without OpenGL; any one thread at a time."""

    def __init__(self, meshes: FaceMeshes, look: TeethLook) -> None:
        """Keep the models.

        Args:
            meshes: wrap and teeth.
            look: colours of teeth and cavity.
        """
        self._meshes = meshes
        self._look = look
        self._closed = False
        self._skin_painter = SkinPainter()
        wrap = meshes.wrap
        self._opacity = (np.float32(FULL) * wrap.coverage).astype(np.float32)
        self._inner_lips = inner_lip_vertices(wrap.mouth_triangles)
        first_lower = wrap.vertex_count
        first_upper = first_lower + len(meshes.lower_teeth.vertices)
        self._teeth = np.concatenate(
            [meshes.lower_teeth.triangles + first_lower, meshes.upper_teeth.triangles + first_upper]
        ).astype(np.int32)

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
            GraphicsError: closed.
        """
        check_crop(crop)
        check_geometry(geometry, self._meshes)
        if self._closed:
            raise GraphicsError("expected an open renderer, found a closed one")
        height, width = crop.shape[:2]
        points = np.ascontiguousarray(geometry.target_px, np.float32)
        picture = self._skin(crop, geometry, points)
        inner_lips_px = points[self._inner_lips]
        box = mouth_box(inner_lips_px, width, height)
        if box is not None:
            self._open_mouth(picture, geometry, points, mouth_oval(inner_lips_px), box)
        return picture

    def close(self) -> None:
        """Draw no more; may be called twice."""
        self._closed = True

    def _skin(self, crop: ImageArray, geometry: MouthGeometry, points: FloatArray) -> ImageArray:
        """Return the warped skin, uint8 (h, w, 4), the mouth closed with what the crop has there."""
        height, width = crop.shape[:2]
        sources = np.ascontiguousarray(geometry.source_px, np.float32)
        skin = seen_far_to_near(points, self._meshes.wrap.triangles, (0, 0, width, height))
        # The mouth's surface comes first, so that skin colours go on a little under the lips' smoothed edges.
        triangles = np.concatenate([self._meshes.wrap.mouth_triangles, skin])
        return self._skin_painter.paint(crop, points, sources, self._opacity, triangles)

    def _open_mouth(
        self,
        picture: ImageArray,
        geometry: MouthGeometry,
        points: FloatArray,
        oval: MouthOval,
        box: Box,
    ) -> None:
        """Paint teeth and cavity into the picture, changed in place, where skin leaves the mouth's box free."""
        left, top, right, bottom = box
        wrap, upper, lower = self._meshes.wrap, self._meshes.upper_teeth, self._meshes.lower_teeth
        lower_px = np.ascontiguousarray(geometry.lower_teeth_px, np.float32)
        upper_px = np.ascontiguousarray(geometry.upper_teeth_px, np.float32)
        lights = (
            teeth_light(lower_px, lower.shade, oval.half_width_px),
            teeth_light(upper_px, upper.shade, oval.half_width_px),
        )
        hole, light, spans = paint_mouth_inside(
            box, (points, lower_px, upper_px), wrap.mouth_triangles, wrap.triangles, self._teeth, lights
        )
        (x, y), (axis_x, axis_y) = oval.centre_px.tolist(), oval.axis.tolist()
        shape = x - left, y - top, axis_x, axis_y, oval.half_width_px, oval.half_height_px
        teeth_colour = self._look.teeth * np.float32(oval.slit_light)
        inside = picture[top:bottom, left:right]
        _lay_inside(inside, hole, light, spans, shape, teeth_colour, self._look.cavity)


@compiled
def _lay_inside(
    picture: ImageArray,
    hole: NDArray[np.uint8],
    light: FloatArray,
    spans: NDArray[np.int64],
    oval: tuple[float, float, float, float, float, float],
    teeth: FloatArray,
    cavity: FloatArray,
) -> None:
    """Lay teeth and cavity where the mouth is open.

    Args:
        picture: uint8 (h, w, 4), changed in place.
        hole: uint8 (h * SAMPLES_Y, w) of :func:`talkingface.triangle_painting.paint_mouth_inside`.
        light: float32 (h * SAMPLES_Y, w) of the same.
        spans: int64 (h * SAMPLES_Y, 2) of the same.
        oval: centre x and y, axis x and y, half width and half height, in pixels.
        teeth: float32 (3,) colour of lit teeth, 0..1.
        cavity: float32 (3,) colour of the cavity, 0..1.
    """
    for y in range(picture.shape[0]):
        rows = range(y * SAMPLES_Y, (y + 1) * SAMPLES_Y)
        for x in range(spans[y * SAMPLES_Y, 0], spans[y * SAMPLES_Y, 1]):
            share = tooth = tooth_light = 0.0
            for row in rows:
                share += hole[row, x]
                if light[row, x] >= 0:
                    tooth += 1.0
                    tooth_light += light[row, x]
            if share == 0:
                continue
            share, tooth, tooth_light = share / SAMPLES_Y, tooth / SAMPLES_Y, tooth_light / SAMPLES_Y
            away_x, away_y = x - oval[0], y - oval[1]
            along = (away_x * oval[2] + away_y * oval[3]) / oval[4]
            across = (away_y * oval[2] - away_x * oval[3]) / oval[5]
            radius = min(along * along + across * across, 1.0)
            tooth_light *= 1 - TEETH_EDGE_SHADE * radius * radius
            cavity_light = (CAVITY_CENTRE_LIGHT + (1 - CAVITY_CENTRE_LIGHT) * radius) * (1 - tooth)
            drawn_share = share if picture[y, x, 3] > 0 else 1.0
            for channel in range(3):
                lit, dark = FULL * float(teeth[channel]), FULL * float(cavity[channel])
                inside = tooth_light * lit + cavity_light * dark
                before = float(picture[y, x, channel])
                picture[y, x, channel] = int(before + (inside - before) * drawn_share + 0.5)
            picture[y, x, 3] = max(int(picture[y, x, 3]), int(share * FULL + 0.5))
