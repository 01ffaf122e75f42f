"""Groups the URLs requested for a document, and applies edits to its text in one pass."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from tts_assets.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tts_assets.model import Place


#: Start and end offsets, and the text that replaces that range.
TextEdit: TypeAlias = tuple[int, int, str]


def apply_edits(text: str, changes: Iterable[TextEdit]) -> str:
    """Apply all edits to a text; insertions at one offset keep their order."""
    parts: list[str] = []
    done = 0
    for start, end, written in sorted(changes, key=itemgetter(0)):
        parts += (text[done:start], written)
        done = end
    if not parts:
        return text
    parts.append(text[done:])
    return "".join(parts)


# The requested URLs: checked, and grouped by the value that is written.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedUrls:
    """The URLs for a parallel list of URLs, by index, and its required length."""

    urls: dict[int, str]
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedObjectUrls:
    """The URLs for a parallel list of objects, by index and key, and its required length."""

    urls: dict[int, dict[str, str]]
    length: int


#: One value to write: a URL, or all URLs of a parallel list.
RequestedValue: TypeAlias = str | RequestedUrls | RequestedObjectUrls
R = TypeVar("R", RequestedUrls, RequestedObjectUrls)


def url_leaves(
    urls: Mapping[Place, str], lists: Mapping[Place, int], *, file: str
) -> dict[Place, RequestedValue]:
    """Group URLs into the values to write, by place.

    Raises:
        InputError: a URL cannot be encoded, or its index is beyond the parallel list.
        ValueError: a URL would replace the root or a list, or a list would contain both URLs and
            objects.
    """
    found: dict[Place, RequestedValue] = {}
    for place, url in urls.items():
        if not place or place in lists:
            raise ValueError(f"a URL cannot replace the list or the root at {place}")
        refuse_lone_surrogates(url, place, file=file)
        if place[:-1] in lists:
            row = found.setdefault(place[:-1], RequestedUrls(urls={}, length=lists[place[:-1]]))
            index = _check_index(place[:-1], place[-1], lists, file)
            _require_kind(row, RequestedUrls, place).urls[index] = url
        elif place[:-2] in lists and isinstance(place[-1], str):
            row = found.setdefault(
                place[:-2], RequestedObjectUrls(urls={}, length=lists[place[:-2]])
            )
            index = _check_index(place[:-2], place[-2], lists, file)
            _require_kind(row, RequestedObjectUrls, place).urls.setdefault(index, {})[place[-1]] = (
                url
            )
        else:
            found[place] = url
    return found


def refuse_lone_surrogates(url: str, place: Place, *, file: str) -> None:
    """Refuse a URL that cannot be encoded.

    Raises:
        InputError: the URL contains a lone surrogate.
    """
    if not url.isascii() and _LONE_SURROGATE.search(url):
        raise InputError(
            (
                f"the URL for {format_path(place)} contains half a character (a lone "
                "surrogate); correct the text it is built from"
            ),
            file=file,
        )


def format_path(place: Place) -> str:
    """Format a place for messages, with lone surrogates as escapes."""
    steps = " > ".join(json.dumps(step, ensure_ascii=False) for step in place)
    return steps.encode("utf-8", "backslashreplace").decode("utf-8") or "the document"


def _check_index(place: Place, index: str | int, lists: Mapping[Place, int], file: str) -> int:
    if not isinstance(index, int) or not 0 <= index < lists[place]:
        what = f"{format_path((*place, index))} is not an item of a list of {lists[place]}"
        raise InputError(what, file=file)
    return index


def _require_kind(row: RequestedValue, kind: type[R], place: Place) -> R:
    if not isinstance(row, kind):
        raise ValueError(f"{place[:-1]} is in a list of both URLs and objects with a URL")  # noqa: TRY004 - the places contradict each other
    return row
