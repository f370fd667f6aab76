"""The command line: picks the command, turns errors into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import json
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from mini_live.arguments import ArgumentValueError, add_commands
from mini_live.lasting import lasting
from talkingface.exit_codes import EXIT_WRONG_ARGUMENTS, exit_code_of
from talkingface.reporting import Reporter


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one line."""

    def error(self, message: str) -> NoReturn:
        """Print the line and leave with 2."""
        if "--json" in sys.argv[1:]:
            print(json.dumps({"event": "error", "message": message}), flush=True)
        self.exit(EXIT_WRONG_ARGUMENTS, f"{self.prog}: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole program."""
    parser = _OneLineParser(
        prog="python app.py",
        description="A talking avatar that runs on your own machine. Without a command the live window opens.",
    )
    add_commands(parser)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command.

    Args:
        argv: the arguments without the program's name.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong arguments, 130 interrupted.
    """
    parser = build_parser()
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else EXIT_WRONG_ARGUMENTS
    reporter = Reporter(as_json=arguments.json)
    signal.signal(signal.SIGTERM, _interrupt)
    return exit_code_of(lambda: _run(arguments, reporter), reporter, debug=arguments.debug)


def _run(arguments: argparse.Namespace, reporter: Reporter) -> int | None:
    with lasting():
        command = importlib.import_module(f"mini_live.commands.{arguments.command}")
    try:
        code: int | None = command.run(arguments, reporter)
    except ArgumentValueError as error:
        if arguments.debug:
            raise
        reporter.error(str(error))
        return EXIT_WRONG_ARGUMENTS
    return code


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
