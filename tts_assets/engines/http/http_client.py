"""The HTTP client for one service: total time limits, bounded responses, no secrets in logs."""

from __future__ import annotations

import functools
import ipaddress
import logging
import ssl
import zlib
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urljoin, urlsplit

import anyio
import msgspec

from tts_assets.config import keys
from tts_assets.engines.decode_response import to_redacted_line
from tts_assets.engines.http.service_calls import ServiceResponse, TransientError
from tts_assets.errors import ClipError, ClipTimeoutError, FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping

    import httpx

    from tts_assets.config.keys import Secret
    from tts_assets.engines.http.service_calls import ServiceRequest


AGENT = "tts-assets"

#: The name of the host machine inside a container (Docker, Podman).
CONTAINER_HOST = "host.docker.internal"

#: OpenSSL's reasons for a first response that is no TLS record.
_NOT_TLS_REASONS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")

#: Loggers that log whole URLs, with signatures, and all headers.
_VERBOSE_LOGGERS = ("httpx", "hpack.hpack", "hpack.table")


@asynccontextmanager
async def open_quiet_client(**options: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Open an httpx client with these options; it logs warnings only.

    Raises:
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """

    def is_warning(record: logging.LogRecord) -> bool:
        # One filter for each client: closing a client removes only its own.
        return record.levelno >= logging.WARNING

    with ExitStack() as quiet:
        for name in _VERBOSE_LOGGERS:
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
        # Omit the library's message: it may contain a proxy's password.
        raise FatalError(
            "the environment names an unusable proxy or certificates: write HTTP_PROXY, "
            "HTTPS_PROXY and ALL_PROXY as http://host:port (socks5:// needs the package "
            "socksio), and set SSL_CERT_FILE and SSL_CERT_DIR to existing paths, or unset "
            "them"
        ) from exc


def redact_url(url: str) -> str:
    """A URL without user, password, query and fragment, for messages."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    plain = f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"
    return plain.partition("?")[0].partition("#")[0]


def split_url(url: str) -> SplitResult | None:
    """The parts of a URL; None if it has no host, or an invalid port."""
    try:
        parts = urlsplit(url)
        # Reading an invalid port raises, too.
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def is_loopback(host: str | None) -> bool:
    """Whether a name or address always means this machine (RFC 6761, RFC 1122, RFC 4291)."""
    name = (host or "").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def is_local(host: str | None) -> bool:
    """Whether a host is this machine, or the host machine of this container."""
    return is_loopback(host) or (host or "").lower().rstrip(".") == CONTAINER_HOST


def _iterate_causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def lacks_tls(error: BaseException) -> bool:
    """Whether a connection failed because the server does not speak TLS."""
    return any(
        getattr(cause, "reason", None) in _NOT_TLS_REASONS for cause in _iterate_causes(error)
    )


def describe_http_error(error: Exception) -> str:
    """Describe a connection error, with the library's message where it helps."""
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


_PROXY_PATTERNS = ("all://", "http://", "https://")  #: the URL patterns of httpx's proxies
_CONNECT_SECONDS = 15.0
_URL_CACHE_SIZE = 64  #: the size of the cache of parsed URLs
_MAX_MESSAGE_LENGTH = 400  #: longer messages from services are truncated
_MAX_BYTES = 256 * 2**20  #: 45 minutes of 48 kHz in 16 bits; no clip is longer
_MAX_ERROR_BYTES = 2**20  #: the rest of the body of an error is not read
_INFLATED_BYTES = 2**14  #: decompress this many bytes at once: each member copies the rest of them

_MAX_REDIRECTS = 3
_REDIRECT_STATUSES = (301, 302, 303, 307, 308)

#: Content codings (RFC 9110, section 8.4.1) and their zlib window sizes. "deflate" means the zlib
#: format, but some servers send the raw stream.
_CODINGS = {
    "gzip": (zlib.MAX_WBITS | 16,),
    "x-gzip": (zlib.MAX_WBITS | 16,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),
}


class Client:
    """Sends requests, and the key, to one service only; created by :func:`open_client`."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        secret: Secret | None,
        on_send: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Wrap an open httpx client; the secret, its API key, is redacted from messages of the service.

        ``on_send`` is called with 1 for each request sent, and with -1 if it did not reach the service.
        """
        self._http = http
        self._on_send = on_send
        self._secrets = () if secret is None else (secret,)
        # Most requests go to one URL, and parsing it takes a tenth of a request's time.
        self._url = functools.lru_cache(maxsize=_URL_CACHE_SIZE)(self._parse_url)

    def redact(self, text: str) -> str:
        """Redact the key in a text of the service: services quote requests in messages."""
        return keys.redact(text, self._secrets)

    async def ask(self, request: ServiceRequest) -> ServiceResponse:
        """Send a request, and return the complete response, whatever its status.

        Raises:
            TransientError: the response was lost, or the service could not be reached.
            ClipTimeoutError: the response was not complete in time.
            ClipError: the response is larger than any clip.
            FatalError: the base URL is not the service's, or its certificate is not trusted.
        """
        with anyio.move_on_after(request.seconds):
            return await self._follow_redirects(request)
        raise ClipTimeoutError(
            f"no complete response within the time limit of {request.seconds:g} s; to "
            "change the limit, set --timeout"
        )

    async def _follow_redirects(self, request: ServiceRequest) -> ServiceResponse:
        """Send a request, and follow redirects within the same origin."""
        sent = ""
        for _ in range(_MAX_REDIRECTS + 1):
            answer, sent = await self._send_once(request)
            location = answer.headers.get("location", "")
            if answer.status not in _REDIRECT_STATUSES or not location:
                return answer
            url = _join_location(sent, location)
            if _split_origin(url) != _split_origin(sent):
                # Send the key only to the service that the settings name.
                raise FatalError(
                    f"{self._show_url(sent)} redirects to {self._show_url(url)}, which is "
                    "not followed: set the base-url to the service's own address"
                )
            request = replace(request, path=url, query=None)
        raise TransientError(f"{self._show_url(sent)} redirects to itself repeatedly")

    async def _send_once(self, request: ServiceRequest) -> tuple[ServiceResponse, str]:
        import httpx  # noqa: PLC0415 - see _make_client

        content = _encode_body(request.json)
        content_type = {} if content is None else {"Content-Type": "application/json"}
        try:
            url = self._url(request.path, tuple((request.query or {}).items()))
            self._on_send(1)
            async with self._http.stream(
                request.method, url, content=content, headers=content_type
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                answer = ServiceResponse(status=response.status_code, headers=headers, body=b"")
                if request.on_headers is not None:
                    request.on_headers(answer)
                body = self._decode_body(answer, await _read_body(response))
                return replace(answer, body=body), str(response.url)
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            self._on_send(-1)
            shown_url = self._show_address(request)
            if lacks_tls(exc):
                raise FatalError(
                    f"the request to {shown_url} failed: {self._describe_failure(exc)}"
                ) from exc
            if certificate_error := _find_certificate_error(exc):
                raise FatalError(
                    f"the certificate of {shown_url} cannot be verified: {certificate_error}; set "
                    "SSL_CERT_FILE to the certificate of its authority"
                ) from exc
            reason = f"{shown_url} cannot be reached: {self._describe_failure(exc)}"
            if isinstance(exc, httpx.ConnectTimeout) and shown_url.startswith("https:"):
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
        """Decompress the body; some servers compress it although the request forbids it."""
        coding = answer.headers.get("content-encoding", "").strip().lower()
        if coding in ("", "identity"):
            return body
        if not answer.is_success:
            # An error needs no body: the status is enough.
            with suppress(TransientError, ClipError):
                return _decompress_body(body, _CODINGS.get(coding, ()), _MAX_ERROR_BYTES)
            return b""
        if coding in _CODINGS:
            return _decompress_body(body, _CODINGS[coding], _MAX_BYTES)
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
        # The library quotes the service, which may quote the key.
        return self._show_text(describe_http_error(error))

    def _show_text(self, text: str) -> str:
        return to_redacted_line(text, self.redact, _MAX_MESSAGE_LENGTH)


async def _read_body(response: httpx.Response) -> bytes:
    """The body of a response, or the beginning of that of an error."""
    body = bytearray()
    most = _MAX_BYTES if response.is_success else _MAX_ERROR_BYTES
    async with open_chunks(response) as read_chunk:
        while len(body) <= most and (chunk := await read_chunk()):
            body += chunk
    if response.is_success and len(body) > most:
        raise _too_large()
    return bytes(body[:most])


@asynccontextmanager
async def open_chunks(response: httpx.Response) -> AsyncIterator[Callable[[], Awaitable[bytes]]]:
    """Yield a function that returns the next bytes, b"" at the end; close the response after the block."""
    import httpx  # noqa: PLC0415 - see _make_client

    stream = response.aiter_raw()

    async def read_chunk() -> bytes:
        return await anext(stream, b"")

    try:
        yield read_chunk
    finally:
        # Exhaust the library's generators: trio warns about unfinished ones.
        with anyio.CancelScope(shield=True), suppress(httpx.HTTPError, OSError):
            await response.aclose()
            while await read_chunk():
                pass


def _decompress_body(body: bytes, formats: tuple[int, ...], most: int) -> bytes:
    """Decompress a body with the first window size that fits, to at most so many bytes."""
    if not body or not formats:
        return b""
    *others, last = formats
    for wbits in others:
        with suppress(zlib.error):
            zlib.decompressobj(wbits=wbits).decompress(body, 1)
            return _inflate_body(body, wbits, most)
    return _inflate_body(body, last, most)


def _inflate_body(body: bytes, wbits: int, most: int) -> bytes:
    plain = bytearray()
    decompressor = zlib.decompressobj(wbits=wbits)
    for start in range(0, len(body), _INFLATED_BYTES):
        rest = body[start : start + _INFLATED_BYTES]
        while rest:
            if decompressor.eof:
                # gzip allows several members, and zeros may follow them (RFC 1952, section 2.2).
                rest = rest.lstrip(b"\0")
                if not rest:
                    break
                decompressor = zlib.decompressobj(wbits=wbits)
            try:
                plain += decompressor.decompress(rest, most + 1 - len(plain))
            except zlib.error as exc:
                raise TransientError("the response was lost: it cannot be decompressed") from exc
            if len(plain) > most:
                raise _too_large()
            rest = decompressor.unused_data
    if not decompressor.eof:
        raise TransientError("the response was lost: its end is missing")
    return bytes(plain)


def _too_large() -> ClipError:
    return ClipError(f"the response exceeds {_MAX_BYTES >> 20} MiB, the limit for a clip")


def _find_certificate_error(error: BaseException) -> str:
    """The reason why a certificate is not trusted; "" for any other error."""
    for cause in _iterate_causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message or "its certificate is not trusted"
    return ""


def _encode_body(json: Any) -> bytes | None:
    """Encode a JSON body; texts of catalogues and settings may contain lone surrogates."""
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
    """The URL of a redirect; an invalid location is returned unchanged."""
    try:
        return urljoin(url, location)
    except ValueError:
        return location


def _split_origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port; None for an invalid URL."""
    parts = split_url(url)
    if parts is None:
        return None
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A service: its base URL, the headers of each request, and the key that they contain, if any."""

    base_url: str
    headers: Mapping[str, str]
    secret: Secret | None = None


@asynccontextmanager
async def open_client(
    endpoint: Endpoint, *, most: int, on_send: Callable[[int], None] = lambda _: None
) -> AsyncIterator[Client]:
    """Open a client for one service, with persistent connections.

    Request paths are relative to its base URL; ``most`` limits the open requests, and ``on_send`` is as
    in :class:`Client`.

    Raises:
        UsageError: the base URL is invalid, or would send the key unencrypted.
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """
    refuse_unsafe(endpoint.base_url, endpoint.secret)
    if endpoint.secret is not None:
        await _refuse_other_machine(endpoint.base_url)
    import httpx  # noqa: PLC0415 - see _make_client

    async with open_quiet_client(
        base_url=endpoint.base_url,
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity", **endpoint.headers},
        http2=True,
        limits=httpx.Limits(max_connections=most, max_keepalive_connections=most),
        **_bypass_proxies(endpoint.base_url),
        # Client.ask limits the total time.
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
    ) as http:
        yield Client(http, endpoint.secret, on_send)


def _bypass_proxies(base_url: str) -> dict[str, Any]:
    """Options that bypass the environment's proxies for requests to this machine."""
    parts = urlsplit(base_url)
    if not is_local(parts.hostname):
        return {}
    # HTTPS needs the certificates that the environment names.
    return (
        {"trust_env": False}
        if parts.scheme == "http"
        else {"mounts": dict.fromkeys(_PROXY_PATTERNS)}
    )


def refuse_unsafe(base_url: str, secret: Secret | None) -> None:
    """Raise UsageError for an invalid URL, or one that would send the key unencrypted."""
    parts = split_url(base_url)
    is_address = base_url.isprintable() and not any(char in base_url for char in "?#@ ")
    if parts is None or parts.scheme not in ("http", "https") or not is_address:
        # Omit the URL: an unparsable one may contain a password anywhere.
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
    """Raise UsageError for an http URL with a local name that resolves to another machine.

    Only `localhost` is safe by name: a resolver may ask the network for other names.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.scheme != "http" or not host.endswith((".localhost", CONTAINER_HOST)):
        return
    try:
        addresses = await anyio.getaddrinfo(host, parts.port or 80)
    except (OSError, UnicodeError):
        # Without an address, no key can be sent.
        return
    for *_, (address, *_) in addresses:
        ip = ipaddress.ip_address(str(address).partition("%")[0])
        is_trusted = ip.is_private if host == CONTAINER_HOST else ip.is_loopback
        if not is_trusted:
            raise UsageError(
                f"{host} resolves to {ip}, another machine, and your key would be sent there "
                "without encryption; write the server's own address with https://"
            )
