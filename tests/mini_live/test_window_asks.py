"""What the window asks before it goes on: permission for a video, and whether the AI sign may be left out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QRadioButton, QWidget

from mini_live.messages import Messages
from mini_live.window.ai_sign import AiSign
from mini_live.window.consent_sheet import ConsentSheet
from mini_live.window.settings import WindowSettings
from mini_live.window.worker import Worker
from talkingface.mouth_controls import MouthControls


class ToldWorker(Worker):
    """Writes down what it is told of the sign."""

    def __init__(self) -> None:
        super().__init__(None, "cpu", MouthControls())
        self.told: list[bool] = []

    def set_badge(self, shown: bool) -> None:
        self.told.append(shown)


@pytest.fixture
def window(application: QApplication) -> Iterator[QWidget]:
    window = QWidget()
    window.show()
    yield window
    window.close()


@pytest.fixture
def settings(tmp_path: Path) -> WindowSettings:
    return WindowSettings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


def sheet(window: QWidget, settings: WindowSettings, language: str = "en") -> tuple[ConsentSheet, list[str]]:
    sheet = ConsentSheet(window, Messages(language), settings, Path("我 and you.mov"))
    agreed: list[str] = []
    sheet.agreed.connect(agreed.append)
    sheet.open()
    QApplication.processEvents()
    return sheet, agreed


def test_who_and_what_must_be_told_before_a_character_is_made(
    window: QWidget, settings: WindowSettings
) -> None:
    asked, agreed = sheet(window, settings)
    asked.other.click()
    assert not asked.make.isEnabled()
    QTest.keyClicks(asked.name, " Chen  Li ")
    assert not asked.make.isEnabled()
    QTest.keyClicks(asked.permission, "agreed in writing, for our training videos")
    QTest.mouseClick(asked.make, Qt.MouseButton.LeftButton)
    assert agreed == ["Chen Li: agreed in writing, for our training videos"]
    assert settings.text("own_name") == ""


def test_who_makes_a_character_of_themself_is_asked_for_the_name_once(
    window: QWidget, settings: WindowSettings
) -> None:
    first, agreed = sheet(window, settings)
    QTest.keyClicks(first.name, "Ann")
    QTest.keyClick(first.name, Qt.Key.Key_Return)
    second, more = sheet(window, settings, "zh")
    assert second.name.text() == "Ann" and second.make.isEnabled()
    QTest.mouseClick(second.make, Qt.MouseButton.LeftButton)
    assert agreed == ["Ann: my own face, as a talking character"]
    assert more == ["Ann: 本人肖像，用作会说话的角色"]


def test_thinking_better_of_it_makes_nothing(window: QWidget, settings: WindowSettings) -> None:
    asked, agreed = sheet(window, settings)
    asked.name.setText("Ann")
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    assert agreed == [] and settings.text("own_name") == ""


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_word_of_the_question_fits(window: QWidget, settings: WindowSettings, language: str) -> None:
    asked, _ = sheet(window, settings, language)
    seen = 0
    for kind in (QPushButton, QLabel, QRadioButton):
        for widget in asked.findChildren(kind):
            if not (isinstance(widget, QLabel) and widget.wordWrap()):
                assert widget.fontMetrics().horizontalAdvance(widget.text()) <= widget.width(), widget.text()
                seen += 1
    assert seen == 6
    assert all(field.accessibleName() for field in (asked.name, asked.permission))
    asked.reject()


def sign(window: QWidget, settings: WindowSettings) -> tuple[AiSign, ToldWorker, QPushButton]:
    worker, button = ToldWorker(), QPushButton(window, checkable=True)
    return AiSign(window, worker, button, Messages("en"), settings), worker, button


def answer(sign: AiSign, word: str) -> None:
    assert sign.question is not None
    button = next(button for button in sign.question.buttons() if button.text() == word)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_sign_is_there_until_it_is_left_out_knowingly(window: QWidget, settings: WindowSettings) -> None:
    shown, worker, button = sign(window, settings)
    assert shown.shown and worker.told == [True]
    button.click()
    assert shown.shown, "the question is not answered yet"
    answer(shown, "Keep the sign")
    assert shown.shown and worker.told[-1]
    button.click()
    answer(shown, "Leave it out")
    assert not shown.shown and not worker.told[-1]
    again, later, _ = sign(window, settings)
    assert not again.shown and later.told == [False]
    button.click()
    assert shown.shown and worker.told[-1] and settings.flag("ai_sign")


def test_the_command_line_leaves_it_out_for_once(window: QWidget, settings: WindowSettings) -> None:
    shown, worker, _ = sign(window, settings)
    shown.leave_out()
    assert not worker.told[-1]
    assert sign(window, settings)[0].shown


@pytest.mark.parametrize("left_out", [False, True])
def test_a_snapshot_carries_it_and_says_so(
    window: QWidget, settings: WindowSettings, tmp_path: Path, left_out: bool
) -> None:
    shown, _, _ = sign(window, settings)
    if left_out:
        shown.leave_out()
    picture = QImage(201, 301, QImage.Format.Format_RGB32)
    picture.fill(Qt.GlobalColor.darkBlue)
    shown.signed(picture).save(str(tmp_path / "a.png"))
    saved = QImage(str(tmp_path / "a.png"))
    assert (saved.width(), saved.height(), saved.hasAlphaChannel()) == (201, 301, False)
    assert "synthetic media" in saved.text("Comment")
    bright = [(x, y) for x in range(201) for y in range(301) if saved.pixelColor(x, y).red() > 180]
    assert bool(bright) != left_out
    assert all(x > 150 and y > 260 for x, y in bright)
    assert picture.pixelColor(190, 290).red() == 0


def test_a_snapshot_that_lets_the_desktop_through_shows_it_all_the_same(
    window: QWidget, settings: WindowSettings
) -> None:
    picture = QImage(200, 300, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    saved = sign(window, settings)[0].signed(picture)
    alphas = np.array([[saved.pixelColor(x, y).alpha() for x in range(200)] for y in range(300)])
    assert alphas[:250].max() == 0 and alphas[250:].max() > 220
