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
from tts_assets.review.serve.orders import AgainOrder, Decisions, RefusedError
from tts_assets.review.serve.sounds import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp

    from tts_assets.review.serve.house import House

T = TypeVar("T")


def application(house: House, on_bug: Callable[[Exception], None]) -> ASGIApp:
    """All addresses; a guard has to stand before them.

    Args:
        house: what answers.
        on_bug: told what should never be raised.
    """
    rooms = _Rooms(house)

    def told_bug(_: Request, exc: Exception) -> Response:
        on_bug(exc)
        return _json({"error": "this is a bug: the terminal tells more"}, 500)

    app = Starlette(
        routes=[
            Route("/", rooms.page),
            Route("/clips/{name:path}", rooms.sound),
            Route("/earlier/{name:path}", rooms.sound),
            Route("/events", rooms.events),
            Route("/decisions", rooms.decisions, methods=["POST"]),
            Route("/again", rooms.again, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: _refused,
            RefusedError: _refused_order,
            Exception: told_bug,
        },
    )
    # Addresses have one spelling, and answers lead nowhere.
    app.router.redirect_slashes = False
    return app


class _Rooms:
    """One method for each address."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def page(self, _: Request) -> Response:
        page = await self._house.page()
        return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})

    async def sound(self, request: Request) -> Response:
        # As it was asked for, decoded once, and no further.
        name = request.scope["path"].removeprefix("/")
        sound = await anyio.to_thread.run_sync(self._house.sound, name, request.url.query)
        if sound is None:
            self._house.missed(name)
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return answer(sound, name, request.headers)

    async def events(self, request: Request) -> Response:
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        last = request.headers.get("last-event-id", "")
        known = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else 0
        told = self._house.news.read(known)
        return StreamingResponse(told, media_type="text/event-stream")

    async def decisions(self, request: Request) -> Response:
        found = _decoded(await request.body(), Decisions)
        return _json(await self._house.decide(found))

    async def again(self, request: Request) -> Response:
        order = _decoded(await request.body(), AgainOrder)
        return _json({"job": await self._house.make_again(order)}, HTTPStatus.ACCEPTED)


def _decoded(body: bytes, what: type[T]) -> T:
    """What a page sends.

    Raises:
        RefusedError: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=what)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise RefusedError(f"the request is not what the page sends: {exc}") from exc


def _json(value: object, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _refused(_: Request, exc: Exception) -> Response:
    """An address that is none, or not for this method."""
    assert isinstance(exc, HTTPException)  # noqa: S101 - as it is registered
    if exc.status_code == HTTPStatus.NOT_FOUND:
        return _json({"error": NOT_FOUND.words}, exc.status_code)
    answered = _json({"error": exc.detail}, exc.status_code)
    answered.headers.update(exc.headers or {})
    return answered


def _refused_order(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, RefusedError)  # noqa: S101 - as it is registered
    return _json({"error": str(exc)}, exc.status)
