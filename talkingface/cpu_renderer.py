"""Draws the lower face without OpenGL, in compiled loops; faster than OpenGL where that has no graphics card.

The picture is that of the OpenGL renderer but for rounding, the smoothing of the lips' edges, and folds, where whole
triangles are sorted by depth instead of pixels.
"""

from __future__ import annotations

import cv2
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
from talkingface.triangle_painting import paint_values, seen_far_to_near
from talkingface.wrap_mesh import FaceMeshes

SAMPLES_Y = 4  # samples of a pixel around the mouth, one above the other: lips and the edges of teeth lie
FULL = 255
NO_TOOTH = -1.0


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
        self._shut, self._open = (
            np.zeros(wrap.vertex_count, np.float32),
            np.ones(wrap.vertex_count, np.float32),
        )
        self._inner_lips = inner_lip_vertices(wrap.mouth_triangles)
        lower_count = len(meshes.lower_teeth.vertices)
        self._teeth = np.concatenate(
            [meshes.lower_teeth.triangles, meshes.upper_teeth.triangles + lower_count]
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
        size = ((bottom - top) * SAMPLES_Y, right - left)
        hole, light = np.zeros(size, np.float32), np.full(size, NO_TOOTH, np.float32)
        samples = _to_samples(points, box)
        everywhere = (0, 0, size[1], size[0])
        mouth = seen_far_to_near(samples, self._meshes.wrap.mouth_triangles, everywhere)
        paint_values(hole, samples, mouth, self._open)
        nearby = seen_far_to_near(samples, self._meshes.wrap.triangles, everywhere)
        paint_values(hole, samples, nearby, self._shut)
        x, y, width, height = cv2.boundingRect(cv2.compare(hole, 0.0, cv2.CMP_GT))
        if not width:
            return
        # A pixel's teeth are counted in all of its samples, those beyond the hole's edge too.
        needed = (x, y // SAMPLES_Y * SAMPLES_Y, x + width, -(-(y + height) // SAMPLES_Y) * SAMPLES_Y)
        teeth = [
            (geometry.lower_teeth_px, self._meshes.lower_teeth.shade),
            (geometry.upper_teeth_px, self._meshes.upper_teeth.shade),
        ]
        lights = [teeth_light(place, shade, oval.half_width_px) for place, shade in teeth]
        samples = _to_samples(np.concatenate([place for place, _ in teeth]), box)
        triangles = seen_far_to_near(samples, self._teeth, needed)
        paint_values(light, samples, triangles, np.concatenate(lights))
        inside = picture[top:bottom, left:right]
        shape = np.array(
            [*(oval.centre_px - (left, top)), *oval.axis, oval.half_width_px, oval.half_height_px], np.float64
        )
        colours = FULL * np.stack([self._look.teeth * oval.slit_light, self._look.cavity]).astype(np.float64)
        _lay_inside(inside, hole, light, shape, colours)


@compiled
def _lay_inside(
    picture: ImageArray,
    hole: FloatArray,
    light: FloatArray,
    oval: NDArray[np.float64],
    colours: NDArray[np.float64],
) -> None:
    """Lay teeth and cavity where the mouth is open.

    Args:
        picture: uint8 (h, w, 4), changed in place.
        hole: float32 (h * SAMPLES_Y, w) 1 where the mouth is open, 0 where skin is.
        light: float32 (h * SAMPLES_Y, w) of the teeth; below 0 there are none.
        oval: float64 (6,) centre x and y, axis x and y, half width and half height, in pixels.
        colours: float64 (2, 3) of lit teeth and of the cavity, 0..255.
    """
    for y in range(picture.shape[0]):
        for x in range(picture.shape[1]):
            share = tooth = tooth_light = 0.0
            for row in range(y * SAMPLES_Y, (y + 1) * SAMPLES_Y):
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
                inside = tooth_light * colours[0, channel] + cavity_light * colours[1, channel]
                before = float(picture[y, x, channel])
                picture[y, x, channel] = int(before + (inside - before) * drawn_share + 0.5)
            picture[y, x, 3] = max(int(picture[y, x, 3]), int(share * FULL + 0.5))


def _to_samples(points_px: FloatArray, box: Box) -> FloatArray:
    """Carry pixels, float32 (n, 3), into the samples of a box: pixel (0, 0) covers samples 0 to SAMPLES_Y - 1."""
    samples = points_px.copy()
    samples[:, 0] -= np.float32(box[0])
    samples[:, 1] = (samples[:, 1] - np.float32(box[1] - 0.5)) * np.float32(SAMPLES_Y) - np.float32(0.5)
    return samples
