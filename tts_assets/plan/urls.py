"""The URLs that a clip is to have in its catalogue: its own, and that of its time line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from tts_assets.plan.names import TIMELINE_ENDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tts_assets.domain import Clip
    from tts_assets.plan.planner import Planned

#: The end of the names of time lines that URLs lead to.
_TIMELINE = TIMELINE_ENDINGS[0]
_PATH = re.compile(r"[^?#]*")


def lacks_url(item: Planned) -> bool:
    """Whether the catalogue has another URL for a clip or its time line, or none."""
    clip = item.clip
    if clip.place is not None and clip.url != item.url:
        return True
    return item.timeline is not None and any(True for _ in urls_due(item))


def urls_due(item: Planned) -> Iterator[tuple[Clip, str]]:
    """The URLs that the catalogue lacks, each with what takes it."""
    for clip, url in zip(item.clip.taking_urls(), (item.url, item.timeline), strict=False):
        if url is not None and clip.place is not None and clip.url != url:
            yield clip, url


def timeline_url(url: str, asset: str) -> str:
    """The address of the time line of an asset: that of the asset, with what its name has more.

    Where the address does not tell the asset, that comes behind its path.
    """
    before, stored, behind = url.rpartition(quote(asset))
    if stored:
        return f"{before}{stored}{_TIMELINE}{behind}"
    path = _PATH.match(url)
    end = path.end() if path else 0
    return f"{url[:end]}{_TIMELINE}{url[end:]}"


def timed_url(url: str) -> str | None:
    """The address of the asset whose time line is at this one; None where it is none's."""
    before, ending, behind = url.rpartition(_TIMELINE)
    return before + behind if ending else None
