"""What a server's answer to a request for a file means: go on, begin anew, try again, or give up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.errors import FatalError
from tts_assets.models.address import shown
from tts_assets.models.part import Version

if TYPE_CHECKING:
    import httpx

    from tts_assets.models.known import ModelFile
    from tts_assets.models.part import Part

#: Answers that may be others a moment later (RFC 9110, section 15; 429 is RFC 6585's).
_PASSING = (408, 425, 429, 500, 502, 503, 504)
#: The first byte, the size of the whole (RFC 9110, section 14.4).
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class PassingError(Exception):
    """A try that failed, and may go better another time."""


def range_of(part: Part) -> dict[str, str]:
    """What asks for the rest, if it is still the same file (RFC 9110, section 13.1.5)."""
    version = part.version()
    if version is None or version.etag is None or not part.size:
        return {}
    return {"Range": f"bytes={part.size}-", "If-Range": version.etag}


def refuse(response: httpx.Response, file: ModelFile, url: str) -> None:
    """Look at an answer before anything of it is used.

    Raises:
        PassingError: it may be another one a moment later.
        FatalError: it is not the file.
    """
    status = response.status_code
    if status in _PASSING:
        raise PassingError(f"the server answers {status}")
    if status == 416:
        # More is here than the server has: that is another file by now.
        return
    if not response.is_success:
        raise FatalError(refused(url, status))
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    packed = response.headers.get("Content-Encoding", "identity") != "identity"
    if kind == "text/html" or packed:
        raise FatalError(
            f"cannot fetch {file.name}: {shown(url)} gives {'a packed file' if packed else 'a web page'}"
            ", and not the file; look at that address, or give another --mirror"
        )


def refused(url: str, status: int) -> str:
    """An answer that stays the same, in words and with what to do."""
    advice = {
        401: "it wants a password: write it into the mirror's address",
        403: "it is closed to you",
        404: "there is no such file: check the name, or the mirror",
        410: "the file is gone: give a --mirror that has it",
    }
    return f"{shown(url)} answers {status}: {advice.get(status, 'give another --mirror')}"


def goes_on(response: httpx.Response, version: Version, part: Part) -> bool:
    """Whether the answer begins where the part ends, and is of the same version."""
    found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    return (
        response.status_code == 206
        and found is not None
        and int(found[1]) == part.size
        and part.version() == version
    )


def version_of(response: httpx.Response) -> Version:
    """Which version of the whole file an answer is, or is a part, of."""
    etag = response.headers.get("ETag")
    found = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    size = found[2] if found else response.headers.get("Content-Length", "*")
    return Version(
        etag=None if etag is None or etag.startswith("W/") else etag,
        bytes=int(size) if size.isdecimal() else None,
    )
