"""Texts spoken by the system's voice, made beside the live loop; only the newest one is heard."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mini_live.speech_synthesis import installed_synthesiser
from talkingface.errors import AvatarError
from talkingface.records import FloatArray
from talkingface.timing import SAMPLE_RATE

SHOWN_SIGNS = 40


class Utterances:
    """Makes sound of texts in threads of their own; :meth:`say` and :meth:`cancel` return at once."""

    def __init__(
        self, on_spoken: Callable[[FloatArray, str], None], on_failed: Callable[[AvatarError], None]
    ) -> None:
        """Say nothing yet.

        Args:
            on_spoken: given float32 (n,) sound at 16 kHz and a short name of its text, in another thread.
            on_failed: told why a text cannot be spoken, in another thread.
        """
        self._on_spoken = on_spoken
        self._on_failed = on_failed
        self._lock = threading.Lock()
        self._newest = 0

    def say(self, text: str) -> None:
        """Speak a text instead of whatever is being made."""
        number = self.cancel()
        threading.Thread(target=self._make, args=(text, number), name="voice", daemon=True).start()

    def cancel(self) -> int:
        """Let nothing be heard of what is being made; returns the number of the next text."""
        with self._lock:
            self._newest += 1
            return self._newest

    def _make(self, text: str, number: int) -> None:
        try:
            samples = installed_synthesiser().speak(text, SAMPLE_RATE)
        except AvatarError as error:
            if number == self._newest:
                self._on_failed(error)
            return
        if number == self._newest:
            self._on_spoken(samples, shortened(text))


def shortened(text: str) -> str:
    """Return the beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_SIGNS else line[: SHOWN_SIGNS - 1] + "…"
