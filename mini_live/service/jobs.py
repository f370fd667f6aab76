"""Jobs: videos that are made one after another, asked after, fetched, and thrown away."""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from mini_live.audio_file_source import AudioFileSource
from mini_live.mouth_curves import MouthCurveCollector
from mini_live.offline import speak_into
from mini_live.service.refusals import BusyError, ClosedError, NotReadyError, UnknownNameError
from mini_live.service.studio import Studio
from mini_live.sinks import VideoFileSink
from talkingface.errors import AvatarError
from talkingface.mouth_controls import MouthControls
from talkingface.mouth_stream import MouthStream
from talkingface.stage_timing import StageTimer
from talkingface.timing import FRAMES_PER_SECOND, SAMPLE_RATE, frame_count
from talkingface.video_files import VideoWriter

BLOCK_SAMPLES = SAMPLE_RATE // 2
VIDEO_NAME = "speech.mp4"


class JobState(StrEnum):
    """Where a job is on its way."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass
class Job:
    """One video to make; the studio's thread writes state and progress, anybody reads them."""

    id: str
    folder: Path
    sound: Path
    samples: int
    character_folder: Path
    controls: MouthControls
    badge: bool = True
    state: JobState = JobState.PENDING
    progress: float = 0.0
    frames: int = 0
    error: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    dropped: threading.Event = field(default_factory=threading.Event)

    @property
    def video(self) -> Path:
        """Where the video is when the job is completed."""
        return self.folder / VIDEO_NAME


class JobDropped(Exception):  # noqa: N818 - no error: somebody does not want the job any more
    """Breaks off a job that was thrown away while it ran."""


class JobBook:
    """Keeps the jobs of one service in a folder of its own."""

    def __init__(self, studio: Studio, folder: Path, *, most_waiting: int, most_kept: int) -> None:
        """Start empty.

        Args:
            studio: does the work.
            folder: exists; everything in it is the book's.
            most_waiting: jobs that are not finished; more are turned away.
            most_kept: finished jobs; the oldest are thrown away beyond that.
        """
        self._studio = studio
        self._folder = folder
        self._most_waiting = most_waiting
        self._most_kept = most_kept
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def check_room(self) -> None:
        """Refuse early, before a sound is received.

        Raises:
            BusyError: too many jobs wait.
        """
        with self._lock:
            waiting = sum(job.state in (JobState.PENDING, JobState.RUNNING) for job in self._jobs.values())
        if waiting >= self._most_waiting:
            raise BusyError(
                f"expected at most {self._most_waiting} jobs at once, found more: try again later"
            )

    def add(
        self,
        sound: Path,
        samples: int,
        character_folder: Path,
        controls: MouthControls,
        *,
        badge: bool = True,
    ) -> Job:
        """Take a job on; the sound file is moved into the book's folder.

        Raises:
            BusyError: too many jobs wait.
        """
        self.check_room()
        name = uuid.uuid4().hex
        folder = self._folder / name
        folder.mkdir()
        job = Job(name, folder, sound.replace(folder / "sound"), samples, character_folder, controls, badge)
        with self._lock:
            self._jobs[name] = job
        self._forget_old()
        self._studio.submit(lambda breathe: self._run(job, breathe))
        return job

    def get(self, name: str) -> Job:
        """Return a job.

        Raises:
            UnknownNameError: there is none of that name, or not any more.
        """
        with self._lock:
            job = self._jobs.get(name)
        if job is None:
            raise UnknownNameError(f"expected a job that was taken on, found no {name[:40]!r}")
        return job

    def finished_video(self, name: str) -> Path:
        """Return the video of a completed job.

        Raises:
            UnknownNameError: there is no such job.
            NotReadyError: it is not completed.
        """
        job = self.get(name)
        if job.state is not JobState.COMPLETED:
            why = f": {job.error}" if job.error else ""
            raise NotReadyError(f"expected a completed job, found a {job.state} one{why}")
        return job.video

    def remove(self, name: str) -> None:
        """Throw a job away, breaking it off where it runs.

        Raises:
            UnknownNameError: there is none of that name.
        """
        job = self.get(name)
        with self._lock:
            self._jobs.pop(name, None)
        job.dropped.set()
        if job.state is not JobState.RUNNING:
            shutil.rmtree(job.folder, ignore_errors=True)

    def _forget_old(self) -> None:
        with self._lock:
            done = [job for job in self._jobs.values() if job.state in (JobState.COMPLETED, JobState.FAILED)]
            too_many = done[: max(0, len(done) - self._most_kept)]
        for job in too_many:
            self.remove(job.id)

    def _run(self, job: Job, breathe: Callable[[], None]) -> None:
        if job.dropped.is_set():
            return
        job.state = JobState.RUNNING
        try:
            self._speak(job, breathe)
            job.progress = 1.0
            job.state = JobState.COMPLETED
        except JobDropped:
            job.state = JobState.FAILED
        except ClosedError:
            job.error, job.state = "the service was shut down", JobState.FAILED
            raise
        except AvatarError as error:
            job.error, job.state = _without_paths(str(error), job), JobState.FAILED
        except Exception as error:
            job.error, job.state = f"unexpected {type(error).__name__}", JobState.FAILED
            raise
        finally:
            job.sound.unlink(missing_ok=True)
            if job.dropped.is_set():
                shutil.rmtree(job.folder, ignore_errors=True)

    def _speak(self, job: Job, breathe: Callable[[], None]) -> None:
        mouth = self._studio.mouth
        expected = max(1, frame_count(job.samples))

        def after_frame(done: int) -> None:
            job.frames = done
            job.progress = min(done / expected, 0.99)
            breathe()
            if job.dropped.is_set():
                raise JobDropped

        avatar = self._studio.open_avatar(job.character_folder)
        try:
            character = avatar.character
            writer = VideoWriter(
                job.video,
                character.width,
                character.height,
                FRAMES_PER_SECOND,
                audio_sample_rate_hz=SAMPLE_RATE,
                quick=True,
                badge=job.badge,
            )
            speak_into(
                VideoFileSink(writer),
                AudioFileSource(job.sound, BLOCK_SAMPLES),
                MouthStream(mouth.model, job.controls, job.controls.sound_offset_ms),
                avatar.composer,
                MouthCurveCollector(mouth.space, mouth.model.look_ahead_ms),
                StageTimer(),
                after_frame,
            )
        finally:
            self._studio.close_avatar(avatar)


def _without_paths(text: str, job: Job) -> str:
    return text.replace(str(job.sound), "the sound").replace(str(job.folder), "the job's folder")
