"""The addresses of the review server, and the handlers that answer them."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Self, TypeVar

import anyio
import anyio.to_thread
import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from tts_assets.build.plan.output_folder import open_storage
from tts_assets.errors import InputError, TtsAssetsError
from tts_assets.model import Format
from tts_assets.review.event_stream import EventStream
from tts_assets.review.regenerate_queue import RegenerateQueue
from tts_assets.review.request_security import NOT_FOUND
from tts_assets.review.row_builder import load_rows
from tts_assets.review.row_store import OpenedSound, RowStore
from tts_assets.review.save_decisions import (
    AccentsRequest,
    DecisionBatch,
    DecisionWriter,
    PageRequestError,
    RegenerateRequest,
)
from tts_assets.review.sound_previews import REPLACED, AccentMatcher, HashedFile
from tts_assets.store import segment_cache
from tts_assets.store.atomic_files import NOT_JSON

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from io import BufferedReader

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tts_assets.config.settings import Settings

T = TypeVar("T")

#: How much of a file is in memory at a time, in bytes.
_BLOCK_BYTES = 128 * 1024
_MEDIA_TYPES = {
    Format.MP3: "audio/mpeg",
    Format.OPUS: 'audio/ogg; codecs="opus"',
    Format.OGG: 'audio/ogg; codecs="vorbis"',
    Format.FLAC: "audio/flac",
    Format.WAV: "audio/wav",
}

#: One range; a request for several gets the whole file, as RFC 9110 allows.
_RANGE_PATTERN = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.ASCII)


class _SoundResponse(StreamingResponse):
    """An opened sound or one range of it; closes the file, even if the client leaves early.

    Unlike starlette's FileResponse it sends the file whose hash was checked, not its path's
    current one, and it ignores ranges that it cannot read.
    """

    def __init__(self, sound: OpenedSound, name: str, request: Request) -> None:
        self._file = sound.file
        tag = f'"{sound.sha256}"'
        # "no-cache": browsers revalidate by the hash, so a regenerated sound is fetched again.
        own = {"ETag": tag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache"}
        media_type = None
        part = parse_range(request.headers.get("range"), sound.size)
        if tag in request.headers.get("if-none-match", ""):
            status, part = HTTPStatus.NOT_MODIFIED, range(0)
        elif part is None or request.headers.get("if-range", tag) != tag:
            status, part = HTTPStatus.OK, range(sound.size)
        elif part:
            status = HTTPStatus.PARTIAL_CONTENT
            own["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{sound.size}"
        else:
            status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            own["Content-Range"] = f"bytes */{sound.size}"
        if status is not HTTPStatus.NOT_MODIFIED:
            own["Content-Length"] = str(len(part))
        if status < HTTPStatus.MULTIPLE_CHOICES:
            media_type = _MEDIA_TYPES[Format(name.rpartition(".")[2])]
        body = range(0) if request.method == "HEAD" else part
        super().__init__(_read_range(sound.file, body), status, own, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()


def parse_range(range_header: str | None, size: int) -> range | None:
    """The requested part of a file; None for all of it, empty if it lies beyond the end."""
    found = _RANGE_PATTERN.fullmatch((range_header or "").strip())
    if found is None or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        # The last so many bytes.
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        # RFC 9110: an invalid range is ignored.
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)


async def _read_range(file: BufferedReader, part: range) -> AsyncIterator[bytes]:
    stream = anyio.wrap_file(file)
    await stream.seek(part.start)
    for at in range(part.start, part.stop, _BLOCK_BYTES):
        yield await stream.read(min(_BLOCK_BYTES, part.stop - at))


@dataclass(frozen=True, slots=True)
class ReviewService:
    """The rows, the decisions and the queue behind the page; create it by :meth:`open`."""

    rows: RowStore
    votes: DecisionWriter
    events: EventStream
    queue: RegenerateQueue
    accents: AccentMatcher

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
        """Load the rows and the journal.

        Args:
            settings: which clips, and how clips are regenerated.
            project: the title of the page; also the key that it stores decisions under.
            note: called in the event loop with messages for the user.
            bug: called with unexpected exceptions; the server goes on.
            on_progress: called with how many sounds were drawn so far, and how many there are.

        Raises:
            UsageError: the settings are wrong.
            InputError: the ledger, the journal or the overrides file is damaged.
            FatalError: the output folder cannot be used, or there is no engine.
        """
        found = await load_rows(settings, can_make=True, on_progress=on_progress)
        kept = segment_cache.rejected_audio_dir_for(settings.temp, settings.state_folder)
        rows = RowStore(found, project=project, kept=kept)
        votes = DecisionWriter(open_storage(settings), rows, note)
        await votes.load_journal()
        events = EventStream()
        queue = RegenerateQueue(settings, rows, votes, events, bug)
        place = segment_cache.cache_dir_for(settings.temp, settings.state_folder)
        return cls(rows, votes, events, queue, AccentMatcher(settings, place))

    async def run_workers(self) -> None:
        """Write decisions to the ledger, regenerate clips and recognize accents; never ends."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.votes.write_pending)
            tasks.start_soon(self.queue.process_requests)
            tasks.start_soon(self.accents.run_recognizer)

    async def get_page(self, _: Request) -> Response:
        """The page in its current state."""
        # Another server, or `review apply`, may have added decisions; a damaged journal is reported
        # when a decision is saved.
        with suppress(InputError):
            await self.votes.load_journal()
        page = await anyio.to_thread.run_sync(self.rows.render_page)
        return HTMLResponse(page.html, headers={"Content-Security-Policy": page.policy})

    async def get_sound(self, request: Request) -> Response:
        """A sound of a row."""
        # The path as requested, decoded once only.
        name = request.scope["path"].removeprefix("/")
        sound = await anyio.to_thread.run_sync(self.rows.open_sound, name, request.url.query)
        if sound is None:
            self.queue.refresh_asset(name.removeprefix("clips/"))
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return _SoundResponse(sound, name, request)

    async def stream_events(self, request: Request) -> Response:
        """Server-sent events, from the last one that the page has."""
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        last = request.headers.get("last-event-id", "")
        number = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else 0
        return StreamingResponse(self.events.subscribe(number), media_type="text/event-stream")

    async def post_decisions(self, request: Request) -> Response:
        """Save decisions; the answer lists those that were refused or out of date."""
        batch = _decode_body(await request.body(), DecisionBatch)
        result = await self.votes.save_raw(batch.decisions)
        # The page shows sounds that have been replaced.
        for asset in result.stale:
            self.queue.refresh_asset(asset)
        return _json_response(result._asdict())

    async def post_accents(self, request: Request) -> Response:
        """The recognized accents of a sound, or why there are none."""
        order = _decode_body(await request.body(), AccentsRequest)
        row, path = self.rows.get_row(order.asset), self.rows.find_path(order.asset)
        if row is None or path is None or row.sha256 != order.sha256:
            return _json_response({"accents": None, "problem": REPLACED})
        if row.accents is not None:
            # Known already; passages and refused takes have none.
            return _json_response({"accents": row.accents, "problem": ""})
        form = self.rows.found.forms.get(row.asset)
        try:
            accents = await self.accents.match_accents(HashedFile(path, row.sha256), row, form)
        except TtsAssetsError as exc:
            return _json_response({"accents": None, "problem": str(exc)})
        self.rows.keep_accents(row, accents)
        return _json_response({"accents": accents, "problem": ""})

    async def post_regenerate(self, request: Request) -> Response:
        """Queue a clip; the answer has the number of its job."""
        order = _decode_body(await request.body(), RegenerateRequest)
        return _json_response({"job": await self.queue.enqueue(order)}, HTTPStatus.ACCEPTED)


def create_app(service: ReviewService, on_bug: Callable[[Exception], None]) -> ASGIApp:
    """The application without its token; SecurityMiddleware must wrap it.

    ``on_bug`` is called with unexpected exceptions.
    """

    def handle_bug(_: Request, exc: Exception) -> Response:
        on_bug(exc)
        return _json_response({"error": "this is a bug: see the terminal for details"}, 500)

    app = Starlette(
        routes=[
            Route("/", service.get_page),
            Route("/clips/{name:path}", service.get_sound),
            Route("/earlier/{name:path}", service.get_sound),
            Route("/events", service.stream_events),
            Route("/decisions", service.post_decisions, methods=["POST"]),
            Route("/accents", service.post_accents, methods=["POST"]),
            Route("/again", service.post_regenerate, methods=["POST"]),
        ],
        exception_handlers={
            HTTPException: _handle_http_error,
            PageRequestError: _handle_request_error,
            Exception: handle_bug,
        },
    )
    # Each address has one spelling, and no answer redirects.
    app.router.redirect_slashes = False
    return app


def _decode_body(body: bytes, type_: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=type_)
    except NOT_JSON as exc:
        raise PageRequestError(f"the request is not what the page sends: {exc}") from exc


def _json_response(value: object, status: int = HTTPStatus.OK) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _handle_http_error(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - as it is registered
    is_missing = exc.status_code == HTTPStatus.NOT_FOUND
    response = _json_response(
        {"error": NOT_FOUND.words if is_missing else exc.detail}, exc.status_code
    )
    response.headers.update(exc.headers or {})
    return response


def _handle_request_error(_: Request, exc: Exception) -> Response:
    assert isinstance(exc, PageRequestError)  # noqa: S101 - as it is registered
    return _json_response({"error": str(exc)}, exc.status)
