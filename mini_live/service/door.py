"""The door: who may come in (host, origin, token), with how much, and what every answer says to the browser."""

from __future__ import annotations

import hmac
import ipaddress
import json
import socket
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mini_live.service.refusals import POLICY, TooLargeError
from mini_live.service.settings import ANY_ADDRESS, ServiceSettings

OPEN_PATHS = ("/", "/health")
OPEN_PREFIX = "/page/"
# Form fields and boundaries around an upload, and base64, which is a third larger than the bytes it carries.
ROOM_AROUND_UPLOAD = 1.4
ANSWER_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
        "connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """ASGI middleware around the whole service.

    A page of another site must not reach a service on this machine: neither by its own name for this address
    (DNS rebinding: the Host header is checked) nor by a WebSocket or form (the Origin header is checked).
    """

    def __init__(self, app: ASGIApp, settings: ServiceSettings) -> None:
        """Stand before an application."""
        self._app = app
        self._token = settings.token
        self._most_bytes = round(settings.most_upload_bytes * ROOM_AROUND_UPLOAD)
        self._any_address = settings.host in ANY_ADDRESS
        self._hosts = {"127.0.0.1", "localhost", "::1", settings.host.lower(), socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in or refuse."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None and scope["type"] == "http":
            await self._app(scope, _Counted(receive, self._most_bytes), _Marked(send))
        elif refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _refuse_http(_Marked(send), *refusal)
        else:
            await receive()
            await send({"type": "websocket.close", "code": POLICY, "reason": refusal[1][:120]})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_our_name(host):
            return 403, f"expected the service's own address as host, found {host[:80]!r}"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return 403, f"expected a page of this service, found the origin {origin[:80]!r}"
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._most_bytes:
            return 413, f"expected at most {self._most_bytes} bytes, found {length[:20]}"
        if self._token is not None and not self._knows_token(scope, headers):
            return (
                401,
                "expected the service's token (Authorization: Bearer …, or ?token=…), found none or another",
            )
        return None

    def _is_our_name(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return name in self._hosts or (self._any_address and _is_address(name))

    def _knows_token(self, scope: Scope, headers: Headers) -> bool:
        path = scope["path"]
        if scope["type"] == "http" and (path in OPEN_PATHS or path.startswith(OPEN_PREFIX)):
            return True
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        return hmac.compare_digest(given.encode(), (self._token or "").encode())


class _Counted:
    """Refuses a body that grows beyond the limit while it is received."""

    def __init__(self, receive: Receive, most_bytes: int) -> None:
        self._receive = receive
        self._left = most_bytes

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            raise TooLargeError("expected a smaller request, found one beyond the limit")
        return message


class _Marked:
    """Adds the headers that every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in ANSWER_HEADERS.items():
                headers[name] = value
        await self._send(message)


async def _refuse_http(send: Send, status: int, text: str) -> None:
    body = json.dumps({"error": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if status == 413:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
