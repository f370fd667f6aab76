"""A live session of its own process that plays its voice on the system's speaker and notes when each frame is shown.

``python -m tests.end_to_end.monitored SOUND.wav STAMPS.txt CHARACTER`` speaks the sound; a line of the stamps is a
frame's number and the monotonic time at which it was handed over.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from mini_live.clock import SystemClock
from mini_live.live_session import LiveSession
from mini_live.monitor import MonitorSink, list_speakers
from mini_live.played_sound import played_file
from mini_live.sinks import CallbackSink
from mini_live.wiring import open_avatar, open_mouth
from talkingface.mouth_stream import MouthStream
from talkingface.records import VideoFrame


def main(sound: Path, stamps: Path, character: Path) -> None:
    """Speak it to the end."""
    clock, mouth = SystemClock(), open_mouth()
    avatar = open_avatar(character, "auto", mouth.space)
    avatar.warm_up()
    speaker = next(one for one in list_speakers() if one.name == "pulse")
    monitor = MonitorSink(speaker)
    with open(stamps, "w", encoding="utf-8", buffering=1) as lines:

        def note(frame: VideoFrame) -> None:
            lines.write(f"{frame.index} {time.monotonic():.6f}\n")

        LiveSession(
            played_file(sound, 320, clock),
            MouthStream(mouth.model),
            avatar.live_composer(),
            [CallbackSink(note), monitor],
            clock,
            look_ahead_ms=mouth.model.look_ahead_ms,
            margin_s=0.02,
        ).run()
    monitor.close()
    avatar.close()


if __name__ == "__main__":
    main(*(Path(text) for text in sys.argv[1:4]))
