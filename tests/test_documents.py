"""The documents are true: links lead somewhere, every command and option is described, and none that is gone."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from mini_live.cli import build_parser

PROJECT = Path(__file__).resolve().parent.parent
DOCUMENTS = [PROJECT / "README.md", PROJECT / "README.zh-CN.md", *sorted((PROJECT / "docs").glob("*.md"))]
each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def commands() -> dict[str, argparse.ArgumentParser]:
    parser = build_parser()
    (action,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def options(parser: argparse.ArgumentParser) -> set[str]:
    return {text for action in parser._actions for text in action.option_strings if text.startswith("--")}


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text) + re.findall(r'src="([^"]+)"', text)
    local = [target for target in targets if not target.startswith(("http://", "https://"))]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_option_is_described(name: str) -> None:
    text = (PROJECT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert f"`{name}`" in text or f"app.py {name}" in text
    missing = {option for option in options(commands()[name]) - {"--help"} if option not in text}
    assert not missing


@each_document
def test_no_command_or_option_is_described_that_does_not_exist(document: Path) -> None:
    known = commands()
    text = document.read_text(encoding="utf-8")
    for line in re.findall(r"python app\.py ([^\n`]*)", text):
        words = line.split("#")[0].split()
        if not words or not re.fullmatch(r"[a-z]+", words[0]):
            continue
        assert words[0] in known, f"{document.name}: app.py {line}"
        asked = {word for word in words if re.fullmatch(r"--[a-z-]+", word)}
        assert asked <= options(known[words[0]]), f"{document.name}: app.py {line}"


def test_the_first_screen_shows_how_to_run_and_test() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        first_screen = "\n".join((PROJECT / name).read_text(encoding="utf-8").splitlines()[:40])
        assert "make run" in first_screen
        assert "make test" in first_screen


def test_every_make_target_is_told_by_help() -> None:
    text = (PROJECT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    told = text[text.index("\nhelp:") : text.index("\nsetup:")]
    assert [target for target in phony.split() if target != "help" and f"make {target}" not in told] == []
