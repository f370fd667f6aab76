"""Measures the stages of one frame and single networks, on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from talkingface.frame_composer import FrameComposer
from talkingface.mouth_stream import MouthStream
from talkingface.records import FloatArray
from talkingface.seams import MouthModel
from talkingface.stage_timing import StageTimer, percentiles
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, SAMPLES_PER_FRAME

WARM_UP_FRAMES = 10
VOICE_HZ = 140.0
SYLLABLES_HZ = 2.5


def measure_stages(
    composer: FrameComposer, model: MouthModel, frames: int, on_frame: Callable[[int], None]
) -> dict[str, dict[str, float]]:
    """Compose frames one after the other, driven by a synthetic voice, and time every stage.

    Args:
        composer: a character, owned by this thread.
        model: the mouth model.
        frames: how many to measure, after some to warm up.
        on_frame: told the number done.

    Returns:
        {stage: {"p50", "p95", "p99"}} in milliseconds; ``all`` is the whole frame.
    """
    stream = MouthStream(model)
    timer = StageTimer()
    block = done = 0
    while done < frames + WARM_UP_FRAMES:
        sound = _voice(block)
        begin_s = time.perf_counter()
        curve = stream.push(sound)
        mouth_ms = (time.perf_counter() - begin_s) * 1000
        block += 1
        for row, coefficients in enumerate(curve.coefficients):
            begin_s = time.perf_counter()
            composer.compose(curve.first_frame + row, coefficients)
            timer.add("mouth", mouth_ms / len(curve.coefficients))
            timer.add("all", mouth_ms / len(curve.coefficients) + (time.perf_counter() - begin_s) * 1000)
            done += 1
            if done == WARM_UP_FRAMES:
                timer, composer.stages = StageTimer(), StageTimer()
            on_frame(done)
    return {**composer.stages.summary(), **timer.summary()}


def measure_runs(run: Callable[[], object], runs: int) -> dict[str, float]:
    """Return the percentiles of single runs in milliseconds, after some to warm up."""
    times_ms = []
    for _ in range(WARM_UP_FRAMES + runs):
        begin_s = time.perf_counter()
        run()
        times_ms.append((time.perf_counter() - begin_s) * 1000)
    return percentiles(times_ms[WARM_UP_FRAMES:])


def _voice(block: int) -> FloatArray:
    """Return one frame's sound of a voice that swells and falls."""
    time_s = (np.arange(SAMPLES_PER_FRAME) / SAMPLE_RATE) + block / FRAMES_PER_SECOND
    swell = np.clip(np.sin(2 * np.pi * SYLLABLES_HZ * time_s), 0, None)
    voice = np.zeros(SAMPLES_PER_FRAME)
    for harmonic in range(1, 10):
        voice += np.sin(2 * np.pi * VOICE_HZ * harmonic * time_s) / harmonic
    return (0.2 * swell * voice).astype(np.float32)
