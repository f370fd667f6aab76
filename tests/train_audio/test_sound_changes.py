"""Changed copies of sound for training: tempo, rooms, lines and noises do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from talkingface.audio_features import LOG_MEL_FLOOR, features_of
from train_audio.sound_changes import (
    NOISES,
    another_sound,
    changed_features,
    in_room,
    made_noise,
    microphone_response_db,
    through_line,
    warp_matrices,
)
from train_audio.whisper_encoder import mel_filters


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def test_another_sound_is_as_much_shorter_as_it_says(generator: np.random.Generator) -> None:
    for _ in range(8):
        changed, speed = another_sound(generator.normal(0, 0.1, 16_000).astype(np.float32), generator)
        assert 0.8 < speed < 1.25
        assert abs(len(changed) * speed - 16_000) < 3
        assert np.isfinite(changed).all()
        assert np.abs(changed).max() <= 1.0


def test_a_room_rings_on_but_not_before(generator: np.random.Generator) -> None:
    click = np.zeros(8000, np.float32)
    click[2000] = 1.0
    heard = in_room(click, generator)
    assert np.abs(heard[:1999]).max() < 1e-6
    assert heard[2000] == pytest.approx(1.0, abs=1e-4)
    assert np.abs(heard[2100:3000]).max() > 1e-4


def test_a_line_takes_the_lows_away(generator: np.random.Generator) -> None:
    hum = np.sin(2 * np.pi * 15 * np.arange(16_000) / 16_000).astype(np.float32)
    for _ in range(5):
        assert through_line(hum, generator)[8000:].std() < 0.5 * hum.std()


@pytest.mark.parametrize("kind", NOISES)
def test_noises_are_sounds(kind: str, generator: np.random.Generator) -> None:
    noise = made_noise(kind, 2.0, generator)
    assert noise.shape == (32_000,)
    assert noise.dtype == np.float32
    assert 0.01 < np.abs(noise).max() <= 0.5001


def test_warping_moves_a_tone_and_keeps_flat_flat() -> None:
    warps = warp_matrices(count=9)
    tone = features_of(0.1 * np.sin(2 * np.pi * 1000 * np.arange(8000) / 16_000).astype(np.float32))[10]
    peaks = [int((tone @ warp).argmax()) for warp in warps]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] > peaks[4] > peaks[-1]
    np.testing.assert_allclose(np.ones(80) @ warps, 1.0, atol=1e-5)


def test_changed_features_stay_features(generator: np.random.Generator) -> None:
    features = features_of(generator.normal(0, 0.1, 32_000).astype(np.float32))[:90]
    batch = np.stack([features] * 6)
    noise = np.stack([features_of(made_noise("pink", 2.0, generator))[:90]] * 6)
    changed = changed_features(batch, noise, warp_matrices(), generator)
    assert changed.shape == batch.shape
    assert changed.dtype == np.float32
    assert np.isfinite(changed).all()
    assert changed.min() >= np.float32(LOG_MEL_FLOOR)
    assert len({float(row.mean()) for row in changed}) == 6


def test_microphones_are_smooth_and_some_are_dull(generator: np.random.Generator) -> None:
    responses = microphone_response_db(2000, generator)
    assert responses.shape == (2000, 80)
    assert np.abs(np.diff(responses[:, :33], axis=1)).max() < 2.0
    assert -22.0 < np.median(responses[:, :33]) < 8.0
    falls = responses[:, 33] - responses[:, -1]
    bright = np.sort(falls)[:1000].std()
    dull = np.mean(falls > falls.mean() + 4.0 * bright)
    assert 0.1 < dull < 0.25


def test_slaney_filters_have_unit_area() -> None:
    area = mel_filters().sum(1) * 40.0
    np.testing.assert_allclose(area[20:], 1.0, atol=0.12)
