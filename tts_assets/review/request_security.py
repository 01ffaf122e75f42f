"""Who may ask, and what: what other pages, other names of this machine and floods get is a refusal."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
import msgspec
from starlette.datastructures import Headers, MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


#: What a request may bring along, in bytes: some thousand decisions.
MAX_BODY_BYTES = 1_000_000

#: How long a body may take to come, in seconds; it comes from this machine.
BODY_SECONDS = 10.0
_METHODS = frozenset({"GET", "HEAD", "POST"})

#: What browsers say of a request that a page of ours, or a person, began.
_OWN_SITES = frozenset({"same-origin", "none"})

#: Goes with every answer, unless the answer has its own.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a request is not answered.

    Args:
        status: the HTTP status.
        words: what is wrong, for people.
    """

    status: HTTPStatus
    words: str


#: The same for every address that is none, so that nothing is told about the token.
NOT_FOUND = Rejection(HTTPStatus.NOT_FOUND, "there is nothing at this address")
_TOO_LARGE = Rejection(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request may bring {MAX_BODY_BYTES:,} bytes at most"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """What lets a request in.

    Args:
        port: the port of 127.0.0.1 that is listened on.
        token: the secret first part of every path.
    """

    port: int
    token: str

    @property
    def address(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/{self.token}/"

    def check_request(self, scope: Scope) -> Rejection | None:
        """Why a request is refused by what stands before its body; None where it is not."""
        headers = Headers(scope=scope)
        refused = self._check_origin(headers)
        if refused is not None:
            return refused
        if scope["method"] not in _METHODS:
            return Rejection(HTTPStatus.METHOD_NOT_ALLOWED, "only GET, HEAD and POST are answered")
        if not self._has_token(scope):
            return NOT_FOUND
        if scope["method"] == "POST":
            return _check_post(headers)
        # Nobody waits for a body that nobody reads.
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        return _TOO_LARGE if has_body else None

    def _check_origin(self, headers: Headers) -> Rejection | None:
        """That a request was meant for another host, or comes from another page."""
        hosts = headers.getlist("host")
        names = (f"127.0.0.1:{self.port}", f"localhost:{self.port}")
        if len(hosts) != 1 or hosts[0] not in names:
            # Else a name that a stranger's server resolves to this machine would lead here.
            return Rejection(HTTPStatus.FORBIDDEN, f"the host must be {' or '.join(names)}")
        origins = headers.getlist("origin")
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return Rejection(HTTPStatus.FORBIDDEN, "the request comes from another page")
        if not _OWN_SITES.issuperset(headers.getlist("sec-fetch-site")):
            return Rejection(
                HTTPStatus.FORBIDDEN,
                "another page leads here: open the address that was printed in a tab of its own",
            )
        return None

    def _has_token(self, scope: Scope) -> bool:
        """Whether the path begins with the token, found out in a time that does not tell."""
        first, slash, _ = scope["raw_path"].removeprefix(b"/").partition(b"/")
        return hmac.compare_digest(first, self.token.encode()) and slash == b"/"


def _check_post(headers: Headers) -> Rejection | None:
    if "origin" not in headers:
        return Rejection(HTTPStatus.FORBIDDEN, "the request does not tell which page it comes from")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or "content-encoding" in headers:
        return Rejection(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only plain application/json is taken")
    length = headers.get("content-length", "0")
    # Longer numbers need not be read to be too large.
    if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
        return _TOO_LARGE
    return None


class SecurityMiddleware:
    """Stands before everything else: only what it lets through is looked at."""

    def __init__(self, app: ASGIApp, access: AccessPolicy) -> None:
        """Guard an application."""
        self.access = access
        self._app = app
        self._once = b""

    def create_one_time_url(self) -> str:
        """An address that leads to the page once, and then nowhere.

        The words that a browser is started with, every user of the machine can see.
        """
        word = secrets.token_urlsafe(32)
        self._once = f"/{word}/".encode()
        return f"http://127.0.0.1:{self.access.port}/{word}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        send = _add_headers(send)
        refused = self.access.check_request(scope)
        if refused is NOT_FOUND and self._is_one_time_request(scope):
            await _send_redirect(send, f"/{self.access.token}/")
            return
        if refused is None and scope["method"] == "POST":
            body = await _read_body(receive)
            refused = body if isinstance(body, Rejection) else None
            if isinstance(body, bytes):
                receive = _replay_body(body, receive)
        if refused is not None:
            await send_rejection(send, refused)
            return
        # The application knows addresses without the token.
        below = scope["path"].removeprefix(f"/{self.access.token}")
        await self._app({**scope, "path": below}, receive, send)

    def _is_one_time_request(self, scope: Scope) -> bool:
        """Whether a request is the one that the address for once was made for."""
        # Paths may be empty, too: nothing is no address for once.
        is_first = self._once and hmac.compare_digest(scope["raw_path"], self._once)
        if not is_first or scope["method"] != "GET":
            return False
        self._once = b""
        return True


async def _send_redirect(send: Send, path: str) -> None:
    headers = [(b"location", path.encode()), (b"content-length", b"0")]
    await send(
        {"type": "http.response.start", "status": int(HTTPStatus.SEE_OTHER), "headers": headers}
    )
    await send({"type": "http.response.body", "body": b""})


async def _read_body(receive: Receive) -> bytes | Rejection:
    """All that a request brings, or why it is refused."""
    body = bytearray()
    with anyio.move_on_after(BODY_SECONDS):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                break
            body += message.get("body", b"")
            if len(body) > MAX_BODY_BYTES:
                return _TOO_LARGE
            if not message.get("more_body", False):
                return bytes(body)
    return Rejection(HTTPStatus.REQUEST_TIMEOUT, "the request did not come in time")


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """A body that is there already, and after it what else comes of its connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


def _add_headers(send: Send) -> Send:
    async def send_message(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_message


async def send_rejection(send: Send, refused: Rejection) -> None:
    """Answer with an error, and have the connection closed."""
    body = msgspec.json.encode({"error": refused.words})
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        # What is left of a body that was not read is not taken for another request.
        "connection": "close",
    }
    if refused.status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = ", ".join(sorted(_METHODS))
    await send(
        {
            "type": "http.response.start",
            "status": int(refused.status),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
