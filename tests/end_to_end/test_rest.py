"""The lips in the video rest while nobody speaks: faint and loud noises, breath, music, before, between and after."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from talkingface.audio_files import read_audio
from tests.end_to_end.program import CHARACTER, SPEECH, needs_character, run_app
from tests.end_to_end.watching import tracked_lips
from tests.mini_live.fakes import write_wav
from train_audio.sound_changes import NOISES, made_noise

GENUINE_CLIP = "clips/characters/matesx_001_01.mkv"
SPEECH_S, NOISE_S = 2.0, 3.0
# Digital silence and faint noise rest after 400 ms. A louder noise has first to be known as none of speech's.
SETTLED_S = {"zeros": 0.4, "faint": 0.4}
SLOWLY_SETTLED_S = 1.4


def _sounds() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(5)
    count = round(NOISE_S * 16_000)
    sounds = {"zeros": np.zeros(count), "faint": generator.normal(0, 10 ** (-60 / 20), count)}
    for kind in NOISES:
        noise = made_noise(kind, NOISE_S, generator)
        sounds[kind] = noise / noise.std() * 10 ** (-40 / 20)
    return sounds


@pytest.fixture(scope="module", params=["built_in", "prepared"])
def character(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built-in character's folder, and one prepared from a genuine clip."""
    if request.param == "built_in":
        return CHARACTER
    clip = request.getfixturevalue("talking_clips") / GENUINE_CLIP
    folder = tmp_path_factory.mktemp("prepared") / "person"
    outcome = run_app("prepare", clip, "--output", folder, "--json", within_s=300)
    assert outcome.code == 0, outcome.told
    return folder


@needs_character
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_lips_rest_whatever_is_heard_that_is_no_voice(character: Path, tmp_path: Path) -> None:
    sounds = _sounds()
    speech = read_audio(SPEECH)[: round(SPEECH_S * 16_000)]
    parts = [part for sound in sounds.values() for part in (speech, sound)]
    wav = write_wav(tmp_path / "noises.wav", np.concatenate(parts).astype(np.float32))
    video = tmp_path / "noises.mp4"
    outcome = run_app(
        "speak", "--audio", wav, "--output", video, "--character", character, "--json", within_s=600
    )
    assert outcome.code == 0, outcome.told
    (_, lips), (_, rest) = tracked_lips(video), tracked_lips(character / "frames.mp4")
    calm = float(np.median(rest))
    figures = {}
    for number, name in enumerate(sounds):
        begin_s = number * (SPEECH_S + NOISE_S) + SPEECH_S
        spoken = lips[round((begin_s - SPEECH_S) * 25) : round(begin_s * 25)]
        assert np.ptp(spoken) > 0.02, "the mouth speaks in between"
        settled_s = SETTLED_S.get(name, SLOWLY_SETTLED_S)
        part = lips[round((begin_s + settled_s) * 25) : round((begin_s + NOISE_S) * 25) - 2]
        figures[name] = (float(part.std()), float(part.mean()) - calm)
    moving = {name: f for name, f in figures.items() if f[0] >= 0.003 or abs(f[1]) >= 0.004}
    assert not moving, figures
