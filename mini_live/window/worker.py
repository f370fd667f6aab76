"""The worker: one thread that owns models, drawing context and the live session; it speaks to Qt by signals."""

from __future__ import annotations

import gc
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from mini_live.backdrop import Backdrop
from mini_live.clock import SystemClock
from mini_live.live_session import Composer, LiveSession, Orders
from mini_live.live_statistics import LiveStatistics, LiveStatus
from mini_live.monitor import SpeakerInfo
from mini_live.played_sound import PlayedSound
from mini_live.sinks import CallbackSink
from mini_live.window.character_loader import CharacterLoader
from mini_live.window.on_stage import OnStage
from mini_live.window.outputs import Outputs
from mini_live.window.sources import BLOCK_SAMPLES, Sources
from mini_live.window.utterances import Utterances
from mini_live.wiring import DEFAULT_CHARACTER, Mouth, open_mouth
from talkingface.errors import AvatarError, GraphicsError
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthStream
from talkingface.records import FloatArray, ImageArray, VideoFrame
from talkingface.timing import SAMPLE_RATE

MARGIN_S = BLOCK_SAMPLES / SAMPLE_RATE
FINISH_WITHIN_S = 60.0
LOGGER = logging.getLogger(__name__)


class Worker(QObject):
    """Starts at :meth:`start`; every public method returns at once and may be called from the Qt thread."""

    frame_waiting = Signal()
    character_ready = Signal(str, int)
    character_refused = Signal(object)
    character_lost = Signal(str, str)
    matte_known = Signal(bool)
    failed = Signal(str)
    notice = Signal(str, str)
    source_changed = Signal(str, str)
    recording_changed = Signal(bool, str)
    camera_changed = Signal(bool, str)
    monitor_changed = Signal(bool)
    microphones_found = Signal(list)
    speakers_found = Signal(list)

    def __init__(self, character: Path | None, renderer: str, controls: MouthControls) -> None:
        """Remember what to open.

        Args:
            character: the character folder; None is the built-in one.
            renderer: ``auto``, ``gl`` or ``cpu``.
            controls: the mouth's settings to begin with.
        """
        super().__init__()
        self._folder = character
        self._controls = controls
        self._orders: Orders = queue.SimpleQueue()
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._newest: tuple[ImageArray, ImageArray | None] | None = None
        self._closing = threading.Event()
        self._mouth: Mouth | None = None
        self._session: LiveSession | None = None
        self._shown: VideoFrame | None = None
        self._figures = LiveStatistics(0).figures(0, {})
        self._outputs = Outputs(
            self.notice.emit, self.recording_changed.emit, self.camera_changed.emit, self.monitor_changed.emit
        )
        self._sources = Sources(
            self._clock, self.notice.emit, self.source_changed.emit, lambda: self._outputs.monitoring
        )
        self._stage = OnStage(renderer, self._note, self._is_ready)
        self._loader = CharacterLoader(self._stage.load, self._parts_loaded, self._parts_refused)
        self._utterances = Utterances(self._spoken, self._not_spoken)
        self._try = threading.Event()
        self._thread = threading.Thread(target=self._work, name="avatar", daemon=True)

    @property
    def status(self) -> LiveStatus:
        """The newest figures."""
        session = self._session
        return LiveStatus() if session is None else session.status

    @property
    def figures(self) -> dict[str, Any]:
        """What the session that ended last tells; see :meth:`mini_live.live_session.LiveSession.figures`."""
        return self._figures

    @property
    def played(self) -> PlayedSound | None:
        """The file or text that is played now, for its position."""
        return self._sources.played

    def start(self) -> None:
        """Begin to load, then to move."""
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """End everything; a recording is finished however long it takes. Returns whether all ended in time."""
        self._closing.set()
        self._try.set()
        self._order(LiveSession.stop)
        recording = self._outputs.recording
        if self._thread.is_alive():
            self._thread.join(FINISH_WITHIN_S if recording else timeout_s)
        self._loader.close()
        return not self._thread.is_alive()

    def take_frame(self) -> tuple[ImageArray, ImageArray | None] | None:
        """Return the newest frame, once: uint8 (height, width, 3), and its coverage where that is wanted and known."""
        with self._lock:
            newest, self._newest = self._newest, None
        return newest

    def listen_to_microphone(self, device: str | None) -> None:
        """Go on with a microphone; its number, a part of its name, or None for the default."""
        self._order(lambda session: self._sources.open_microphone(session, device))

    def play_file(self, path: Path) -> None:
        """Go on with a sound file, at the pace of real time."""
        self._order(lambda session: self._sources.open_file(session, path))

    def say(self, text: str) -> None:
        """Go on with a text, spoken by the system's voice; the character rests until it is spoken."""
        self._utterances.say(text)

    def pause(self, paused: bool) -> None:
        """Pause the file or text that is played, or go on."""
        self._order(lambda session: self._sources.pause(paused))

    def seek(self, position_s: float) -> None:
        """Go to a place of the file or text that is played."""
        self._order(lambda session: self._sources.seek(position_s))

    def fall_silent(self) -> None:
        """Stop listening; the character rests."""
        self._utterances.cancel()
        self._order(self._sources.fall_silent)

    def reopen_lost_microphone_if_lost(self) -> None:
        """Try again to open a microphone that went away while it was listened to."""
        if self._sources.lost:
            self._order(self._sources.reopen)

    def look_for_microphones(self) -> None:
        """List the microphones again; the answer comes by ``microphones_found``."""
        threading.Thread(target=self._list_devices, name="microphones", daemon=True).start()

    def set_controls(self, controls: MouthControls) -> None:
        """Turn the mouth's knobs."""
        self._controls = controls
        self._orders.put(self._apply_controls)

    def set_muted(self, muted: bool) -> None:
        """Take the sound away, or give it back."""
        self._orders.put(lambda: self._mute(muted))

    def show_character(self, folder: Path | None) -> None:
        """Change the character; the sound goes on. After a failure everything is tried again."""
        self._folder = folder
        if self._session is None:
            self._try.set()
        else:
            self._loader.ask(folder)

    def start_recording(self, path: Path) -> None:
        """Record picture and sound from now on."""
        self._orders.put(lambda: self._begin_recording(path))

    def set_badge(self, shown: bool) -> None:
        """Say whether the camera, and recordings that begin from now on, show that they are synthetic."""
        self._orders.put(lambda: self._outputs.set_badge(shown))

    def stop_recording(self) -> None:
        """Finish the recording."""
        self._orders.put(self._end_recording)

    def set_camera(self, wanted: bool) -> None:
        """Open or close the virtual camera."""
        self._orders.put(lambda: self._switch_camera(wanted))

    def set_backdrop(self, backdrop: Backdrop) -> None:
        """Put something else behind the character."""
        self._order(lambda session: self._stage.set_backdrop(backdrop))

    def set_monitor(self, speaker: SpeakerInfo | None) -> None:
        """Play the voice back in step with the picture on a speaker; None stops it."""
        self._orders.put(lambda: self._switch_monitor(speaker))

    def _work(self) -> None:
        while not self._closing.is_set():
            self._try.clear()
            try:
                self._open_and_run()
            except AvatarError as error:
                self._fail(str(error))
            except Exception as error:  # a thread has no caller: the person must be told all the same
                self._fail(f"unexpected {type(error).__name__}: {error}")
            finally:
                self._free()
            if not self._closing.is_set():
                self._try.wait()

    def _open_and_run(self) -> None:
        self._mouth = mouth = open_mouth()
        opened = self._folder
        composer = self._stage.open(opened, mouth.space)
        self._session = LiveSession(
            self._sources.silence(),
            MouthStream(mouth.model, self._controls),
            composer,
            [CallbackSink(self._show)],
            self._clock,
            look_ahead_ms=mouth.model.look_ahead_ms,
            margin_s=MARGIN_S,
            next_source=self._sources.next_source,
            on_sink_error=self._outputs.failed,
            on_composer_error=self._composer_failed,
            orders=self._orders,
        )
        self._apply_controls()
        if self._folder != opened:  # another was picked meanwhile
            self._loader.ask(self._folder)
        # All that is loaded stays. The collector would look through it now and then, which takes a frame's time.
        gc.freeze()
        gc.enable()
        if not self._closing.is_set():
            self._session.run()

    def _fail(self, sentence: str) -> None:
        """Give up until another character is asked for; a recording is kept."""
        gc.enable()
        self.source_changed.emit("idle", "")
        self.failed.emit(sentence)

    def _free(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._figures = session.figures()
            session.close_source()
        self._sources.forget()
        self._outputs.close()
        unused = self._loader.take()
        if unused is not None:
            unused.close()
        self._stage.close()

    def _live(self) -> LiveSession:
        assert self._session is not None, "orders are obeyed by a running session"
        return self._session

    def _order(self, action: Callable[[LiveSession], None]) -> None:
        self._orders.put(lambda: action(self._live()))

    def _note(self, sentence: str) -> None:
        self.notice.emit("note", sentence)

    def _show(self, frame: VideoFrame) -> None:
        with self._lock:
            waiting = self._newest is not None
            # The session makes one frame at a time, so the coverage is this frame's.
            self._newest, self._shown = (frame.rgb, self._stage.coverage), frame
        if not waiting:
            self.frame_waiting.emit()

    def _spoken(self, samples: FloatArray, name: str) -> None:
        self._order(lambda session: self._sources.open_samples(session, samples, name))

    def _not_spoken(self, error: AvatarError) -> None:
        self.notice.emit("text", str(error))
        self.source_changed.emit("idle", "")

    def _list_devices(self) -> None:
        try:
            microphones, speakers = self._sources.look()
        except AvatarError as error:
            self.notice.emit("devices", str(error))
            microphones, speakers = [], []
        self.microphones_found.emit(microphones)
        self.speakers_found.emit(speakers)

    def _switch_monitor(self, speaker: SpeakerInfo | None) -> None:
        with self._sources.devices:
            self._outputs.switch_monitor(self._live(), speaker)

    def _apply_controls(self) -> None:
        self._live().set_controls(self._controls)
        self._live().set_delay(self._controls.sound_offset_ms / 1000)

    def _mute(self, muted: bool) -> None:
        self._live().muted = muted

    def _parts_loaded(self) -> None:
        self._order(lambda session: self._exchange(session))

    def _parts_refused(self, folder: Path | None, error: AvatarError) -> None:
        LOGGER.warning("%s cannot be shown: %s", folder, error)
        self.notice.emit("character", str(error))
        self.character_refused.emit(folder)

    def _exchange(self, session: LiveSession) -> None:
        """Show the character that was loaded beside this loop."""
        parts = self._loader.take()
        if parts is None:
            return
        assert self._mouth is not None
        try:
            session.composer = self._stage.exchange(parts, self._mouth.space)
        except AvatarError as error:
            self._parts_refused(parts.character.folder, error)

    def _is_ready(self, name: str) -> None:
        assert self._mouth is not None
        self.character_ready.emit(name, self._mouth.model.look_ahead_ms)
        self.matte_known.emit(self._stage.has_matte)

    def _composer_failed(self, error: AvatarError) -> Composer:
        """Keep the last picture, so that sound and recording go on, and look for something that can be drawn."""
        character = self._stage.avatar.character
        self.character_lost.emit(character.name, str(error))
        if isinstance(error, GraphicsError):
            self._order(lambda session: self._open_anew(session, character.folder))
        elif character.folder != DEFAULT_CHARACTER:
            self.show_character(DEFAULT_CHARACTER)
        return self._stage.give_up(error, None if self._shown is None else self._shown.rgb)

    def _open_anew(self, session: LiveSession, folder: Path) -> None:
        assert self._mouth is not None
        try:
            session.composer = self._stage.open(folder, self._mouth.space)
        except AvatarError as error:
            self.notice.emit("character", str(error))

    def _begin_recording(self, path: Path) -> None:
        self._outputs.begin_recording(self._live(), path, *self._size())

    def _end_recording(self) -> None:
        self._outputs.end_recording(self._live())

    def _switch_camera(self, wanted: bool) -> None:
        self._outputs.switch_camera(self._live(), wanted, *self._size())

    def _size(self) -> tuple[int, int]:
        character = self._stage.avatar.character
        return character.width, character.height
