"""A time line as JSON: what is written, and read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

import msgspec

from tts_assets.errors import InputError
from tts_assets.model import Cue

if TYPE_CHECKING:
    from tts_assets.store.ledger.line import Line


#: What the files are like. A newer one is refused.
VERSION = 1


#: Times are told in seconds with so many digits: in milliseconds.
_DIGITS = 3


class CueData(TypedDict):
    """When a piece of the text is heard.

    Args:
        begin: seconds from the beginning of the asset.
        end: seconds from the beginning of the asset, too.
        speaker: who says it; empty for a narrator, or where nobody is named.
        text: what is said, as it is spelled.
    """

    begin: float
    end: float
    speaker: str
    text: str


class TimelineDocument(TypedDict):
    """When which part of a passage is heard.

    Args:
        version: of the file; a newer one may be another.
        asset: the path of the asset below the output folder.
        seconds: its length.
        cues: the pieces of the text, in their order.
    """

    version: int
    asset: str
    seconds: float
    cues: list[CueData]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When which part of a passage is heard.

    Args:
        asset: the path of its asset below the output folder.
        seconds: the length of that.
        cues: the pieces of the text, in their order.
    """

    asset: str
    seconds: float
    cues: tuple[Cue, ...]


class _Version(msgspec.Struct):
    """As much of a file as tells whether the rest can be read."""

    version: int


def of_line(line: Line) -> Timeline:
    """The time line of a passage, as its line in the ledger has it: in words, where it can."""
    return Timeline(asset=line.asset, seconds=line.seconds, cues=line.word_cues or line.cues)


def document(timeline: Timeline) -> bytes:
    """A time line as JSON."""
    found = TimelineDocument(
        version=VERSION,
        asset=timeline.asset,
        seconds=_told(timeline.seconds),
        cues=[
            CueData(
                begin=_told(cue.begin),
                end=_told(cue.end),
                speaker=cue.speaker,
                text=cue.text,
            )
            for cue in timeline.cues
        ],
    )
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def _told(seconds: float) -> float:
    # A whole number, too, is told as it is read back.
    return round(float(seconds), _DIGITS)


def read(data: bytes, *, file: str) -> Timeline:
    """A time line from its JSON.

    Args:
        data: all of the file.
        file: its path, for messages.

    Raises:
        InputError: it is none, or of a newer version.
    """
    try:
        version = msgspec.json.decode(data, type=_Version).version
        if version == VERSION:
            found = msgspec.json.decode(data, type=TimelineDocument)
            cues = tuple(Cue(**cue) for cue in found["cues"])
            return Timeline(asset=found["asset"], seconds=found["seconds"], cues=cues)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise InputError(
            f"this is no time line ({exc}): delete it, and run `tts-assets generate`", file=file
        ) from exc
    raise InputError(
        f"another tts-assets wrote it (version {version} of time lines, and this one knows version "
        f"{VERSION}): upgrade tts-assets here",
        file=file,
    )
