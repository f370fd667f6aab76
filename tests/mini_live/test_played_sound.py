"""A played sound: every sample once, at its own pace; paused it is silent; moved about in to the sample."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mini_live.played_sound import PlayedSound, played_file, played_samples
from talkingface.audio_files import iter_audio, read_audio
from talkingface.errors import BadAudioError
from tests.mini_live.fakes import FakeClock, babble, write_wav


def rest_of(sound: PlayedSound) -> np.ndarray:
    blocks = []
    while (chunk := sound.read(1.0)) is not None:
        blocks.append(chunk.samples)
    return np.concatenate(blocks)


def test_a_file_comes_whole_in_its_own_time(tmp_path: Path) -> None:
    clock = FakeClock()
    path = write_wav(tmp_path / "a.wav", babble(2.0))
    sound = played_file(path, 320, clock)
    begin_s = clock.now_s()
    np.testing.assert_array_equal(rest_of(sound), read_audio(path))
    assert clock.now_s() - begin_s == pytest.approx(2.0, abs=0.03)
    assert sound.position_s == pytest.approx(2.0, abs=0.01)


def test_a_pause_is_silence_in_real_time_and_loses_nothing() -> None:
    clock, samples = FakeClock(), babble(1.0)
    sound = played_samples(samples, 320, clock)
    first = [sound.read(1.0).samples for _ in range(10)]
    sound.paused = True
    begin_s = clock.now_s()
    pause = [sound.read(1.0).samples for _ in range(50)]
    assert clock.now_s() - begin_s == pytest.approx(1.0, abs=0.03)
    assert not np.concatenate(pause).any()
    sound.paused = False
    np.testing.assert_array_equal(np.concatenate([*first, rest_of(sound)]), samples)


def test_moving_about_goes_to_the_sample_and_positions_go_on() -> None:
    samples = babble(2.0)
    sound = played_samples(samples, 320, FakeClock())
    sound.read(1.0)
    sound.seek(1.5)
    chunk = sound.read(1.0)
    np.testing.assert_array_equal(chunk.samples, samples[24_000:24_320])
    assert chunk.start_sample == 320
    sound.seek(99.0)
    assert sound.read(1.0) is None and sound.position_s == 2.0
    sound.seek(-1.0)
    np.testing.assert_array_equal(rest_of(sound), samples)


@pytest.mark.parametrize(("codec", "name"), [("pcm_s16le", "a.wav"), ("aac", "a.m4a"), ("flac", "a.flac")])
def test_a_file_read_from_a_time_on_is_the_rest_of_it(codec: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=48_000, layout="stereo")
        sound = (np.repeat(babble(6.0, 48_000)[None], 2, 0) * 32_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(sound.T.reshape(1, -1)), format="s16", layout="stereo"
        )
        frame.sample_rate = 48_000
        resampler = av.AudioResampler(
            stream.codec_context.format.name, "stereo", 48_000, stream.codec_context.frame_size or None
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            for packet in stream.encode(piece):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    whole = read_audio(path)
    rest = np.concatenate(list(iter_audio(path, 320, start_s=3.2)))
    expected = whole[-len(rest) :]
    assert len(rest) == pytest.approx(len(whole) - 3.2 * 16_000, abs=1200 if codec == "aac" else 40)
    assert np.corrcoef(rest[2000:-2000], expected[2000:-2000])[0, 1] > 0.98


def test_a_missing_file_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadAudioError, match="found nothing"):
        played_file(tmp_path / "none.wav", 320, FakeClock())
