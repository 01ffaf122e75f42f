"""Reject requests from other pages, by other host names, without the token, or too large or slow."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import anyio
import msgspec
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


MAX_BODY_BYTES = 1_000_000  #: the largest body of a request, in bytes: some thousand decisions

#: How long a body may take to arrive from this machine, in seconds.
BODY_SECONDS = 10.0
_METHODS = frozenset({"GET", "HEAD", "POST"})

#: The values of Sec-Fetch-Site for requests begun by our page, or by a person.
_OWN_SITES = frozenset({"same-origin", "none"})

#: Sent with every response, unless it sets its own.
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
    """Why a request is rejected: the HTTP status, and the reason for people."""

    status: HTTPStatus
    words: str


#: The same for every unknown address, so that it reveals nothing about the token.
NOT_FOUND = Rejection(HTTPStatus.NOT_FOUND, "there is nothing at this address")
_TOO_LARGE = Rejection(
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request may contain at most {MAX_BODY_BYTES:,} bytes"
)


class SecurityMiddleware:
    """Passes on the requests that it accepts, without the token in their path.

    Args:
        app: gets the requests.
        port: of 127.0.0.1.
        token: the secret first part of every path.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app = app
        self._port = port
        self._token = token
        self._one_time_path = b""

    @property
    def address(self) -> str:
        """The URL of the page."""
        return f"http://127.0.0.1:{self._port}/{self._token}/"

    def create_one_time_url(self) -> str:
        """A URL that redirects to the page once.

        The arguments that a browser is started with are visible to every user of the machine.
        """
        one_time_token = secrets.token_urlsafe(32)
        self._one_time_path = f"/{one_time_token}/".encode()
        return f"http://127.0.0.1:{self._port}/{one_time_token}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = _add_headers(send)
        rejection = self._check_request(scope)
        if rejection is NOT_FOUND and self._is_one_time_request(scope):
            redirect = RedirectResponse(f"/{self._token}/", HTTPStatus.SEE_OTHER)
            await redirect(scope, receive, send)
            return
        if rejection is None and scope["method"] == "POST":
            body = await _read_body(receive)
            if isinstance(body, Rejection):
                rejection = body
            else:
                receive = _replay_body(body, receive)
        if rejection is not None:
            await _to_response(rejection)(scope, receive, send)
            return
        below = scope["path"].removeprefix(f"/{self._token}")
        await self._app({**scope, "path": below}, receive, send)

    def _is_one_time_request(self, scope: Scope) -> bool:
        """Whether a request is the first for the one-time URL."""
        # A path may be empty, and so is a used one-time URL.
        is_first = self._one_time_path and hmac.compare_digest(
            scope["raw_path"], self._one_time_path
        )
        if not is_first or scope["method"] != "GET":
            return False
        self._one_time_path = b""
        return True

    def _check_request(self, scope: Scope) -> Rejection | None:
        """Check everything before the body; None if the request may go on."""
        headers = Headers(scope=scope)
        rejection = self._check_origin(headers)
        if rejection is not None:
            return rejection
        if scope["method"] not in _METHODS:
            return Rejection(HTTPStatus.METHOD_NOT_ALLOWED, "only GET, HEAD and POST are answered")
        if not self._has_token(scope):
            return NOT_FOUND
        if scope["method"] == "POST":
            return _check_post(headers)
        # GET and HEAD must not send a body, which would not be read.
        has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
        return _TOO_LARGE if has_body else None

    def _check_origin(self, headers: Headers) -> Rejection | None:
        """Reject a request that is for another host, or comes from another page."""
        hosts = headers.getlist("host")
        names = (f"127.0.0.1:{self._port}", f"localhost:{self._port}")
        if len(hosts) != 1 or hosts[0] not in names:
            # DNS rebinding: a foreign name may resolve to this machine.
            return Rejection(HTTPStatus.FORBIDDEN, f"the host must be {' or '.join(names)}")
        origins = headers.getlist("origin")
        if any(origin != f"http://{hosts[0]}" for origin in origins):
            return Rejection(HTTPStatus.FORBIDDEN, "the request comes from another page")
        if not _OWN_SITES.issuperset(headers.getlist("sec-fetch-site")):
            return Rejection(
                HTTPStatus.FORBIDDEN,
                "another page opened this address: open the printed address in a new tab",
            )
        return None

    def _has_token(self, scope: Scope) -> bool:
        """Whether the path begins with the token, compared in constant time."""
        first, slash, _ = scope["raw_path"].removeprefix(b"/").partition(b"/")
        return hmac.compare_digest(first, self._token.encode()) and slash == b"/"


def _check_post(headers: Headers) -> Rejection | None:
    if "origin" not in headers:
        return Rejection(HTTPStatus.FORBIDDEN, "the request does not name its origin")
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or "content-encoding" in headers:
        return Rejection(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "only application/json is accepted")
    length = headers.get("content-length", "0")
    # A longer number is too large, whatever its digits.
    if len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES:
        return _TOO_LARGE
    return None


def _to_response(rejection: Rejection) -> Response:
    # Closed: the rest of an unread body must not be parsed as another request.
    headers = {"connection": "close"}
    if rejection.status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = ", ".join(sorted(_METHODS))
    body = msgspec.json.encode({"error": rejection.words})
    return Response(body, rejection.status, headers, media_type="application/json")


async def _read_body(receive: Receive) -> bytes | Rejection:
    """The whole body of a request, or why it is rejected."""
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
    return Rejection(HTTPStatus.REQUEST_TIMEOUT, "the request timed out")


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """Receive a body that was read already, then the further messages of its connection."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return pending.pop() if pending else await receive()

    return next_message


def _add_headers(send: Send) -> Send:
    async def send_message(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_message
