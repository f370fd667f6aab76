"""All that the routes of one service share: settings, studio, catalogue, jobs, seats and a folder to work in."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mini_live.service.catalogue import Catalogue
from mini_live.service.jobs import JobBook
from mini_live.service.refusals import BusyError
from mini_live.service.settings import ServiceSettings
from mini_live.service.studio import Studio


class Seats:
    """Counts who is in; used by the event loop's thread alone."""

    def __init__(self, most: int, what: str) -> None:
        """Start empty."""
        self._most = most
        self._what = what
        self.taken = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a seat.

        Raises:
            BusyError: all are taken.
        """
        if self.taken >= self._most:
            raise BusyError(
                f"expected at most {self._most} {self._what} at once, found more: try again later"
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Company:
    """Opened before the first request and closed after the last."""

    def __init__(self, settings: ServiceSettings) -> None:
        """Put the parts together; nothing starts before :meth:`open`."""
        self.settings = settings
        self.studio = Studio(settings.renderer)
        self.catalogue = Catalogue(settings.character_folders)
        self.live_seats = Seats(settings.most_live, "live avatars")
        self.mouth_seats = Seats(settings.most_mouth_streams, "mouth streams")
        self._folder: Path | None = None
        self._jobs: JobBook | None = None

    @property
    def folder(self) -> Path:
        """A temporary folder that is deleted at the end."""
        assert self._folder is not None, "the company is open"
        return self._folder

    @property
    def jobs(self) -> JobBook:
        """The jobs."""
        assert self._jobs is not None, "the company is open"
        return self._jobs

    def open(self) -> None:
        """Start the studio; may be called twice.

        Raises:
            CheckpointError: the weights are missing or damaged.
        """
        if self._folder is not None:
            return
        self.studio.start()
        self._folder = Path(tempfile.mkdtemp(prefix="avatar-service-"))
        self._jobs = JobBook(
            self.studio,
            self._folder,
            most_waiting=self.settings.most_waiting_jobs,
            most_kept=self.settings.most_kept_jobs,
        )

    def close(self) -> None:
        """Break off what runs and leave nothing behind; may be called twice."""
        self.studio.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
