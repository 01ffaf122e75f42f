"""Rows as JSON, written so that it can stand inside a script element of a page."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from tts_assets.review.row import ReviewRow
    from tts_assets.review.rows import ReviewRows

#: What pages read.
PAYLOAD_VERSION = 1

#: What would end the element, or begin another one or a comment, and what JavaScript takes for ends of
#: lines. All of it can only stand in texts, where an escape says the same.
_ESCAPES = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    b"&": b"\\u0026",
    "\u2028".encode(): b"\\u2028",
    "\u2029".encode(): b"\\u2029",
}


class PageMode(StrEnum):
    """Where a page is opened."""

    #: From files, or from any server: decisions are saved as a file.
    EXPORT = "export"
    #: From our own server, which takes decisions and makes clips again.
    SERVE = "serve"


def build_payload(rows: ReviewRows, *, mode: PageMode, project: str) -> bytes:
    """All that a page is told, as JSON in UTF-8 without a character that HTML knows.

    Args:
        rows: what is shown.
        mode: where the page is opened.
        project: what it is the page of.
    """
    voices = rows.voices if mode is PageMode.SERVE else ()
    return escape_json(
        msgspec.json.encode(
            {
                "version": PAYLOAD_VERSION,
                "mode": mode,
                "project": project.encode("utf-8", "backslashreplace").decode("utf-8"),
                "provider": rows.provider,
                "voices": [
                    {"name": f"{rows.provider}/{voice.name}", "speeds": voice.speeds}
                    for voice in voices
                ],
                "clips": rows.clips,
            }
        )
    )


def row_to_builtins(row: ReviewRow) -> Any:
    """One row as a page is told it, as plain data."""
    return msgspec.to_builtins(row)


def escape_json(data: bytes) -> bytes:
    """JSON that says the same without a character that HTML knows."""
    for sign, escape in _ESCAPES.items():
        data = data.replace(sign, escape)
    return data
