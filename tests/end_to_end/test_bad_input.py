"""Bad input: one clear line, exit 1 or 2, nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.program import CHARACTER, SPEECH, environment, needs_character, run_app
from tests.end_to_end.small_character import half_size
from tests.mini_live.fakes import write_wav


def refused(*arguments: object, says: str, code: int = 1, folder: Path | None = None) -> str:
    """Run, check that it ends in one line that says why, and that the folder did not change."""
    before = sorted(folder.rglob("*")) if folder else []
    outcome = run_app(*arguments, "--json")
    lines = [line for line in outcome.told.splitlines() if line.strip()]
    assert outcome.code == code, outcome.told
    assert len(lines) == 1, outcome.told
    assert says in lines[0], lines[0]
    assert outcome.lines[-1]["event"] == "error"
    assert (sorted(folder.rglob("*")) if folder else []) == before
    return lines[0]


@pytest.mark.parametrize("command", ["mouth", "speak"])
def test_missing_sound(tmp_path: Path, command: str) -> None:
    output = tmp_path / ("a.json" if command == "mouth" else "a.mp4")
    refused(command, "--audio", tmp_path / "none.wav", "--output", output, says="none.wav", folder=tmp_path)


def test_zero_length_wav(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "empty.wav", np.zeros(0, np.float32))
    refused("speak", "--audio", wav, "--output", tmp_path / "a.mp4", says="empty.wav", folder=tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "nothing.wav").touch()
    refused(
        "mouth",
        "--audio",
        tmp_path / "nothing.wav",
        "--output",
        tmp_path / "a.json",
        says="empty",
        folder=tmp_path,
    )


def test_text_named_wav(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is no sound at all\n" * 50)
    refused(
        "speak",
        "--audio",
        tmp_path / "text.wav",
        "--output",
        tmp_path / "a.mp4",
        says="text.wav",
        folder=tmp_path,
    )


def test_ten_minutes_of_silence_give_fifteen_thousand_closed_mouths(tmp_path: Path) -> None:
    wav = write_wav(tmp_path / "silence.wav", np.zeros(600 * 16_000, np.float32))
    outcome = run_app("mouth", "--audio", wav, "--output", tmp_path / "silence.json", "--json")
    assert outcome.code == 0, outcome.told
    frames = json.loads((tmp_path / "silence.json").read_text())["frames"]
    assert len(frames) == 15_000
    assert all(frame["silent"] for frame in frames[10:])
    assert not np.array([frame["coefficients"] for frame in frames[10:]]).any()


def test_a_video_without_a_face(tmp_path: Path) -> None:
    from tests.made_videos import numbered_picture, write_video

    video = write_video(
        tmp_path / "bars.mp4", [numbered_picture(k) for k in range(12)], [40 * k for k in range(12)]
    )
    refused("track", video, "--output", tmp_path / "a.npz", says="face", folder=tmp_path)
    refused("prepare", video, "--output", tmp_path / "character", says="face", folder=tmp_path)


def test_a_character_folder_that_is_none(tmp_path: Path) -> None:
    arguments = ("--audio", SPEECH, "--output", tmp_path / "a.mp4")
    refused("speak", *arguments, "--character", tmp_path / "nobody", says="nobody", folder=tmp_path)
    (tmp_path / "empty").mkdir()
    refused("speak", *arguments, "--character", tmp_path / "empty", says="character.json", folder=tmp_path)


@needs_character
def test_a_character_with_a_wrong_hash(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(CHARACTER, damaged)
    with open(damaged / "preview.jpg", "ab") as file:
        file.write(b"!")
    arguments = ("--audio", SPEECH, "--output", tmp_path / "a.mp4", "--character", damaged)
    refused("speak", *arguments, says="preview.jpg", folder=tmp_path)
    listed = run_app("characters", "--folder", damaged, "--json")
    assert listed.code == 1
    assert [entry["ok"] for entry in listed.result["characters"]].count(False) == 1


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    inside_a_file = tmp_path / "file" / "a.mp4"
    refused("speak", "--audio", SPEECH, "--output", inside_a_file, says="folder", folder=tmp_path)
    refused("mouth", "--audio", SPEECH, "--output", tmp_path / "no" / "a.json", says="no", folder=tmp_path)
    if Path("/proc").is_dir():
        refused("mouth", "--audio", SPEECH, "--output", "/proc/a.json", says="/proc")


def test_an_output_of_another_kind(tmp_path: Path) -> None:
    refused("mouth", "--audio", SPEECH, "--output", tmp_path / "a.txt", says=".json or .csv", code=2)
    refused("speak", "--audio", SPEECH, "--output", tmp_path / "a.avi", says=".mp4", code=2)
    assert list(tmp_path.iterdir()) == []


def test_a_background_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    sound = ("speak", "--audio", SPEECH, "--output")
    refused(*sound, tmp_path / "a.mp4", "--background", "nowhere.png", says="nowhere.png", folder=tmp_path)
    refused(*sound, tmp_path / "a.mp4", "--background", "transparent", says=".webm", folder=tmp_path, code=2)
    refused(*sound, tmp_path / "a.webm", "--background", "green", says=".mp4", folder=tmp_path, code=2)
    bare = ("--character", half_size(CHARACTER, tmp_path / "bare", 4))  # it has no matte
    refused(*sound, tmp_path / "a.mp4", *bare, "--background", "green", says="--matte", folder=tmp_path)


def test_a_text_that_cannot_be_spoken(tmp_path: Path) -> None:
    output = ("--output", tmp_path / "a.mp4")
    refused("speak", "--text", "", *output, says="words", folder=tmp_path)
    refused("speak", "--text", "?!", *output, says="words", folder=tmp_path)
    refused("speak", "--text", "word " * 2000, *output, says="characters", folder=tmp_path)
    refused("speak", "--audio", SPEECH, "--voice", "de", *output, says="--text", folder=tmp_path)


@pytest.mark.skipif(not shutil.which("espeak-ng"), reason="needs the program espeak-ng")
def test_a_voice_that_is_not_there(tmp_path: Path) -> None:
    arguments = ("--text", "Hello", "--voice", "martian", "--output", tmp_path / "a.mp4")
    refused("speak", *arguments, says="martian", folder=tmp_path)


def test_no_program_that_speaks_text(tmp_path: Path) -> None:
    nowhere = environment(PATH=str(tmp_path))
    outcome = run_app("speak", "--text", "Hello", "--output", tmp_path / "a.mp4", "--json", env=nowhere)
    assert outcome.code == 1
    assert len(outcome.told.strip().splitlines()) == 1
    assert "espeak-ng" in outcome.told
    assert list(tmp_path.iterdir()) == []


def test_settings_out_of_range(tmp_path: Path) -> None:
    refused("mouth", "--audio", SPEECH, "--output", tmp_path / "a.json", "--gain", 7, says="gain", code=2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("sing",), "sing"),
        (("speak", "--audio", "a.wav"), "--output"),
        (("speak", "--output", "a.mp4"), "--text"),
        (("speak", "--audio", "a.wav", "--text", "Hello", "--output", "a.mp4"), "not allowed with"),
        (("live", "--headless", "--seconds", "soon"), "soon"),
        (("live", "--headless", "--seconds", "-1"), "above 0"),
        (("bench", "--renderer", "magic"), "magic"),
        (("bench", "--size", "721x1080"), "even sides"),
        (("bench", "--busy", "-1"), "busy cores"),
    ],
)
def test_wrong_arguments_exit_with_2(arguments: tuple[str, ...], says: str) -> None:
    refused(*arguments, says=says, code=2)


def test_no_display_names_the_ways_without_one() -> None:
    line = refused(says="display")
    assert "speak" in line and "live --headless" in line


def test_an_unknown_microphone() -> None:
    outcome = run_app("live", "--headless", "--device", "9999", "--json")
    assert outcome.code == 1
    assert "microphone" in outcome.told and len(outcome.told.strip().splitlines()) == 1


def test_debug_shows_where(tmp_path: Path) -> None:
    outcome = run_app("mouth", "--audio", tmp_path / "none.wav", "--output", tmp_path / "a.json", "--debug")
    assert outcome.code == 1
    assert "Traceback" in outcome.told
