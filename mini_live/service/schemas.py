"""What goes in and out over HTTP, as pydantic models."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from mini_live.service.catalogue import Offer
from mini_live.service.jobs import Job, JobState
from talkingface.mouth_controls import MouthControls


class SpeechSettings(BaseModel):
    """Which character speaks, and how; what is left out stays at its default."""

    model_config = ConfigDict(extra="forbid")

    character: str | None = Field(
        None, max_length=200, description="id of a character; default: the first one"
    )
    gain: float | None = None
    smoothing: float | None = None
    attack_ms: float | None = None
    hold_ms: float | None = None
    noise_gate_dbfs: float | None = None
    badge: bool = Field(True, description="the small AI sign in the corner of a video")

    def controls(self) -> MouthControls:
        """Return the mouth's settings.

        Raises:
            BadInputError: a setting outside its limits.
        """
        return MouthControls(
            **self.model_dump(exclude={"character", "badge", "audio_base64"}, exclude_none=True)
        )


class SpeechRequest(SpeechSettings):
    """The same with the sound in it, for callers who send JSON."""

    audio_base64: str = Field(description="a sound file: wav, flac, mp3, ogg, m4a, webm …")


class Failure(BaseModel):
    """Every refusal: one sentence."""

    error: str


class Health(BaseModel):
    """How the service is."""

    status: str
    fps: int
    look_ahead_ms: int
    live: int
    mouth_streams: int


class CharacterView(BaseModel):
    """One character; ``error`` is empty where it can be used."""

    id: str
    name: str
    width: int
    height: int
    seconds: float
    preview: str
    error: str

    @classmethod
    def of(cls, offer: Offer) -> Self:
        """Return the view of an offer."""
        return cls(
            id=offer.id,
            name=offer.name,
            width=offer.width,
            height=offer.height,
            seconds=offer.seconds,
            preview=f"/characters/{offer.id}/preview",
            error=offer.error,
        )


class JobView(BaseModel):
    """One job; ``progress`` goes from 0 to 1, ``video`` is there when it is completed."""

    id: str
    state: JobState
    progress: float
    frames: int
    created: datetime
    character: str
    video: str | None
    error: str

    @classmethod
    def of(cls, job: Job) -> Self:
        """Return the view of a job."""
        return cls(
            id=job.id,
            state=job.state,
            progress=round(job.progress, 4),
            frames=job.frames,
            created=job.created,
            character=job.character_folder.name,
            video=f"/jobs/{job.id}/video" if job.state is JobState.COMPLETED else None,
            error=job.error,
        )


class MouthFrame(BaseModel):
    """The mouth of one frame, 40 ms."""

    time_s: float
    lip_opening: float
    lip_width: float
    silent: bool
    coefficients: list[float]


class MouthDocument(BaseModel):
    """The same as the command ``mouth`` writes."""

    fps: int
    look_ahead_ms: int
    frames: list[MouthFrame]
