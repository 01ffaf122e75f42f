"""HTTP to one service, with total time limits, bounded answers and no secrets in logs."""

from __future__ import annotations

import functools
import ipaddress
import logging
import ssl
import zlib
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import anyio
import msgspec

from tts_assets.config import keys
from tts_assets.engines.http.service_calls import ServiceResponse, TransientError
from tts_assets.errors import ClipError, ClipTimeoutError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    import httpx

    from tts_assets.config.keys import Secret
    from tts_assets.engines.http.service_calls import ServiceRequest


#: The user agent.
AGENT = "tts-assets"

#: The name of the machine itself, in a container (Docker, Podman).
CONTAINER_HOST = "host.docker.internal"

#: OpenSSL's reasons where the first answer is no TLS record.
_PLAIN_ANSWERS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")

#: Loggers whose lines contain whole addresses, with signatures, and every header.
_TALKATIVE = ("httpx", "hpack.hpack", "hpack.table")


@asynccontextmanager
async def open_quiet_client(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client with these options of httpx, which logs warnings only.

    Raises:
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """

    def is_warning(record: logging.LogRecord) -> bool:
        # Each client has its own filter: closing one leaves those of the others.
        return record.levelno >= logging.WARNING

    with ExitStack() as quiet:
        for name in _TALKATIVE:
            logger = logging.getLogger(name)
            logger.addFilter(is_warning)
            quiet.callback(logger.removeFilter, is_warning)
        async with _make_client(options) as client:
            yield client


def _make_client(options: dict[str, Any]) -> httpx.AsyncClient:
    import httpx  # noqa: PLC0415 - heavy, and not needed before the first request

    try:
        return httpx.AsyncClient(**options)
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as exc:
        # Without the library's message, which may contain a proxy's password.
        raise FatalError(
            "the environment names an unusable proxy or certificates: write HTTP_PROXY, "
            "HTTPS_PROXY and ALL_PROXY as http://host:port (socks5:// needs the package "
            "socksio), and set SSL_CERT_FILE and SSL_CERT_DIR to existing paths, or unset "
            "them"
        ) from exc


def redact_url(url: str) -> str:
    """An address without user, password, query and fragment, for messages."""
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


def _iterate_causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def lacks_tls(error: BaseException) -> bool:
    """Whether a connection failed because the other side does not speak TLS."""
    return any(getattr(each, "reason", None) in _PLAIN_ANSWERS for each in _iterate_causes(error))


def describe_http_error(error: Exception) -> str:
    """A connection error in words; the library's own message where it helps."""
    import httpx  # noqa: PLC0415 - see _make_client

    match error:
        case httpx.ConnectError() if lacks_tls(error):
            return (
                "the server does not use TLS; write http:// for a server of your own, or "
                "the port that serves https"
            )
        case httpx.ConnectTimeout():
            return "the connection timed out"
        case httpx.TimeoutException():
            return "the server sent nothing for too long"
        case httpx.TooManyRedirects():
            return "there are too many redirects"
        case ValueError() | ArithmeticError() | ExceptionGroup():
            return (
                "its host or port is invalid; check the address, and HTTP_PROXY, "
                "HTTPS_PROXY and ALL_PROXY"
            )
        case _:
            return str(error) or type(error).__name__


#: The keys of httpx's proxies.
_PROXIES = ("all://", "http://", "https://")
_CONNECT_SECONDS = 15.0

#: The size of the cache of parsed addresses.
_ADDRESSES = 64

#: Longer messages of services are cut.
_MOST_SHOWN = 400

#: 45 minutes of 48 kHz in 16 bits; no clip is longer.
_LARGEST = 256 * 2**20

_REDIRECTS = 3
_REDIRECT = (301, 302, 303, 307, 308)

#: Content codings (RFC 9110, section 8.4.1) and how zlib reads them; deflate is meant to be in the
#: format of zlib, and some servers send it bare.
_CODINGS = {
    "gzip": (zlib.MAX_WBITS | 16,),
    "x-gzip": (zlib.MAX_WBITS | 16,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}


class Client:
    """Sends requests to one service, its key to no other; made by :func:`open_client`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        secret: Secret | None,
        on_send: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Use an open client of httpx.

        Args:
            http: the client.
            secret: the key, which is removed from messages of the service.
            on_send: called with 1 for each request that is sent, and with -1 if it did not arrive.
        """
        self._http = http
        self._on_send = on_send
        self._secrets = () if secret is None else (secret,)
        # Most requests of a run go to one address, and parsing it takes a tenth of their time.
        self._url = functools.lru_cache(maxsize=_ADDRESSES)(self._parse_url)

    def redact(self, text: str) -> str:
        """A text of the service without the key: services repeat requests in messages."""
        return keys.redact(text, self._secrets)

    async def ask(self, request: ServiceRequest) -> ServiceResponse:
        """Send a request, and wait for the whole answer, whatever its status.

        Raises:
            TransientError: the answer was lost, or the service could not be reached.
            ClipTimeoutError: it was not complete in time.
            ClipError: it is larger than any clip.
            FatalError: the service is not where the base URL says, or cannot be trusted.
        """
        with anyio.move_on_after(request.seconds):
            return await self._follow_redirects(request)
        raise ClipTimeoutError(
            f"no complete response within the time limit of {request.seconds:g} s; to "
            "change the limit, set --timeout"
        )

    async def _follow_redirects(self, request: ServiceRequest) -> ServiceResponse:
        """Send a request, and follow redirects to other addresses of the same service."""
        sent = ""
        for _ in range(_REDIRECTS + 1):
            answer, sent = await self._send_once(request)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECT or not location:
                return answer
            url = _join_location(sent, location)
            if _split_origin(url) != _split_origin(sent):
                # The key is only for the service that the settings name.
                raise FatalError(
                    f"{self._show_url(sent)} redirects to {self._show_url(url)}, which is "
                    "not followed: set the base-url to the service's own address"
                )
            request = replace(request, path=url, query=None)
        raise TransientError(f"{self._show_url(sent)} redirects to itself repeatedly")

    async def _send_once(self, request: ServiceRequest) -> tuple[ServiceResponse, str]:
        import httpx  # noqa: PLC0415 - see _make_client

        content = _encode_body(request.json)
        kind = {} if content is None else {"Content-Type": "application/json"}
        try:
            url = self._url(request.path, tuple((request.query or {}).items()))
            self._on_send(1)
            async with self._http.stream(
                request.method, url, content=content, headers=kind
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                answer = ServiceResponse(status=response.status_code, headers=headers, body=b"")
                if request.on_headers is not None:
                    request.on_headers(answer)
                body = self._decode_body(answer, await _read_body(response))
                return replace(answer, body=body), str(response.url)
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            self._on_send(-1)
            where = self._show_address(request)
            if lacks_tls(exc):
                raise FatalError(
                    f"the request to {where} failed: {self._describe_failure(exc)}"
                ) from exc
            if distrust := _find_distrust(exc):
                raise FatalError(
                    f"the certificate of {where} cannot be verified: {distrust}; set "
                    "SSL_CERT_FILE to the certificate of its authority"
                ) from exc
            reason = f"{where} cannot be reached: {self._describe_failure(exc)}"
            if isinstance(exc, httpx.ConnectTimeout) and where.startswith("https:"):
                reason += " (for a server of your own without TLS, write http://)"
            raise TransientError(reason, unpaid=True) from exc
        except (httpx.TransportError, OSError) as exc:
            raise TransientError(f"the response was lost: {self._describe_failure(exc)}") from exc
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, ExceptionGroup) as exc:
            raise FatalError(
                f"the request to {self._show_address(request)} failed: "
                f"{self._describe_failure(exc)}"
            ) from exc

    def _decode_body(self, answer: ServiceResponse, body: bytes) -> bytes:
        """The body without a content coding, though the request asks for none."""
        coding = answer.headers.get("content-encoding", "").strip().lower()
        if coding in ("", "identity"):
            return body
        if coding in _CODINGS:
            return _unpack_body(body, _CODINGS[coding])
        if not 200 <= answer.status < 300:
            # The status is enough.
            return b""
        raise FatalError(
            f"the response uses the content encoding {self._show_text(coding)[:40]!r}, "
            "which was not requested and cannot be read: disable it in the server or its "
            "proxy"
        )

    def _parse_url(self, path: str, query: tuple[tuple[str, str | int], ...]) -> httpx.URL:
        import httpx  # noqa: PLC0415 - see _make_client

        url = httpx.URL(path)
        if url.is_relative_url:
            url = self._http.base_url.join(path)
        return url.copy_merge_params(dict(query)) if query else url

    def _show_address(self, request: ServiceRequest) -> str:
        return self._show_url(urljoin(str(self._http.base_url), request.path))

    def _show_url(self, url: str) -> str:
        return self._show_text(redact_url(url))

    def _describe_failure(self, error: Exception) -> str:
        # The library quotes the service, which may repeat the key.
        return self._show_text(describe_http_error(error))

    def _show_text(self, text: str) -> str:
        printable = "".join(sign if sign.isprintable() else " " for sign in self.redact(text))
        return printable if len(printable) <= _MOST_SHOWN else f"{printable[:_MOST_SHOWN]}..."


async def _read_body(response: httpx.Response) -> bytes:
    body = bytearray()
    async with open_chunks(response) as take_chunk:
        while chunk := await take_chunk():
            body += chunk
            if len(body) > _LARGEST:
                raise _too_large()
    return bytes(body)


@asynccontextmanager
async def open_chunks(response: httpx.Response) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """A function that returns the next bytes, none at the end; left early, the response is closed."""
    import httpx  # noqa: PLC0415 - see _make_client

    stream = response.aiter_raw()

    async def take_chunk() -> bytes:
        return await anext(stream, b"")

    try:
        yield take_chunk
    finally:
        # The library's generators have to be exhausted: trio complains about any that are left.
        with anyio.CancelScope(shield=True), suppress(httpx.HTTPError, OSError):
            await response.aclose()
            while await take_chunk():
                pass


def _unpack_body(body: bytes, formats: tuple[int, ...]) -> bytes:
    """A body in the first of these formats of zlib that fits."""
    if not body:
        return body
    *others, last = formats
    for wbits in others:
        with suppress(zlib.error):
            zlib.decompressobj(wbits=wbits).decompress(body, 1)
            return _inflate_body(body, wbits)
    return _inflate_body(body, last)


def _inflate_body(body: bytes, wbits: int) -> bytes:
    plain = b""
    # There may be several members, and zeros behind them (RFC 1952, section 2.2).
    while rest := body.lstrip(b"\0") if plain else body:
        unpacker = zlib.decompressobj(wbits=wbits)
        try:
            plain += unpacker.decompress(rest, _LARGEST + 1)
        except zlib.error as exc:
            raise TransientError("the response was lost: it cannot be decompressed") from exc
        if len(plain) > _LARGEST:
            raise _too_large()
        if not unpacker.eof:
            raise TransientError("the response was lost: its end is missing")
        body = unpacker.unused_data
    return plain


def _too_large() -> ClipError:
    return ClipError(f"the response exceeds {_LARGEST >> 20} MiB, the limit for a clip")


def _find_distrust(error: BaseException) -> str:
    """Why a certificate is not trusted; "" for any other error."""
    for cause in _iterate_causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or "its certificate is not trusted"
    return ""


def _encode_body(json: Any) -> bytes | None:
    """A body in JSON; texts of catalogues and settings may contain lone surrogates."""
    if json is None:
        return None
    try:
        return msgspec.json.encode(json)
    except UnicodeEncodeError as exc:
        raise ClipError(
            f"{exc.object[exc.start : exc.end]!a} is half a character: correct the text or "
            "the setting"
        ) from exc


def _join_location(url: str, location: str) -> str:
    """The address of a redirect; unchanged where it is none."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _split_origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port; None where it is no address."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return None
    return parts.scheme, parts.hostname, port


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The base URL of a service, the headers of each request, and the key among them, if any."""

    base_url: str
    headers: Mapping[str, str]
    secret: Secret | None = None


@asynccontextmanager
async def open_client(
    place: Endpoint, *, most: int, on_send: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Client]:
    """A client for one service, with connections that are kept for the next request.

    Args:
        place: the service; paths go below its base URL.
        most: how many requests are open at once.
        on_send: as in :class:`Client`.

    Raises:
        UsageError: the address is none, or would send the key without encryption.
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """
    refuse_unsafe(place.base_url, place.secret)
    if place.secret is not None:
        await _refuse_other_machine(place.base_url)
    import httpx  # noqa: PLC0415 - see _make_client

    async with open_quiet_client(
        base_url=place.base_url,
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **place.headers},
        http2=True,
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
        **_bypass_proxies(place.base_url),
        # The whole answer has a time limit.
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
    ) as http:
        yield Client(http, place.secret, on_send)


def _bypass_proxies(base_url: str) -> dict[str, Any]:
    """Options that keep proxies of the environment out of requests to this machine."""
    parts = urlsplit(base_url)
    if not is_local(parts.hostname):
        return {}
    # The environment also names certificates, which https needs.
    return {"trust_env": False} if parts.scheme == "http" else {"mounts": dict.fromkeys(_PROXIES)}


def refuse_unsafe(base_url: str, secret: Secret | None) -> None:
    """Raise UsageError for an address that is none, or that a key may not be sent to."""
    try:
        parts = urlsplit(base_url)
        good = bool(parts.hostname) and parts.port != 0 and parts.scheme in ("http", "https")
    except ValueError:
        good = False
    if not good or not base_url.isprintable() or any(sign in base_url for sign in "?#@ "):
        # Not shown: an unparsable address may contain a password anywhere.
        raise UsageError(
            "the base-url is not an address: write https://host/path without user, "
            "password, ? and #"
        )
    if secret is not None and parts.scheme == "http" and not is_local(parts.hostname):
        raise UsageError(
            f"{redact_url(base_url)} is not encrypted, so others on the network could read "
            f"your key: use https://, or remove the key if the server needs none ({secret.source})"
        )


async def _refuse_other_machine(base_url: str) -> None:
    """Raise UsageError for a local name without encryption that resolves to another machine.

    Only `localhost` is safe by its name: a resolver may ask the network for all others.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not host.endswith((".localhost", CONTAINER_HOST)):
        return
    try:
        found = await anyio.getaddrinfo(host, parts.port or 80)
    except (OSError, UnicodeError):
        # Without an address, nothing can be sent.
        return
    for *_, (address, *_) in found:
        ip = ipaddress.ip_address(str(address).partition("%")[0])
        is_near = ip.is_private if host == CONTAINER_HOST else ip.is_loopback
        if not is_near:
            raise UsageError(
                f"{host} resolves to {ip}, another machine, and your key would be sent there "
                "without encryption; write the server's own address with https://"
            )
