"""The live window, opened by ``python app.py`` and by ``live``."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from talkingface.errors import DeviceError, MissingPackageError
from talkingface.exit_codes import EXIT_INTERRUPTED
from talkingface.reporting import Reporter

NO_DISPLAY = (
    "expected a display for the window, found none: use 'python app.py speak --audio FILE --output OUT.mp4' "
    "for a video, or 'python app.py live --headless' without a window"
)
# X11's fixed place.
X11_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108
DISPLAY_FREE = ("offscreen", "minimal", "vnc")


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Open the window and wait until it is closed.

    Returns:
        0, or 130 after an interrupt.

    Raises:
        DeviceError: there is no display.
        MissingPackageError: PySide6 is not installed.
        CharacterError: the character folder that was named cannot be used.
    """
    check_display()
    # Looking for garbage while all is loaded finds none; the worker has it looked for again.
    gc.disable()
    load_engine()
    # Importing cv2 points Qt at cv2's own plugins, which do not fit; Qt is to find its own.
    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    try:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        raise MissingPackageError(f"the window needs PySide6: pip install PySide6 ({error})") from error
    from mini_live.log_file import start_log

    start_log()
    application = QApplication(sys.argv[:1])
    application.setApplicationDisplayName("")
    application.setDesktopFileName("talking-avatar")
    application.setQuitOnLastWindowClosed(False)
    application.setStyle("Fusion")
    from mini_live.window.opening import open_window

    window = open_window(arguments)
    came: list[int] = []

    def interrupted(number: int, frame: FrameType | None) -> None:
        came.append(number)
        window.close()

    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    # Python sees signals only while it runs; Qt would sleep for ever.
    waker = QTimer(interval=200)
    waker.timeout.connect(lambda: None)
    waker.start()
    reporter.note("the window is open; close it to end")
    code = application.exec()
    waker.stop()
    if came:
        code = EXIT_INTERRUPTED
    reporter.result(
        {"command": arguments.command, **window.figures, "interrupted": bool(came)},
        "closed",
    )
    if not window.ended:
        # The worker is still inside native code, which does not survive the interpreter's end; all is saved.
        sys.stdout.flush()
        os._exit(code)
    return int(code)


def load_engine() -> None:
    """Import all that is not of Qt: PySide6 reads the source of every module that is imported after it."""
    from mini_live import audio_file_source, live_session, sinks, wiring  # noqa: F401
    from talkingface.compiled import load_compiler

    load_compiler()


def check_display() -> None:
    """Find out whether a window can be shown.

    Raises:
        DeviceError: there is no display.
    """
    if os.environ.get("QT_QPA_PLATFORM", "").split(":")[0] in DISPLAY_FREE or not sys.platform.startswith(
        "linux"
    ):
        return
    if os.environ.get("WAYLAND_DISPLAY") or _x11_answers(os.environ.get("DISPLAY", "")):
        return
    raise DeviceError(NO_DISPLAY)


def _x11_answers(display: str) -> bool:
    """Tell whether a display is named and, if it is a local one, its socket is there."""
    if not display:
        return False
    host, _, number = display.partition(":")
    if host not in ("", "unix"):
        return True
    socket = X11_SOCKETS / f"X{number.split('.')[0]}"
    return socket.exists()
