"""Every word of the window exists in both languages, with the same values to fill in."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from mini_live import sentences
from mini_live.messages import Messages, all_texts

PROJECT = Path(__file__).resolve().parents[2]


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


@pytest.mark.parametrize(
    ("sentence", "chinese"),
    [
        (
            "the microphone 'USB Audio' is gone (it was stopped or unplugged): plug it in again or choose another",
            "麦克风“USB Audio”已停止或被拔出：请重新插上或选择另一个。",
        ),
        ("/films/a.mp4 cannot be written: No space left on device", "无法写入 /films/a.mp4：磁盘已满"),
        (
            "expected 250 frames, found frame 31 missing or damaged in /x/frames.mp4",
            "第 31 帧缺失或损坏：/x/frames.mp4",
        ),
        (
            "expected a face at least 90 px wide, found 64 px in me.mp4: film closer, 180 px are advised",
            "me.mp4 中的人脸太小（64 像素，至少 90）：请靠近拍摄，建议 180 像素以上。",
        ),
        (
            "the speaker is gone: plug it in again or choose another",
            "扬声器已断开：请重新连接或选择另一个输出设备。",
        ),
    ],
)
def test_what_went_wrong_is_told_in_chinese_too(sentence: str, chinese: str) -> None:
    assert Messages("zh").detail(sentence) == chinese
    assert Messages("en").detail(sentence) == sentence
    assert chinese in Messages("zh").text("import_failed", detail=sentence)


def test_what_the_system_says_stays_as_it_is() -> None:
    assert (
        Messages("zh").detail("Device unavailable [PaErrorCode -9985]")
        == "Device unavailable [PaErrorCode -9985]"
    )


def test_every_sentence_that_is_known_is_one_that_the_program_says() -> None:
    """The first words of each stand somewhere in the program, so that a sentence that changes is noticed here."""
    folders = (PROJECT / "mini_live", PROJECT / "talkingface")
    said = "".join(
        path.read_text(encoding="utf-8")
        for folder in folders
        for path in folder.rglob("*.py")
        if path.name != "sentences.py"
    )
    for english, _ in sentences._SENTENCES:
        first_words = (
            english.replace("(.+) cannot", "cannot").split("(")[0].split(" \\")[0].split(".*")[0].rstrip("' ")
        )
        if first_words and "No space" not in first_words:
            assert first_words in said, first_words
