"""One file over HTTP: asked for from where it was cut, tried again, bounded in silence, not in time."""

from __future__ import annotations

import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread

from tts_assets.engines.models.answers import (
    PassingError,
    goes_on,
    range_of,
    refuse_unusable,
    version_of,
)
from tts_assets.engines.models.connection import translated
from tts_assets.engines.models.events import Advanced, Retrying
from tts_assets.engines.models.part import refuse_lack_of_space
from tts_assets.engines.web import shown
from tts_assets.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx

    from tts_assets.engines.models.connection import Patience
    from tts_assets.engines.models.events import Event
    from tts_assets.engines.models.known import ModelFile
    from tts_assets.engines.models.part import Part


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

    Tries are counted anew whenever there is more of it than ever before.

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
    tries, most = 0, part.size
    while not _is_whole(part, file):
        try:
            await _try(client, file, url, part, tell)
            return
        except PassingError as exc:
            tries = 1 if part.size > most else tries + 1
            most = max(most, part.size)
            anew = not range_of(part, file)
            if tries > len(patience.pauses_seconds):
                then = "begin anew" if anew else "go on from where it ended"
                raise FatalError(
                    f"cannot fetch {file.name} from {shown(url)}: {exc}, {tries} times; "
                    f"run again to {then}, or give another --mirror"
                ) from exc
            seconds = min(exc.seconds, patience.longest_seconds)
            seconds = max(seconds, patience.pauses_seconds[tries - 1])
            anew = anew and part.size > 0
            tell(Retrying(file=file.name, reason=str(exc), seconds=seconds, anew=anew))
            await anyio.sleep(seconds)


async def _try(
    client: httpx.AsyncClient, file: ModelFile, url: str, part: Part, tell: Callable[[Event], None]
) -> None:
    with translated(url):
        async with client.stream("GET", url, headers=range_of(part, file)) as response:
            refuse_unusable(response, file, url)
            total = _begin(response, file, url, part)
            await _receive(response, file, part, total, tell)


def _begin(response: httpx.Response, file: ModelFile, url: str, part: Part) -> int | None:
    """Decide where the answer's bytes go, and whether they can be those of the file.

    Returns:
        The size of the whole; None where the server does not say.
    """
    version = version_of(response)
    total = version.bytes
    continues = goes_on(response, version, part, file)
    if not continues and response.status_code != 200:
        part.drop()
        raise PassingError("the server sends another part, or of another file, than was asked for")
    if total is None and file.bytes is None:
        # A cut would look like the end, and its sum would be recorded for ever.
        raise FatalError(f"cannot fetch {file.name}: {shown(url)} does not say how long it is")
    if total == 0 or (file.bytes is not None and total not in (None, file.bytes)):
        wanted = "" if file.bytes is None else f" and not {file.bytes:,}"
        raise FatalError(
            f"{shown(url)} has another file than {file.name}: {total:,} bytes{wanted}; "
            "nothing was fetched, give another --mirror"
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
    here = part.size
    # A server that begins at the beginning says again what is here.
    done = here if response.status_code == 206 else 0
    most = total or file.bytes
    tell(Advanced(file=file.name, done=here, total=most))
    with part.open() as append:
        async with _chunks(response) as take:
            while chunk := await take():
                await anyio.to_thread.run_sync(append, chunk[max(0, here - done) :])
                done += len(chunk)
                if most is not None and done > most:
                    part.drop()
                    raise PassingError(f"the server sent more than {most:,} bytes")
                tell(Advanced(file=file.name, done=max(done, here), total=most))
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
    """Whether every byte is here, be it since an earlier run."""
    version = part.version()
    total = file.bytes or (version and version.bytes)
    return total is not None and version is not None and part.size == total
