"""The way to other machines: the one door to httpx, which keeps addresses and passwords out of logs."""

from __future__ import annotations

import logging
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from tts_assets.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

#: What a server is told that we are.
AGENT = "tts-assets"

#: Loggers whose lines have whole addresses, those with signatures among them, and every header.
_TALKATIVE = ("httpx", "hpack.hpack", "hpack.table")


@asynccontextmanager
async def client(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client with these options of httpx, whose lines stay out of logs.

    Raises:
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """
    with ExitStack() as quiet:
        for name in _TALKATIVE:
            # Each client has its own: the first that is closed leaves those of the others.
            hush = _Hush()
            logger = logging.getLogger(name)
            logger.addFilter(hush)
            quiet.callback(logger.removeFilter, hush)
        async with _made(options) as made:
            yield made


class _Hush(logging.Filter):
    """Lets warnings through only."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


def _made(options: dict[str, Any]) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - heavy, and not needed before something is asked for

    try:
        return httpx.AsyncClient(**options)
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as exc:
        # Not the library's words: they may have a proxy's password.
        raise FatalError(
            "the environment names a proxy or certificates that cannot be used: write HTTP_PROXY, "
            "HTTPS_PROXY and ALL_PROXY as http://host:port (socks5:// needs the package socksio), "
            "and name what is there in SSL_CERT_FILE and SSL_CERT_DIR, or unset them"
        ) from exc


def shown(url: str) -> str:
    """An address as it may be printed: without user, password, query and fragment."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    plain = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return plain.partition("?")[0].partition("#")[0]


def reason(error: Exception) -> str:
    """What went wrong on the way, for people; the library's own words where they say something."""
    import httpx  # noqa: PLC0415 - see _made

    match error:
        case httpx.ConnectTimeout():
            return "no connection came about in time"
        case httpx.TimeoutException():
            return "nothing came for too long"
        case httpx.TooManyRedirects():
            return "it sends on to other addresses too often"
        case ValueError() | ArithmeticError() | ExceptionGroup():
            return (
                "its host or port cannot be; look at the address, "
                "and at HTTP_PROXY, HTTPS_PROXY and ALL_PROXY"
            )
        case _:
            return str(error) or type(error).__name__
