"""``speak`` and ``mouth``: sound in, a whole video out, whose lips follow the sound."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from talkingface.audio_files import read_audio
from tests.end_to_end.program import CHARACTER, SPEECH, needs_character, run_app
from tests.end_to_end.watching import correlation, frame_count_of, tracked_lips
from tests.mini_live.fakes import babble, write_wav


@needs_character
def test_speak_makes_every_frame_with_the_whole_sound_and_lips_that_follow_it(tmp_path: Path) -> None:
    video, curve_path = tmp_path / "out.mp4", tmp_path / "curve.json"
    sound = read_audio(SPEECH)[: 4 * 16_000]
    outcome = run_app(
        "speak",
        "--audio",
        write_wav(tmp_path / "speech.wav", sound),
        "--output",
        video,
        "--mouth-curve",
        curve_path,
        "--character",
        CHARACTER,
        "--json",
    )
    assert outcome.code == 0, outcome.told
    frames = round(len(sound) / 16_000 * 25)
    assert outcome.result["frames"] == frame_count_of(video) == frames
    muxed = read_audio(video)
    assert abs(len(muxed) - len(sound)) <= 2048
    length = min(len(muxed), len(sound))
    assert np.corrcoef(muxed[:length], sound[:length])[0, 1] > 0.98
    curve = np.array([frame["lip_opening"] for frame in json.loads(curve_path.read_text())["frames"]])
    track, lips = tracked_lips(video)
    assert track.found.mean() >= 0.99
    assert correlation(lips, curve) >= 0.85
    assert max(range(-3, 4), key=lambda lag: correlation(lips, curve, lag)) == 0


@needs_character
def test_the_lips_rest_in_digital_silence_and_in_faint_noise_after_speech(tmp_path: Path) -> None:
    speech_s, silence_s, noise_s, settled_s = 2.0, 2.0, 2.0, 0.4
    noise = np.random.default_rng(3).normal(0, 10 ** (-60 / 20), round(noise_s * 16_000))
    parts = [read_audio(SPEECH)[: round(speech_s * 16_000)], np.zeros(round(silence_s * 16_000)), noise]
    wav = write_wav(tmp_path / "falls_silent.wav", np.concatenate(parts).astype(np.float32))
    video = tmp_path / "falls_silent.mp4"
    outcome = run_app("speak", "--audio", wav, "--output", video, "--character", CHARACTER, "--json")
    assert outcome.code == 0, outcome.told
    (_, lips), (_, rest) = tracked_lips(video), tracked_lips(CHARACTER / "frames.mp4")
    settled, noisy = round((speech_s + settled_s) * 25), round((speech_s + silence_s) * 25)
    assert np.ptp(lips[:settled]) > 0.02, "the mouth speaks before it rests"
    for name, part in (("silence", slice(settled, noisy)), ("noise", slice(noisy, len(lips)))):
        assert lips[part].std() < 0.003, (name, lips[part].std())
        assert abs(lips[part].mean() - rest[part].mean()) < 0.004, (
            name,
            lips[part].mean(),
            rest[part].mean(),
        )


def test_mouth_writes_the_curve_as_json_and_as_csv(tmp_path: Path) -> None:
    written = run_app("mouth", "--audio", SPEECH, "--output", tmp_path / "a.json", "--json")
    assert written.code == 0, written.told
    document = json.loads((tmp_path / "a.json").read_text())
    assert document["fps"] == 25 and document["look_ahead_ms"] <= 80
    frames = document["frames"]
    assert len(frames) == written.result["frames"] == round(len(read_audio(SPEECH)) / 16_000 * 25)
    assert [frame["time_s"] for frame in frames[:3]] == [0.0, 0.04, 0.08]
    assert set(frames[0]) == {"time_s", "lip_opening", "lip_width", "silent", "coefficients"}
    assert run_app("mouth", "--audio", SPEECH, "--output", tmp_path / "a.csv").code == 0
    rows = (tmp_path / "a.csv").read_text().splitlines()
    assert rows[0].startswith("time_s,lip_opening,lip_width,silent,coefficient_0")
    assert len(rows) == len(frames) + 1
    assert float(rows[5].split(",")[1]) == frames[4]["lip_opening"]


def test_sound_at_another_rate_in_a_path_with_spaces_and_chinese_characters(tmp_path: Path) -> None:
    folder = tmp_path / "我的 声音"
    folder.mkdir()
    wav = write_wav(folder / "你好 world.wav", babble(1.23, 44_100), 44_100)
    outcome = run_app("mouth", "--audio", wav, "--output", folder / "口型.json", "--json")
    assert outcome.code == 0, outcome.told
    assert outcome.result["frames"] == round(1.23 * 25)


@needs_character
@pytest.mark.parametrize("milliseconds", [25, 615, 1990])
def test_the_end_of_a_sound_is_not_cut_off(tmp_path: Path, milliseconds: int) -> None:
    wav = write_wav(tmp_path / "short.wav", babble(milliseconds / 1000))
    video = tmp_path / "short.mp4"
    outcome = run_app("speak", "--audio", wav, "--output", video, "--character", CHARACTER, "--json")
    assert outcome.code == 0, outcome.told
    assert outcome.result["frames"] == frame_count_of(video) == round(milliseconds / 1000 * 25)
    assert len(read_audio(video)) >= milliseconds * 16


@needs_character
@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the program espeak-ng")
def test_a_text_is_spoken(tmp_path: Path) -> None:
    video = tmp_path / "说.mp4"
    outcome = run_app("speak", "--text", "你好。", "--output", video, "--character", CHARACTER, "--json")
    assert outcome.code == 0, outcome.told
    assert 0.4 < outcome.result["seconds"] < 3
    assert outcome.result["frames"] == frame_count_of(video) == round(outcome.result["seconds"] * 25)
    sound = read_audio(video)
    assert len(sound) / 16_000 == pytest.approx(outcome.result["seconds"], abs=0.15)
    assert float(np.abs(sound).max()) > 0.1


@needs_character
def test_without_json_a_person_gets_one_sentence_and_programs_nothing(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "a.wav", babble(0.5))
    outcome = run_app("speak", "--audio", wav, "--output", tmp_path / "a.mp4", "--character", CHARACTER)
    assert outcome.code == 0
    assert outcome.raw == ""
    assert "frames" in outcome.told and "a.mp4" in outcome.told
