"""``score`` hears a video's own sound from the first picture on, whenever the file lets it begin."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mini_live.commands.score import _from_first_picture
from talkingface.audio_files import sound_delay_s


def video_with_sound_at(path: Path, sound_s: float, picture_s: float) -> Path:
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        sound = container.add_stream("pcm_s16le", rate=16_000, layout="mono")
        for index in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = round(picture_s * 25) + index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        block = av.AudioFrame.from_ndarray(np.zeros((1, 6400), np.int16), format="s16", layout="mono")
        block.sample_rate, block.pts, block.time_base = 16_000, round(sound_s * 16_000), Fraction(1, 16_000)
        container.mux(sound.encode(block))
        container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize(("sound_s", "picture_s"), [(0.0, 0.0), (0.24, 0.0), (0.0, 0.2)])
def test_the_delay_of_the_sound_is_read(sound_s: float, picture_s: float, tmp_path: Path) -> None:
    video = video_with_sound_at(tmp_path / "a.mkv", sound_s, picture_s)
    assert sound_delay_s(video) == pytest.approx(sound_s - picture_s, abs=0.002)


def test_a_late_sound_is_led_in_by_silence_and_an_early_one_cut() -> None:
    sound = np.arange(1, 32_001, dtype=np.float32)
    late = _from_first_picture(sound, 0.25)
    assert not late[:4000].any() and late[4000] == 1 and len(late) == 36_000
    assert _from_first_picture(sound, -0.25)[0] == 4001
    np.testing.assert_array_equal(_from_first_picture(sound, 0.0), sound)
    np.testing.assert_array_equal(_from_first_picture(sound, 1e9), sound)
