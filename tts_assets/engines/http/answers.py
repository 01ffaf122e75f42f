"""What a service is asked, what comes back, and the two ways in which it may not count against a clip."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


#: Whatever else is told in its place may be anything, what we sent among it.
_KIND = re.compile(r"(audio|application|text|binary|multipart)/[a-z0-9.+-]{1,24}")


#: Seconds of a Retry-After (RFC 9110, section 10.2.3); dates, which are rare, are not read.
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a service is asked.

    Args:
        method: of HTTP.
        path: below the base URL, without a slash before it.
        query: what stands behind the ``?``.
        json: the body, any JSON value; None for none.
        seconds: for all of it, from connecting to the last byte of the answer.
        on_headers: called in the event loop as soon as the headers of an answer arrive, before its
            body, with an answer whose body is empty; each attempt and each redirect calls it.
    """

    method: str
    path: str
    query: Mapping[str, str | int] | None = None
    json: Any = None
    seconds: float
    on_headers: Callable[[Answer], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer.

    Args:
        status: the status code of HTTP.
        headers: by their names in lower case.
        body: its bytes, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type, without parameters, in lower case; "" where none is told that is one."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        return kind if _KIND.fullmatch(kind) else ""

    @property
    def wait_seconds(self) -> float:
        """How long the service asks to be left alone; 0 where it does not."""
        told = self.headers.get("retry-after", "")
        return float(told) if _SECONDS.fullmatch(told) else 0.0

    def json(self) -> Any:
        """The body as a JSON value; None where it is none."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None


#: Too many requests, or none taken now (RFC 6585, section 4; RFC 9110, section 15.6.4).
_TURNED_AWAY = (429, 503)


class PassingError(Exception):
    """An attempt that failed through nobody's fault, and may go better another time."""

    def __init__(self, reason: str, seconds: float = 0.0, *, unpaid: bool = False) -> None:
        """Say what happened.

        Args:
            reason: in words.
            seconds: how long the service asks to be left alone; 0 where it does not.
            unpaid: it turned the request away before any work, so that nothing can be charged.
        """
        super().__init__(reason)
        self.seconds = seconds
        self.unpaid = unpaid

    @classmethod
    def of(cls, answer: Answer, reason: str) -> Self:
        """What an answer says that may be another one later."""
        return cls(reason, answer.wait_seconds, unpaid=answer.status in _TURNED_AWAY)


class RefusedError(Exception):
    """The service has too many requests open; nothing was done, nothing is charged."""

    def __init__(self, reason: str, most: int | None = None) -> None:
        """Say what happened.

        Args:
            reason: in words.
            most: how many it says that it takes at once; None where it does not say.
        """
        super().__init__(reason)
        self.most = most
