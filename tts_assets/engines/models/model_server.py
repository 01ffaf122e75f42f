"""Servers of model files: allowed addresses, responses, and errors of the connection."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from tts_assets.engines.http import http_client
from tts_assets.engines.http.http_client import is_loopback, redact_url
from tts_assets.engines.models.model_cache import ETAG, Version
from tts_assets.errors import FatalError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx

    from tts_assets.engines.models.known_models import ModelFile
    from tts_assets.engines.models.model_cache import PartialFile


def build_file_url(file: ModelFile, mirror: str | None) -> str:
    """Where a file is fetched from: its own address, or the mirror's with the same path below.

    The mirror's user and password are no part of it: see `credentials`.

    Raises:
        UsageError: the mirror's address cannot be one.
    """
    if mirror is None:
        return file.url
    parts = _split_mirror(mirror)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}/{file.name}"


def parse_credentials(mirror: str | None) -> tuple[str, str] | None:
    """The user and the password that a mirror's address has; None where it has none.

    Raises:
        UsageError: the mirror's address cannot be one.
    """
    if mirror is None or (parts := _split_mirror(mirror)).username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def _split_mirror(mirror: str) -> SplitResult:
    try:
        parts = urlsplit(mirror)
        # Asked for, a port that is none raises, too.
        good = bool(parts.hostname) and parts.port != 0 and "@" not in parts.path
    except ValueError:
        good = False
    if not good or "?" in mirror or "#" in mirror:
        # Not shown: what cannot be taken apart may have a password anywhere.
        raise UsageError(
            "models.mirror is no address: write https://host/folder without ? and #, "
            "and in a password %2F %3F %23 %40 for / ? # @"
        )
    return parts


def refuse_unsafe(url: str, mirror: str | None) -> None:
    """Refuse to send or fetch anything without encryption, but where the user asked for that.

    Args:
        url: the next address, be it a file's own or one that a server sent us on to.
        mirror: the mirror in use.

    Raises:
        FatalError: it is not allowed, or no address.
    """
    asked = urlsplit(url)
    named = urlsplit(mirror or "")
    plain = asked.scheme == "http" and (
        is_loopback(asked.hostname) or (named.scheme == "http" and named.hostname == asked.hostname)
    )
    if asked.scheme != "https" and not plain:
        raise FatalError(
            f"{redact_url(url)} is not https, so nothing is fetched from there; "
            "give a --mirror that you trust"
        )
    try:
        _ = asked.port
    except ValueError as exc:
        raise FatalError(
            f"{redact_url(url)} has no port that can be; give another --mirror"
        ) from exc


# What a server's answer to a request for a file means: go on, begin anew, try again, or give up.


#: Answers that may be others a moment later (RFC 9110, section 15; 429 is RFC 6585's).
_PASSING = (408, 425, 429, 500, 502, 503, 504)

#: A size in bytes; no file has more digits.
_SIZE = r"[0-9]{1,18}"

#: The first byte, the size of the whole (RFC 9110, section 14.4).
_CONTENT_RANGE = re.compile(rf"bytes ({_SIZE})-{_SIZE}/({_SIZE}|\*)")


class TransientDownloadError(Exception):
    """A try that failed, and may go better another time."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        """Say what happened.

        Args:
            reason: in words.
            seconds: how long the server asks to be left alone.
        """
        super().__init__(reason)
        self.seconds = seconds


def build_range_headers(part: PartialFile, file: ModelFile) -> dict[str, str]:
    """What asks for the rest; nothing where it has to begin anew.

    A file with a pinned sum needs no more: the sum tells whether the pieces are of one file. Any
    other is asked for only if it is still the same (RFC 9110, section 13.1.5).
    """
    version = part.version()
    if version is None or not part.size:
        return {}
    rest = {"Range": f"bytes={part.size}-"}
    if _is_pinned(file):
        return rest
    return {} if version.etag is None else rest | {"If-Range": version.etag}


def refuse_unusable(response: httpx.Response, file: ModelFile, url: str) -> None:
    """Look at an answer before anything of it is used.

    Raises:
        PassingError: it may be another one a moment later.
        FatalError: it is not the file.
    """
    status = response.status_code
    if status in _PASSING:
        raise TransientDownloadError(f"the server answers {status}", _read_retry_after(response))
    if status == 416:
        # It tells of an error, not of the file.
        return
    if status not in (200, 206):
        raise FatalError(describe_refusal(url, status))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    packed = packing not in ("", "identity")
    if kind == "text/html" or packed:
        raise FatalError(
            f"cannot fetch {file.name}: {redact_url(url)} gives {'a packed file' if packed else 'a web page'}"
            ", and not the file; look at that address, or give another --mirror"
        )


def describe_refusal(url: str, status: int) -> str:
    """Words on an answer that stays the same, and what to do."""
    advice = {
        203: "somebody between changes what it sends: go round that proxy, or give another --mirror",
        401: "it wants a password: write it into the mirror's address",
        403: "it is closed to you",
        404: "there is no such file: check the name, or the mirror",
        410: "the file is gone: give a --mirror that has it",
    }
    return f"{redact_url(url)} answers {status}: {advice.get(status, 'give another --mirror')}"


def goes_on(response: httpx.Response, version: Version, part: PartialFile, file: ModelFile) -> bool:
    """Whether the answer has what follows the part, be it from the beginning of the file."""
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
    """Which version of the whole file an answer is, or is a part, of."""
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


def _read_retry_after(response: httpx.Response) -> float:
    """Seconds of a Retry-After (RFC 9110, section 10.2.3); dates, which are rare, are not read."""
    told = response.headers.get("Retry-After", "")
    return float(told) if re.fullmatch(_SIZE, told) else 0.0


# The way to the servers: a client that sends no secrets astray, and errors in our own words.
_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRetryPolicy:
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
async def connect_downloads(
    mirror: str | None, patience: DownloadRetryPolicy
) -> AsyncIterator[httpx.AsyncClient]:
    """A client that goes on to other addresses a few times, and to none that is unsafe.

    Raises:
        FatalError: the environment names a proxy, or certificates, that cannot be used.
    """

    async def check_address(request: httpx.Request) -> None:
        refuse_unsafe(str(request.url), mirror)

    import httpx  # noqa: PLC0415 - heavy, and not needed before something is fetched

    async with http_client.open_quiet_client(
        auth=parse_credentials(mirror),
        # Packed on the way, a file would have another length, and no place to go on from.
        headers={"User-Agent": http_client.AGENT, "Accept-Encoding": "identity"},
        event_hooks={"request": [check_address]},
        follow_redirects=True,
        max_redirects=_REDIRECTS,
        timeout=httpx.Timeout(patience.silence_seconds, connect=patience.connect_seconds),
    ) as client:
        yield client


async def fetch_size(client: httpx.AsyncClient, url: str) -> int | None:
    """The size of a file as its server says it; None where that cannot be learnt.

    Raises:
        FatalError: there is no such file, or its address is not allowed.
    """
    # One byte: some addresses are good for GET only, and some servers know no HEAD.
    one = {"Range": "bytes=0-0"}
    with suppress(TransientDownloadError), translate_http_errors(url):
        async with client.stream("GET", url, headers=one) as response:
            if response.status_code in (404, 410):
                raise FatalError(describe_refusal(url, response.status_code))
            return read_version(response).bytes if response.is_success else None
    return None


@contextmanager
def translate_http_errors(url: str) -> Iterator[None]:
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
        raise TransientDownloadError(http_client.describe_http_error(exc)) from exc
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        httpx.StreamError,
        # A host's name or a port that the system's own calls do not take.
        ValueError,
        ArithmeticError,
        ExceptionGroup,
    ) as exc:
        raise FatalError(
            f"cannot fetch {http_client.redact_url(url)}: {http_client.describe_http_error(exc)}"
        ) from exc
