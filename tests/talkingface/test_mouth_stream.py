"""The whole way from sound to mouth as a stream: chunking, lengths, waiting, rest, long sounds."""

from __future__ import annotations

import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from talkingface.engines.onnx_mouth import OnnxMouthModel, load_mouth_model
from talkingface.errors import BadAudioError
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthCurve, MouthStream, mouth_of
from talkingface.timing import frame_count, samples_needed

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"


@pytest.fixture(scope="module")
def model() -> OnnxMouthModel:
    return load_mouth_model(CHECKPOINT)


def babble(seconds: float, seed: int = 0) -> np.ndarray:
    """Return a sound that is spoken like: harmonics under a moving envelope, with pauses."""
    time_s = np.arange(int(seconds * 16_000)) / 16_000
    rng = np.random.default_rng(seed)
    pitch = 2 * np.pi * np.cumsum(120 + 25 * np.sin(2 * np.pi * 0.7 * time_s)) / 16_000
    wave = sum(np.sin(n * pitch) / n for n in range(1, 25))
    envelope = np.maximum(0, np.sin(2 * np.pi * 3.1 * time_s)) * (np.sin(2 * np.pi * 0.4 * time_s) > -0.5)
    return (0.1 * wave * envelope + 0.0005 * rng.normal(size=len(time_s))).astype(np.float32)


def in_chunks(model: OnnxMouthModel, samples: np.ndarray, sizes: list[int]) -> list[MouthCurve]:
    stream = MouthStream(model)
    curves, position, turn = [], 0, 0
    while position < len(samples):
        size = sizes[turn % len(sizes)]
        curves.append(stream.push(samples[position : position + size]))
        position, turn = position + size, turn + 1
    return [*curves, stream.finish()]


@pytest.mark.parametrize("size", [1, 160, 441, 640, 4096, 0])
def test_streaming_equals_whole(model: OnnxMouthModel, size: int) -> None:
    samples = babble(0.7 if size == 1 else 3.3)
    sizes = [size] if size else np.random.default_rng(3).integers(1, 5000, 100).tolist()
    curves = in_chunks(model, samples, sizes)
    whole = mouth_of(samples, model)
    np.testing.assert_allclose(
        np.concatenate([c.coefficients for c in curves]), whole.coefficients, atol=1e-5
    )
    np.testing.assert_array_equal(np.concatenate([c.silent for c in curves]), whole.silent)
    first = 0
    for curve in curves:
        assert curve.first_frame == first
        first += len(curve)
    assert first == frame_count(len(samples))


@pytest.mark.parametrize("samples", [0, 1, 319, 320, 321, 640, 800, 959, 960, 16_000, 16_321])
def test_every_length_gives_its_frames(model: OnnxMouthModel, samples: int) -> None:
    curve = mouth_of(babble(2.0)[:samples], model)
    assert curve.coefficients.shape == (frame_count(samples), model.coefficient_count)
    assert curve.silent.shape == (frame_count(samples),)
    assert np.isfinite(curve.coefficients).all()


def test_a_frame_waits_no_longer_than_timing_says(model: OnnxMouthModel) -> None:
    samples, stream = babble(1.0), MouthStream(model)
    needed = samples_needed(5, model.look_ahead_ms)
    assert len(stream.push(samples[: needed - 1])) == 5
    assert len(stream.push(samples[needed - 1 : needed])) == 1


def test_the_mouth_moves_with_speech_and_rests_without(model: OnnxMouthModel) -> None:
    quiet = np.zeros(32_000, np.float32)
    curve = mouth_of(np.concatenate([quiet, babble(3.0), quiet]), model)
    assert not curve.coefficients[:45].any()
    assert curve.silent[:45].all()
    assert np.abs(curve.coefficients[55:120]).max() > 0.1
    assert not curve.coefficients[50 + 75 + 10 :].any()
    assert curve.silent[50 + 75 + 10 :].all()


def test_controls_reach_the_mouth(model: OnnxMouthModel) -> None:
    samples = babble(2.0)
    plain = mouth_of(samples, model).coefficients
    np.testing.assert_allclose(mouth_of(samples, model, MouthControls(gain=0.5)).coefficients, 0.5 * plain)
    assert not mouth_of(samples, model, MouthControls(noise_gate_dbfs=0.0)).coefficients.any()


@pytest.mark.parametrize(
    "samples",
    [np.zeros((10, 2), np.float32), np.array([0.0, np.nan], np.float32), np.array([np.inf], np.float32)],
)
def test_sound_that_is_none_is_refused(model: OnnxMouthModel, samples: np.ndarray) -> None:
    with pytest.raises(BadAudioError, match="finite mono"):
        MouthStream(model).push(samples)


@pytest.mark.parametrize(("samples", "frames"), [(1600, 3), (1600, 2), (960, 1), (960, 2)])
def test_another_count_of_the_sound_may_ask_for_a_frame_more_or_less(
    model: OnnxMouthModel, samples: int, frames: int
) -> None:
    stream = MouthStream(model)
    first = stream.push(babble(1.0)[:samples])
    assert len(first) + len(stream.finish(frames)) == frames


def test_nothing_follows_the_end(model: OnnxMouthModel) -> None:
    stream = MouthStream(model)
    stream.push(babble(0.5))
    stream.finish()
    assert len(stream.finish()) == 0
    with pytest.raises(BadAudioError, match="after the end"):
        stream.push(babble(0.1))


def run_long(model: OnnxMouthModel, minutes: float) -> tuple[np.ndarray, int]:
    """Speak the same ten seconds again and again; returns the last ten seconds' mouth and the growth in bytes."""
    samples, stream = babble(10.0), MouthStream(model)
    rounds = max(3, round(minutes * 6))
    stream.push(samples)
    tracemalloc.start()
    before, curve = tracemalloc.get_traced_memory()[0], None
    for _ in range(rounds - 1):
        curve = stream.push(samples)
    growth = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert curve is not None
    assert stream.finish().first_frame + 4 >= 250 * rounds - 4
    return curve.coefficients, growth


def test_long_sound_neither_drifts_nor_grows(model: OnnxMouthModel) -> None:
    early, _ = run_long(model, 0.5)
    late, growth = run_long(model, 1.5)
    assert growth < 200_000
    np.testing.assert_allclose(late, early, atol=0.15)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_hour_neither_drifts_nor_grows(model: OnnxMouthModel) -> None:
    early, _ = run_long(model, 2)
    resource = pytest.importorskip("resource", reason=f"no memory figures on {sys.platform}")
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    late, growth = run_long(model, 60)
    assert growth < 200_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 30_000
    np.testing.assert_allclose(late, early, atol=0.02)


@pytest.mark.parametrize("offset_ms", [-300.0, -120.0, 40.0, 300.0])
@pytest.mark.parametrize("block", [441, 48_000])
def test_an_offset_moves_the_mouth_against_its_sound(
    model: OnnxMouthModel, offset_ms: float, block: int
) -> None:
    samples = np.concatenate([np.zeros(16_000, np.float32), babble(2.0), np.zeros(16_000, np.float32)])
    stream = MouthStream(model, offset_ms=offset_ms)
    parts = [stream.push(samples[start : start + block]) for start in range(0, len(samples), block)]
    for number, part in enumerate(parts[:-1], 1):  # never ahead of the sound that came
        assert sum(len(p) for p in parts[:number]) <= frame_count(number * block), part.first_frame
    moved = np.concatenate([part.coefficients for part in [*parts, stream.finish()]])
    shift = round(offset_ms / 40)
    silence = np.zeros(abs(round(offset_ms * 16)), np.float32)
    whole = (
        np.concatenate([silence, samples])
        if shift > 0
        else np.concatenate([samples[len(silence) :], silence])
    )
    expected = mouth_of(whole, model).coefficients[: frame_count(len(samples))]
    np.testing.assert_allclose(moved, expected, atol=1e-5)
    assert len(moved) == frame_count(len(samples))
