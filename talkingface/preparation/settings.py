"""What a person may ask for when a character is prepared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from talkingface.errors import BadInputError

Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Settings:
    """What a person may ask for; see :func:`prepare_character`."""

    name: str
    seconds: float
    start_s: float
    matte: bool
    consent: str
    licence: str
    face_model: Path | None
    origin: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check values.

        Raises:
            BadInputError: a length or a start that makes no sense.
        """
        if not 0.3 <= self.seconds <= 600:
            raise BadInputError(f"expected a loop of 0.3 to 600 seconds, found {self.seconds}")
        if not 0 <= self.start_s < 1e6:
            raise BadInputError(f"expected a start of 0 seconds or more, found {self.start_s}")
