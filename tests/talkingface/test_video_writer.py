"""Writing videos: whole or not at all, sound and picture of one length, one clear line when the disk refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from talkingface.audio_files import read_audio
from talkingface.errors import OutputError
from talkingface.mp4_fragments import keep_whole_fragments
from talkingface.video_files import probe_video, read_frames
from talkingface.video_writer import VideoWriter
from tests.made_videos import number_in, numbered_picture


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def tone(samples: int, rate_hz: int = 16_000) -> NDArray[np.float32]:
    """Return a tone that grows louder, so that every moment differs."""
    time_s = np.arange(samples) / rate_hz
    return (0.5 * np.sin(2 * np.pi * 300 * time_s**1.3) * np.minimum(1, time_s)).astype(np.float32)


def durations_s(path: Path) -> dict[str, float]:
    with av.open(str(path)) as container:
        return {s.type: float((s.duration or 0) * (s.time_base or 0)) for s in container.streams}


def test_frames_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    with VideoWriter(path, 128, 48) as writer:
        for number in range(60):
            writer.write_frame(numbered_picture(number))
        (beside,) = leftovers(tmp_path)
        assert beside.startswith(".out.mp4.") and beside.endswith(".part")
    assert [number_in(picture) for picture in read_frames(path)] == list(range(60))
    assert leftovers(tmp_path) == ["out.mp4"]


@pytest.mark.parametrize(
    "colour", [(200, 30, 60), (20, 180, 70), (30, 60, 220), (128, 128, 128), (245, 245, 240)]
)
def test_colours_stay(colour: tuple[int, int, int], tmp_path: Path) -> None:
    path = tmp_path / "colour.mp4"
    with VideoWriter(path, 64, 64, crf=10) as writer:
        for _ in range(3):
            writer.write_frame(np.full((64, 64, 3), colour, np.uint8))
    picture = next(iter(read_frames(path)))
    np.testing.assert_allclose(picture.mean((0, 1)), colour, atol=4)


def test_half_size_planes_give_the_same_picture(tmp_path: Path) -> None:
    picture = np.random.default_rng(1).integers(0, 255, (6, 8, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    with (
        VideoWriter(tmp_path / "rgb.mp4", 64, 48) as direct,
        VideoWriter(tmp_path / "yuv.mp4", 64, 48) as other,
    ):
        for _ in range(4):
            direct.write_frame(picture)
            other.write_planes(other.planes(picture))
    assert (tmp_path / "rgb.mp4").read_bytes() == (tmp_path / "yuv.mp4").read_bytes()


@pytest.mark.parametrize("name", ["film.mp4", "film.webm"])
def test_picture_and_sound_lie_beside_each_other_in_the_file(name: str, tmp_path: Path) -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 24_000).astype(np.float32)
    # Long enough that the file could not hide what comes late by waiting for it.
    with VideoWriter(tmp_path / name, 64, 48, 25, 48_000, quick=True) as writer:
        for number in range(350):
            if number % 12 == 0:
                writer.write_audio(sound)
            writer.write_frame(numbered_picture(number % 64)[:48, :64])
    with av.open(str(tmp_path / name)) as container:
        packets = sorted(
            (packet.pos or 0, packet.stream.type, float(packet.dts * packet.stream.time_base))
            for packet in container.demux()
            if packet.size and packet.dts is not None
        )
    reached_s = {"video": 0.0, "audio": 0.0}
    for _, kind, time_s in packets:
        reached_s[kind] = time_s
        assert abs(reached_s["video"] - reached_s["audio"]) < 0.2


def test_a_quick_film_is_near_the_frames(tmp_path: Path) -> None:
    path, random = tmp_path / "quick.mp4", np.random.default_rng(0)
    texture = cv2.GaussianBlur(random.integers(0, 255, (240, 320, 3), np.uint8), (0, 0), 3)
    pictures = [np.roll(texture, 2 * number, 1) for number in range(20)]
    with VideoWriter(path, 320, 240, quick=True) as writer:
        for picture in pictures:
            writer.write_frame(picture)
    errors = [np.abs(a.astype(int) - b).mean() for a, b in zip(read_frames(path), pictures, strict=True)]
    assert max(errors) < 2.5


@pytest.mark.parametrize(("width", "height"), [(33, 48), (32, 49), (33, 49)])
def test_odd_sizes_are_padded_by_one_pixel(width: int, height: int, tmp_path: Path) -> None:
    picture = np.full((height, width, 3), 40, np.uint8)
    picture[-1], picture[:, -1] = 220, 220
    with VideoWriter(tmp_path / "odd.mp4", width, height, crf=5) as writer:
        writer.write_frame(picture)
    seen = next(iter(read_frames(tmp_path / "odd.mp4")))
    assert seen.shape == (height + height % 2, width + width % 2, 3)
    assert seen[-1].min() > 150
    assert seen[:, -1].min() > 150


@pytest.mark.parametrize("block", [160, 640, 1000, 32_000])
def test_sound_keeps_its_place_whatever_the_blocks(block: int, tmp_path: Path) -> None:
    path, sound = tmp_path / "sound.mp4", tone(32_000)
    with VideoWriter(path, 128, 48, audio_sample_rate_hz=16_000) as writer:
        given = 0
        for number in range(50):
            writer.write_frame(numbered_picture(number))
            while given < min(len(sound), (number + 1) * 640):
                writer.write_audio(sound[given : given + block])
                given += block
    heard = read_audio(path)
    assert abs(len(heard) - len(sound)) <= 1024
    middle = sound[8_000:24_000]
    scores = [float(np.dot(heard[8_000 + lag : 24_000 + lag], middle)) for lag in range(-40, 41)]
    assert abs(int(np.argmax(scores)) - 40) <= 1
    assert durations_s(path)["audio"] == pytest.approx(durations_s(path)["video"], abs=0.04)


@pytest.mark.parametrize("samples", [100, 20_000, 31_990, 32_250, 40_000])
def test_picture_and_sound_end_together_and_neither_is_cut(samples: int, tmp_path: Path) -> None:
    path = tmp_path / "ends.mp4"
    with VideoWriter(path, 128, 48, audio_sample_rate_hz=16_000) as writer:
        writer.write_audio(tone(samples))
        for number in range(50):
            writer.write_frame(numbered_picture(number))
    length_s = durations_s(path)
    assert length_s["video"] >= 2.0
    assert length_s["audio"] >= samples / 16_000 - 1e-3
    assert abs(length_s["audio"] - length_s["video"]) <= 0.04
    numbers = [number_in(picture) for picture in read_frames(path)]
    assert numbers == list(range(50)) + [49] * (len(numbers) - 50)


def test_names_and_tags(tmp_path: Path) -> None:
    path = tmp_path / "我的 数字人 (1).mp4"
    with VideoWriter(path, 128, 48, metadata={"title": "标题"}) as writer:
        writer.write_frame(numbered_picture(3))
    assert probe_video(path).width == 128
    with av.open(str(path)) as container:
        assert container.metadata["title"] == "标题"
        assert "comment" not in container.metadata


def test_a_video_says_that_it_is_synthetic(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", 128, 48) as writer:
        writer.write_frame(numbered_picture(3))
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert "synthetic media" in container.metadata["comment"]


def test_an_exception_inside_leaves_nothing_and_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), VideoWriter(path, 128, 48) as writer:
        writer.write_frame(numbered_picture(1))
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == ["out.mp4"]


def test_a_users_own_files_and_a_second_writer_are_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "out.mp4.part"
    own.write_text("mine")
    frame = np.full((16, 16, 3), 90, np.uint8)
    with VideoWriter(tmp_path / "out.mp4", 16, 16) as one, VideoWriter(tmp_path / "out.mp4", 16, 16) as two:
        one.write_frame(frame)
        two.write_frame(frame)
    assert own.read_text() == "mine"
    assert leftovers(tmp_path) == ["out.mp4", "out.mp4.part"]


def test_an_interrupt_while_opening_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("talkingface.video_writer.av.open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        VideoWriter(tmp_path / "out.mp4", 16, 16)
    assert leftovers(tmp_path) == []


def test_close_twice_abort_after_close_and_write_after_close(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 128, 48)
    writer.write_frame(numbered_picture(1))
    writer.close()
    writer.close()
    writer.abort()
    assert leftovers(tmp_path) == ["out.mp4"]
    with pytest.raises(OutputError, match="closed"):
        writer.write_frame(numbered_picture(2))


def test_no_frame_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="at least one frame"):
        VideoWriter(tmp_path / "out.mp4", 128, 48).close()
    assert leftovers(tmp_path) == []


def test_a_frame_of_another_size_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "out.mp4", 128, 48)
    with pytest.raises(OutputError, match="expected frames of 128x48"):
        writer.write_frame(np.zeros((50, 128, 3), np.uint8))
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("missing/out.mp4", "existing folder"), ("out.txt", "ending in"), ("folder.mp4", "found a folder")],
)
def test_places_that_cannot_be_written_are_one_clear_line(name: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match=expected) as failure:
        VideoWriter(tmp_path / name, 128, 48)
    assert "\n" not in str(failure.value)
    assert leftovers(tmp_path) == ["folder.mp4"]


FILL_THE_DISK = """
import resource, signal, sys
import numpy as np
from talkingface.errors import OutputError
from talkingface.video_writer import VideoWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
noise = np.random.default_rng(0)
try:
    with VideoWriter(sys.argv[1], 320, 240, crf=5) as writer:
        for _ in range(40):
            writer.write_frame(noise.integers(0, 255, (240, 320, 3), np.uint8))
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a Unix feature")
def test_a_full_disk_is_one_clear_line_and_leaves_nothing(tmp_path: Path, project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, str(tmp_path / "out.mp4")],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout
    assert done.stdout.count("\n") == 1
    assert leftovers(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a Unix feature")
def test_a_full_disk_keeps_a_recording_up_to_there(tmp_path: Path, project: Path) -> None:
    script = FILL_THE_DISK.replace("crf=5", "crf=5, keyframe_interval=5, keep_what_is_whole=True")
    script = script.replace("320, 240", "160, 120").replace("(240, 320, 3)", "(120, 160, 3)")
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "out.mp4")],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout and "kept in" in done.stdout
    assert leftovers(tmp_path) == ["out.mp4"]
    frames = list(read_frames(tmp_path / "out.mp4"))
    assert len(frames) >= 5


def test_a_recording_that_is_torn_off_can_be_played_up_to_there(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    writer = VideoWriter(
        tmp_path / "a.mp4", 64, 48, 25, 16_000,
        preset="ultrafast", keyframe_interval=5, keep_what_is_whole=True,
    )  # fmt: skip
    for _ in range(33):
        writer.write_audio(np.zeros(640, np.float32))
        writer.write_frame(random.integers(0, 255, (48, 64, 3), np.uint8))
    (part,) = tmp_path.glob(".a.mp4.*.part")
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(part.read_bytes()[:-7])
    assert keep_whole_fragments(torn)
    assert len(list(read_frames(torn))) >= 20
    writer.close()
    assert len(list(read_frames(tmp_path / "a.mp4"))) == 33

    assert leftovers(tmp_path) == ["a.mp4", "torn.mp4"]
    torn.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\x01")
    assert not keep_whole_fragments(torn)
