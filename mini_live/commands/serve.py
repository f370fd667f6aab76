"""``serve``: offers the avatar on this machine by REST, WebSocket and a web page."""

from __future__ import annotations

import argparse

from mini_live.service.application import create_app
from mini_live.service.company import Company
from mini_live.service.serving import bind, serve
from mini_live.service.settings import ServiceSettings
from mini_live.wiring import CHARACTERS_FOLDER
from talkingface.errors import CharacterError
from talkingface.exit_codes import EXIT_INTERRUPTED
from talkingface.reporting import Reporter


def run(arguments: argparse.Namespace, reporter: Reporter) -> int:
    """Listen until interrupted.

    Returns:
        130, for there is no other end.

    Raises:
        BadInputError: the address cannot be had, or the token is too short.
        CharacterError: the folder of characters does not exist.
        CheckpointError: the weights are missing or damaged.
    """
    folders = [CHARACTERS_FOLDER]
    if arguments.characters is not None:
        if not arguments.characters.is_dir():
            raise CharacterError(f"expected a folder of characters, found nothing at {arguments.characters}")
        folders.append(arguments.characters)
    settings = ServiceSettings(
        host=arguments.host,
        character_folders=tuple(folders),
        renderer=arguments.renderer,
        token=arguments.token,
    )
    listener = bind(arguments.host, arguments.port)
    app = create_app(settings)
    company: Company = app.state.company
    try:
        company.open()
        port = int(listener.getsockname()[1])
        serve(app, listener, lambda: _tell(settings, port, reporter))
    finally:
        company.close()
        listener.close()
    reporter.result({"command": "serve", "interrupted": True}, "ended")
    return EXIT_INTERRUPTED


def _tell(settings: ServiceSettings, port: int, reporter: Reporter) -> None:
    shown = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared with
    url = f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"
    reporter.event("listening", {"host": settings.host, "port": port, "url": url})
    reporter.note(
        f"the avatar is at {url}{'#token=' + settings.token if settings.token else ''}; Ctrl-C ends it"
    )
    if settings.is_open_to_the_network:
        guard = "" if settings.token else ", and no --token guards it"
        reporter.note(f"warning: other machines can reach it at {settings.host}, unencrypted{guard}")
