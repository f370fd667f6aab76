"""Collects the picture measures over the frames of one video."""

from __future__ import annotations

import numpy as np

from talkingface.picture_measures import (
    cut,
    frame_change,
    lip_landmark_distance,
    lower_face_box,
    mouth_box,
    psnr,
    sharpness,
    ssim,
    still_steps,
)
from talkingface.records import FloatArray, ImageArray


class PictureScores:
    """Feed it output and truth frame by frame, in order, then ask for the result."""

    def __init__(self) -> None:
        """Start empty."""
        self._psnr: list[float] = []
        self._ssim: list[float] = []
        self._lmd: list[float] = []
        self._sharpness: list[tuple[float, float]] = []
        self._change: list[tuple[float, float]] = []
        self._points: list[FloatArray] = []
        self._before: tuple[ImageArray, ImageArray] | None = None
        self.faces_missed = 0

    def add(
        self,
        output: ImageArray,
        truth: ImageArray,
        truth_points: FloatArray,
        output_points: FloatArray | None,
    ) -> None:
        """Measure one frame.

        Args:
            output: uint8 (h, w, 3).
            truth: uint8 (h, w, 3).
            truth_points: float32 (478, 3) landmarks of the truth in pixels.
            output_points: the same tracked on the output, or None where no face was found.
        """
        height, width = truth.shape[:2]
        lower = lower_face_box(truth_points, width, height)
        mouth = mouth_box(truth_points, width, height)
        self._psnr.append(psnr(cut(output, lower), cut(truth, lower)))
        self._ssim.append(ssim(cut(output, lower), cut(truth, lower)))
        if output_points is None:
            self.faces_missed += 1
        else:
            self._lmd.append(lip_landmark_distance(output_points, truth_points))
        self._sharpness.append((sharpness(cut(output, mouth)), sharpness(cut(truth, mouth))))
        if self._before is not None:
            last_output, last_truth = self._before
            self._change.append(
                (
                    frame_change(cut(last_output, mouth), cut(output, mouth)),
                    frame_change(cut(last_truth, mouth), cut(truth, mouth)),
                )
            )
        self._before = (output, truth)
        self._points.append(truth_points)

    def result(self) -> dict[str, float]:
        """Return the five measures over all frames; NaN where there was nothing to measure."""
        drawn, real = np.array(self._sharpness).mean(0)
        flicker = float("nan")
        still = still_steps(np.stack(self._points)) if len(self._points) > 1 else np.zeros(0, bool)
        if still.any():
            changes = np.array(self._change)[still].mean(0)
            flicker = float(changes[0] / max(changes[1], 1e-6))
        return {
            "psnr": float(np.mean(self._psnr)),
            "ssim": float(np.mean(self._ssim)),
            "lmd": float(np.mean(self._lmd)) if self._lmd else float("nan"),
            "sharpness_ratio": float(drawn / max(real, 1e-6)),
            "flicker_ratio": flicker,
            "faces_missed": float(self.faces_missed),
        }
