"""The way to the servers: a client that sends no secrets astray, and errors in our own words."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets.engines import web
from tts_assets.engines.models.address import credentials, refuse_unsafe
from tts_assets.engines.models.answers import PassingError, refusal, version_of
from tts_assets.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a download waits, and how often it tries.

    Args:
        connect_seconds: for a connection.
        silence_seconds: for the next bytes; a slow download may take as long as it takes.
        pauses_seconds: before each further try that brought nothing new.
        longest_seconds: for a server that asks to be left alone for a time.
    """

    connect_seconds: float = 15.0
    silence_seconds: float = 60.0
    pauses_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    longest_seconds: float = 120.0


@asynccontextmanager
async def connected(mirror: str | None, patience: Patience) -> AsyncIterator[httpx.AsyncClient]:
    """A client that goes on to other addresses a few times, and to none that is unsafe.

    Raises:
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """

    async def look(request: httpx.Request) -> None:
        refuse_unsafe(str(request.url), mirror)

    import httpx  # noqa: PLC0415 - heavy, and not needed before something is fetched

    async with web.client(
        auth=credentials(mirror),
        # Packed on the way, a file would have another length, and no place to go on from.
        headers={"User-Agent": web.AGENT, "Accept-Encoding": "identity"},
        event_hooks={"request": [look]},
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        timeout=httpx.Timeout(patience.silence_seconds, connect=patience.connect_seconds),
    ) as client:
        yield client


async def size_of(client: httpx.AsyncClient, url: str) -> int | None:
    """The size of a file as its server says it; None where that cannot be learnt.

    Raises:
        FatalError: there is no such file, or its address is not allowed.
    """
    # One byte: some addresses are good for GET only, and some servers know no HEAD.
    one = {"Range": "bytes=0-0"}
    with suppress(PassingError), translated(url):
        async with client.stream("GET", url, headers=one) as response:
            if response.status_code in (404, 410):
                raise FatalError(refusal(url, response.status_code))
            return version_of(response).bytes if response.is_success else None
    return None


@contextmanager
def translated(url: str) -> Iterator[None]:
    """The one edge where what the library raises becomes ours.

    Raises:
        PassingError: another try may go better.
        FatalError: none will.
    """
    import httpx  # noqa: PLC0415 - see connected

    try:
        yield
    except (httpx.TransportError, OSError) as exc:
        # OSError for what a broken TLS stream raises; one of the disk is a FatalError already.
        raise PassingError(web.reason(exc)) from exc
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpx.StreamError,
        # A host's name or a port that the system's own calls do not take.
        ValueError,
        ArithmeticError,
        ExceptionGroup,
    ) as exc:
        raise FatalError(f"cannot fetch {web.shown(url)}: {web.reason(exc)}") from exc
