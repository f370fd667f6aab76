"""Contact sheets: pictures in labelled rows and columns, for looking at."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from talkingface.errors import OutputError
from talkingface.records import ImageArray

CELL_PX = 300
LABEL_PX = 22


def contact_sheet(cells: dict[str, dict[str, ImageArray]], cell_px: int = CELL_PX) -> ImageArray:
    """Lay out pictures.

    Args:
        cells: {row: {column: uint8 (h, w, 3)}}, every row with the same columns.
        cell_px: width of a cell; pictures are scaled to it.

    Returns:
        uint8 (H, W, 3).
    """
    rows = []
    for number, (row, pictures) in enumerate(cells.items()):
        scaled = [_fitted(picture, cell_px) for picture in pictures.values()]
        height = max(picture.shape[0] for picture in scaled)
        line = np.full((height + LABEL_PX, cell_px * len(scaled), 3), 255, np.uint8)
        for place, (column, picture) in enumerate(zip(pictures, scaled, strict=True)):
            left = place * cell_px
            line[LABEL_PX : LABEL_PX + picture.shape[0], left : left + cell_px] = picture
            label = f"{row}: {column}" if number == 0 or place == 0 else row
            cv2.putText(
                line, label, (left + 4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA
            )
        rows.append(line)
    width = max(line.shape[1] for line in rows)
    return np.vstack([np.pad(line, ((0, 0), (0, width - line.shape[1]), (0, 0))) for line in rows])


def save_sheet(sheet: ImageArray, path: Path | str) -> None:
    """Write a sheet as a picture file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    path = Path(path)
    encoded, data = cv2.imencode(path.suffix or ".png", np.ascontiguousarray(sheet[..., ::-1]))
    if not encoded:
        raise OutputError(f"expected a picture file such as sheet.png, found {path}")
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(data.tobytes())
        partial.replace(path)
    except OSError as error:
        raise OutputError(f"expected to write {path}, could not ({error.strerror or error})") from error


def _fitted(picture: ImageArray, cell_px: int) -> ImageArray:
    height = max(1, round(picture.shape[0] * cell_px / picture.shape[1]))
    return np.asarray(cv2.resize(picture, (cell_px, height), interpolation=cv2.INTER_CUBIC), np.uint8)
