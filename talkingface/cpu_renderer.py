"""Draws the lower face with numpy and OpenCV, for machines without OpenGL.

The picture is that of the OpenGL renderer but for rounding, the smoothing of the lips' edges, and folds, where whole
triangles are sorted by depth instead of pixels.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import GraphicsError
from talkingface.mouth_drawing import (
    CAVITY_CENTRE_LIGHT,
    CURVATURE_GAIN,
    CURVATURE_ZERO,
    TEETH_EDGE_SHADE,
    Box,
    MouthOval,
    check_crop,
    check_geometry,
    facing_triangles,
    inner_lip_vertices,
    mouth_box,
    mouth_oval,
    teeth_light,
    triangles_in_box,
    with_curvature,
)
from talkingface.records import FloatArray, ImageArray, MouthGeometry, TeethLook
from talkingface.triangle_scan import scan_triangles
from talkingface.wrap_mesh import FaceMeshes

SAMPLES_X, SAMPLES_Y = 1, 4  # samples of a pixel around the mouth: lips and the edges of teeth lie
FULL = 255
BAND_ROWS = 32  # rows sampled at a time, so that what lies between stays in the cache

# Where each pixel takes its colour from (x + y·i), coverage, crop with curvature.
Scratch = tuple[NDArray[np.complex64], ImageArray, ImageArray]


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
        self._scratch: Scratch | None = None
        wrap = meshes.wrap
        self._inner_lips = inner_lip_vertices(wrap.mouth_triangles)
        lower_count = len(meshes.lower_teeth.vertices)
        self._teeth = np.concatenate(
            [meshes.lower_teeth.triangles, meshes.upper_teeth.triangles + lower_count]
        )

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
        picture = self._skin(crop, geometry)
        inner_lips_px = geometry.target_px[self._inner_lips]
        box = mouth_box(inner_lips_px, width, height)
        if box is not None:
            self._open_mouth(picture, geometry, mouth_oval(inner_lips_px), box)
        return picture

    def close(self) -> None:
        """Draw no more; may be called twice."""
        self._closed = True

    def _skin(self, crop: ImageArray, geometry: MouthGeometry) -> ImageArray:
        """Return the warped skin, uint8 (h, w, 4), the mouth closed with what the crop has there."""
        height, width = crop.shape[:2]
        wrap = self._meshes.wrap
        skin = _far_to_near(geometry.target_px, facing_triangles(geometry.target_px, wrap.triangles))
        # The mouth's surface comes first, so that skin colours go on a little under the lips' smoothed edges.
        triangles = np.concatenate([wrap.mouth_triangles, skin])
        scan = scan_triangles(geometry.target_px[:, :2][triangles], height, width)
        places, coverage, curved = self._scratch_for(height, width)
        coverage.fill(0)
        source = geometry.source_px.astype(np.float32) @ np.array([1, 1j], np.complex64)
        opacity = np.float32(FULL) * wrap.coverage[triangles] + np.float32(0.5)
        scan.paint((places.reshape(-1), source[triangles]), (coverage.reshape(-1), opacity))
        with_curvature(crop, curved)
        picture = np.zeros((height, width, 4), np.uint8)
        if len(scan.y):
            end = int(scan.y.max()) + 1
            for top in range(int(scan.y.min()), end, BAND_ROWS):
                band = slice(top, min(top + BAND_ROWS, end))
                colours = _sample(curved, places[band])
                cv2.copyTo(cv2.merge([*colours, coverage[band]]), coverage[band], picture[band])
        return picture

    def _scratch_for(self, height: int, width: int) -> Scratch:
        """Return reused pictures, so that a frame needs no new memory; what they hold is old."""
        if self._scratch is None or self._scratch[1].shape != (height, width):
            self._scratch = (
                np.zeros((height, width), np.complex64),
                np.zeros((height, width), np.uint8),
                np.zeros((height, width, 4), np.uint8),
            )
        return self._scratch

    def _open_mouth(self, picture: ImageArray, geometry: MouthGeometry, oval: MouthOval, box: Box) -> None:
        """Paint teeth and cavity into the picture, changed in place, where skin leaves the mouth's box free."""
        left, top, right, bottom = box
        hole = self._hole(geometry, box)
        if not hole.any():
            return
        y, x = np.mgrid[top:bottom, left:right].astype(np.float32)
        radius = oval.squared_radius(x, y)
        cavity_light = CAVITY_CENTRE_LIGHT + (1 - CAVITY_CENTRE_LIGHT) * radius
        light, is_tooth = self._teeth_light(geometry, oval, box)
        light *= (1 - TEETH_EDGE_SHADE * radius * radius) * oval.slit_light
        cavity_light *= 1 - is_tooth
        inside = light[..., None] * self._look.teeth + cavity_light[..., None] * self._look.cavity
        seen = picture[top:bottom, left:right]
        was_drawn = (seen[..., 3] > 0)[..., None]
        share = hole[..., None]
        mixed = seen[..., :3] + (inside * FULL - seen[..., :3]) * np.where(was_drawn, share, 1)
        np.copyto(seen[..., :3], (mixed + 0.5).astype(np.uint8), where=share > 0)
        np.copyto(seen[..., 3], np.maximum(seen[..., 3], (hole * FULL + 0.5).astype(np.uint8)))

    def _hole(self, geometry: MouthGeometry, box: Box) -> FloatArray:
        """Return float32 (box height, box width): how much of each pixel is open mouth."""
        wrap = self._meshes.wrap
        is_open = np.zeros(_sample_shape(box), np.uint8)
        points = geometry.target_px
        mouth = facing_triangles(points, wrap.mouth_triangles)
        skin = facing_triangles(points, triangles_in_box(points, wrap.triangles, box))
        for triangles, value in ((mouth, 1), (skin, 0)):
            scan = scan_triangles(_to_samples(points[:, :2][triangles], box), *is_open.shape)
            scan.paint((is_open.reshape(-1), value))
        return _to_pixels(is_open.astype(np.float32))

    def _teeth_light(
        self, geometry: MouthGeometry, oval: MouthOval, box: Box
    ) -> tuple[FloatArray, FloatArray]:
        """Return float32 (box height, box width) light of the teeth times their share, and their share, of a pixel."""
        points = np.concatenate([geometry.lower_teeth_px, geometry.upper_teeth_px])
        depth_px = oval.half_width_px
        lights = np.concatenate(
            [
                teeth_light(geometry.lower_teeth_px, self._meshes.lower_teeth.shade, depth_px),
                teeth_light(geometry.upper_teeth_px, self._meshes.upper_teeth.shade, depth_px),
            ]
        )
        triangles = facing_triangles(points, triangles_in_box(points, self._teeth, box))
        triangles = _far_to_near(points, triangles)
        shape = _sample_shape(box)
        scan = scan_triangles(_to_samples(points[:, :2][triangles], box), *shape)
        light, share = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        scan.paint((light.reshape(-1), lights[triangles]), (share.reshape(-1), 1.0))
        return _to_pixels(light), _to_pixels(share)


def _sample(curved: ImageArray, places: NDArray[np.complex64]) -> list[ImageArray]:
    """Return red, green and blue, uint8 (h, w), of a crop with curvature at places x + y·i, without linear blur."""
    xy = places.view(np.float32).reshape(*places.shape, 2)
    *colours, curvature = cv2.split(
        cv2.remap(curved, xy, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )
    fraction = xy - np.floor(xy)
    fraction -= fraction * fraction
    blur = cv2.transform(fraction, np.full((1, 2), CURVATURE_GAIN, np.float32))
    blur *= cv2.subtract(curvature, float(CURVATURE_ZERO), dtype=cv2.CV_32F)
    return [cv2.subtract(colour, blur, dtype=cv2.CV_8U) for colour in colours]


def _far_to_near(points_px: FloatArray, triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """Sort triangles by the depth of their middles, the nearest last."""
    return triangles[np.argsort(-points_px[:, 2][triangles].sum(1), kind="stable")]


def _sample_shape(box: Box) -> tuple[int, int]:
    left, top, right, bottom = box
    return (bottom - top) * SAMPLES_Y, (right - left) * SAMPLES_X


def _to_samples(points_px: FloatArray, box: Box) -> FloatArray:
    """Carry pixels into the samples of a box: pixel (0, 0) covers samples 0 to SAMPLES - 1."""
    many = np.array([SAMPLES_X, SAMPLES_Y], np.float32)
    corner = np.array(box[:2], np.float32)
    return ((points_px - corner + 0.5) * many - 0.5).astype(np.float32)


def _to_pixels(samples: FloatArray) -> FloatArray:
    """Average the samples of each pixel."""
    height, width = samples.shape
    return cv2.resize(samples, (width // SAMPLES_X, height // SAMPLES_Y), interpolation=cv2.INTER_AREA)
