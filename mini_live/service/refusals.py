"""The service's own named errors, and the HTTP status and WebSocket code that each error becomes."""

from __future__ import annotations

from talkingface.errors import AvatarError, BadInputError


class TooLargeError(BadInputError):
    """A request or a sound is larger than the service takes."""


class UnknownNameError(BadInputError):
    """There is no character or job of that name."""


class NotReadyError(AvatarError):
    """What was asked for is not there yet, or never will be."""


class BusyError(AvatarError):
    """The service does as much as it takes on; trying again later helps."""


class ClosedError(AvatarError):
    """The service is shutting down."""


HTTP_STATUS: tuple[tuple[type[AvatarError], int], ...] = (
    (TooLargeError, 413),
    (UnknownNameError, 404),
    (NotReadyError, 409),
    (BusyError, 503),
    (ClosedError, 503),
    (BadInputError, 422),
)
POLICY, TOO_BIG, INTERNAL, TRY_LATER = 1008, 1009, 1011, 1013


def http_status(error: AvatarError) -> int:
    """Return the HTTP status of an error; 500 for what is not the caller's doing."""
    return next((status for kind, status in HTTP_STATUS if isinstance(error, kind)), 500)


def close_code(error: AvatarError) -> int:
    """Return the WebSocket close code of an error (RFC 6455, section 7.4 and its registry)."""
    if isinstance(error, TooLargeError):
        return TOO_BIG
    if isinstance(error, BusyError | ClosedError):
        return TRY_LATER
    return POLICY if isinstance(error, BadInputError) else INTERNAL
