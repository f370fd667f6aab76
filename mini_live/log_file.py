"""The log file of the window: what happened, and when, for the day when somebody asks."""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import platform
import sys
import threading
from pathlib import Path
from types import TracebackType

import platformdirs

NAME = "avatar.log"
CRASH_NAME = "crash.log"
MOST_BYTES = 1_000_000
KEPT_FILES = 3
FORMAT = "%(asctime)s %(levelname)s %(name)s [%(threadName)s] %(message)s"
LOGGER = logging.getLogger(__name__)


def log_folder() -> Path:
    """Return where the log lies; it may not exist yet."""
    return platformdirs.user_log_path("TalkingAvatar", appauthor=False)


def start_log(folder: Path | None = None) -> Path | None:
    """Write the house's log lines of this process to a file of bounded size, uncaught exceptions among them.

    Args:
        folder: where to; None is :func:`log_folder`.

    Returns:
        The file, or None where it cannot be written, which is no reason not to work.
    """
    folder = log_folder() if folder is None else folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            folder / NAME, maxBytes=MOST_BYTES, backupCount=KEPT_FILES - 1, encoding="utf-8"
        )
    except OSError as error:
        LOGGER.warning("no log file: %s", error)
        return None
    handler.setFormatter(logging.Formatter(FORMAT))
    for room in ("mini_live", "talkingface"):
        logging.getLogger(room).addHandler(handler)
        logging.getLogger(room).setLevel(logging.INFO)
    # What native code dies of; a file of its own, because the log's is exchanged when it is full.
    faulthandler.enable(open(folder / CRASH_NAME, "a", encoding="utf-8"))  # noqa: SIM115 - open to the end
    sys.excepthook = _log_uncaught
    threading.excepthook = lambda told: _log_uncaught(
        told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback
    )
    LOGGER.info("begins: Python %s, %s", platform.python_version(), platform.platform())
    return folder / NAME


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    LOGGER.error("uncaught", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
