"""How a command ends: its exit code, and one line for what stopped it."""

from __future__ import annotations

from collections.abc import Callable

from talkingface.errors import AvatarError
from talkingface.reporting import Reporter

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_WRONG_ARGUMENTS = 2
EXIT_INTERRUPTED = 130


def exit_code_of(work: Callable[[], int | None], reporter: Reporter, *, debug: bool) -> int:
    """Do a command's work and return its exit code.

    Args:
        work: all that the command does; it returns an exit code of its own choice, or None for 0.
        reporter: told what stopped the work, and closed.
        debug: whether an error goes on to the caller when it was told.

    Returns:
        0 done, 1 failed, 130 interrupted, or what the work chose.
    """
    try:
        code = work()
        return EXIT_DONE if code is None else code
    except KeyboardInterrupt:
        reporter.error("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        return EXIT_FAILED
    except Exception as error:  # the last net: a person sees one line, a developer asks for --debug
        reporter.error(_sentence(error))
        if debug:
            raise
        return EXIT_FAILED
    finally:
        reporter.close()


def _sentence(error: Exception) -> str:
    if isinstance(error, AvatarError):
        return str(error)
    if isinstance(error, MemoryError):
        return "expected enough memory for this input, found none left"
    return f"unexpected {type(error).__name__}: {error} (--debug shows where)"
