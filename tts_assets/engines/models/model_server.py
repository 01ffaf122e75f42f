"""Servers of model files: allowed URLs, validation of responses, and connection errors."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from tts_assets.engines.http.http_client import (
    AGENT,
    describe_http_error,
    is_loopback,
    open_quiet_client,
    redact_url,
    split_url,
)
from tts_assets.engines.http.service_calls import TransientError, parse_retry_after
from tts_assets.engines.models.model_cache import ETAG, Version
from tts_assets.errors import FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from tts_assets.engines.models.known_models import ModelFile
    from tts_assets.engines.models.model_cache import PartialFile


def build_file_url(file: ModelFile, mirror: str | None) -> str:
    """The URL of a file, or of its copy at a mirror, without the mirror's user and password.

    Raises:
        UsageError: the mirror is not a valid URL.
    """
    if mirror is None:
        return file.url
    parts = _split_mirror(mirror)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}/{file.name}"


def parse_credentials(mirror: str | None) -> tuple[str, str] | None:
    """The user and the password in a mirror's URL; None if it has none.

    Raises:
        UsageError: the mirror is not a valid URL.
    """
    if mirror is None or (parts := _split_mirror(mirror)).username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _split_mirror(mirror: str) -> SplitResult:
    parts = split_url(mirror)
    if parts is None or "@" in parts.path or "?" in mirror or "#" in mirror:
        # Omit the URL: an unparsable one may contain a password anywhere.
        raise UsageError(
            "models.mirror is not an address: write https://host/folder without ? and #, "
            "and in a password %2F %3F %23 %40 for / ? # @"
        )
    return parts


def refuse_unsafe(url: str, mirror: str | None) -> None:
    """Refuse an unencrypted URL, unless it is local or the mirror is unencrypted, too.

    Raises:
        FatalError: the URL is not allowed, or invalid.
    """
    target = urlsplit(url)
    chosen = urlsplit(mirror or "")
    plain = target.scheme == "http" and (
        is_loopback(target.hostname)
        or (chosen.scheme == "http" and chosen.hostname == target.hostname)
    )
    if target.scheme != "https" and not plain:
        raise FatalError(
            f"{redact_url(url)} is not https, so nothing is downloaded from it; give a "
            "--mirror that you trust"
        )
    if split_url(url) is None:
        raise FatalError(f"{redact_url(url)} has an invalid port; give another --mirror")


#: Transient statuses (RFC 9110, section 15; 429 is RFC 6585's).
_TRANSIENT = (408, 425, 429, 500, 502, 503, 504)

_SIZE = r"[0-9]{1,18}"  #: a size in bytes; no file has more digits

#: The first byte and the total size (RFC 9110, section 14.4).
_CONTENT_RANGE = re.compile(rf"bytes ({_SIZE})-{_SIZE}/({_SIZE}|\*)")


def build_range_headers(part: PartialFile, file: ModelFile) -> dict[str, str]:
    """Headers that request the rest of a file; empty if the download has to restart.

    For a file with a pinned sum, a range is enough: the sum detects a mix of versions. For other
    files, If-Range makes sure that the version is the same (RFC 9110, section 13.1.5).
    """
    version = part.version()
    if version is None or not part.size:
        return {}
    rest = {"Range": f"bytes={part.size}-"}
    if _is_pinned(file):
        return rest
    return {} if version.etag is None else rest | {"If-Range": version.etag}


def refuse_unusable(response: httpx.Response, file: ModelFile, url: str) -> None:
    """Check the status and headers of a response.

    Raises:
        TransientError: a retry may succeed.
        FatalError: the response is not the file.
    """
    status = response.status_code
    if status in _TRANSIENT:
        seconds = parse_retry_after(response.headers.get("Retry-After", ""))
        raise TransientError(f"the server responds with {status}", seconds)
    if status == 416:
        # Its headers describe an error, not the file.
        return
    if status not in (200, 206):
        raise FatalError(describe_refusal(url, status))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    packed = packing not in ("", "identity")
    if kind == "text/html" or packed:
        raise FatalError(
            f"cannot download {file.name}: {redact_url(url)} returns "
            f"{('a packed file' if packed else 'a web page')} instead of the file; check "
            "that address, or give another --mirror"
        )


def describe_refusal(url: str, status: int) -> str:
    """The error message for a permanent refusal."""
    advice = {
        203: "a proxy changes the file: bypass that proxy, or give another --mirror",
        401: "it needs a password: write it into the mirror's address",
        403: "access is denied",
        404: "there is no such file: check the name or the mirror",
        410: "the file no longer exists: give a --mirror that has it",
    }
    return (
        f"{redact_url(url)} responds with {status}: {advice.get(status, 'give another --mirror')}"
    )


def continues_part(
    response: httpx.Response, version: Version, part: PartialFile, file: ModelFile
) -> bool:
    """Whether the bytes of a response can be appended, after skipping those that the part has."""
    before = part.version()
    if _is_pinned(file):
        same = before is not None and version.bytes in (None, file.bytes)
    else:
        same = before == version and version.etag is not None
    if response.status_code == 200:
        return same
    found = _content_range(response)
    return same and found is not None and int(found[1]) == part.size and found[2] != "*"


def read_version(response: httpx.Response) -> Version:
    """The version of the complete file, from the headers of a response."""
    etag = response.headers.get("ETag", "")
    if response.status_code == 206:
        found = _content_range(response)
        size = found[2] if found else ""
    else:
        size = response.headers.get("Content-Length", "")
    return Version(
        etag=etag if re.fullmatch(ETAG, etag) else None,
        bytes=int(size) if re.fullmatch(_SIZE, size) else None,
    )


def _is_pinned(file: ModelFile) -> bool:
    return file.bytes is not None and file.sha256 is not None


def _content_range(response: httpx.Response) -> re.Match[str] | None:
    return _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))


_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRetryPolicy:
    """Time limits and pauses of downloads."""

    connect_seconds: float = 15.0  #: the time limit of a connection
    #: The time limit of the next bytes; the download as a whole has none.
    silence_seconds: float = 60.0
    #: The pauses before each retry without progress.
    pauses_seconds: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    longest_seconds: float = 120.0  #: the longest Retry-After to follow


@asynccontextmanager
async def connect_downloads(
    mirror: str | None, retry_policy: DownloadRetryPolicy
) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client that follows a few redirects, but none to an unsafe URL.

    Raises:
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """

    async def check_address(request: httpx.Request) -> None:
        refuse_unsafe(str(request.url), mirror)

    import httpx  # noqa: PLC0415 - heavy, and only needed for downloads

    async with open_quiet_client(
        auth=parse_credentials(mirror),
        # A compressed response has another length, and cannot resume.
        headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
        event_hooks={"request": [check_address]},
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        timeout=httpx.Timeout(retry_policy.silence_seconds, connect=retry_policy.connect_seconds),
    ) as client:
        yield client


async def fetch_size(client: httpx.AsyncClient, url: str) -> int | None:
    """The size of a file as its server reports it; None if it does not.

    Raises:
        FatalError: the file does not exist, or its URL is not allowed.
    """
    with suppress(TransientError), translate_http_errors(url):
        # Request one byte: some URLs allow only GET, and some servers don't support HEAD.
        async with client.stream("GET", url, headers={"Range": "bytes=0-0"}) as response:
            if response.status_code in (404, 410):
                raise FatalError(describe_refusal(url, response.status_code))
            return read_version(response).bytes if response.is_success else None
    return None


@contextmanager
def translate_http_errors(url: str) -> Iterator[None]:
    """Translate errors of httpx.

    Raises:
        TransientError: a retry may succeed.
        FatalError: a retry cannot succeed.
    """
    import httpx  # noqa: PLC0415 - see connect_downloads

    try:
        yield
    except (httpx.TransportError, OSError) as exc:
        # A broken TLS stream raises OSError; errors of the disk were translated to FatalError.
        raise TransientError(describe_http_error(exc)) from exc
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpx.StreamError,
        # The system refuses the host name or the port.
        ValueError,
        ArithmeticError,
        ExceptionGroup,
    ) as exc:
        raise FatalError(f"cannot download {redact_url(url)}: {describe_http_error(exc)}") from exc
