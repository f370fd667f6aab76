"""The face generator from its two ONNX graphs: references encoded once, one mouth patch a call, one thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from talkingface.checkpoints import load_card, verified_file
from talkingface.engines.compiled_painter import CompiledPainter
from talkingface.engines.onnx_session import open_session
from talkingface.engines.painter_loops import GUIDE_CHANNELS
from talkingface.errors import BadInputError, CheckpointError
from talkingface.records import FloatArray, ImageArray

KIND = "face_generator"
CARD_NAME = "face_generator.json"
PAINTER_NAME = "face_generator.onnx"
ENCODER_NAME = "face_generator_encoder.onnx"


class OnnxFaceGenerator:
    """A :class:`talkingface.seams.FaceGenerator` of two ONNX graphs: reference encoder and painter.

    onnxruntime runs the encoder, compiled loops the painter. Not thread-safe: one thread owns it.
    """

    def __init__(self, encoder_path: Path | str, painter_path: Path | str) -> None:
        """Load both graphs.

        Raises:
            CheckpointError: a graph is missing, damaged, or not of a face generator, or the two do not belong together.
        """
        self._encoder = open_session(encoder_path, "a network")
        self._painter = CompiledPainter(painter_path)
        self._lengths = self._painter.part_lengths
        self._references_name = self._encoder.get_inputs()[0].name
        encoded = [entry.shape[-1] for entry in self._encoder.get_outputs()]
        if encoded != self._lengths:
            raise CheckpointError(
                f"expected a mouth painter that reads what {Path(encoder_path).name} encodes, {encoded} numbers a "
                f"reference, found one of another version that reads {self._lengths}: {painter_path} (where it was "
                "fine-tuned for a character, do so again: python -m train.train --character DIR)"
            )

    @property
    def patch_px(self) -> int:
        """Side of the square patch it reads and paints."""
        return self._painter.patch_px

    def encode_references(self, references: ImageArray) -> FloatArray:
        """Encode reference patches, once per character.

        Args:
            references: uint8 (R, p, p, 3), R at least 1.

        Returns:
            float32 (R * feature length,): the parts of all references one after another, so that each part is a
            view; to be given to :meth:`generate` unchanged.

        Raises:
            BadInputError: pictures of another shape or type.
        """
        side = self.patch_px
        if references.dtype != np.uint8 or references.ndim != 4 or references.shape[1:] != (side, side, 3):
            raise BadInputError(
                f"expected references of uint8 (R, {side}, {side}, 3), found {references.dtype} {references.shape}"
            )
        if not len(references):
            raise BadInputError("expected at least one reference patch, found none")
        parts = self._encoder.run(None, {self._references_name: np.ascontiguousarray(references)})
        ordered = self._painter.ordered(parts)
        return np.concatenate([part.ravel() for part in ordered]).astype(np.float32, copy=False)

    def generate(
        self, guide: ImageArray, reference_features: FloatArray, rows: tuple[int, int] | None = None
    ) -> ImageArray:
        """Paint one mouth.

        Args:
            guide: uint8 (p, p, 4): RGB, and A = inside of the lips.
            reference_features: what :meth:`encode_references` gave.
            rows: the first one that is wanted and the one after the last, all if None.

        Returns:
            uint8 (p, p, 3); rows that are not wanted may be painted or as the guide has them.

        Raises:
            BadInputError: a guide or features of another shape or type, or rows outside of the patch.
        """
        side = self.patch_px
        if guide.dtype != np.uint8 or guide.shape != (side, side, GUIDE_CHANNELS):
            raise BadInputError(
                f"expected a guide of uint8 ({side}, {side}, {GUIDE_CHANNELS}), found {guide.dtype} {guide.shape}"
            )
        count, left_over = divmod(reference_features.size, sum(self._lengths))
        shape, dtype = reference_features.shape, reference_features.dtype
        if dtype != np.float32 or len(shape) != 1 or left_over or not count:
            raise BadInputError(
                f"expected reference features of float32 (R * {sum(self._lengths)},), found {dtype} {shape}"
            )
        first, end = rows or (0, side)
        if not 0 <= first <= end <= side:
            raise BadInputError(f"expected rows within 0 to {side}, found {first} to {end}")
        parts, begin = [], 0
        for length in self._lengths:
            parts.append(reference_features[begin : begin + count * length].reshape(count, length))
            begin += count * length
        return self._painter.paint(np.ascontiguousarray(guide), parts, (first, end))


class PassThroughGenerator:
    """A face generator that paints nothing: the drawn guide itself, for a baseline, tests and missing weights."""

    def __init__(self, patch_px: int = 128) -> None:
        """Choose the side of the patch."""
        self._patch_px = patch_px

    @property
    def patch_px(self) -> int:
        """Side of the square patch."""
        return self._patch_px

    def encode_references(self, references: ImageArray) -> FloatArray:
        """Return nothing worth keeping: float32 (0,)."""
        return np.zeros(0, np.float32)

    def generate(
        self, guide: ImageArray, reference_features: FloatArray, rows: tuple[int, int] | None = None
    ) -> ImageArray:
        """Return the RGB of a uint8 (p, p, 4) guide, as a new array."""
        return np.ascontiguousarray(guide[..., :3])


def load_face_generator(
    folder: Path | str = "checkpoint", character_model: Path | str | None = None
) -> OnnxFaceGenerator:
    """Load the generator of a checkpoint folder after checking its card and hashes.

    Args:
        folder: where ``face_generator.json`` lies.
        character_model: a painter fine-tuned for one character, used in place of the general one; its references
            are encoded by the general encoder, which a fine-tune leaves as it is.

    Raises:
        CheckpointError: card or graph missing, damaged or changed.
    """
    folder = Path(folder)
    card = load_card(folder / CARD_NAME, kind=KIND)
    encoder = verified_file(folder, ENCODER_NAME, card)
    painter = verified_file(folder, PAINTER_NAME, card) if character_model is None else Path(character_model)
    return OnnxFaceGenerator(encoder, painter)
