"""The mouth painter on the processor: the weights of its ONNX graph in compiled loops that were written for it.

onnxruntime needs a third to a half more: it sorts, adds and cuts small pictures one after another, and always whole.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from talkingface.engines import painter_loops as loops
from talkingface.errors import CheckpointError
from talkingface.records import FloatArray, ImageArray

PREFIX = "painter."
LAYERS = (
    "first",
    "down",
    "coarse",
    "deep",
    "describe",
    "mix_coarse",
    "up_coarse",
    "mix_middle",
    "query",
    "up_middle",
    "see_copy",
    "mix_fine",
    "paint",
)
TILED = ("first", "mix_coarse", "mix_middle", "mix_fine", "paint")  # worked out by Winograd's way
# Turns 3 x 3 weights into Winograd's 4 x 4.
TO_PRODUCTS = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
SIDES_PX = (64, 128)
MOST_CHANNELS = 64
EVEN_BORDER_PX = 8  # what is copied must begin at a place of whole pairs, at every resolution


class CompiledPainter:
    """Paints mouths with the weights of a painter's graph. Not thread-safe: it keeps its working arrays.

    Attributes:
        patch_px: side p of the square patch.
        part_lengths: of what one reference is encoded to: pixels, keys, middle features and a descriptor.
    """

    def __init__(self, path: Path | str) -> None:
        """Read the weights.

        Args:
            path: an ONNX graph that ``train.export`` wrote.

        Raises:
            CheckpointError: missing, damaged, another network, or one of a size that the loops are not made for.
        """
        graph = _graph(path)
        try:
            weights = {tensor.name.removeprefix(PREFIX): _array(tensor) for tensor in graph.initializer}
            guide, *parts = (
                [axis.dim_value for axis in entry.type.tensor_type.shape.dim] for entry in graph.input
            )
            self.patch_px: int = guide[1]
            self.part_lengths = [shape[2] for shape in parts]
            self._copied_px = math.isqrt(self.part_lengths[0] // loops.COLOURS)
            self._outs = {name: len(weights[f"{name}.bias"]) for name in LAYERS}
            self._check_shapes({name: value.shape for name, value in weights.items()})
            self._window = _by_parity(_window(graph, self.patch_px // 2))
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"expected a mouth painter in {path}, found another graph ({error})"
            ) from error
        self._layers = tuple(
            _for_loops(name, weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in LAYERS
        )
        self._room = self._make_room()
        self._line = np.zeros(self.patch_px // 4, np.uint32)

    def _check_shapes(self, found: dict[str, tuple[int, ...]]) -> None:
        """See that everything has the shape that the loops count on; they check nothing themselves.

        Raises:
            ValueError: something has another one.
        """
        side, copied, outs = self.patch_px, self._copied_px, self._outs
        fine, middle, coarse, deep = outs["first"], outs["down"], outs["coarse"], outs["deep"]
        key, descriptor = outs["query"], outs["describe"]
        if side not in SIDES_PX or not 0 < copied <= side or (side - copied) // 2 % EVEN_BORDER_PX:
            raise ValueError(f"a patch of {side} px of which {copied} px are copied")
        if any(count % 4 or not 0 < count <= MOST_CHANNELS for count in (fine, middle, coarse, deep, key)):
            raise ValueError(f"{fine}, {middle}, {coarse}, {deep} and {key} channels")
        seen, painted = loops.PHASES * loops.GUIDE_CHANNELS, loops.PHASES * (loops.COLOURS + 1)
        shapes = {
            "first": (fine, seen, 3, 3),
            "down": (middle, fine, 3, 3),
            "coarse": (coarse, middle, 3, 3),
            "deep": (deep, coarse, 3, 3),
            "describe": (descriptor, deep * loops.POOLED**2),
            "mix_coarse": (coarse, coarse, 3, 3),
            "up_coarse": (middle, coarse, 1, 1),
            "mix_middle": (middle, middle, 3, 3),
            "query": (key, middle, 1, 1),
            "up_middle": (fine, middle, 1, 1),
            "see_copy": (fine, loops.PHASES * loops.COLOURS, 1, 1),
            "mix_fine": (fine, fine, 3, 3),
            "paint": (painted, fine, 3, 3),
        }
        for name, shape in shapes.items():
            if found[f"{name}.weight"] != shape or found[f"{name}.bias"] != shape[:1]:
                raise ValueError(f"{name} of {found[f'{name}.weight']} instead of {shape}")
        lengths = [loops.COLOURS * copied**2, key * copied**2 // 16, middle * side**2 // 16, descriptor]
        if self.part_lengths != lengths:
            raise ValueError(f"references of {self.part_lengths} numbers instead of {lengths}")

    def paint(self, guide: ImageArray, parts: list[FloatArray], rows: tuple[int, int]) -> ImageArray:
        """Paint one mouth.

        Args:
            guide: uint8 (p, p, 4), contiguous.
            parts: what references are encoded to, flat, in the order of :meth:`ordered`.
            rows: the first row that matters, and the one after the last; others may stay as the guide has them.

        Returns:
            uint8 (p, p, 3).
        """
        pixels, keys, middle, descriptors = parts
        quarter, c = self.patch_px // 4, self._copied_px // 4
        count = len(descriptors)
        painted = guide.copy()
        loops.paint_mouth(
            guide.view(np.uint32)[..., 0],
            (
                pixels.reshape(count, loops.COLOURS * loops.PHASES, -1),
                keys.reshape(count, -1, c, 2, c // 2),
                middle.reshape(count, -1, quarter, 2, quarter // 2),
                descriptors,
            ),
            np.empty((2, count), np.float32),
            self._layers,
            self._window,
            (*self._room, np.zeros(count * c * c, np.float32), np.zeros(4 * count * c * c, np.float32)),
            self._line,
            painted.view(np.uint32)[..., 0],
            *rows,
        )
        return cv2.cvtColor(painted, cv2.COLOR_RGBA2RGB)

    def ordered(self, parts: list[FloatArray]) -> list[FloatArray]:
        """Return encoded references, four parts of float32 (R, length), in the order in which the loops read them."""
        pixels, keys, middle, descriptors = parts
        half, quarter, c = self._copied_px // 2, self._copied_px // 4, self.patch_px // 4
        return [
            _by_parity(pixels.reshape(len(pixels), -1, half, half)),
            _by_parity(keys.reshape(len(keys), -1, quarter, quarter)),
            _by_parity(middle.reshape(len(middle), -1, c, c)),
            descriptors,
        ]

    def _make_room(self) -> tuple[FloatArray, ...]:
        """Return the working arrays of the loops, all zero, but for those whose size depends on the references."""
        outs, half, c = self._outs, self.patch_px // 2, self._copied_px // 2
        fine, middle, coarse = outs["first"], outs["down"], outs["coarse"]
        pictures = [
            (loops.PHASES * loops.GUIDE_CHANNELS, half),
            (fine, half),
            (max(fine, outs["paint"]), half),
            (fine, half),
            *[(middle, half // 2)] * 3,
            *[(coarse, half // 4)] * 2,
            (outs["deep"], half // 8),
        ]
        lengths = [channels * (side + 2) * loops.ROW for channels, side in pictures]
        widest = max(channels for channels, _ in pictures)
        products = widest * loops.PRODUCTS * loops.RUN
        flat = max(fine * half // 2 * loops.ROW, outs["see_copy"] * c * c)
        plain = max(outs["query"] * c * c // 4, half // 2 * loops.HALF_ROW, outs["deep"] * loops.POOLED**2)
        lengths += [loops.ROW, products, products, flat, plain]
        copied = np.zeros(loops.COLOURS * loops.PHASES * c * c, np.float32)
        return (*(np.zeros(length, np.float32) for length in lengths), copied)


def _graph(path: Path | str) -> onnx.GraphProto:
    if not Path(path).is_file():
        raise CheckpointError(f"expected a network, found nothing at {path}")
    try:
        return onnx.load(str(path), load_external_data=False).graph
    except DecodeError as error:
        raise CheckpointError(f"expected a network, found {path} ({error})") from error


def _array(tensor: onnx.TensorProto) -> FloatArray:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError(f"{tensor.name} in a file of its own")
    return np.asarray(numpy_helper.to_array(tensor), np.float32)


def _by_parity(pictures: FloatArray) -> FloatArray:
    """Return float32 (..., h, w) pictures as (..., h, 2, w / 2), each row's even columns first."""
    *others, width = pictures.shape
    return np.ascontiguousarray(pictures.reshape(*others, width // 2, 2).swapaxes(-1, -2), np.float32)


def _window(graph: onnx.GraphProto, half: int) -> FloatArray:
    """Return the share of what is painted by place and phase, float32 (4, half, half): a constant of the graph."""
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and math.prod(attribute.t.dims) == loops.PHASES * half * half:
                return numpy_helper.to_array(attribute.t).reshape(loops.PHASES, half, half)
    raise ValueError("no window of its patch")


def _for_loops(name: str, weight: FloatArray, bias: FloatArray) -> loops.Weights:
    """Return a layer of MouthPainter as the loops read it."""
    if name in TILED:
        tiled = np.einsum("ij,ocjk,lk->iloc", TO_PRODUCTS, weight.astype(np.float64), TO_PRODUCTS)
        return np.ascontiguousarray(tiled, np.float32).ravel(), bias
    if name == "see_copy":  # sees pixels of 0 to 1, less a half
        bias = bias - weight.sum((1, 2, 3)) / 2
    return np.ascontiguousarray(weight, np.float32).ravel(), np.asarray(bias, np.float32)
