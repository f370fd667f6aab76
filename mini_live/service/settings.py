"""What a service is set to: where characters are, who may call, and how much it takes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mini_live.wiring import CHARACTERS_FOLDER
from talkingface.errors import BadInputError

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on
LEAST_TOKEN_LENGTH = 8


@dataclass(frozen=True)
class ServiceSettings:
    """The settings of one service.

    Attributes:
        host: the address it listens on; decides which host names callers may use.
        character_folders: folders of characters, or character folders.
        renderer: ``auto``, ``gl`` or ``cpu``.
        token: the word that callers must know; None for none.
        most_upload_bytes: of one request.
        longest_sound_s: of one uploaded sound.
        most_waiting_jobs: more are turned away.
        most_kept_jobs: finished ones are kept until there are more; then the oldest go.
        most_live: avatars shown live at once.
        most_mouth_streams: mouth streams at once.
    """

    host: str = "127.0.0.1"
    character_folders: tuple[Path, ...] = (CHARACTERS_FOLDER,)
    renderer: str = "auto"
    token: str | None = None
    most_upload_bytes: int = 64 * 1024 * 1024
    longest_sound_s: float = 600.0
    most_waiting_jobs: int = 8
    most_kept_jobs: int = 32
    most_live: int = 2
    most_mouth_streams: int = 8

    def __post_init__(self) -> None:
        """Check.

        Raises:
            BadInputError: a token that is too short to guard anything, or a limit below one.
        """
        if self.token is not None and len(self.token) < LEAST_TOKEN_LENGTH:
            raise BadInputError(
                f"expected a token of at least {LEAST_TOKEN_LENGTH} characters, found {len(self.token)}"
            )
        limits = (
            self.most_upload_bytes, self.longest_sound_s, self.most_waiting_jobs, self.most_kept_jobs,
            self.most_live, self.most_mouth_streams,
        )  # fmt: skip
        if min(limits) < 1:
            raise BadInputError(f"expected limits of at least 1, found {min(limits):g}")

    @property
    def is_open_to_the_network(self) -> bool:
        """Whether other machines can reach it."""
        return self.host not in ("127.0.0.1", "localhost", "::1")
