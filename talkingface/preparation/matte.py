"""The person's coverage, frame by frame: segmented, refined along the picture's edges, steady over time."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from talkingface.errors import MissingPackageError
from talkingface.mediapipe_solutions import solution
from talkingface.preparation.loop_choice import FrameMix
from talkingface.records import FloatArray, ImageArray
from talkingface.video_files import FRAMES_PER_SECOND
from talkingface.video_writer import VideoWriter

WORKING_SIDE_PX = 640
EDGE_RADIUS_SHARE = 1 / 90
EDGE_SOFTNESS = 1e-4
MATTE_CRF = 14
MATTE_KEYFRAMES = 25
TIME_KERNEL = np.array([1, 3, 1], np.float32) / 5


class Segmenter(Protocol):
    """Tells the person from the background, roughly."""

    def coverage(self, rgb: ImageArray) -> FloatArray:
        """Return float32 (h, w) in 0..1, 1 where the person is."""

    def close(self) -> None:
        """Free the model."""


class MediaPipeSegmenter:
    """MediaPipe's two selfie segmentations, whose models lie inside the wheel.

    Furniture beside a person deceives now one, now the other; what both take for the person is kept.
    """

    def __init__(self) -> None:
        """Load the models.

        Raises:
            MissingPackageError: mediapipe is not installed.
        """
        try:
            selfie_segmentation = solution("selfie_segmentation")
        except ImportError as error:
            raise MissingPackageError(
                "a matte needs mediapipe: pip install mediapipe==0.10.21 (Python 3.10 to 3.12)"
            ) from error
        self._models = [selfie_segmentation.SelfieSegmentation(model_selection=kind) for kind in (0, 1)]

    def coverage(self, rgb: ImageArray) -> FloatArray:
        """See :class:`Segmenter`."""
        masks = [np.asarray(model.process(rgb).segmentation_mask, np.float32) for model in self._models]
        return np.minimum(*masks)

    def close(self) -> None:
        """Free the models."""
        for model in self._models:
            model.close()


class MatteMaker:
    """Collects the coverage of source frames and writes it in the loop's order."""

    def __init__(self, segmenter: Segmenter) -> None:
        """Keep the segmenter; it is closed with this maker."""
        self._segmenter = segmenter
        self._mattes: dict[int, NDArray[np.uint8]] = {}

    def look(self, number: int, rgb: ImageArray) -> None:
        """Segment one source frame, uint8 (h, w, 3) RGB."""
        shrink = min(1.0, WORKING_SIDE_PX / max(rgb.shape[:2]))
        small = cv2.resize(rgb, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        self._mattes[number] = refined(small, self._segmenter.coverage(small))

    def write(self, path: Path, mixes: tuple[FrameMix, ...], size_px: tuple[int, int]) -> None:
        """Write the loop's matte as a grey video, white where the person is.

        Raises:
            OutputError: it cannot be written.
        """
        steady = {number: self._steady(number) for number in self._mattes}
        with VideoWriter(
            path,
            *size_px,
            FRAMES_PER_SECOND,
            crf=MATTE_CRF,
            keyframe_interval=MATTE_KEYFRAMES,
            threads=2,
            metadata={},
        ) as writer:
            for mix in mixes:
                matte = steady[mix.first]
                if mix.share > 0:
                    matte = cv2.addWeighted(matte, 1 - mix.share, steady[mix.second], mix.share, 0)
                large = cv2.resize(matte, size_px, interpolation=cv2.INTER_LINEAR)
                writer.write_frame(cv2.cvtColor(large, cv2.COLOR_GRAY2RGB))

    def close(self) -> None:
        """Free the model."""
        self._segmenter.close()

    def _steady(self, number: int) -> NDArray[np.uint8]:
        """Average a matte with its neighbours in time, each without what is there for one frame only."""
        around = [
            self._without_flash(number + step if number + step in self._mattes else number)
            for step in (-1, 0, 1)
        ]
        total = sum(
            weight * matte.astype(np.float32) for weight, matte in zip(TIME_KERNEL, around, strict=True)
        )
        return np.round(total).astype(np.uint8)

    def _without_flash(self, number: int) -> NDArray[np.uint8]:
        """Return the median of a matte and its neighbours; where a neighbour is missing, it stands in itself."""
        own = self._mattes[number]
        before, after = self._mattes.get(number - 1, own), self._mattes.get(number + 1, own)
        return np.maximum(np.minimum(before, after), np.minimum(np.maximum(before, after), own))


def refined(rgb: ImageArray, coverage: FloatArray) -> NDArray[np.uint8]:
    """Fit a rough coverage to the edges of its picture (guided filter, He et al. 2010).

    Args:
        rgb: uint8 (h, w, 3).
        coverage: float32 (h, w) in 0..1.

    Returns:
        uint8 (h, w), 255 where the person is.
    """
    radius = max(2, round(max(rgb.shape[:2]) * EDGE_RADIUS_SHARE))
    guide = rgb.astype(np.float32) / 255
    fine = cv2.ximgproc.guidedFilter(guide, np.ascontiguousarray(coverage), radius, EDGE_SOFTNESS)
    sure = np.clip((fine - 0.15) / 0.7, 0, 1)
    return np.round(255 * sure * sure * (3 - 2 * sure)).astype(np.uint8)
