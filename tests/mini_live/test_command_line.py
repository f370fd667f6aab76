"""The command line itself: help, exit codes, JSON lines, and that it loads only what a command needs."""

from __future__ import annotations

import json
import subprocess
import sys
import types
from pathlib import Path

import pytest

from mini_live import cli
from talkingface.errors import BadInputError
from talkingface.reporting import Reporter

PROJECT = Path(__file__).resolve().parents[2]
COMMANDS = ("speak", "live", "mouth", "prepare", "track", "characters", "doctor", "bench")


def with_command(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    monkeypatch.setitem(sys.modules, "mini_live.commands.doctor", types.SimpleNamespace(run=run))


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(command in told for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_module_and_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([command, "--help"]) == 0
    assert "--json" in capsys.readouterr().out
    assert (PROJECT / "mini_live" / "commands" / f"{command}.py").is_file()


@pytest.mark.parametrize(
    ("raised", "code"),
    [(BadInputError("expected this, found that"), 1), (KeyboardInterrupt(), 130), (OSError("x"), 1)],
)
def test_errors_become_one_line_and_a_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], raised: BaseException, code: int
) -> None:
    def run(arguments: object, reporter: Reporter) -> None:
        raise raised

    with_command(monkeypatch, run)
    assert cli.main(["doctor", "--json"]) == code
    told = capsys.readouterr()
    assert len(told.err.strip().splitlines()) == 1
    assert json.loads(told.out)["event"] == "error"


def test_a_command_may_choose_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    with_command(monkeypatch, lambda arguments, reporter: 1)
    assert cli.main(["doctor"]) == 1
    with_command(monkeypatch, lambda arguments, reporter: None)
    assert cli.main(["doctor"]) == 0


@pytest.mark.parametrize("arguments", [["doctor", "--json"], ["--json", "doctor"]])
def test_json_may_stand_before_or_behind_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    def run(given: object, reporter: Reporter) -> None:
        reporter.progress(0.42, "look")
        reporter.progress(1.0, "look")
        reporter.result({"answer": "是"}, "yes")

    with_command(monkeypatch, run)
    assert cli.main(arguments) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        {"event": "progress", "done": 0.42, "stage": "look"},
        {"event": "progress", "done": 1.0, "stage": "look"},
        {"event": "result", "answer": "是"},
    ]


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(arguments: object, reporter: Reporter) -> None:
        raise BadInputError("expected this, found that")

    with_command(monkeypatch, run)
    with pytest.raises(BadInputError):
        cli.main(["doctor", "--debug"])


def test_app_is_short_and_help_is_quick() -> None:
    assert len((PROJECT / "app.py").read_text().splitlines()) < 40
    done = subprocess.run([sys.executable, "app.py", "--help"], cwd=PROJECT, capture_output=True, timeout=20)
    assert done.returncode == 0


def test_json_is_ascii_whatever_the_pipe_can_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["mouth", "--audio", "不存在.wav", "--output", "q.json", "--json"]) == 1
    told = capsys.readouterr().out
    assert told.isascii() and "不存在" in json.loads(told.splitlines()[-1])["message"]


@pytest.mark.parametrize("arguments", [[], ["live"], ["speak", "--audio", "a.wav", "--output", "a.mp4"]])
def test_the_sign_of_synthetic_videos_is_left_out_only_when_asked(arguments: list[str]) -> None:
    assert cli.build_parser().parse_args(arguments).badge
    if arguments:
        assert not cli.build_parser().parse_args([*arguments, "--no-badge"]).badge
