"""Everything behind the addresses: what is shown, what is decided, and what is made again."""

from __future__ import annotations

import re
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

import anyio.to_thread
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from tts_assets.errors import InputError
from tts_assets.model import Format
from tts_assets.review.event_stream import EventStream
from tts_assets.review.regenerate_queue import RegenerateContext, RegenerateQueue
from tts_assets.review.request_security import NOT_FOUND
from tts_assets.review.row_builder import load_rows
from tts_assets.review.row_store import OpenedSound, RowStore
from tts_assets.review.save_decisions import (
    DecisionBatch,
    DecisionWriter,
    PageRequestError,
    RegenerateRequest,
)
from tts_assets.store import segment_cache

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from io import BufferedReader

    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tts_assets.config.settings import Settings
    from tts_assets.review.html_page import HtmlPage
    from tts_assets.review.review_rows import ReviewRows


#: How much of a file is in memory at a time, in bytes.
_BLOCK_BYTES = 128 * 1024
_MEDIA_TYPES = {
    Format.MP3: "audio/mpeg",
    Format.OPUS: 'audio/ogg; codecs="opus"',
    Format.OGG: 'audio/ogg; codecs="vorbis"',
    Format.FLAC: "audio/flac",
    Format.WAV: "audio/wav",
}

#: One range; who asks for several at once gets the whole, as RFC 9110 allows.
_RANGE_PATTERN = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)


class ByteRange(NamedTuple):
    """The bytes of a file from ``begin`` up to, and without, ``end``."""

    begin: int
    end: int


def create_sound_response(sound: OpenedSound, name: str, headers: Headers) -> StreamingResponse:
    """What is answered to a request for a sound: all of it, a part, or that there is no such part.

    Args:
        sound: an opened file, which the answer closes.
        name: what tells its format.
        headers: of the request.
    """
    tag = f'"{sound.sha256}"'
    told = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        # By its hash; one that was made again is asked for anew.
        "Cache-Control": "private, no-cache",
    }
    kind = _MEDIA_TYPES[Format(name.rpartition(".")[2])]
    if tag in headers.get("if-none-match", ""):
        return _SoundResponse(sound, ByteRange(0, 0), HTTPStatus.NOT_MODIFIED, told)
    part = parse_range(headers.get("range"), sound.size)
    if part is None or headers.get("if-range", tag) != tag:
        told["Content-Length"] = str(sound.size)
        return _SoundResponse(sound, ByteRange(0, sound.size), HTTPStatus.OK, told, kind)
    if part.begin >= part.end:
        told |= {"Content-Range": f"bytes */{sound.size}", "Content-Length": "0"}
        return _SoundResponse(sound, part, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, told)
    told["Content-Range"] = f"bytes {part.begin}-{part.end - 1}/{sound.size}"
    told["Content-Length"] = str(part.end - part.begin)
    return _SoundResponse(sound, part, HTTPStatus.PARTIAL_CONTENT, told, kind)


def parse_range(range_header: str | None, size: int) -> ByteRange | None:
    """The part of a file that is asked for; None for all of it, an empty one where there is none."""
    found = _RANGE_PATTERN.fullmatch((range_header or "").strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        # The last so many bytes.
        return ByteRange(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        # No range at all, says RFC 9110: as if none had been asked for.
        return None
    return ByteRange(int(first), min(size, int(last) + 1) if last else size)


class _SoundResponse(StreamingResponse):
    """A part of a file, and the file closed afterwards."""

    def __init__(
        self,
        sound: OpenedSound,
        part: ByteRange,
        status: HTTPStatus,
        headers: dict[str, str],
        kind: str | None = None,
    ) -> None:
        super().__init__(_read_range(sound.file, part), status, headers, media_type=kind)
        self._file = sound.file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of a file that nobody reads to its end, too, nothing stays open."""
        try:
            if scope["method"] == "HEAD":
                self.body_iterator = _read_range(self._file, ByteRange(0, 0))
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


async def _read_range(file: BufferedReader, part: ByteRange) -> AsyncIterator[bytes]:
    at = part.begin
    while at < part.end:
        block = await anyio.to_thread.run_sync(
            _read_block, file, at, min(_BLOCK_BYTES, part.end - at)
        )
        if not block:
            return
        yield block
        at += len(block)


def _read_block(file: BufferedReader, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)


class ReviewService:
    """What answers the page; made by :meth:`open`."""

    def __init__(
        self, settings: Settings, found: ReviewRows, desk: RowStore, means: RegenerateContext
    ) -> None:
        """Begin with what was found."""
        self.found = found
        self.news = means.news
        self._desk = desk
        self._votes = means.votes
        self._again = RegenerateQueue(settings, means)

    @classmethod
    async def open(
        cls,
        settings: Settings,
        *,
        project: str,
        note: Callable[[str], None],
        bug: Callable[[Exception], None],
        on_progress: Callable[[int, int], None] = lambda _, __: None,
    ) -> Self:
        """Look at everything, and be ready to answer.

        Args:
            settings: which clips, and how those that are made again are made.
            project: what the page calls itself, and keeps decisions under.
            note: told, in the event loop, what people should know.
            bug: told what should never be raised; everything else goes on.
            on_progress: called with how many sounds were drawn so far, and how many there are.

        Raises:
            UsageError: the settings are wrong.
            InputError: the ledger, the journal or the overrides file is damaged.
            FatalError: the output folder cannot be used, or there is no engine.
        """
        found = await load_rows(settings, can_make=True, on_progress=on_progress)
        kept = segment_cache.folder(settings.temp, settings.output)
        desk = RowStore(found, project=project, kept=kept)
        votes = DecisionWriter(Path(settings.output), desk, note)
        await votes.load_journal()
        return cls(
            settings,
            found,
            desk,
            RegenerateContext(desk=desk, votes=votes, news=EventStream(), bug=bug),
        )

    async def render_page(self) -> HtmlPage:
        """The page as things stand."""
        # Another server, or `review apply`, may have taken decisions meanwhile; who decides here is
        # told where the journal cannot be read.
        with suppress(InputError):
            await self._votes.load_journal()
        return await anyio.to_thread.run_sync(self._desk.render_page)

    def open_sound(self, address: str, tag: str) -> OpenedSound | None:
        """The sound at an address below the page; None where there is none; blocks.

        Args:
            address: as in the rows, not encoded.
            tag: how the hash of its bytes begins; "" for any.
        """
        return self._desk.open_sound(address, tag)

    def report_missing_sound(self, address: str) -> None:
        """See what became of a sound that somebody wanted to hear, and tell all pages."""
        self._again.refresh_asset(address.removeprefix("clips/"))

    async def save_decisions(self, decisions: DecisionBatch) -> dict[str, Any]:
        """Keep decisions; what became of them.

        Raises:
            RefusedError: they cannot be written.
        """
        taken = await self._votes.save_raw(decisions.decisions)
        # The page shows what is not there any more.
        for asset in taken.stale:
            self._again.refresh_asset(asset)
        return taken._asdict()

    async def regenerate_clip(self, order: RegenerateRequest) -> str:
        """Have a clip made again; the number of the job.

        Raises:
            RefusedError: that cannot be done.
        """
        return await self._again.enqueue(order)

    async def run_workers(self) -> None:
        """Do what is to be done beside answering; never ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._votes.write_pending)
            tasks.start_soon(self._again.process_requests)

    async def finish_jobs(self) -> None:
        """Let what is in the making end, while pages are still told of it."""
        await self._again.finish()

    async def close(self) -> None:
        """Bring all decisions into the ledger."""
        await self._votes.close()


# The page and what it asks for, each at its address below the token.
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
