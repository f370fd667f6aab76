"""Where a live session's frames and sound go besides the window: recording, virtual camera, monitor."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mini_live.live_session import LiveSession
from mini_live.monitor import MonitorSink, SpeakerInfo
from mini_live.sinks import QueuedSink, VideoFileSink
from mini_live.virtual_camera import VirtualCameraSink
from talkingface.errors import AvatarError
from talkingface.seams import FrameSink
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE
from talkingface.video_files import VideoWriter

QUEUED_FRAMES = 2 * FRAMES_PER_SECOND


class Outputs:
    """Opens, ends and frees the outputs; all methods but :attr:`recording` belong to the worker's thread."""

    def __init__(
        self,
        on_notice: Callable[[str, str], None],
        on_recording: Callable[[bool, str], None],
        on_camera: Callable[[bool, str], None],
        on_monitor: Callable[[bool], None],
    ) -> None:
        """Start with none.

        Args:
            on_notice: told what went wrong, ``recording``, ``camera`` or ``monitor``, and a sentence about it.
            on_recording: told whether a recording runs, and the path of one that is finished.
            on_camera: told whether the camera runs, and its name.
            on_monitor: told whether the voice is played back.
        """
        self._badge = True
        self._on_notice = on_notice
        self._on_recording = on_recording
        self._on_camera = on_camera
        self._on_monitor = on_monitor
        self._recording: QueuedSink | None = None
        self._finishing: list[QueuedSink] = []
        self._camera: VirtualCameraSink | None = None
        self._monitor: MonitorSink | None = None

    @property
    def recording(self) -> bool:
        """Whether a recording runs or is being finished."""
        return self._recording is not None or any(not sink.finished for sink in self._finishing)

    def set_badge(self, shown: bool) -> None:
        """Say whether the camera, and recordings that begin from now on, show that they are synthetic."""
        self._badge = shown
        if self._camera is not None:
            self._camera.badge = shown

    @property
    def monitoring(self) -> bool:
        """Whether a speaker is open."""
        return self._monitor is not None

    def begin_recording(self, session: LiveSession, path: Path, width: int, height: int) -> None:
        """Record picture and sound from now on, in the size of the character shown now."""
        if self._recording is not None:
            return
        try:
            writer = VideoWriter(
                path, width, height, FRAMES_PER_SECOND,
                audio_sample_rate_hz=SAMPLE_RATE, preset="ultrafast", keep_what_is_whole=True,
                badge=self._badge,
            )  # fmt: skip
        except AvatarError as error:
            self._on_notice("recording", str(error))
            self._on_recording(False, "")
            return

        def finished(error: AvatarError | None) -> None:
            if error is not None:
                self._on_notice("recording", str(error))
            # By then another recording may run.
            self._on_recording(self._recording is not None, "" if error is not None else str(path))

        self._recording = QueuedSink(
            VideoFileSink(writer), QUEUED_FRAMES, drop_when_full=True, on_finished=finished
        )
        session.add_sink(self._recording)
        self._on_recording(True, "")

    def end_recording(self, session: LiveSession) -> None:
        """Finish the recording with the frames of all its sound; ``on_recording`` tells when it is whole."""
        sink, self._recording = self._recording, None
        if sink is not None:
            self._finishing = [other for other in self._finishing if not other.finished]
            self._finishing.append(sink)
            session.end_sink(sink, sink.finish)

    def switch_camera(self, session: LiveSession, wanted: bool, width: int, height: int) -> None:
        """Open or close the virtual camera."""
        camera, self._camera = self._camera, None
        if camera is not None:
            session.end_sink(camera, camera.close)
        if wanted:
            try:
                self._camera = VirtualCameraSink(width, height, badge=self._badge)
            except AvatarError as error:
                self._on_notice("camera", str(error))
            else:
                session.add_sink(self._camera)
        self._on_camera(self._camera is not None, "" if self._camera is None else self._camera.name)

    def switch_monitor(self, session: LiveSession, speaker: SpeakerInfo | None) -> None:
        """Play the voice back in step with the picture; None stops it."""
        monitor, self._monitor = self._monitor, None
        if monitor is not None:
            session.end_sink(monitor, monitor.close)
        if speaker is not None:
            try:
                self._monitor = MonitorSink(speaker)
            except AvatarError as error:
                self._on_notice("monitor", str(error))
            else:
                session.add_sink(self._monitor)
        self._on_monitor(self._monitor is not None)

    def failed(self, sink: FrameSink, error: AvatarError) -> None:
        """Take note of an output that failed; the session has left it out."""
        kind = "camera" if sink is self._camera else "monitor" if sink is self._monitor else "recording"
        self._on_notice(kind, str(error))
        if sink is self._recording:
            self._recording = None
            self._on_recording(False, "")
        elif sink is self._camera:
            self._camera = None
            self._on_camera(False, "")
        elif sink is self._monitor:
            self._monitor = None
            self._on_monitor(False)
        with suppress(AvatarError):
            sink.close()

    def close(self) -> None:
        """Finish a recording and free the rest."""
        sinks: list[FrameSink | None] = [self._recording, *self._finishing, self._camera, self._monitor]
        self._recording = self._camera = self._monitor = None
        self._finishing = []
        for sink in sinks:
            if sink is not None:
                with suppress(AvatarError):
                    sink.close()
