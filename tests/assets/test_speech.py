"""The demo speech: what the pipeline expects, without clicks, with rest before and after."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest


@pytest.mark.parametrize("name", ["hello_en", "hello_zh"])
def test_demo_speech_is_clean_16_khz_mono(name: str, project: Path) -> None:
    path = project / "assets" / "speech" / f"{name}.flac"
    assert path.stat().st_size < 500_000
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.channels) == (16_000, 1)
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)]) / 32768
    assert 8 < len(sound) / 16_000 < 30
    assert 0.5 < np.abs(sound).max() < 0.9
    assert np.abs(sound[:4000]).max() < 0.01 > np.abs(sound[-4000:]).max()
    assert np.sqrt((sound**2).mean()) > 0.03, "somebody speaks"
