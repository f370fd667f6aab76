"""What every test may use: a guarded environment, the folder of genuine clips, videos made on the spot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """Keep numeric libraries on one thread and Qt off the screen, before anything imports them."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("GLOG_minloglevel", "2")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run in several processes: a file's in one of them, and all those with devices in one too."""
    for item in items:
        group = "devices" if item.get_closest_marker("device") else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the project's folder."""
    return PROJECT


def genuine_clips_folder() -> Path | None:
    """Return the folder of genuine talking clips (``clips.jsonl`` in it), or None where there is none."""
    told = os.environ.get("TALKING_CLIPS")
    candidates = [Path(told)] if told else [PROJECT.parent / "shared" / "data"]
    return next((folder for folder in candidates if (folder / "clips.jsonl").is_file()), None)


@pytest.fixture(scope="session")
def talking_clips() -> Path:
    """Return the folder of genuine talking clips, or skip."""
    folder = genuine_clips_folder()
    if folder is None:
        pytest.skip("needs genuine talking clips: set TALKING_CLIPS to a folder with clips.jsonl")
    return folder
