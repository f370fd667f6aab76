"""Where a live session's sound comes from: silence, a microphone, a file, a spoken text."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from mini_live.audio_file_source import SilenceSource
from mini_live.first_sound import SilentUntilHeard
from mini_live.live_session import LiveSession
from mini_live.microphone import Microphone, MicrophoneInfo, find_microphone, list_microphones
from mini_live.monitor import SpeakerInfo, list_speakers
from mini_live.played_sound import PlayedSound, played_file, played_samples
from talkingface.errors import AvatarError
from talkingface.records import FloatArray
from talkingface.seams import AudioSource, Clock
from talkingface.timing import SAMPLE_RATE

BLOCK_SAMPLES = SAMPLE_RATE // 50
LOGGER = logging.getLogger(__name__)


class Sources:
    """Changes the session's source; all but :attr:`lost`, :attr:`played` and :meth:`look` is the worker's thread's."""

    def __init__(
        self,
        clock: Clock,
        on_notice: Callable[[str, str], None],
        on_changed: Callable[[str, str], None],
        monitoring: Callable[[], bool],
    ) -> None:
        """Start with none.

        Args:
            clock: of the session.
            on_notice: told what went wrong, ``microphone`` or ``sound``, and a sentence about it.
            on_changed: told what is listened to (``microphone``, ``file``, ``text``, ``idle``, ``ended``, ``lost``)
                and its name.
            monitoring: tells whether a speaker is open.
        """
        self._clock = clock
        self._on_notice = on_notice
        self._tell = on_changed
        self._monitoring = monitoring
        self._wanted: str | None = None
        self._name = ""
        # Looking for new devices frees every open one, so it never happens while one is opened or closed.
        self.devices = threading.RLock()
        self.lost = False
        self.played: PlayedSound | None = None

    def _on_changed(self, kind: str, name: str) -> None:
        LOGGER.info("source: %s %s", kind, name)
        self._tell(kind, name)

    def silence(self) -> AudioSource:
        """Return a source of silence, to begin with."""
        return SilenceSource(BLOCK_SAMPLES, self._clock)

    def fall_silent(self, session: LiveSession) -> None:
        """Stop listening."""
        self._leave(session)
        self._on_changed("idle", "")

    def forget(self) -> None:
        """Take note that the session has ended."""
        self._wanted, self.lost, self.played = None, False, None

    def open_microphone(self, session: LiveSession, device: str | None) -> None:
        """Go on with a microphone."""
        self._leave(session)
        try:
            with self.devices:
                found = find_microphone(device)
                self._listen_to(session, found)
                self._wanted, self._name = found.name, found.name
        except AvatarError as error:
            self._refused("microphone", error)
            return
        self._on_changed("microphone", found.name)

    def reopen(self, session: LiveSession) -> None:
        """Try again to open a microphone that has gone."""
        wanted = self._wanted
        if wanted is None or not self.lost:
            return
        try:
            with self.devices:
                list_microphones(refresh=not self._monitoring())
                self._listen_to(session, find_microphone(wanted))
                self.lost = False
        except AvatarError as error:
            LOGGER.debug("the microphone is not back: %s", error)
            return
        self._on_changed("microphone", wanted)

    def open_file(self, session: LiveSession, path: Path) -> None:
        """Go on with a sound file."""
        self._play(session, "file", path.name, lambda: played_file(path, BLOCK_SAMPLES, self._clock))

    def open_samples(self, session: LiveSession, samples: FloatArray, name: str) -> None:
        """Go on with float32 (n,) sound at 16 kHz, such as a spoken text."""
        self._play(session, "text", name, lambda: played_samples(samples, BLOCK_SAMPLES, self._clock))

    def pause(self, paused: bool) -> None:
        """Pause what is played, or go on."""
        if self.played is not None:
            self.played.paused = paused

    def seek(self, position_s: float) -> None:
        """Go to a place of what is played."""
        if self.played is not None:
            try:
                self.played.seek(position_s)
            except AvatarError as error:
                self._on_notice("sound", str(error))

    def next_source(self, error: AvatarError | None) -> AudioSource:
        """Rest when a sound has ended or a microphone has gone."""
        self.played = None
        if error is None:
            self._on_changed("ended", self._name)
        else:
            self.lost = self._wanted is not None
            self._on_notice("microphone" if self.lost else "sound", str(error))
            self._on_changed("lost" if self.lost else "idle", self._name)
        return self.silence()

    def look(self) -> tuple[list[MicrophoneInfo], list[SpeakerInfo]]:
        """List microphones and speakers, new ones too where no device is open; from any thread.

        Raises:
            DeviceError: they cannot be listed.
        """
        with self.devices:
            nothing_open = self._wanted is None and not self._monitoring()
            return list_microphones(refresh=nothing_open), list_speakers()

    def _play(self, session: LiveSession, kind: str, name: str, opened: Callable[[], PlayedSound]) -> None:
        self._leave(session)
        try:
            sound = opened()
        except AvatarError as error:
            self._refused("sound", error)
            return
        self._name, self.played = name, sound
        session.set_source(sound)
        self._on_changed(kind, name)

    def _listen_to(self, session: LiveSession, device: MicrophoneInfo) -> None:
        session.set_source(SilentUntilHeard(Microphone(device), self.silence(), session.learn_pace_anew))

    def _leave(self, session: LiveSession) -> None:
        with self.devices:
            session.set_source(self.silence())
            self.forget()

    def _refused(self, kind: str, error: AvatarError) -> None:
        self._on_notice(kind, str(error))
        self._on_changed("idle", "")
