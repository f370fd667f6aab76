"""What tests of the window share: one application that outlives them all, as Qt wants it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def application() -> Any:
    """Return the one QApplication of this run, or skip."""
    widgets = pytest.importorskip("PySide6.QtWidgets", reason="needs PySide6", exc_type=ImportError)
    application = widgets.QApplication.instance() or widgets.QApplication([])
    application.setStyle("Fusion")
    return application
