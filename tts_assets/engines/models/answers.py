"""What a server's answer to a request for a file means: go on, begin anew, try again, or give up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.engines.models.part import ETAG, Version
from tts_assets.engines.web import shown
from tts_assets.errors import FatalError

if TYPE_CHECKING:
    import httpx

    from tts_assets.engines.models.known import ModelFile
    from tts_assets.engines.models.part import Part


#: Answers that may be others a moment later (RFC 9110, section 15; 429 is RFC 6585's).
_PASSING = (408, 425, 429, 500, 502, 503, 504)


#: A size in bytes; no file has more digits.
_SIZE = r"[0-9]{1,18}"


#: The first byte, the size of the whole (RFC 9110, section 14.4).
_CONTENT_RANGE = re.compile(rf"bytes ({_SIZE})-{_SIZE}/({_SIZE}|\*)")


class PassingError(Exception):
    """A try that failed, and may go better another time."""

    def __init__(self, reason: str, seconds: float = 0.0) -> None:
        """Say what happened.

        Args:
            reason: in words.
            seconds: how long the server asks to be left alone.
        """
        super().__init__(reason)
        self.seconds = seconds


def range_of(part: Part, file: ModelFile) -> dict[str, str]:
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
        raise PassingError(f"the server answers {status}", _wait(response))
    if status == 416:
        # It tells of an error, not of the file.
        return
    if status not in (200, 206):
        raise FatalError(refusal(url, status))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    packing = response.headers.get("Content-Encoding", "").strip().lower()
    packed = packing not in ("", "identity")
    if kind == "text/html" or packed:
        raise FatalError(
            f"cannot fetch {file.name}: {shown(url)} gives {'a packed file' if packed else 'a web page'}"
            ", and not the file; look at that address, or give another --mirror"
        )


def refusal(url: str, status: int) -> str:
    """Words on an answer that stays the same, and what to do."""
    advice = {
        203: "somebody between changes what it sends: go round that proxy, or give another --mirror",
        401: "it wants a password: write it into the mirror's address",
        403: "it is closed to you",
        404: "there is no such file: check the name, or the mirror",
        410: "the file is gone: give a --mirror that has it",
    }
    return f"{shown(url)} answers {status}: {advice.get(status, 'give another --mirror')}"


def goes_on(response: httpx.Response, version: Version, part: Part, file: ModelFile) -> bool:
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


def version_of(response: httpx.Response) -> Version:
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


def _wait(response: httpx.Response) -> float:
    """Seconds of a Retry-After (RFC 9110, section 10.2.3); dates, which are rare, are not read."""
    told = response.headers.get("Retry-After", "")
    return float(told) if re.fullmatch(_SIZE, told) else 0.0
