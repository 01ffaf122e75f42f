"""The URLs of a shard's clips, a line each, for the merge to write into the catalogues."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tts_assets.build.survey import shared
from tts_assets.catalogues.write_back import Wanted, wanted
from tts_assets.errors import InputError
from tts_assets.model import SpokenForm, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tts_assets.catalogues.write_back import Address
    from tts_assets.model import Clip


#: The name of their file.
URLS_NAME = "urls.jsonl"


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The URL of a clip, and what it belongs to.

    Args:
        file: the catalogue, as seen from the output folder.
        source: the short name of the source that found it.
        entry: the entry's id.
        part: which of its clips, or the time line of which.
        text: what is said, with the rest of the spoken form.
        url: the address.
        instead_of: what stood in its place when its shard was planned, and gives way to it.
    """

    file: str
    source: str
    entry: str
    part: str
    text: str
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    turns: tuple[Turn, ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False
    url: str
    instead_of: tuple[str, ...] = ()

    @property
    def address(self) -> Address:
        """What the URL belongs to, with the short name of its source."""
        form = SpokenForm(*(getattr(self, name) for name in SpokenForm._fields))
        return self.source, self.entry, self.part, form

    @property
    def wanted(self) -> Wanted:
        """What is to be written."""
        return Wanted(self.url, self.instead_of)


def short_name(source: str) -> str:
    """The name of a source without the configuration's file, which lies elsewhere elsewhere."""
    return source.rpartition(": ")[2]


def patch(clip: Clip, url: str, output: str) -> Patch:
    """The URL of a clip."""
    return Patch(
        file=shared.from_output(clip.file, output),
        source=short_name(clip.source),
        entry=clip.entry,
        part=clip.part,
        url=url,
        # What is not UTF-8 cannot be told, and then gives way only where everything does.
        instead_of=tuple(filter(_is_utf8, wanted(clip, url).instead_of)),
        **clip.form._asdict(),
    )


def check_name(file: str, output: str) -> None:
    """See that a merge can be told which catalogue is meant.

    Raises:
        InputError: its path cannot be written down.
    """
    try:
        shared.from_output(file, output).encode()
    except UnicodeEncodeError as exc:
        raise InputError(
            "its path is not UTF-8, so no shard can tell the merge where its URLs go: rename it, "
            "or leave --shard out",
            file=file,
        ) from exc


def _is_utf8(text: str) -> bool:
    return text.encode(errors="ignore").decode() == text


def encoded_urls(patches: Iterable[Patch]) -> bytes:
    """URLs as they are written: a line each."""
    return b"".join(msgspec.json.encode(each) + b"\n" for each in patches)
