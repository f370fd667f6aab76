"""Reading npz archives that may be damaged: any failure is a plain ValueError with one line."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_arrays(path: Path | str, names: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Read the named arrays of an npz file, without pickle.

    Raises:
        OSError: the file cannot be opened.
        ValueError: it is no npz file, it is damaged, or an array is missing; the message says which, in one line.
    """
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ValueError("one bare array")
        with archive:
            return {name: archive[name] for name in names}
    except KeyError as error:
        raise ValueError(f"array {error.args[0]!r} is missing") from error
    except (EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError) as error:
        raise ValueError(f"not an intact npz file: {' '.join(str(error).split()) or 'empty'}") from error
