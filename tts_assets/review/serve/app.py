"""The page and what it asks for, each at its address below the token."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from tts_assets.review.serve.guard import NOT_FOUND
from tts_assets.review.serve.orders import DecisionBatch, PageRequestError, RegenerateRequest
from tts_assets.review.serve.sounds import create_sound_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from tts_assets.review.serve.house import ReviewService

T = TypeVar("T")


def create_app(house: ReviewService, on_bug: Callable[[Exception], None]) -> ASGIApp:
    """All addresses; a guard has to stand before them.

    Args:
        house: what answers.
        on_bug: told what should never be raised.
    """
    rooms = _Routes(house)

    def handle_bug(_: Request, exc: Exception) -> Response:
        on_bug(exc)
        return _json_response({"error": "this is a bug: the terminal tells more"}, 500)

    app = Starlette(
        routes=[
            Route("/", rooms.get_page),
            Route("/clips/{name:path}", rooms.get_sound),
            Route("/earlier/{name:path}", rooms.get_sound),
            Route("/events", rooms.stream_events),
            Route("/decisions", rooms.post_decisions, methods=["POST"]),
            Route("/again", rooms.post_regenerate, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: _handle_http_error,
            PageRequestError: _handle_request_error,
            Exception: handle_bug,
        },
    )
    # Addresses have one spelling, and answers lead nowhere.
    app.router.redirect_slashes = False
    return app


class _Routes:
    """One method for each address."""

    def __init__(self, house: ReviewService) -> None:
        self._house = house

    async def get_page(self, _: Request) -> Response:
        page = await self._house.render_page()
        return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})

    async def get_sound(self, request: Request) -> Response:
        # As it was asked for, decoded once, and no further.
        name = request.scope["path"].removeprefix("/")
        sound = await anyio.to_thread.run_sync(self._house.open_sound, name, request.url.query)
        if sound is None:
            self._house.report_missing_sound(name)
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return create_sound_response(sound, name, request.headers)

    async def stream_events(self, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        last = request.headers.get("last-event-id", "")
        known = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else 0
        told = self._house.news.subscribe(known)
        return StreamingResponse(told, media_type="text/event-stream")

    async def post_decisions(self, request: Request) -> Response:
        found = _decode_body(await request.body(), DecisionBatch)
        return _json_response(await self._house.save_decisions(found))

    async def post_regenerate(self, request: Request) -> Response:
        order = _decode_body(await request.body(), RegenerateRequest)
        return _json_response(
            {"job": await self._house.regenerate_clip(order)}, HTTPStatus.ACCEPTED
        )


def _decode_body(body: bytes, what: type[T]) -> T:
    """What a page sends.

    Raises:
        RefusedError: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=what)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise PageRequestError(f"the request is not what the page sends: {exc}") from exc


def _json_response(value: object, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _handle_http_error(_: Request, exc: Exception) -> Response:
    """An address that is none, or not for this method."""
    assert isinstance(exc, HTTPException)  # noqa: S101 - as it is registered
    if exc.status_code == HTTPStatus.NOT_FOUND:
        return _json_response({"error": NOT_FOUND.words}, exc.status_code)
    answered = _json_response({"error": exc.detail}, exc.status_code)
    answered.headers.update(exc.headers or {})
    return answered


def _handle_request_error(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, PageRequestError)  # noqa: S101 - as it is registered
    return _json_response({"error": str(exc)}, exc.status)
