"""The machine's own clock, behind the Clock seam."""

from __future__ import annotations

import time


class SystemClock:
    """Real time; see :class:`talkingface.seams.Clock`."""

    def now_s(self) -> float:
        """Return monotonic seconds."""
        return time.monotonic()

    def sleep_s(self, seconds: float) -> None:
        """Wait that long; zero or less returns at once."""
        if seconds > 0:
            time.sleep(seconds)
