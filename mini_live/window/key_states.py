"""Whether a key is held down anywhere on the desktop, also while another window has the keyboard.

Qt hears only the keys of its own windows; who talks by a held key is usually in a game or a meeting.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from typing import Any, Protocol

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

# X11 keysyms and Windows virtual keys of the keys that differ from their Latin-1 sign.
KEYSYMS = {
    Qt.Key.Key_Control: 0xFFE3,
    Qt.Key.Key_Shift: 0xFFE1,
    Qt.Key.Key_Alt: 0xFFE9,
    Qt.Key.Key_Tab: 0xFF09,
}
VIRTUAL_KEYS = {Qt.Key.Key_Control: 0x11, Qt.Key.Key_Shift: 0x10, Qt.Key.Key_Alt: 0x12, Qt.Key.Key_Tab: 0x09}
FIRST_FUNCTION_KEYSYM, FIRST_FUNCTION_VIRTUAL_KEY, FUNCTION_KEYS = 0xFFBE, 0x70, 24
HELD_BIT = 0x8000
KEYMAP_BYTES = 32


class KeyStates(Protocol):
    """Asks the system about keys."""

    def held(self, key: int) -> bool:
        """Tell whether a key, one of ``Qt.Key``, is down now."""


class NoKeyStates:
    """Knows nothing, where the system does not tell (Wayland, macOS): only the window's own keys count."""

    def held(self, key: int) -> bool:
        """See :class:`KeyStates`."""
        return False


class X11KeyStates:
    """Asks an X server through a connection of its own."""

    def __init__(self, display: Any, library: Any) -> None:
        """Keep an open display and its library; :func:`key_states` makes them."""
        self._display = display
        self._library = library
        self._codes: dict[int, int] = {}
        self._map = (ctypes.c_char * KEYMAP_BYTES)()

    def held(self, key: int) -> bool:
        """See :class:`KeyStates`."""
        if key not in self._codes:
            self._codes[key] = self._library.XKeysymToKeycode(self._display, _keysym(key))
        code = self._codes[key]
        self._library.XQueryKeymap(self._display, self._map)
        return bool(code) and bool(self._map.raw[code // 8] >> (code % 8) & 1)


class WindowsKeyStates:
    """Asks Windows."""

    def __init__(self, user32: Any) -> None:
        """Keep the library."""
        self._user32 = user32

    def held(self, key: int) -> bool:
        """See :class:`KeyStates`."""
        return bool(self._user32.GetAsyncKeyState(_virtual_key(key)) & HELD_BIT)


def key_states() -> KeyStates:
    """Return what this system can tell."""
    if sys.platform == "win32":
        return WindowsKeyStates(ctypes.windll.user32)
    if QGuiApplication.platformName() == "xcb":
        return _x11() or NoKeyStates()
    return NoKeyStates()


def _x11() -> X11KeyStates | None:
    name = ctypes.util.find_library("X11") or "libX11.so.6"
    try:
        library = ctypes.CDLL(name)
    except OSError:
        return None
    library.XOpenDisplay.restype = ctypes.c_void_p
    library.XOpenDisplay.argtypes = [ctypes.c_char_p]
    library.XKeysymToKeycode.restype = ctypes.c_ubyte
    library.XKeysymToKeycode.argtypes = [ctypes.c_void_p, ctypes.c_ulong]
    library.XQueryKeymap.argtypes = [ctypes.c_void_p, ctypes.c_char * KEYMAP_BYTES]
    display = library.XOpenDisplay(None)
    return X11KeyStates(display, library) if display else None


def _keysym(key: int) -> int:
    function = key - Qt.Key.Key_F1
    if 0 <= function < FUNCTION_KEYS:
        return FIRST_FUNCTION_KEYSYM + function
    named = KEYSYMS.get(Qt.Key(key))
    # A letter's keysym is that of the small one.
    return named or (key + 32 if Qt.Key.Key_A <= key <= Qt.Key.Key_Z else key)


def _virtual_key(key: int) -> int:
    function = key - Qt.Key.Key_F1
    if 0 <= function < FUNCTION_KEYS:
        return FIRST_FUNCTION_VIRTUAL_KEY + function
    return VIRTUAL_KEYS.get(Qt.Key(key), key)
