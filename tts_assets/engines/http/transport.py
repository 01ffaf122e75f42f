"""The way to other machines: the one door to httpx, which keeps addresses and passwords out of logs."""

from __future__ import annotations

import ipaddress
import logging
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from tts_assets.errors import FatalError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx


#: What a server is told that we are.
AGENT = "tts-assets"


#: The name of the machine itself, in a container (Docker, Podman).
CONTAINER_HOST = "host.docker.internal"


#: What OpenSSL says of a first answer that is no TLS record.
_PLAIN_ANSWERS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


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
        async with _make_client(options) as made:
            yield made


class _Hush(logging.Filter):
    """Lets warnings through only."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


def _make_client(options: dict[str, Any]) -> httpx.AsyncClient:
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


def redact_url(url: str) -> str:
    """An address as it may be printed: without user, password, query and fragment."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    plain = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return plain.partition("?")[0].partition("#")[0]


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine by its name or address alone (RFC 6761, RFC 1122, RFC 4291)."""
    name = (host or "").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_local(host: str | None) -> bool:
    """Whether a host is this machine, also for a program in a container of it."""
    return is_loopback(host) or (host or "").lower().rstrip(".") == CONTAINER_HOST


def lacks_tls(error: BaseException) -> bool:
    """Whether a connection failed because the other side does not speak TLS."""
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "reason", None) in _PLAIN_ANSWERS:
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def reason(error: Exception) -> str:
    """What went wrong on the way, for people; the library's own words where they say something."""
    import httpx  # noqa: PLC0415 - see _made

    match error:
        case httpx.ConnectError() if lacks_tls(error):
            return (
                "nothing there speaks TLS; write http:// if it is a server of your own, "
                "or the port that serves https"
            )
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
