"""Frames on which something hides the lower face: a hand, a cup, a microphone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkingface.preparation.watching import Watched
from talkingface.records import FloatArray

LEAST_DIFFERENCE = 34.0
USUAL_DIFFERENCES = 5.0
HIDDEN_SHARE = 0.3
FEWEST_FRAMES = 12
MOST_LOOKED_AT = 300


def hidden_share(watched: Watched) -> FloatArray:
    """Return float32 (F,): how much of the lower face looks unlike it usually does, 0..1; 0 without a face.

    The usual look is the median over time; what changes a lot by itself, such as talking lips, counts less.
    Changes of light of the whole face do not count.
    """
    faces = watched.lower_faces
    found = np.flatnonzero(faces.any((1, 2, 3)))
    share = np.zeros(len(faces), np.float32)
    if len(found) < FEWEST_FRAMES:
        return share
    some = found[:: -(-len(found) // MOST_LOOKED_AT)]
    known = faces[some].astype(np.float32)
    usual = np.median(known, axis=0)
    spread = np.median(np.abs(known - usual), axis=0)
    limit = np.maximum(LEAST_DIFFERENCE, USUAL_DIFFERENCES * spread)
    for number in found:
        difference = faces[number] - usual
        difference -= np.median(difference, axis=(0, 1))
        share[number] = (np.abs(difference) > limit).any(-1).mean()
    return share


def hidden(share: FloatArray) -> NDArray[np.bool_]:
    """Return bool (F,): frames whose lower face is covered in part, for what :func:`hidden_share` says."""
    return share > HIDDEN_SHARE
