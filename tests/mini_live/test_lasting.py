"""What is loaded for good is no longer searched for garbage, and all else is again."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from mini_live.lasting import lasting


@pytest.fixture(autouse=True)
def searched_again() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_loaded_is_left_out_of_later_searches() -> None:
    with lasting():
        assert not gc.isenabled()
        loaded: list[object] = [[]]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert all(known is not loaded for known in gc.get_objects())


def test_a_failure_while_loading_leaves_the_search_on() -> None:
    with pytest.raises(ValueError, match="damaged"), lasting():
        raise ValueError("damaged")
    assert gc.isenabled()
