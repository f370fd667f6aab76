"""Reading ahead changes nothing but the time: order, identity, errors and early ends are as without it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from talkingface.preparation.read_ahead import ReadAhead


def test_everything_comes_in_order_and_is_the_same_object() -> None:
    items = [object() for _ in range(50)]
    assert all(a is b for a, b in zip(ReadAhead(iter(items), 3), items, strict=True))
    assert list(ReadAhead(iter([]), 3)) == []


def test_an_error_comes_after_the_items_before_it() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    ahead = ReadAhead(items(), 4)
    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)


def test_an_early_end_ends_the_thread_and_asks_for_little_more() -> None:
    asked = []

    def items() -> Iterator[int]:
        for number in range(1000):
            asked.append(number)
            yield number

    before = threading.active_count()
    ahead = ReadAhead(items(), 4)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert threading.active_count() == before
    assert len(asked) < 12
    unread = ReadAhead(items(), 4)
    del unread
    assert threading.active_count() == before
