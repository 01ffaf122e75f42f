"""One file over HTTP: asked for from where it was cut, tried again, bounded in silence, not in time."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from tts_assets.errors import FatalError
from tts_assets.models.address import refuse_unsafe, shown
from tts_assets.models.answers import (
    PassingError,
    goes_on,
    range_of,
    refuse,
    refused,
    version_of,
)
from tts_assets.models.events import Advanced, Retrying
from tts_assets.models.part import refuse_lack_of_space

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx

    from tts_assets.models.events import Event
    from tts_assets.models.known import ModelFile
    from tts_assets.models.part import Part

_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a download waits, and how often it tries.

    Args:
        connect_seconds: for a connection.
        silence_seconds: for the next bytes; a slow download may take as long as it takes.
        pauses_seconds: before each further try.
    """

    connect_seconds: float = 15.0
    silence_seconds: float = 60.0
    pauses_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)


@asynccontextmanager
async def connected(mirror: str | None, patience: Patience) -> AsyncIterator[httpx.AsyncClient]:
    """A client that goes on to other addresses a few times, and to none that is unsafe."""
    import httpx  # noqa: PLC0415 - heavy, and not needed before something is fetched

    async def look(request: httpx.Request) -> None:
        refuse_unsafe(str(request.url), mirror)

    timeout = httpx.Timeout(patience.silence_seconds, connect=patience.connect_seconds)
    async with httpx.AsyncClient(
        # Packed on the way, a file would have another length, and no place to go on from.
        headers={"User-Agent": "tts-assets", "Accept-Encoding": "identity"},
        event_hooks={"request": [look]},
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        timeout=timeout,
    ) as client:
        yield client


async def size_of(client: httpx.AsyncClient, url: str) -> int | None:
    """The size of a file as its server says it; None where that cannot be learnt.

    Raises:
        FatalError: there is no such file, or its address is not allowed.
    """
    import httpx  # noqa: PLC0415 - see connected

    try:
        # One byte: some addresses are good for GET only, and some servers know no HEAD.
        async with client.stream("GET", url, headers={"Range": "bytes=0-0"}) as response:
            if response.status_code in (404, 410):
                raise FatalError(refused(url, response.status_code))
            return version_of(response).bytes if response.is_success else None
    except (httpx.HTTPError, httpx.InvalidURL, OSError):
        return None


async def transfer(
    client: httpx.AsyncClient,
    file: ModelFile,
    url: str,
    part: Part,
    *,
    patience: Patience,
    tell: Callable[[Event], None],
) -> None:
    """Bring the rest of a file into its part, trying again when the connection is cut.

    Args:
        client: from `connected`.
        file: which one.
        url: where it is fetched from.
        part: what is here of it; whole at the end, with its sum still to be looked at.
        patience: how long, how often.
        tell: what happens.

    Raises:
        FatalError: it cannot be had, or not be written; what is here of it is kept.
    """
    for pause in (*patience.pauses_seconds, None):
        if _is_whole(part, file):
            return
        try:
            await _try(client, file, url, part, tell)
            return
        except PassingError as exc:
            if pause is None:
                tries = len(patience.pauses_seconds) + 1
                raise FatalError(
                    f"cannot fetch {file.name} from {shown(url)}: {exc}, {tries} times; "
                    "run again to go on from where it ended, or give another --mirror"
                ) from exc
            tell(Retrying(file=file.name, reason=str(exc), seconds=pause))
            await anyio.sleep(pause)


async def _try(
    client: httpx.AsyncClient, file: ModelFile, url: str, part: Part, tell: Callable[[Event], None]
) -> None:
    import httpx  # noqa: PLC0415 - see connected

    try:
        async with client.stream("GET", url, headers=range_of(part)) as response:
            refuse(response, file, url)
            total = _begin(response, file, url, part)
            await _receive(response, file, part, total, tell)
    except (httpx.TransportError, OSError) as exc:
        # OSError for what a broken TLS stream raises; one of the disk is a FatalError already.
        raise PassingError(_reason(exc)) from exc
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise FatalError(f"cannot fetch {file.name} from {shown(url)}: {_reason(exc)}") from exc


def _begin(response: httpx.Response, file: ModelFile, url: str, part: Part) -> int | None:
    """Decide where the answer's bytes go, and whether they can be those of the file.

    Returns:
        The size of the whole; None where the server does not say.
    """
    version = version_of(response)
    total = version.bytes
    continues = goes_on(response, version, part)
    if not continues and response.status_code != 200:
        part.drop()
        raise PassingError("the server has another file by now")
    if total is None and file.bytes is None:
        # A cut would look like the end, and its sum would be recorded for ever.
        raise FatalError(f"cannot fetch {file.name}: {shown(url)} does not say how long it is")
    if file.bytes is not None and total not in (None, file.bytes):
        raise FatalError(
            f"{shown(url)} has another file than {file.name}: {total:,} bytes and not "
            f"{file.bytes:,}; nothing was fetched, give another --mirror"
        )
    if not continues:
        part.begin(version)
    refuse_lack_of_space(part.path.parent, (total or file.bytes or 0) - part.size)
    return total


async def _receive(
    response: httpx.Response,
    file: ModelFile,
    part: Part,
    total: int | None,
    tell: Callable[[Event], None],
) -> None:
    done = part.size
    most = total or file.bytes
    tell(Advanced(file=file.name, done=done, total=most))
    with part.open() as append:
        async with _chunks(response) as take:
            while chunk := await take():
                await anyio.to_thread.run_sync(append, chunk)
                done += len(chunk)
                if most is not None and done > most:
                    part.drop()
                    raise PassingError(f"the server sent more than {most:,} bytes")
                tell(Advanced(file=file.name, done=done, total=most))
    if most is not None and done < most:
        raise PassingError(f"the server stopped after {done:,} of {most:,} bytes")


@asynccontextmanager
async def _chunks(response: httpx.Response) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """What takes the next bytes, none at the end; left early, the answer ends in good order."""
    import httpx  # noqa: PLC0415 - see connected

    stream = response.aiter_raw()

    async def take() -> bytes:
        return await anext(stream, b"")

    try:
        yield take
    finally:
        # The library's generators end only by themselves: trio complains of those that are left.
        with anyio.CancelScope(shield=True), contextlib.suppress(httpx.HTTPError, OSError):
            await response.aclose()
            while await take():
                pass


def _is_whole(part: Part, file: ModelFile) -> bool:
    """Whether an earlier run, or try, was ended between the last byte and the look at the sum."""
    version = part.version()
    total = file.bytes or (version and version.bytes)
    return total is not None and version is not None and part.size == total


def _reason(error: Exception) -> str:
    """What went wrong, for people; the library's own words where they say something."""
    import httpx  # noqa: PLC0415 - see connected

    match error:
        case httpx.ConnectTimeout():
            return "no connection came about in time"
        case httpx.TimeoutException():
            return "nothing came for too long"
        case httpx.TooManyRedirects():
            return f"it sends on to other addresses more than {_REDIRECTS} times"
        case _:
            return str(error) or type(error).__name__
