"""Speaking offline makes every frame once and in order, alone or in groups."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from mini_live.mouth_curves import MouthCurveCollector
from mini_live.offline import MOST_TOGETHER, frames_together, speak_into
from mini_live.samples_source import SamplesSource
from mini_live.sinks import VideoFileSink
from talkingface.colour_planes import PlanarFrame
from talkingface.engines.onnx_mouth import load_mouth_model
from talkingface.frame_composer import FrameComposer
from talkingface.mouth_space import MouthSpace
from talkingface.mouth_stream import MouthStream
from talkingface.records import FloatArray
from talkingface.stage_timing import StageTimer
from talkingface.timing import SAMPLE_RATE, frame_time_s
from talkingface.video_files import VideoWriter, read_frames

CHECKPOINT = Path(__file__).parents[2] / "checkpoint"
WIDTH, HEIGHT, FRAMES = 64, 48, 30


class CountingComposer:
    """Paints the number of each frame as its grey, and remembers how many were drawn together."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def draw(self, first: int, mouths: Sequence[FloatArray]) -> list[int]:
        self.groups.append(len(mouths))
        return list(range(first, first + len(mouths)))

    def paint(self, drawn: Sequence[int]) -> list[PlanarFrame]:
        planes = [np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8) for _ in drawn]
        for number, picture in zip(drawn, planes, strict=True):
            picture[:HEIGHT] = 20 + 7 * number
        return [PlanarFrame(picture, n, frame_time_s(n)) for n, picture in zip(drawn, planes, strict=True)]


@pytest.mark.parametrize(("together", "sizes"), [(1, {1}), (7, {7, 6, 5, 4, 3, 2, 1})])
def test_every_frame_is_made_once_and_told(together: int, sizes: set[int], tmp_path: Path) -> None:
    composer, told = CountingComposer(), list[int]()
    model, space = load_mouth_model(CHECKPOINT), MouthSpace.load(CHECKPOINT / "mouth_space.npz")
    sound = np.random.default_rng(0).normal(0, 0.1, FRAMES * SAMPLE_RATE // 25).astype(np.float32)
    path = tmp_path / "out.mp4"
    spoken = speak_into(
        VideoFileSink(VideoWriter(path, WIDTH, HEIGHT, 25, SAMPLE_RATE, crf=5)),
        SamplesSource(sound, SAMPLE_RATE // 2),
        MouthStream(model),
        cast(FrameComposer, composer),
        MouthCurveCollector(space, model.look_ahead_ms),
        StageTimer(),
        told.append,
        together=together,
    )
    assert spoken == len(sound)
    assert sum(composer.groups) == FRAMES and set(composer.groups) <= sizes
    assert max(composer.groups) == together
    assert told == list(np.cumsum(composer.groups))
    greys = np.array([picture.mean() for picture in read_frames(path)])
    assert len(greys) == FRAMES and (np.diff(greys) > 4).all()


def test_large_frames_are_made_alone() -> None:
    assert frames_together(720, 960) == MOST_TOGETHER
    assert 1 < frames_together(1080, 1920) < MOST_TOGETHER
    assert frames_together(4096, 4096) == 1
