"""Where the skin would fold if a lip were pushed towards its surroundings: the edges along which these make room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkingface.landmarks import LIPS
from talkingface.records import FloatArray
from talkingface.wrap_mesh import WrapMesh


def outward_edges(wrap: WrapMesh, neutral: FloatArray) -> NDArray[np.int64]:
    """Find the edges of the wrap that run outwards, along which a push of the lips is passed on.

    Args:
        wrap: the lower-face surface.
        neutral: float32 (478, 3) a resting face, which tells what lies nearer to the lips.

    Returns:
        int64 (E, 2) vertices of the wrap, the one nearer to the lips first.
    """
    place = neutral[wrap.landmarks, :2]
    distance = np.linalg.norm(place[:, None] - neutral[None, list(LIPS), :2], axis=-1).min(1)
    inside = wrap.triangles[(wrap.triangles < len(wrap.landmarks)).all(1)]
    edges = np.unique(np.sort(np.concatenate([inside[:, :2], inside[:, 1:], inside[:, ::2]]), axis=1), axis=0)
    nearer_first = np.where((distance[edges[:, 0]] <= distance[edges[:, 1]])[:, None], edges, edges[:, ::-1])
    is_lip = np.isin(wrap.landmarks, LIPS)
    reached = wrap.absolute[nearer_first[:, 0]] > 0
    return nearer_first[~is_lip[nearer_first[:, 1]] & reached].astype(np.int64)
