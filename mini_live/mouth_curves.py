"""Mouth curves for other tools: collected frame by frame, written as JSON or CSV, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mini_live.arguments import ArgumentValueError
from mini_live.whole_files import write_whole
from talkingface.arkit_shapes import ARKIT_NAMES, arkit_weights
from talkingface.landmarks import lip_opening
from talkingface.mouth_space import MouthSpace
from talkingface.records import FloatArray
from talkingface.timing import FRAMES_PER_SECOND, frame_time_s

SUFFIXES = (".json", ".csv")
UPPER_LIP, LOWER_LIP = 13, 14


@dataclass(frozen=True)
class MouthCurveTable:
    """The curve of a whole sound.

    Attributes:
        coefficients: float32 (T, K) as they drive the mouth.
        silent: bool (T,).
        lip_opening: float32 (T,) of the mean face, over face height.
        lip_width: float32 (T,) likewise.
        look_ahead_ms: future sound that each frame waited for.
        arkit: float32 (T, 18) ARKit weights.
    """

    coefficients: FloatArray
    silent: NDArray[np.bool_]
    lip_opening: FloatArray
    lip_width: FloatArray
    look_ahead_ms: int
    arkit: FloatArray

    def as_document(self) -> dict[str, Any]:
        """Return the JSON document; frame k answers the sound at k * 40 ms."""
        rows = zip(self.lip_opening, self.lip_width, self.silent, self.coefficients, strict=True)
        frames = [
            {
                "time_s": round(frame_time_s(index), 4),
                "lip_opening": round(float(opening), 6),
                "lip_width": round(float(width), 6),
                "silent": bool(silent),
                "coefficients": [round(float(value), 7) for value in row],
            }
            for index, (opening, width, silent, row) in enumerate(rows)
        ]
        return {"fps": FRAMES_PER_SECOND, "look_ahead_ms": self.look_ahead_ms, "frames": frames}

    def as_csv(self) -> str:
        """Return a table with one line a frame."""
        names = [f"coefficient_{i}" for i in range(self.coefficients.shape[1])]
        rows = [
            [frame["time_s"], frame["lip_opening"], frame["lip_width"], int(frame["silent"])]
            + frame["coefficients"]
            for frame in self.as_document()["frames"]
        ]
        return _csv(["time_s", "lip_opening", "lip_width", "silent", *names], rows)

    def as_arkit_document(self) -> dict[str, Any]:
        """Return the JSON document of ARKit weights, one row of ``weights`` a frame in the order of ``names``."""
        frames = [
            {"time_s": round(frame_time_s(index), 4), "weights": [round(float(value), 5) for value in row]}
            for index, row in enumerate(self.arkit)
        ]
        return {
            "fps": FRAMES_PER_SECOND,
            "look_ahead_ms": self.look_ahead_ms,
            "names": list(ARKIT_NAMES),
            "frames": frames,
        }

    def as_arkit_csv(self) -> str:
        """Return the ARKit weights as a table with one line a frame and the names on top."""
        rows = [[frame["time_s"], *frame["weights"]] for frame in self.as_arkit_document()["frames"]]
        return _csv(["time_s", *ARKIT_NAMES], rows)

    def write(self, path: Path, kind: str | None = None) -> None:
        """Write as ``kind`` (json, csv or arkit), or by the ending of ``path``; arkit is JSON or CSV by the ending.

        Raises:
            OutputError: it cannot be written.
        """
        as_table = kind == "csv" or (kind != "json" and path.suffix.lower() == ".csv")
        if kind == "arkit":
            text = self.as_arkit_csv() if as_table else json.dumps(self.as_arkit_document())
        else:
            text = self.as_csv() if as_table else json.dumps(self.as_document())
        write_whole(path, text.encode())


def _csv(header: list[str], rows: list[list[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([header, *rows])
    return text.getvalue()


class MouthCurveCollector:
    """Gathers a stream's frames into a table; 60 bytes a frame."""

    def __init__(self, space: MouthSpace, look_ahead_ms: int) -> None:
        """Start empty."""
        self._space = space
        self._look_ahead_ms = look_ahead_ms
        self._coefficients: list[FloatArray] = []
        self._silent: list[NDArray[np.bool_]] = []
        self.frames = 0

    def add(self, coefficients: FloatArray, silent: NDArray[np.bool_]) -> None:
        """Append float32 (T, K) coefficients and bool (T,) silence."""
        self._coefficients.append(coefficients)
        self._silent.append(silent)
        self.frames += len(silent)

    def table(self) -> MouthCurveTable:
        """Return all that was added."""
        empty = np.zeros((0, self._space.coefficient_count), np.float32)
        coefficients = np.concatenate([empty, *self._coefficients])
        silent = np.concatenate([np.zeros(0, bool), *self._silent])
        blocks = [coefficients[i : i + 1000] for i in range(0, len(coefficients), 1000)]
        opening = [_opening(self._space, block) for block in blocks]
        width = [self._space.lip_width(block) for block in blocks]
        arkit = [arkit_weights(self._space, block) for block in blocks]
        none = np.zeros(0, np.float32)
        return MouthCurveTable(
            coefficients,
            silent,
            np.concatenate([none, *opening]),
            np.concatenate([none, *width]),
            self._look_ahead_ms,
            np.concatenate([np.zeros((0, len(ARKIT_NAMES)), np.float32), *arkit]),
        )


def _opening(space: MouthSpace, coefficients: FloatArray) -> FloatArray:
    """Return float32 (T,) lip opening; lips that the model presses beyond each other are shut."""
    face = space.neutral + space.displacement(coefficients)
    apart = face[:, LOWER_LIP, 1] > face[:, UPPER_LIP, 1]
    return np.where(apart, lip_opening(face), np.float32(0.0)).astype(np.float32)


def check_curve_path(path: Path, kind: str | None = None) -> None:
    """Refuse an ending that is neither JSON nor CSV, or that belies the format asked for.

    Raises:
        ArgumentValueError: another ending.
    """
    if kind in ("json", "csv") and path.suffix.lower() != f".{kind}":
        raise ArgumentValueError(
            f"expected an output ending in .{kind} as --format says, found {path.name!r}"
        )
    if path.suffix.lower() not in SUFFIXES:
        raise ArgumentValueError(f"expected an output ending in .json or .csv, found {path.name!r}")
