"""The worker: one thread that owns models, drawing context and the live session; it speaks to Qt by signals."""

from __future__ import annotations

import queue
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from mini_live.audio_file_source import AudioFileSource, SilenceSource
from mini_live.clock import SystemClock
from mini_live.live_session import LiveSession, Orders
from mini_live.live_statistics import LiveStatistics, LiveStatus
from mini_live.microphone import Microphone, find_microphone, list_microphones
from mini_live.monitor import SpeakerInfo, list_speakers
from mini_live.sinks import CallbackSink
from mini_live.window.outputs import Outputs
from mini_live.wiring import Avatar, Mouth, open_avatar, open_mouth
from talkingface.errors import AvatarError
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthStream
from talkingface.records import ImageArray, VideoFrame
from talkingface.seams import AudioSource
from talkingface.timing import SAMPLE_RATE

BLOCK_SAMPLES = SAMPLE_RATE // 50
MARGIN_S = BLOCK_SAMPLES / SAMPLE_RATE
FINISH_WITHIN_S = 60.0


class Worker(QObject):
    """Starts at :meth:`start`; every public method returns at once and may be called from the Qt thread."""

    frame_waiting = Signal()
    character_ready = Signal(str, int)
    failed = Signal(str)
    notice = Signal(str)
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
        self._renderer = renderer
        self._controls = controls
        self._orders: Orders = queue.SimpleQueue()
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._newest: VideoFrame | None = None
        self._closing = threading.Event()
        self._mouth: Mouth | None = None
        self._avatar: Avatar | None = None
        self._session: LiveSession | None = None
        # Looking for new devices frees every open one, so it never happens while one is opened or closed.
        self._devices = threading.RLock()
        self._microphone_wanted: str | None = None
        self._microphone_lost = False
        self._source_name = ""
        self._figures = LiveStatistics(0).figures(0, {})
        self._outputs = Outputs(
            self.notice.emit, self.recording_changed.emit, self.camera_changed.emit, self.monitor_changed.emit
        )
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

    def start(self) -> None:
        """Begin to load, then to move."""
        self._thread.start()

    def close(self, timeout_s: float) -> bool:
        """End everything; a recording is finished however long it takes. Returns whether all ended in time."""
        self._closing.set()
        self._try.set()
        self._orders.put(self._stop_session)
        recording = self._outputs.recording
        if self._thread.is_alive():
            self._thread.join(FINISH_WITHIN_S if recording else timeout_s)
        return not self._thread.is_alive()

    def take_frame(self) -> ImageArray | None:
        """Return the newest frame, uint8 (height, width, 3), once."""
        with self._lock:
            frame, self._newest = self._newest, None
        return None if frame is None else frame.rgb

    def listen_to_microphone(self, device: str | None) -> None:
        """Go on with a microphone; its number, a part of its name, or None for the default."""
        self._orders.put(lambda: self._open_microphone(device))

    def play_file(self, path: Path) -> None:
        """Go on with a sound file, at the pace of real time."""
        self._orders.put(lambda: self._open_file(path))

    def fall_silent(self) -> None:
        """Stop listening; the character rests."""
        self._orders.put(self._silence)

    def reopen_lost_microphone_if_lost(self) -> None:
        """Try again to open a microphone that went away while it was listened to."""
        if self._microphone_lost:
            self._orders.put(self._reopen)

    def look_for_microphones(self) -> None:
        """List the microphones again; the answer comes by ``microphones_found``."""
        threading.Thread(target=self._list_microphones, name="microphones", daemon=True).start()

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
            self._orders.put(lambda: self._change_character(folder))

    def start_recording(self, path: Path) -> None:
        """Record picture and sound from now on."""
        self._orders.put(lambda: self._begin_recording(path))

    def set_badge(self, shown: bool) -> None:
        """Say whether recordings that begin from now on show that they are synthetic."""
        self._outputs.badge = shown

    def stop_recording(self) -> None:
        """Finish the recording."""
        self._orders.put(self._end_recording)

    def set_camera(self, wanted: bool) -> None:
        """Open or close the virtual camera."""
        self._orders.put(lambda: self._switch_camera(wanted))

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
        self._avatar = open_avatar(opened, self._renderer, mouth.space, self.notice.emit)
        self._avatar.warm_up()
        self._session = LiveSession(
            SilenceSource(BLOCK_SAMPLES, self._clock),
            MouthStream(mouth.model, self._controls),
            self._avatar.live_composer(),
            [CallbackSink(self._show)],
            self._clock,
            look_ahead_ms=mouth.model.look_ahead_ms,
            margin_s=MARGIN_S,
            next_source=self._after_source,
            on_sink_error=self._outputs.failed,
            orders=self._orders,
        )
        self._apply_controls()
        self.character_ready.emit(self._avatar.character.name, mouth.model.look_ahead_ms)
        if self._folder != opened:  # another was picked meanwhile
            self._orders.put(lambda: self._change_character(self._folder))
        if not self._closing.is_set():
            self._session.run()

    def _fail(self, sentence: str) -> None:
        """Give up until another character is asked for; a recording is kept."""
        self.source_changed.emit("idle", "")
        self.failed.emit(sentence)

    def _free(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            self._figures = session.figures()
            session.close_source()
        self._microphone_wanted, self._microphone_lost = None, False
        self._outputs.close()
        avatar, self._avatar = self._avatar, None
        if avatar is not None:
            avatar.close()

    def _live(self) -> LiveSession:
        assert self._session is not None, "orders are obeyed by a running session"
        return self._session

    def _stop_session(self) -> None:
        self._live().stop()

    def _show(self, frame: VideoFrame) -> None:
        with self._lock:
            waiting = self._newest is not None
            self._newest = frame
        if not waiting:
            self.frame_waiting.emit()

    def _after_source(self, error: AvatarError | None) -> AudioSource:
        """Rest when a file has ended or a microphone has gone."""
        if error is not None:
            self.notice.emit(str(error))
            self._microphone_lost = self._microphone_wanted is not None
            self.source_changed.emit("lost" if self._microphone_lost else "idle", self._source_name)
        else:
            self.source_changed.emit("ended", self._source_name)
        return SilenceSource(BLOCK_SAMPLES, self._clock)

    def _silence(self) -> None:
        self._leave_microphone()
        self.source_changed.emit("idle", "")

    def _leave_microphone(self) -> None:
        with self._devices:
            self._live().set_source(SilenceSource(BLOCK_SAMPLES, self._clock))
            self._microphone_wanted, self._microphone_lost = None, False

    def _open_microphone(self, device: str | None) -> None:
        self._leave_microphone()
        try:
            with self._devices:
                found = find_microphone(device)
                self._live().set_source(Microphone(found))
                self._microphone_wanted, self._source_name = found.name, found.name
        except AvatarError as error:
            self.notice.emit(str(error))
            self.source_changed.emit("idle", "")
            return
        self.source_changed.emit("microphone", found.name)

    def _reopen(self) -> None:
        wanted = self._microphone_wanted
        if wanted is None or not self._microphone_lost:
            return
        try:
            with self._devices:
                list_microphones(refresh=not self._outputs.monitoring)
                self._live().set_source(Microphone(find_microphone(wanted)))
                self._microphone_lost = False
        except AvatarError:
            return
        self.source_changed.emit("microphone", wanted)

    def _open_file(self, path: Path) -> None:
        self._leave_microphone()
        try:
            source = AudioFileSource(path, BLOCK_SAMPLES, self._clock)
        except AvatarError as error:
            self.notice.emit(str(error))
            self.source_changed.emit("idle", "")
            return
        self._source_name = path.name
        self._live().set_source(source)
        self.source_changed.emit("file", path.name)

    def _list_microphones(self) -> None:
        try:
            with self._devices:
                nothing_open = self._microphone_wanted is None and not self._outputs.monitoring
                microphones = list_microphones(refresh=nothing_open)
                speakers = list_speakers()
            self.microphones_found.emit(microphones)
            self.speakers_found.emit(speakers)
        except AvatarError as error:
            self.notice.emit(str(error))
            self.microphones_found.emit([])

    def _switch_monitor(self, speaker: SpeakerInfo | None) -> None:
        with self._devices:
            self._outputs.switch_monitor(self._live(), speaker)

    def _apply_controls(self) -> None:
        self._live().set_controls(self._controls)
        self._live().set_delay(self._controls.sound_offset_ms / 1000)

    def _mute(self, muted: bool) -> None:
        self._live().muted = muted

    def _change_character(self, folder: Path | None) -> None:
        assert self._mouth is not None
        try:
            avatar = open_avatar(folder, self._renderer, self._mouth.space, self.notice.emit)
            avatar.warm_up()
        except AvatarError as error:
            self.notice.emit(str(error))
            return
        before, self._avatar = self._avatar, avatar
        self._live().composer = avatar.live_composer()
        if before is not None:
            before.close()
        self.character_ready.emit(avatar.character.name, self._mouth.model.look_ahead_ms)

    def _begin_recording(self, path: Path) -> None:
        self._outputs.begin_recording(self._live(), path, *self._size())

    def _end_recording(self) -> None:
        self._outputs.end_recording(self._live())

    def _switch_camera(self, wanted: bool) -> None:
        self._outputs.switch_camera(self._live(), wanted, *self._size())

    def _size(self) -> tuple[int, int]:
        assert self._avatar is not None
        return self._avatar.character.width, self._avatar.character.height
