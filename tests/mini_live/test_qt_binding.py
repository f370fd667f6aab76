"""The Qt binding keeps Python's objects alive: PySide6 6.12.0 loses them before Python 3.12, then crashes."""

from __future__ import annotations

import sys

import pytest

pytest.importorskip("PySide6", reason="needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QObject, Signal


class Sender(QObject):
    sent = Signal()


def test_sending_signals_and_calling_methods_gives_back_what_was_borrowed() -> None:
    sender = Sender()
    sender.sent.connect(lambda: None)
    before = sys.getrefcount(True), sys.getrefcount(None)
    for _ in range(100):
        sender.sent.emit()
        sender.setObjectName("sender")
    lost = before[0] - sys.getrefcount(True), before[1] - sys.getrefcount(None)
    assert max(lost) < 50, (
        f"references to True and None lost: {lost}; install the PySide6 of requirements.txt"
    )
