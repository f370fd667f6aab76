"""What every mouth renderer agrees on: checks of its input, and how dark teeth and cavity get where."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.compiled import compiled
from talkingface.errors import BadInputError
from talkingface.records import FloatArray, ImageArray, MouthGeometry

if TYPE_CHECKING:
    from talkingface.wrap_mesh import FaceMeshes

CAVITY_CENTRE_LIGHT = 0.5  # of the cavity's colour, in the middle of the mouth; 1 at the lips
TEETH_EDGE_SHADE = 0.5  # how much darker teeth are at the lips than in the middle of the mouth
TEETH_BACK_SHADE = 0.75  # how much darker the hindmost tooth is than the foremost
SLIT_SHADE = 0.85  # how much darker teeth are in the narrowest slit than in an open mouth
OPEN_RATIO = 0.15  # height over width from which a mouth counts as open
SMALLEST_HALF_HEIGHT_PX = 0.5
BOX_MARGIN_PX = 2
LARGEST_SIDE_PX = 8192
CURVATURE_ZERO = 128  # the curvature channel's byte for none; edges too sharp for a byte are held at its ends
GREY_ROWS = 3
CUBIC = 0.75  # sharpness of the cubic kernel, -a in Keys 1981; OpenCV has the same
CURVATURE_GAIN = CUBIC / 2  # half, because the sum of both axes stands for each

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels, the last two outside


@dataclass(frozen=True)
class MouthOval:
    """The oval that the inner lips fill; light falls off from its middle to its edge.

    Attributes:
        centre_px: float32 (2,).
        axis: float32 (2,) unit vector from the left to the right corner.
        half_width_px: half the length along the axis.
        half_height_px: half the length across it.
    """

    centre_px: FloatArray
    axis: FloatArray
    half_width_px: float
    half_height_px: float

    @property
    def slit_light(self) -> float:
        """How much of the light gets in at all: 1 when open, less in a slit."""
        ratio = self.half_height_px / (self.half_width_px * OPEN_RATIO)
        return 1.0 - SLIT_SHADE * (1.0 - min(ratio, 1.0)) ** 2


def mouth_oval(inner_lips_px: FloatArray) -> MouthOval:
    """Fit the oval to the inner lips' vertices: float32 (n, 2 or 3) pixels."""
    x, y, axis_x, axis_y, half_width, half_height = _oval(inner_lips_px)
    return MouthOval(
        centre_px=np.array((x, y), np.float32),
        axis=np.array((axis_x, axis_y), np.float32),
        half_width_px=half_width,
        half_height_px=half_height,
    )


@compiled
def _oval(points: FloatArray) -> tuple[float, float, float, float, float, float]:
    left = right = 0
    for i in range(1, len(points)):
        left = i if points[i, 0] < points[left, 0] else left
        right = i if points[i, 0] > points[right, 0] else right
    axis_x, axis_y = float(points[right, 0] - points[left, 0]), float(points[right, 1] - points[left, 1])
    length = math.hypot(axis_x, axis_y)
    if length > 1e-3:
        axis_x, axis_y = axis_x / length, axis_y / length
    else:
        axis_x, axis_y = 1.0, 0.0
    begin = top = math.inf
    end = bottom = -math.inf
    for i in range(len(points)):
        along = points[i, 0] * axis_x + points[i, 1] * axis_y
        across = points[i, 1] * axis_x - points[i, 0] * axis_y
        begin, end = min(begin, along), max(end, along)
        top, bottom = min(top, across), max(bottom, across)
    middle, rise = (end + begin) / 2, (bottom + top) / 2
    return (
        axis_x * middle - axis_y * rise,
        axis_y * middle + axis_x * rise,
        axis_x,
        axis_y,
        max((end - begin) / 2, 1.0),
        max((bottom - top) / 2, SMALLEST_HALF_HEIGHT_PX),
    )


def mouth_box(inner_lips_px: FloatArray, width: int, height: int) -> Box | None:
    """Return left, top, right, bottom of the pixels that the hole of the mouth can touch, or None outside the crop."""
    x, y = inner_lips_px.T[:2].tolist()
    left, top = max(math.floor(min(x)) - BOX_MARGIN_PX, 0), max(math.floor(min(y)) - BOX_MARGIN_PX, 0)
    right = min(math.ceil(max(x)) + BOX_MARGIN_PX + 1, width)
    bottom = min(math.ceil(max(y)) + BOX_MARGIN_PX + 1, height)
    return (left, top, right, bottom) if left < right and top < bottom else None


def triangles_in_box(points_px: FloatArray, triangles: NDArray[np.int32], box: Box) -> NDArray[np.int32]:
    """Return those of the int32 (T, 3) triangles whose bounds touch the box; most teeth hide behind the lips."""
    left, top, right, bottom = box
    x, y = points_px[:, 0], points_px[:, 1]
    beyond = (x < left).astype(np.uint8)  # a bit for each side of the box that a point lies beyond
    for bit, is_beyond in ((2, x > right), (4, y < top), (8, y > bottom)):
        beyond |= is_beyond * np.uint8(bit)
    corners = beyond[triangles]
    return triangles[(corners[:, 0] & corners[:, 1] & corners[:, 2]) == 0]


@compiled
def teeth_light(teeth_px: FloatArray, shade: FloatArray, mouth_half_width_px: float) -> FloatArray:
    """Return float32 (n,) 0..1: each tooth vertex' own shade, darker the further back it lies.

    Args:
        teeth_px: float32 (n, 3) pixels, z away.
        shade: float32 (n,) 0..1 of the mesh.
        mouth_half_width_px: the depth over which the light falls off.
    """
    light, one = np.empty(len(teeth_px), np.float32), np.float32(1)
    nearest = np.float32(math.inf)
    for i in range(len(teeth_px)):
        nearest = min(nearest, teeth_px[i, 2])
    for i in range(len(teeth_px)):
        depth = np.float32(teeth_px[i, 2] - nearest) / np.float32(mouth_half_width_px)
        light[i] = shade[i] * (one - np.float32(TEETH_BACK_SHADE) * min(depth, one))
    return light


def inner_lip_vertices(mouth_triangles: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the wrap vertices that bound the mouth's hole, ascending."""
    return np.unique(mouth_triangles).astype(np.int32)


def with_curvature(crop: ImageArray, out: ImageArray | None = None) -> ImageArray:
    """Return a crop, uint8 (h, w, 3), with its grey picture's Laplacian as fourth channel.

    Linear sampling between pixels blurs. Cubic sampling (Keys 1981) differs from it along each axis by a f (1 - f)
    times the second difference, f being the fraction of a pixel; with the Laplacian sampled beside the colours, both
    renderers make up for the blur at the price of one sample, and whole pixels stay as they are.

    Args:
        crop: the picture.
        out: uint8 (h, w, 4) to write to instead of a new array.
    """
    out = cv2.cvtColor(crop, cv2.COLOR_RGB2RGBA, dst=out)
    _insert_curvature(out.view(np.uint32)[..., 0], np.empty((GREY_ROWS, crop.shape[1]), np.int32))
    return out


@compiled
def _insert_curvature(pixels: NDArray[np.uint32], grey: NDArray[np.int32]) -> None:
    """Put the Laplacian of the grey picture, mirrored at its edges, into the highest bytes of pixels.

    Args:
        pixels: uint32 (h, w), red the lowest byte; changed in place.
        grey: int32 (GREY_ROWS, w) room for the newest rows of the grey picture.
    """
    height, width = pixels.shape
    _grey(pixels[0], grey[0])
    for y in range(height):
        if y < height - 1:
            _grey(pixels[y + 1], grey[(y + 1) % GREY_ROWS])
        above, here = grey[abs(y - 1) % height % GREY_ROWS], grey[y % GREY_ROWS]
        below = grey[(y + 1 if y < height - 1 else abs(y - 1) % height) % GREY_ROWS]
        into = pixels[y]
        for x in range(1, width - 1):
            around = np.int32(np.int32(above[x] + below[x]) + np.int32(here[x - 1] + here[x + 1]))
            into[x] = _with_byte(into[x], np.int32(around - np.int32(np.int32(4) * here[x])))
        for x in (0, width - 1):
            beside = here[(1 if x == 0 else width - 2) % width]
            around = np.int32(above[x] + below[x] + 2 * beside)
            into[x] = _with_byte(into[x], np.int32(around - np.int32(np.int32(4) * here[x])))


@compiled
def _grey(pixels: NDArray[np.uint32], grey: NDArray[np.int32]) -> None:
    """Fill a row of the grey picture: of red, green and blue what OpenCV takes, in 2^-15."""
    byte = np.uint32(255)
    for x in range(len(pixels)):
        red = np.uint32(np.uint32(pixels[x] & byte) * np.uint32(9798))
        green = np.uint32(np.uint32((pixels[x] >> np.uint32(8)) & byte) * np.uint32(19235))
        blue = np.uint32(np.uint32((pixels[x] >> np.uint32(16)) & byte) * np.uint32(3735))
        grey[x] = np.int32(np.uint32(red + green + blue + np.uint32(1 << 14)) >> np.uint32(15))


@compiled
def _with_byte(pixel: np.uint32, curvature: np.int32) -> np.uint32:
    """Return a pixel with a curvature in its highest byte."""
    byte = min(max(np.int32(curvature + np.int32(CURVATURE_ZERO)), np.int32(0)), np.int32(255))
    return np.uint32((pixel & np.uint32(0xFFFFFF)) | np.uint32(np.uint32(byte) << np.uint32(24)))


def check_crop(crop: ImageArray) -> None:
    """Check that a crop is a picture.

    Raises:
        BadInputError: not uint8 (h, w, 3), empty, or too large.
    """
    if not isinstance(crop, np.ndarray) or crop.dtype != np.uint8 or crop.ndim != 3 or crop.shape[2] != 3:
        raise BadInputError(f"expected a crop of uint8 (h, w, 3), found {_described(crop)}")
    if not 0 < min(crop.shape[:2]) <= max(crop.shape[:2]) <= LARGEST_SIDE_PX:
        raise BadInputError(
            f"expected a crop of 1 to {LARGEST_SIDE_PX} pixels a side, found {_described(crop)}"
        )


def check_geometry(geometry: MouthGeometry, meshes: FaceMeshes) -> None:
    """Check that a geometry belongs to the meshes.

    Raises:
        BadInputError: other vertex counts, another type, or numbers that are not finite.
    """
    wrap_count = len(meshes.wrap.coverage)
    wanted = (
        ("source_px", geometry.source_px, (wrap_count, 2)),
        ("target_px", geometry.target_px, (wrap_count, 3)),
        ("upper_teeth_px", geometry.upper_teeth_px, (len(meshes.upper_teeth.vertices), 3)),
        ("lower_teeth_px", geometry.lower_teeth_px, (len(meshes.lower_teeth.vertices), 3)),
    )
    for name, value, shape in wanted:
        if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype.kind != "f":
            raise BadInputError(f"expected {name} of float32 {shape}, found {_described(value)}")
        if not math.isfinite(np.vdot(value, value)) and not np.isfinite(value).all():  # one number is quicker
            raise BadInputError(f"expected finite pixels in {name}, found NaN or infinity")


def _described(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    return type(value).__name__
