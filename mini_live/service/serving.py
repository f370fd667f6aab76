"""Listening: binds the address first, so that a taken port is one clear line, then runs the application on it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from talkingface.errors import BadInputError

LARGEST_MESSAGE_BYTES = 1 << 20
MESSAGES_AHEAD = 32
GRACE_S = 3
BACKLOG = 128


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address; port 0 takes any free one.

    Raises:
        BadInputError: no such address on this machine, a port that is taken, or one that needs more rights.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        reason = error.strerror or error
        raise BadInputError(f"expected an address of this machine, found {host!r} ({reason})") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or error
        raise BadInputError(
            f"expected a free port, found {host}:{port} taken or forbidden ({reason})"
        ) from error
    return listener


def serve(app: FastAPI, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Answer until interrupted (Ctrl-C or SIGTERM), then end what is open and return.

    Args:
        app: the application.
        listener: bound; closed afterwards.
        on_ready: called when the service answers.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="websockets-sansio",
        ws_max_size=LARGEST_MESSAGE_BYTES,
        ws_max_queue=MESSAGES_AHEAD,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = _Server(config, on_ready)
    try:
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listener])
    finally:
        listener.close()


class _Server(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()
