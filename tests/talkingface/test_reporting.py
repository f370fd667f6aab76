"""What a command tells: JSON lines to programs; notes, a bar and one line of error to people."""

from __future__ import annotations

import io
import json
import re
import sys
from contextlib import closing

import pytest

from talkingface import reporting
from talkingface.reporting import Reporter


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


def looked_at(monkeypatch: pytest.MonkeyPatch, columns: int = 120) -> Terminal:
    """Put a terminal in the place of standard error; in the test itself, as pytest puts its own there before each."""
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "stderr", screen)
    return screen


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_programs_get_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Reporter(as_json=True)) as reporter:
        reporter.progress(0.42, "track", "anna")
        reporter.event("clip", {"name": "安娜"})
        reporter.note("for people")
        reporter.result({"frames": 3}, "three frames")
    told = capsys.readouterr()
    assert told.out.isascii()
    assert lines(told.out) == [
        {"event": "progress", "done": 0.42, "stage": "track"},
        {"event": "clip", "name": "安娜"},
        {"event": "result", "frames": 3},
    ]
    assert told.err == "for people\n"


def test_people_get_sentences_and_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Reporter(as_json=False)) as reporter:
        reporter.progress(0.5, "track")
        reporter.event("clip", {"name": "anna"})
        reporter.result({"frames": 3}, "three frames")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "three frames\n")


def test_numbers_that_json_cannot_say_are_null(capsys: pytest.CaptureFixture[str]) -> None:
    fields = {"psnr": 30.0, "lmd": float("inf"), "clips": [{"flicker_ratio": float("nan")}]}
    Reporter(as_json=True).result(fields, "")
    (line,) = lines(capsys.readouterr().out)
    assert line == {"event": "result", "psnr": 30.0, "lmd": None, "clips": [{"flicker_ratio": None}]}


def test_progress_comes_now_and_then_but_every_stage_and_end_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "LINE_PERIOD_S", 60.0)
    reporter = Reporter(as_json=True)
    for stage, shares in (("track", (0.0, 0.1, 1.2, 1.3)), ("learn", (0.3, 0.4))):
        for done in shares:
            reporter.progress(done, stage)
    told = [(line["done"], line["stage"]) for line in lines(capsys.readouterr().out)]
    assert told == [(0.0, "track"), (1.0, "track"), (0.3, "learn")]


def test_programs_get_two_lines_a_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = [100.0]
    monkeypatch.setattr(reporting.time, "monotonic", lambda: now_s[0])
    reporter = Reporter(as_json=True)
    for step in range(1000):
        now_s[0] = 100.0 + step / 100
        reporter.progress(step / 1000, "train")
    assert 18 <= len(lines(capsys.readouterr().out)) <= 21


def test_on_a_terminal_a_bar_stands_with_its_note(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = looked_at(monkeypatch)
    with closing(Reporter(as_json=False)) as reporter:
        reporter.progress(1.0, "track")
        reporter.progress(0.25, "learn", "step [7] of many")
        reporter.note("step 7: better [bold]")
    told = terminal.getvalue()
    assert all(text in told for text in ("learn", "25%", "step [7] of many", "step 7: better [bold]"))


@pytest.mark.parametrize("columns", [80, 60])
def test_a_long_note_leaves_room_for_stage_bar_and_share(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    terminal = looked_at(monkeypatch, columns)
    with closing(Reporter(as_json=False)) as reporter:
        reporter.progress(0.25, "train", "step 12345 " + "pixels 0.0412 coarse 0.0398 gradient 0.1205 " * 3)
    told = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    bar = next(line.strip() for line in re.split(r"[\r\n]+", told) if "25%" in line)
    assert len(bar) <= columns and bar.startswith("train ") and bar.endswith("…")
    assert all(text in bar for text in ("━━━━━", " 25% ", " step 12345 "))


def test_time_left_is_of_this_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at(monkeypatch)
    with closing(Reporter(as_json=False)) as reporter:
        reporter.progress(1.0, "track")
        reporter.progress(0.25, "learn")
        assert reporter._progress is not None
        assert reporter._progress.tasks[0].time_remaining is None, "not 0: a stage was finished, not the work"


def test_an_error_is_one_line_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    Reporter(as_json=True).error("expected a file,\n  found none")
    told = capsys.readouterr()
    assert lines(told.out) == [{"event": "error", "message": "expected a file, found none"}]
    assert told.err == "error: expected a file, found none\n"


def test_a_silent_one_tells_people_its_errors_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Reporter(as_json=True, silent=True)) as reporter:
        reporter.progress(0.5, "track")
        reporter.event("clip", {})
        reporter.note("for people")
        reporter.result({}, "for people")
        reporter.error("expected a file, found none")
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "error: expected a file, found none\n")
