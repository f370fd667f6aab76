"""Every word of the window exists in both languages, with the same values to fill in."""

from __future__ import annotations

import string

import pytest

from mini_live.messages import Messages, all_texts


def fields_of(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", all_texts())
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    english, chinese = all_texts()[key]
    assert english.strip() and chinese.strip()
    # The program's own sentences are English; in Chinese they stand in the hint.
    missing = {"detail"} if key.startswith("trouble_") else set()
    assert fields_of(english) - missing <= fields_of(chinese) <= fields_of(english)


def test_chinese_texts_are_chinese() -> None:
    foreign = {
        key
        for key, (_, chinese) in all_texts().items()
        if not any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
    }
    assert foreign == {"language"}


def test_an_unknown_language_falls_back_to_english() -> None:
    assert Messages("fr").text("start") == "Start speaking"
    assert Messages("zh").text("start") == "开始说话"
