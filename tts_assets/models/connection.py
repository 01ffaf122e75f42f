"""The way to the servers: a client that sends no secrets astray, and errors in our own words."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts_assets.errors import FatalError
from tts_assets.models.address import credentials, refuse_unsafe, shown
from tts_assets.models.answers import PassingError, refusal, version_of

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
    # Its lines name whole addresses, those with signatures among them.
    logger = logging.getLogger("httpx")
    logger.addFilter(_is_warning)
    try:
        async with _client(mirror, patience) as client:
            yield client
    finally:
        logger.removeFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _client(mirror: str | None, patience: Patience) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - heavy, and not needed before something is fetched

    async def look(request: httpx.Request) -> None:
        refuse_unsafe(str(request.url), mirror)

    try:
        return httpx.AsyncClient(
            auth=credentials(mirror),
            # Packed on the way, a file would have another length, and no place to go on from.
            headers={"User-Agent": "tts-assets", "Accept-Encoding": "identity"},
            event_hooks={"request": [look]},
            follow_redirects=True,
            max_redirects=_REDIRECTS,
            timeout=httpx.Timeout(patience.silence_seconds, connect=patience.connect_seconds),
        )
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as exc:
        # Not the library's words: they may have a proxy's password.
        raise FatalError(
            "the environment names a proxy or certificates that cannot be used: write HTTP_PROXY, "
            "HTTPS_PROXY and ALL_PROXY as http://host:port (socks5:// needs the package socksio), "
            "and name what is there in SSL_CERT_FILE and SSL_CERT_DIR, or unset them"
        ) from exc


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
    import httpx  # noqa: PLC0415 - see _client

    try:
        yield
    except (httpx.TransportError, OSError) as exc:
        # OSError for what a broken TLS stream raises; one of the disk is a FatalError already.
        raise PassingError(_reason(exc)) from exc
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpx.StreamError,
        # A host's name or a port that the system's own calls do not take.
        ValueError,
        ArithmeticError,
        ExceptionGroup,
    ) as exc:
        raise FatalError(f"cannot fetch {shown(url)}: {_reason(exc)}") from exc


def _reason(error: Exception) -> str:
    """What went wrong, for people; the library's own words where they say something."""
    import httpx  # noqa: PLC0415 - see _client

    match error:
        case httpx.ConnectTimeout():
            return "no connection came about in time"
        case httpx.TimeoutException():
            return "nothing came for too long"
        case httpx.TooManyRedirects():
            return f"it sends on to other addresses more than {_REDIRECTS} times"
        case ValueError() | ArithmeticError() | ExceptionGroup():
            return (
                "its host or port cannot be; look at the address, "
                "and at HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
            )
        case _:
            return str(error) or type(error).__name__
