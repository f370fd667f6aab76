"""Mute and the key that is held to talk: in the window, beside it, and while somebody writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QVBoxLayout, QWidget

from mini_live.window.hearing import Hearing


class Desktop:
    """Keys held outside the window."""

    def __init__(self) -> None:
        self.down: set[int] = set()

    def held(self, key: int) -> bool:
        return key in self.down


@pytest.fixture
def desktop() -> Desktop:
    return Desktop()


@pytest.fixture
def window(application: QApplication) -> Iterator[QWidget]:
    window = QWidget()
    QVBoxLayout(window).addWidget(QPlainTextEdit())
    window.show()
    window.activateWindow()
    window.setFocus()
    application.processEvents()
    yield window
    window.close()


@pytest.fixture
def hearing(window: QWidget, desktop: Desktop) -> Iterator[Hearing]:
    hearing = Hearing(window, desktop)
    hearing.key = Qt.Key.Key_F8
    yield hearing
    hearing.set_push_to_talk(False)


def test_mute_takes_the_sound_away(hearing: Hearing) -> None:
    told: list[bool] = []
    hearing.changed.connect(told.append)
    hearing.set_muted(True)
    hearing.set_muted(True)
    hearing.set_muted(False)
    assert told == [True, False]


def test_only_while_the_key_is_held(hearing: Hearing, window: QWidget) -> None:
    told: list[bool] = []
    hearing.changed.connect(told.append)
    hearing.set_push_to_talk(True)
    QTest.keyPress(window, Qt.Key.Key_F8)
    assert not hearing.deaf
    QTest.keyRelease(window, Qt.Key.Key_F8)
    assert told == [True, False, True]
    hearing.set_push_to_talk(False)
    assert not hearing.deaf


def test_mute_wins_and_a_file_needs_no_key(hearing: Hearing, window: QWidget) -> None:
    hearing.set_push_to_talk(True)
    hearing.set_muted(True)
    QTest.keyPress(window, Qt.Key.Key_F8)
    assert hearing.deaf
    QTest.keyRelease(window, Qt.Key.Key_F8)
    hearing.set_muted(False)
    hearing.set_source(microphone=False)
    assert not hearing.deaf


def test_who_writes_does_not_talk(hearing: Hearing, window: QWidget, application: QApplication) -> None:
    hearing.key = Qt.Key.Key_Space
    hearing.set_push_to_talk(True)
    editor = window.findChild(QPlainTextEdit)
    assert editor is not None
    editor.setFocus()
    application.processEvents()
    QTest.keyPress(editor, Qt.Key.Key_Space)
    assert hearing.deaf and editor.toPlainText() == " "
    QTest.keyRelease(editor, Qt.Key.Key_Space)


def test_the_key_counts_in_other_windows_too(
    hearing: Hearing, desktop: Desktop, window: QWidget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QApplication, "activeWindow", lambda: None)
    hearing.set_push_to_talk(True)
    desktop.down.add(Qt.Key.Key_F8)
    QTest.qWait(100)
    assert not hearing.deaf
    desktop.down.clear()
    QTest.qWait(100)
    assert hearing.deaf
