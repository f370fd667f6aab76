"""How a command ends: the exit code of every way, and one line of what stopped it."""

from __future__ import annotations

import pytest

from talkingface.errors import BadInputError
from talkingface.exit_codes import exit_code_of
from talkingface.reporting import Reporter


@pytest.mark.parametrize(("chosen", "code"), [(None, 0), (1, 1)])
def test_work_that_ends_may_choose_its_code(chosen: int | None, code: int) -> None:
    assert exit_code_of(lambda: chosen, Reporter(as_json=False), debug=False) == code


@pytest.mark.parametrize(
    ("raised", "code", "told"),
    [
        (BadInputError("expected this, found that"), 1, "error: expected this, found that\n"),
        (KeyboardInterrupt(), 130, "error: interrupted\n"),
        (OSError("no room"), 1, "error: unexpected OSError: no room (--debug shows where)\n"),
        (MemoryError(), 1, "error: expected enough memory for this input, found none left\n"),
        (BrokenPipeError(), 1, ""),
    ],
)
def test_what_stops_the_work_is_one_line(
    capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, told: str
) -> None:
    def work() -> None:
        raise raised

    assert exit_code_of(work, Reporter(as_json=False), debug=False) == code
    assert capsys.readouterr().err == told


def test_debug_lets_the_error_go_on() -> None:
    def work() -> None:
        raise BadInputError("expected this, found that")

    with pytest.raises(BadInputError):
        exit_code_of(work, Reporter(as_json=False), debug=True)
