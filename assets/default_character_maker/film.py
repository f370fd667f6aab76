"""Films the idle loop into a video file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from assets.default_character_maker.idle_motion import FRAMES_PER_SECOND, Idle, idle_loop
from assets.default_character_maker.looks import CharacterLook
from assets.default_character_maker.offscreen import Offscreen
from assets.default_character_maker.picture import FINE, Detail, Framing, Studio
from talkingface.mouth_space import MouthSpace

MOUTH_SPACE_FILE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"
OVERLAP_FRAMES = 16
_QUALITY_CRF = 15


def draw_loop(
    look: CharacterLook, framing: Framing, frame_count: int, detail: Detail = FINE
) -> Iterator[NDArray[np.uint8]]:
    """Yield the frames of the loop, uint8 (height, width, 3) RGB.

    Raises:
        GraphicsError: no OpenGL context can be had.
        CheckpointError: the mean face is missing.
    """
    neutral = MouthSpace.load(MOUTH_SPACE_FILE).neutral
    with Offscreen() as offscreen:
        studio = Studio(offscreen, look, neutral, framing, detail)
        drawn: dict[Idle, NDArray[np.uint8]] = {}
        for idle in idle_loop(frame_count):
            if idle not in drawn:
                drawn[idle] = studio.draw(idle)
            yield drawn[idle]


def film_loop(
    look: CharacterLook, output: Path, framing: Framing, frame_count: int, on_frame: Callable[[int], None]
) -> None:
    """Write the loop as H.264 at 25 frames a second; the file appears whole or not at all.

    The first frames are written again at the end, so that preparation finds a perfect cut.

    The encoder runs on one thread, so that the same frames give the same bytes.
    """
    beside = output.with_name(output.name + ".part")
    try:
        with av.open(str(beside), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
            stream.width, stream.height, stream.pix_fmt = framing.width, framing.height, "yuv420p"
            stream.options = {"crf": str(_QUALITY_CRF), "preset": "slow", "threads": "1"}
            first: list[NDArray[np.uint8]] = []
            for done, frame in enumerate(draw_loop(look, framing, frame_count), start=1):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
                if len(first) < OVERLAP_FRAMES:
                    first.append(frame)
                on_frame(done)
            for frame in first:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
        beside.replace(output)
    finally:
        beside.unlink(missing_ok=True)
