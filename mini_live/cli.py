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
from mini_live.reporting import Reporter
from talkingface.errors import AvatarError

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_WRONG_ARGUMENTS = 2
EXIT_INTERRUPTED = 130


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
    try:
        command = importlib.import_module(f"mini_live.commands.{arguments.command}")
        code: int | None = command.run(arguments, reporter)
        return EXIT_DONE if code is None else code
    except KeyboardInterrupt:
        reporter.error("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_FAILED
    except ArgumentValueError as error:
        _failed(reporter, arguments, error, str(error))
        return EXIT_WRONG_ARGUMENTS
    except AvatarError as error:
        return _failed(reporter, arguments, error, str(error))
    except MemoryError as error:
        return _failed(reporter, arguments, error, "expected enough memory for this input, found none left")
    except Exception as error:  # the last net: a person sees one line, a developer asks for --debug
        text = f"unexpected {type(error).__name__}: {error} (--debug shows where)"
        return _failed(reporter, arguments, error, text)
    finally:
        reporter.close()


def _failed(reporter: Reporter, arguments: argparse.Namespace, error: BaseException, text: str) -> int:
    reporter.error(" ".join(text.split()))
    if arguments.debug:
        raise error
    return EXIT_FAILED


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
