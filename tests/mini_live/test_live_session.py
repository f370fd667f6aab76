"""The live loop: every frame of the sound, on time, the same for any block size; late ones dropped and counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mini_live.audio_file_source import AudioFileSource, LimitedSource, SilenceSource
from mini_live.live_session import LiveSession
from mini_live.mouth_curves import MouthCurveCollector
from talkingface.audio_files import read_audio
from talkingface.errors import OutputError
from talkingface.mouth_space import MouthSpace
from talkingface.mouth_stream import MouthStream, mouth_of
from talkingface.records import AudioChunk, VideoFrame
from talkingface.seams import AudioSource, FrameSink
from talkingface.timing import frame_count
from tests.mini_live.fakes import FakeClock, KeepingSink, LoudnessMouth, PaintedComposer, babble, write_wav

SPACE = Path(__file__).resolve().parents[2] / "checkpoint" / "mouth_space.npz"


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "voice.wav", babble(3.13))


def session_of(
    source: AudioSource, clock: FakeClock, sinks: list[FrameSink], compose_s: float = 0.0, **more: object
) -> LiveSession:
    model = LoudnessMouth()
    composer = PaintedComposer(clock, compose_s)
    return LiveSession(
        source, MouthStream(model), composer, sinks, clock, look_ahead_ms=80, margin_s=0.02, **more
    )


@pytest.mark.parametrize("block_samples", [77, 320, 1600, 48_000])
def test_live_gives_the_offline_curve_for_any_block_size(wav: Path, block_samples: int) -> None:
    clock = FakeClock()
    collector = MouthCurveCollector(MouthSpace.load(SPACE), 80)
    source = AudioFileSource(wav, block_samples, clock)
    session = session_of(source, clock, [KeepingSink()], collector=collector)
    session.run()
    expected = mouth_of(read_audio(wav), LoudnessMouth())
    np.testing.assert_allclose(collector.table().coefficients, expected.coefficients, atol=1e-5)


def test_every_frame_arrives_once_in_order_and_on_time(wav: Path) -> None:
    clock, sink = FakeClock(), KeepingSink()
    session = session_of(AudioFileSource(wav, 320, clock), clock, [sink], compose_s=0.012)
    session.run()
    frames = frame_count(len(read_audio(wav)))
    assert [frame.index for frame in sink.frames] == list(range(frames))
    assert session.statistics.late_frames == session.statistics.dropped_frames == 0
    np.testing.assert_array_equal(sink.sound(), read_audio(wav))


def test_latency_is_the_sum_of_its_parts(wav: Path) -> None:
    clock = FakeClock()
    session = session_of(AudioFileSource(wav, 320, clock), clock, [], compose_s=0.012)
    session.run()
    latency = session.statistics.latency()
    parts = latency["parts"]
    total = parts["window"] + parts["look_ahead"] + parts["compute"]["p50"] + parts["pacing"]["p50"]
    assert parts["window"] == 50 and parts["look_ahead"] == 80
    assert latency["p50"] == pytest.approx(total, abs=1.0)
    assert 140 <= latency["p50"] <= 160


def test_a_slow_composer_drops_frames_and_stays_with_the_sound(wav: Path) -> None:
    clock, sink = FakeClock(), KeepingSink()
    session = session_of(AudioFileSource(wav, 320, clock), clock, [sink], compose_s=0.09)
    session.run()
    total = frame_count(len(read_audio(wav)))
    statistics = session.statistics
    assert statistics.dropped_frames > total // 3
    assert statistics.frames + statistics.dropped_frames == total
    assert sink.frames[-1].index == total - 1
    assert session.statistics.latency()["p95"] < 350


def test_a_long_session_keeps_time_and_does_not_grow() -> None:
    psutil = pytest.importorskip("psutil")
    clock, minutes = FakeClock(), 2
    source = LimitedSource(SilenceSource(320, clock), minutes * 60 * 16_000)
    session = session_of(source, clock, [], compose_s=0.01)
    process = psutil.Process()
    sizes: list[int] = []
    session.add_sink(_At(500, lambda: sizes.append(process.memory_info().rss)))
    session.run()
    sizes.append(process.memory_info().rss)
    assert session.statistics.frames == minutes * 60 * 25
    assert session.statistics.late_frames == session.statistics.dropped_frames == 0
    assert sizes[-1] - sizes[0] < 20 * 1024 * 1024


def test_stop_ends_the_session_but_shows_the_frames_of_the_sound_taken(wav: Path) -> None:
    clock, sink = FakeClock(), KeepingSink()
    session = session_of(AudioFileSource(wav, 320, clock), clock, [sink])
    stopper = _StopAfter(session, 20)
    session.add_sink(stopper)
    session.run()
    assert len(sink.frames) == frame_count(len(sink.sound())) < 40


def test_a_limit_ends_to_the_sample(wav: Path) -> None:
    clock, sink = FakeClock(), KeepingSink()
    source = LimitedSource(AudioFileSource(wav, 320, clock), 24_000)
    session_of(source, clock, [sink]).run()
    assert len(sink.sound()) == 24_000
    assert len(sink.frames) == round(1.5 * 25 + 1e-6)


def test_muted_sound_reaches_nobody(wav: Path) -> None:
    clock, sink = FakeClock(), KeepingSink()
    session = session_of(AudioFileSource(wav, 320, clock), clock, [sink])
    session.muted = True
    session.run()
    assert not sink.sound().any() and len(sink.sound()) == len(read_audio(wav))


def test_a_sink_that_ends_early_gets_the_frames_of_all_its_sound(wav: Path) -> None:
    clock, sink = FakeClock(), KeepingSink()
    session = session_of(AudioFileSource(wav, 320, clock), clock, [sink])
    session.add_sink(_After(30, lambda: session.post(lambda: session.end_sink(sink, sink.close))))
    session.run()
    assert sink.closed == 1
    assert len(sink.frames) == frame_count(len(sink.sound())) < 40


def test_a_failing_sink_is_told_and_left_out(wav: Path) -> None:
    clock, good = FakeClock(), KeepingSink()
    told: list[str] = []
    bad = _Failing()
    session = session_of(
        AudioFileSource(wav, 320, clock),
        clock,
        [bad, good],
        on_sink_error=lambda sink, error: told.append(str(error)),
    )
    session.run()
    assert told == ["disk full"]
    assert len(good.frames) == frame_count(len(read_audio(wav)))


def test_a_failing_sink_ends_the_session_where_nobody_is_told(wav: Path) -> None:
    clock = FakeClock()
    with pytest.raises(OutputError, match="disk full"):
        session_of(AudioFileSource(wav, 320, clock), clock, [_Failing()]).run()


class _After(KeepingSink):
    def __init__(self, count: int, action: object) -> None:
        super().__init__()
        self._count, self._action = count, action

    def write(self, frame: VideoFrame) -> None:
        super().write(frame)
        if len(self.frames) == self._count:
            self._action()  # type: ignore[operator]


class _At(KeepingSink):
    """Does something at one frame and keeps nothing."""

    def __init__(self, index: int, action: Callable[[], None]) -> None:
        super().__init__()
        self._index, self._action = index, action

    def write(self, frame: VideoFrame) -> None:
        if frame.index == self._index:
            self._action()

    def write_audio(self, chunk: AudioChunk) -> None:
        pass


class _StopAfter(_After):
    def __init__(self, session: LiveSession, count: int) -> None:
        super().__init__(count, session.stop)


class _Failing(KeepingSink):
    def write(self, frame: VideoFrame) -> None:
        raise OutputError("disk full")

    def write_audio(self, chunk: AudioChunk) -> None:
        pass


def test_a_limited_source_tells_what_the_source_inside_lost(wav: Path) -> None:
    source = AudioFileSource(wav, 320)
    assert LimitedSource(source, 1000).lost_samples == 0
    source.lost_samples = 7  # type: ignore[attr-defined]
    assert LimitedSource(source, 1000).lost_samples == 7
