"""The silence gate: noise and fans are silence, speech is not, and the mouth closes without a pop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.audio_features import features_of
from talkingface.engines.onnx_mouth import OnnxMouthModel, load_mouth_model
from talkingface.mouth_space import MouthSpace
from talkingface.mouth_stream import mouth_of
from talkingface.silence_gate import SilenceGate, gate_all, level_dbfs
from tests.talkingface.test_mouth_stream import babble
from train_audio.sound_changes import NOISES, made_noise

CHECKPOINT = Path(__file__).resolve().parents[2] / "checkpoint"
SECOND = 16_000
SPEECH_S = 3.1
# Frames from 400 ms after speech on.
SETTLED = round((SPEECH_S + 0.4) * 25) + 1


@pytest.fixture(scope="module")
def model() -> OnnxMouthModel:
    return load_mouth_model(CHECKPOINT)


@pytest.fixture(scope="module")
def space() -> MouthSpace:
    return MouthSpace.load(CHECKPOINT / "mouth_space.npz")


def noise(dbfs: float, seconds: float, power: float = 0.0, seed: int = 1) -> np.ndarray:
    count = int(seconds * SECOND)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    wave = np.fft.irfft(spectrum / np.maximum(np.arange(len(spectrum)), 20.0) ** power, count)
    return (wave / wave.std() * 10 ** (dbfs / 20)).astype(np.float32)


@pytest.mark.parametrize("dbfs", [-80.0, -60.0, -40.0, -20.0])
def test_white_noise_reads_its_own_level(dbfs: float) -> None:
    columns = features_of(noise(dbfs, 1.0))
    levels = [level_dbfs(columns[i : i + 2]) for i in range(0, len(columns) - 1, 2)]
    assert abs(np.median(levels) - dbfs) < (4.0 if dbfs < -70 else 1.0)


def clicks() -> np.ndarray:
    wave = noise(-75.0, 3.0)
    for start in range(4000, len(wave) - 200, 9000):
        wave[start : start + 60] += noise(-50.0, 60 / SECOND, seed=start)
    return wave


QUIET = {
    "digital zeros": np.zeros(3 * SECOND, np.float32),
    "noise at -60 dBFS": noise(-60.0, 3.0),
    "room tone": noise(-62.0, 3.0, 0.5),
    "faint clicks": clicks(),
}


@pytest.mark.parametrize("name", QUIET)
def test_silence_after_speech_is_exact_rest(model: OnnxMouthModel, space: MouthSpace, name: str) -> None:
    curve = mouth_of(np.concatenate([babble(SPEECH_S), QUIET[name]]), model)
    settled = curve.coefficients[SETTLED:]
    assert not settled.any()
    assert curve.silent[SETTLED:].all()
    rest = float(space.lip_opening(np.zeros(space.coefficient_count, np.float32)))
    opening = space.lip_opening(settled)
    assert opening.std() < 0.003
    assert abs(opening.mean() - rest) < 0.004


@pytest.mark.parametrize("power", [0.0, 0.5])
def test_a_fan_that_was_there_before_is_silence_after_a_second(model: OnnxMouthModel, power: float) -> None:
    fan = noise(-46.0, SPEECH_S + 6.0, power)
    speech = np.concatenate(
        [np.zeros(3 * SECOND, np.float32), babble(SPEECH_S), np.zeros(3 * SECOND, np.float32)]
    )
    length = min(len(fan), len(speech))
    curve = mouth_of(fan[:length] + speech[:length], model)
    assert not curve.coefficients[75 + SETTLED + 20 :].any()
    assert curve.coefficients[75 : 75 + 70].any()


@pytest.mark.parametrize("kind", NOISES)
def test_sounds_without_a_voice_come_to_rest(model: OnnxMouthModel, space: MouthSpace, kind: str) -> None:
    sound = made_noise(kind, 4.0, np.random.default_rng(0))
    sound = (sound / sound.std() * 10 ** (-40.0 / 20)).astype(np.float32)
    curve = mouth_of(np.concatenate([babble(SPEECH_S), sound]), model)
    opening = space.lip_opening(curve.coefficients[SETTLED + 25 :])
    rest = float(space.lip_opening(np.zeros(space.coefficient_count, np.float32)))
    assert opening.std() < 0.006
    assert abs(opening.mean() - rest) < 0.004


def test_the_mouth_closes_without_a_pop() -> None:
    loud = features_of(noise(-20.0, 1.0))[:40]
    quiet = features_of(np.zeros(SECOND, np.float32))[:40]
    columns = np.concatenate([loud, quiet])
    shown, silent = gate_all(SilenceGate(2), columns, np.ones((40, 3), np.float32), 2)
    assert silent[-1]
    assert (shown[:, 0] >= 0).all()
    assert np.abs(np.diff(shown[4:, 0])).max() < 0.55


def test_it_opens_before_the_first_sound() -> None:
    columns = np.concatenate(
        [features_of(np.zeros(SECOND, np.float32))[:40], features_of(noise(-20.0, 1.0))[:40]]
    )
    shown, _ = gate_all(SilenceGate(2), columns, np.ones((40, 3), np.float32), 2)
    assert shown[20, 0] == 1.0
    assert not shown[:17].any()


def test_chunks_make_no_difference() -> None:
    columns = features_of(babble(2.0))
    columns = columns[: len(columns) // 2 * 2]
    mouth = np.ones((len(columns) // 2, 3), np.float32)
    whole, _ = gate_all(SilenceGate(2), columns, mouth, 0)
    gate = SilenceGate(2)
    parts = [
        gate_all(gate, columns[2 * i : 2 * i + 6], mouth[i : i + 3], 0)[0] for i in range(0, len(mouth), 3)
    ]
    np.testing.assert_array_equal(np.concatenate(parts), whole)


def test_setting_the_same_threshold_again_keeps_the_learned_background() -> None:
    fan = features_of(noise(-45.0, 8.0))
    still = len(fan) // 4 * 2
    gate = SilenceGate(0)
    gate_all(gate, fan[:still], np.ones((still // 2, 2), np.float32), 0)
    gate.set_threshold(-120.0)
    rest = fan[still : len(fan) // 2 * 2]
    _, silent = gate_all(gate, rest, np.ones((len(rest) // 2, 2), np.float32), 0)
    assert silent.all()


@pytest.mark.parametrize(("swing_db", "shut_after"), [(0.0, 10), (12.0, 23)])
def test_an_unsteady_pause_is_waited_for_longer_than_steady_silence(swing_db: float, shut_after: int) -> None:
    def column(dbfs: float) -> np.ndarray:
        return np.full((2, 80), (dbfs + 35.1) / 10 * np.log(10), np.float32)

    gate = SilenceGate(look_ahead_frames=0)
    levels = [-30.0] * 40 + [-62.0 - swing_db * (frame % 2) for frame in range(40)]
    silent = []
    for level in levels:
        gate.listen(column(level))
        silent.append(gate.next_weight() == 0)
    assert not any(silent[2 : 40 + shut_after - 2])
    assert all(silent[40 + shut_after :])
