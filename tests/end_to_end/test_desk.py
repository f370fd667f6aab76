"""The window used like a person does, by mouse and keys, on a virtual display with a private sound server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from talkingface.audio_files import read_audio
from talkingface.video_files import probe_video
from tests.end_to_end.desk import Desk, missing
from tests.end_to_end.program import CHARACTER, SPEECH, needs_character, run_app
from tests.end_to_end.small_character import half_size
from tests.end_to_end.test_microphone import openings_in
from tests.end_to_end.watching import correlation, delay_of, frame_count_of, tracked_lips
from tests.mini_live.fakes import babble, write_wav
from tests.mini_live.sound_server import SINK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.device,
    needs_character,
    pytest.mark.timeout(240),
    pytest.mark.skipif(bool(missing()), reason=f"needs {', '.join(missing())}"),
]
SPOKEN_S = 5.0


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Small, because what the machine cannot keep up with is dropped, and a held frame is a wrong mouth.
    return half_size(CHARACTER, tmp_path_factory.mktemp("characters") / "small")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    desk.remember(language="en")
    yield desk
    desk.close()


def start_with_the_mouse(desk: Desk) -> None:
    """Click on the large button below the stage."""
    width, height = desk.window_size()
    desk.click(round(width * 0.12), height - 50)
    desk.wait_for(lambda: desk.told("source: microphone"), "the microphone")


def record_with_the_keys(desk: Desk, video: Path) -> None:
    """Press Ctrl+R, write the file's name into the question, press Enter."""
    desk.press("ctrl+r")
    question = desk.xdo("search", "--sync", "--onlyvisible", "--name", "Save the recording as").split()[-1]
    desk.xdo("windowfocus", "--sync", question)
    desk.press("ctrl+a")
    desk.xdo("type", "--delay", "8", str(video))
    desk.press("Return")
    desk.wait_for(lambda: list(video.parent.glob(f".{video.name}*.part")), "the recording")
    desk.type_into_window()


def stop_recording(desk: Desk, video: Path) -> None:
    desk.press("ctrl+r")
    desk.wait_for(lambda: desk.told(f"recorded: .*{video.name}"), "the whole recording")


def test_start_speak_record_stop_and_the_mouth_follows(desk: Desk, small: Path, tmp_path: Path) -> None:
    spoken = read_audio(SPEECH)[: int(SPOKEN_S * 16_000)]
    wav, video = write_wav(tmp_path / "spoken.wav", spoken), tmp_path / "talk.mp4"
    desk.open_app("live", "--character", small)
    start_with_the_mouse(desk)
    record_with_the_keys(desk, video)
    time.sleep(0.5)
    desk.sound.play(wav).wait(30)
    time.sleep(0.8)
    stop_recording(desk, video)
    desk.press("ctrl+Return")
    desk.wait_for(lambda: desk.told("source: idle"), "silence")
    begin_s = time.monotonic()
    assert desk.close_app() == 130
    assert time.monotonic() - begin_s < 3.0
    begin_frame, phase_samples = divmod(delay_of(spoken, video), 640)
    on_grid = np.concatenate([np.zeros(phase_samples, np.float32), spoken])
    expected_path = tmp_path / "expected.json"
    assert (
        run_app("mouth", "--audio", write_wav(tmp_path / "grid.wav", on_grid), "--output", expected_path).code
        == 0
    )
    expected = openings_in(expected_path)
    _, lips = tracked_lips(video)
    heard = lips[begin_frame : begin_frame + len(expected)]
    by_lag = {lag: round(correlation(heard, expected, lag), 3) for lag in range(-3, 4)}
    best = max(by_lag, key=by_lag.__getitem__)
    assert by_lag[0] >= 0.8 and abs(best) <= 1, by_lag


def test_unplugged_and_plugged_in_again_while_speaking(desk: Desk, small: Path, tmp_path: Path) -> None:
    video = tmp_path / "through.mp4"
    wav = write_wav(tmp_path / "long.wav", babble(40.0))
    desk.open_app("live", "--character", small)
    start_with_the_mouse(desk)
    record_with_the_keys(desk, video)
    player = desk.sound.play(wav)
    time.sleep(3.0)
    since = len(desk.log)
    desk.sound.pactl("unload-module", "module-null-sink")
    desk.wait_for(lambda: desk.told("source: lost", since), "the loss of the microphone")
    player.wait(10)
    time.sleep(1.0)
    for name in (SINK, "avatar_heard"):
        desk.sound.pactl("load-module", "module-null-sink", f"sink_name={name}", "rate=48000", "channels=2")
    desk.wait_for(lambda: desk.told("source: microphone", since), "the microphone again")
    player = desk.sound.play(wav)
    time.sleep(3.0)
    stop_recording(desk, video)
    player.terminate()
    sound = read_audio(video)
    assert np.abs(sound[:48_000]).max() > 0.05 and np.abs(sound[-32_000:]).max() > 0.05, "both ends are heard"
    assert probe_video(video).duration_s == pytest.approx(len(sound) / 16_000, abs=0.1)


def test_two_windows_listen_to_one_microphone(desk: Desk, small: Path, tmp_path: Path) -> None:
    desk.open_app("live", "--character", small)
    start_with_the_mouse(desk)
    other = Desk.second(desk, tmp_path / "other")
    try:
        other.open_app("live", "--source", "mic", "--character", small)
        other.wait_for(
            lambda: other.told("source: microphone|told: .*microphone"), "an answer about the microphone"
        )
        time.sleep(2.0)
        for one in (desk, other):
            assert one.app is not None and one.app.poll() is None
        assert not desk.told("source: lost")
    finally:
        other.close()


def test_a_character_damaged_on_the_disk_while_it_is_shown(desk: Desk, small: Path, tmp_path: Path) -> None:
    mine, video = tmp_path / "mine", tmp_path / "kept.mp4"
    shutil.copytree(small, mine)
    desk.open_app("live", "--character", mine)
    start_with_the_mouse(desk)
    record_with_the_keys(desk, video)
    begin_s = time.monotonic()
    time.sleep(1.0)
    with open(mine / "frames.mp4", "r+b") as file:
        file.truncate(30_000)
    desk.wait_for(lambda: desk.told("cannot be drawn any more"), "the damage")
    desk.wait_for(lambda: desk.told("ready: (?!half size)"), "the default character")
    assert desk.told("told: half size was damaged")
    time.sleep(1.0)
    recorded_s = time.monotonic() - begin_s
    stop_recording(desk, video)
    # No gap while the other one is loaded; a recording ends as much later as the keys and the picture take.
    missing_s = recorded_s - frame_count_of(video) / 25
    assert -1.0 < missing_s < 0.4, missing_s


def test_a_full_disk_keeps_what_was_recorded(desk: Desk, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)], capture_output=True
    ).returncode:
        pytest.skip("may not mount a small disk")
    try:
        video = disk / "full.mp4"
        desk.open_app("live", "--character", CHARACTER)
        start_with_the_mouse(desk)
        record_with_the_keys(desk, video)
        player = desk.sound.play(write_wav(tmp_path / "long.wav", babble(60.0)))
        desk.wait_for(lambda: desk.told("cannot be written: No space left"), "the full disk", 100)
        desk.wait_for(lambda: video.is_file(), "what is kept")
        player.terminate()
        kept_s = frame_count_of(video) / 25
        assert kept_s > 2.0 and abs(len(read_audio(video)) / 16_000 - kept_s) < 2.5
        assert [path.name for path in disk.iterdir()] == ["full.mp4"]
        time.sleep(0.5)
        assert desk.app is not None and desk.app.poll() is None
        desk.close_app()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


def test_a_hundred_quick_changes_of_character(desk: Desk, small: Path, tmp_path: Path) -> None:
    own = tmp_path / "data" / "TalkingAvatar" / "characters"
    own.mkdir(parents=True)
    for name in ("a", "b"):
        shutil.copytree(small, own / name)
    video = tmp_path / "changes.mp4"
    desk.open_app("live", "--character", own / "a")
    start_with_the_mouse(desk)
    record_with_the_keys(desk, video)
    player = desk.sound.play(write_wav(tmp_path / "long.wav", babble(60.0)))
    width, _ = desk.window_size()
    before = desk.process().num_fds()
    begin_s = time.monotonic()
    since = len(desk.log)
    for number in range(100):
        desk.click(width - 300 + 76 * (1 + number % 2), 390)
    assert time.monotonic() - begin_s < 60
    time.sleep(2.0)
    changes = desk.log[since:].count("ready: ")
    assert changes >= 20, f"{changes} changes arrived"
    stop_recording(desk, video)
    player.terminate()
    sound = read_audio(video)
    assert abs(frame_count_of(video) - len(sound) / 640) <= 2
    heard = np.abs(sound[: len(sound) // 1600 * 1600].reshape(-1, 1600)).max(1)[10:-10]
    assert (heard > 0.003).mean() > 0.5, "the voice goes on through all changes"
    assert desk.process().num_fds() <= before + 6


def test_killed_in_the_middle_settings_and_recording_are_still_there(
    desk: Desk, small: Path, tmp_path: Path
) -> None:
    video = tmp_path / "cut.mp4"
    desk.open_app("live", "--character", small)
    start_with_the_mouse(desk)
    desk.press("ctrl+m")
    record_with_the_keys(desk, video)
    time.sleep(5.0)
    assert desk.app is not None
    os.kill(desk.app.pid, 9)
    desk.app.communicate()
    desk.app = None
    assert not video.exists()
    (desk.folder / "state").rename(desk.folder / "state_before")
    desk.open_app("live", "--character", small)
    desk.wait_for(video.is_file, "what there was of the recording")
    assert frame_count_of(video) >= 25
    assert desk.told("told: The last recording was cut off")


def test_the_companion_by_its_key_and_back(desk: Desk, small: Path) -> None:
    desk.open_app("live", "--character", small)
    desk.press("F10")
    window = desk.xdo("search", "--sync", "--onlyvisible", "--name", "Companion").split()[-1]
    desk.xdo("windowfocus", "--sync", window)
    before = desk.xdo("getwindowgeometry", "--shell", window)
    desk.xdo("mousemove", "--window", window, "60", "60", "mousedown", "1")
    desk.xdo("mousemove_relative", "--sync", "--", "-200", "-100")
    desk.xdo("mouseup", "1")
    desk.xdo("click", "4")
    time.sleep(0.5)
    after = desk.xdo("getwindowgeometry", "--shell", window)
    assert before != after
    place = dict(line.split("=") for line in after.splitlines() if "=" in line)
    first = dict(line.split("=") for line in before.splitlines() if "=" in line)
    assert int(place["X"]) < int(first["X"]) - 100 and int(place["HEIGHT"]) > int(first["HEIGHT"])
    desk.press("Escape")
    desk.wait_for(lambda: desk.xdo("search", "--onlyvisible", "--name", "Talking avatar"), "the window again")
    assert psutil.pid_exists(desk.process().pid)
