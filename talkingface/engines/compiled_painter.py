"""The mouth painter on the processor: the weights of its ONNX graph in compiled loops that were written for it.

onnxruntime takes 1.75 times as long: it sorts, adds and cuts small pictures one after another, and always whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper

from talkingface.engines import painter_loops as loops
from talkingface.engines.painter_loops import LEAK, PLAIN
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
# What the loops do between the weights, by the graph's names for it; how pictures are cut and joined is left open.
STEPS = {"Conv": 12, "Gemm": 1, "LeakyRelu": 8, "Softmax": 2, "Resize": 2, "AveragePool": 1, "Clip": 1}
TILED = ("first", "mix_coarse", "mix_middle", "mix_fine", "paint")  # worked out by Winograd's way
# Turn 3 x 3 weights into Winograd's 6 x 4: their columns, then their rows.
COLUMNS_TO_6 = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
ROWS_TO_4 = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
SIDES_PX = (64, 128)
MOST_CHANNELS = 64
EVEN_BORDER_PX = 8  # what is copied must begin at a place of whole pairs, at every resolution


@dataclass(frozen=True)
class _Room:
    """Working arrays, kept from mouth to mouth: pictures as the loops hold them, and others for what lies between."""

    seen: FloatArray
    fine: FloatArray
    changed: FloatArray
    mixed_fine: FloatArray
    middle: FloatArray
    sum: FloatArray
    mixed_middle: FloatArray
    coarse: FloatArray
    mixed_coarse: FloatArray
    deep: FloatArray
    nothing: FloatArray
    tiles: FloatArray
    products: FloatArray
    flat: FloatArray
    plain: FloatArray
    copied: FloatArray
    line: NDArray[np.uint32]

    @classmethod
    def of(cls, half: int, c: int, outs: dict[str, int]) -> _Room:
        """Make room for a patch of ``half`` places a side, of which ``c`` are copied; ``outs`` of each layer."""

        def picture(channels: int, side: int) -> FloatArray:
            return np.zeros(channels * (side + 2) * loops.ROW, np.float32)

        seen, fine, middle = loops.PHASES * loops.GUIDE_CHANNELS, outs["first"], outs["down"]
        coarse, painted = outs["coarse"], outs["paint"]
        numbers = max(seen, fine, middle, coarse, painted) * loops.PRODUCTS * loops.RUN
        flat = max(
            fine * half // 2 * loops.ROW,
            middle * half // 4 * loops.ROW,
            middle * (half // 2) ** 2,
            outs["query"] * c // 2 * loops.ROW,
            outs["see_copy"] * c * c,
        )
        plain = max(outs["query"] * c * c // 4, half // 2 * loops.HALF_ROW, outs["deep"] * loops.POOLED**2)
        return cls(
            seen=picture(seen, half),
            fine=picture(fine, half),
            changed=picture(max(fine, painted), half),
            mixed_fine=picture(fine, half),
            middle=picture(middle, half // 2),
            sum=picture(middle, half // 2),
            mixed_middle=picture(middle, half // 2),
            coarse=picture(coarse, half // 4),
            mixed_coarse=picture(coarse, half // 4),
            deep=picture(outs["deep"], half // 8),
            nothing=np.zeros(loops.ROW, np.float32),
            tiles=np.zeros(numbers, np.float32),
            products=np.zeros(numbers, np.float32),
            flat=np.zeros(flat, np.float32),
            plain=np.zeros(plain, np.float32),
            copied=np.zeros(loops.COLOURS * loops.PHASES * c * c, np.float32),
            line=np.zeros(half // 2, np.uint32),
        )


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
            _check_steps(graph)
            self._window = _by_parity(_window(graph, self.patch_px // 2))
        except (IndexError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"expected a mouth painter in {path}, found another graph ({error})"
            ) from error
        self._layers = {
            name: _for_loops(name, weights[f"{name}.weight"], weights[f"{name}.bias"]) for name in LAYERS
        }
        self._room = _Room.of(self.patch_px // 2, self._copied_px // 2, self._outs)

    def _check_shapes(self, found: dict[str, tuple[int, ...]]) -> None:
        """See that everything has the shape that the loops count on; they check nothing themselves.

        Raises:
            ValueError: something has another one.
        """
        side, copied, outs = self.patch_px, self._copied_px, self._outs
        fine, middle, coarse, deep = outs["first"], outs["down"], outs["coarse"], outs["deep"]
        key, descriptor = outs["query"], outs["describe"]
        if side not in SIDES_PX or not 0 < copied <= side or (side - copied) % (2 * EVEN_BORDER_PX):
            raise ValueError(f"a patch of {side} px of which {copied} px are copied")
        if any(count % 4 or not 0 < count <= MOST_CHANNELS for count in (fine, middle, coarse, deep, key)):
            raise ValueError(f"{fine}, {middle}, {coarse}, {deep} and {key} channels")
        if not descriptor:
            raise ValueError("references without a descriptor")
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
            parts: what references are encoded to, float32 (R, n) each, in the order of :meth:`ordered`.
            rows: the first row that matters, and the one after the last; others may stay as the guide has them.

        Returns:
            uint8 (p, p, 3).
        """
        room, layers, side = self._room, self._layers, self.patch_px // 4
        half, c = 2 * side, self._copied_px // 2
        pixels, keys, features, descriptors = parts
        count, places = len(descriptors), (c // 2) ** 2
        likeness = np.empty((2, count), np.float32)
        shares, large_shares = np.zeros(count * places, np.float32), np.zeros(4 * count * places, np.float32)
        painted = guide.copy()
        # The last layers work for the wanted rows only, each for those that the next one looks at.
        top, bottom = _whole_tiles(rows[0] // 2, -(-rows[1] // 2), half)
        wide_top, wide_bottom = _whole_tiles(max(top - 1, 0), min(bottom + 1, half), half)
        begin, end = max(wide_top - 1, 0), min(wide_bottom + 1, half)

        loops.unfold(guide.view(np.uint32)[..., 0], room.seen)
        self._convolve(room.seen, "first", LEAK, room.nothing, room.fine, half, 0, half)
        loops.halve(room.fine, layers["down"], room.middle, room.plain, side)
        loops.halve(room.middle, layers["coarse"], room.coarse, room.plain, side // 2)
        loops.halve(room.coarse, layers["deep"], room.deep, room.plain, side // 4)
        loops.resemble(room.deep, layers["describe"], descriptors, likeness, room.plain, side // 4)

        self._convolve(
            room.coarse, "mix_coarse", LEAK, room.coarse, room.mixed_coarse, side // 2, 0, side // 2
        )
        self._add_enlarged(room.mixed_coarse, "up_coarse", room.middle, room.sum, side // 2, 0, side)
        self._convolve(room.sum, "mix_middle", PLAIN, room.nothing, room.mixed_middle, side, 0, side)
        loops.add_references(room.middle, room.mixed_middle, features, likeness[1], room.flat, side)

        loops.look_up(
            room.mixed_middle,
            layers["query"],
            keys,
            likeness[0],
            shares,
            large_shares,
            room.flat,
            room.plain,
            side,
            c // 2,
        )
        loops.copy_references(large_shares, pixels, room.copied)
        self._add_enlarged(room.mixed_middle, "up_middle", room.fine, room.changed, side, begin, end)
        loops.add_copied(room.copied, layers["see_copy"], room.changed, room.flat, half, c, begin, end)
        self._convolve(
            room.changed, "mix_fine", LEAK, room.fine, room.mixed_fine, half, wide_top, wide_bottom
        )
        self._convolve(room.mixed_fine, "paint", PLAIN, room.nothing, room.changed, half, top, bottom)
        into = painted.view(np.uint32)[..., 0]
        loops.fold(room.seen, room.changed, room.copied, self._window, room.line, into, c, top, bottom)
        return cast(ImageArray, cv2.cvtColor(painted, cv2.COLOR_RGBA2RGB))

    def _convolve(
        self,
        picture: FloatArray,
        layer: str,
        slope: np.float32,
        base: FloatArray,
        out: FloatArray,
        side: int,
        top: int,
        bottom: int,
    ) -> None:
        room = self._room
        loops.convolve(
            picture, self._layers[layer], slope, base, out, room.tiles, room.products, side, top, bottom
        )

    def _add_enlarged(
        self,
        picture: FloatArray,
        layer: str,
        base: FloatArray,
        out: FloatArray,
        side: int,
        top: int,
        bottom: int,
    ) -> None:
        room = self._room
        loops.add_enlarged(picture, self._layers[layer], base, out, room.flat, room.plain, side, top, bottom)

    def ordered(self, parts: list[FloatArray]) -> list[FloatArray]:
        """Return encoded references, four parts of float32 (R, length), in the order in which the loops read them."""
        pixels, keys, middle, descriptors = parts
        half, quarter, c = self._copied_px // 2, self._copied_px // 4, self.patch_px // 4
        split = [
            _by_parity(pixels.reshape(len(pixels), -1, half, half)),
            _by_parity(keys.reshape(len(keys), -1, quarter, quarter)),
            _by_parity(middle.reshape(len(middle), -1, c, c)),
        ]
        return [*(part.reshape(len(part), -1) for part in split), descriptors]


def _whole_tiles(top: int, bottom: int, side: int) -> tuple[int, int]:
    """Return the first row and the one after the last of the tiles that hold some rows of a picture."""
    rows = -(-(bottom - top) // loops.TILE_ROWS) * loops.TILE_ROWS
    top = min(top, side - rows)
    return top, top + rows


def _graph(path: Path | str) -> onnx.GraphProto:
    if not Path(path).is_file():
        raise CheckpointError(f"expected a network, found nothing at {path}")
    try:
        return onnx.load(str(path), load_external_data=False).graph
    except (DecodeError, OSError) as error:
        raise CheckpointError(f"expected a network, found {path} ({error})") from error


def _check_steps(graph: onnx.GraphProto) -> None:
    """See that a graph does with its weights what the loops do.

    Raises:
        ValueError: it does something else.
    """
    kinds = [node.op_type for node in graph.node]
    found = {kind: kinds.count(kind) for kind in STEPS}
    if found != STEPS:
        raise ValueError(f"steps of {found} instead of {STEPS}")
    slopes = {
        float(attribute.f)
        for node in graph.node
        for attribute in node.attribute
        if node.op_type == "LeakyRelu"
    }
    if slopes != {float(LEAK)}:
        raise ValueError(f"activations with slopes of {sorted(slopes)} instead of {float(LEAK):g}")


def _array(tensor: onnx.TensorProto) -> FloatArray:
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError(f"{tensor.name} in a file of its own")
    values = numpy_helper.to_array(tensor)
    if values.dtype.kind != "f" or not np.isfinite(values).all():
        raise ValueError(f"{tensor.name} of other than finite numbers")
    return np.array(values, np.float32)


def _by_parity(pictures: FloatArray) -> FloatArray:
    """Return float32 (..., h, w) pictures as (..., h, 2, w / 2), each row's even columns first."""
    *others, width = pictures.shape
    return np.ascontiguousarray(pictures.reshape(*others, width // 2, 2).swapaxes(-1, -2), np.float32)


def _window(graph: onnx.GraphProto, half: int) -> FloatArray:
    """Return the share of what is painted by place and phase, float32 (4, half, half): a constant of the graph."""
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Constant" and math.prod(attribute.t.dims) == loops.PHASES * half * half:
                return _array(attribute.t).reshape(loops.PHASES, half, half)
    raise ValueError("no window of its patch")


def _for_loops(name: str, weight: FloatArray, bias: FloatArray) -> loops.Weights:
    """Return a layer of MouthPainter as the loops read it."""
    if name in TILED:
        tiled = np.einsum("ij,ocjk,lk->iloc", COLUMNS_TO_6, weight.astype(np.float64), ROWS_TO_4)
        return np.ascontiguousarray(tiled, np.float32).ravel(), bias
    if name == "see_copy":  # sees pixels of 0 to 1, less a half
        bias = bias - weight.sum((1, 2, 3)) / 2
    return weight.ravel(), bias
