"""Time lines of passages: as a document, and as WebVTT and LRC captions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypedDict

import msgspec

from tts_assets.errors import ClipError, FatalError, InputError
from tts_assets.model import Cue, WordTime
from tts_assets.regular_files import open_regular
from tts_assets.store import ledger, portable_names
from tts_assets.store.atomic_files import NOT_JSON, translate_os_errors
from tts_assets.store.ledger_line import LEDGER_NAME, Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tts_assets.store.atomic_files import Storage


_LONGEST_SECONDS = 360_000.0  #: the maximum time: an edited ledger may contain any number

#: Control characters, which players do not show or act on.
_CONTROLS = re.compile(
    r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

#: LRC cannot escape its brackets for times and words: full-width ones replace them.
_FULL_WIDTH = str.maketrans({"[": "［", "]": "］", "<": "＜", ">": "＞"})


def webvtt(timeline: Timeline) -> bytes:
    """A time line as WebVTT (W3C), each speaker as the voice of a cue.

    In cue texts, ``&``, ``<`` and ``>`` are escaped, so that no ``-->`` remains; blank lines, which
    would end the cue, are removed.
    """
    blocks = ["WEBVTT"]
    for cue in timeline.cues:
        begin = _milliseconds(cue.begin)
        # A cue must end after it begins.
        end = max(_milliseconds(cue.end), begin + 1)
        name = " ".join(_lines_of(cue.speaker)).translate(_ESCAPES)
        text = "\n".join(_lines_of(cue.text)).translate(_ESCAPES)
        voice = f"<v {name}>" if name else ""
        blocks.append(f"{_clock(begin)} --> {_clock(end)}\n{voice}{text}".rstrip("\n"))
    return ("\n\n".join(blocks) + "\n").encode()


def lrc(timeline: Timeline) -> bytes:
    """A time line as LRC: a line with its beginning for each cue, and one that clears the last.

    Square and angle brackets would be parsed as times: full-width ones replace them.
    """
    lines = []
    for cue in timeline.cues:
        name, text = (
            " ".join(_lines_of(each)).translate(_FULL_WIDTH) for each in (cue.speaker, cue.text)
        )
        lines.append(f"{_stamp(cue.begin)}{name}{name and '：'}{text}")
    if timeline.cues:
        lines.append(_stamp(max(cue.end for cue in timeline.cues)))
    return "".join(f"{line}\n" for line in lines).encode()


def _lines_of(text: str) -> list[str]:
    """The lines of a text that are not blank, without control characters."""
    clean = _CONTROLS.sub("", text)
    return [line for each in clean.splitlines() if (line := each.strip())]


def _milliseconds(seconds: float) -> int:
    return round(min(max(seconds, 0.0), _LONGEST_SECONDS) * 1000)


def _clock(milliseconds: int) -> str:
    """A time of WebVTT: hours, minutes, seconds and thousandths."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{thousandths:03}"


def _stamp(seconds: float) -> str:
    """A time of LRC: minutes, seconds and hundredths."""
    whole, hundredths = divmod(_milliseconds(seconds) // 10, 100)
    minutes, whole = divmod(whole, 60)
    return f"[{minutes:02}:{whole:02}.{hundredths:02}]"


# A time line as JSON, written and read.


#: The version of the file format. Newer versions are refused.
VERSION = 1

_DIGITS = 3  #: decimal places of times in seconds: milliseconds


class CueData(TypedDict):
    """When a piece of the text is spoken.

    Args:
        begin: its start, in seconds from the beginning of the asset.
        end: its end, in seconds from the beginning of the asset.
        speaker: the speaker; empty for a narrator or an unnamed speaker.
        text: the spoken text, as spelled.
    """

    begin: float
    end: float
    speaker: str
    text: str


class TimelineDocument(TypedDict):
    """The time line of a passage.

    Args:
        version: the version of the file format.
        asset: the asset's path, relative to the output folder.
        seconds: its length.
        cues: the pieces of the text, in order.
    """

    version: int
    asset: str
    seconds: float
    cues: list[CueData]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The time line of a passage."""

    asset: str  #: the path of its asset below the output folder
    seconds: float  #: the length of that
    cues: tuple[Cue, ...]  #: the pieces of the text, in order


class _TimelineVersion(msgspec.Struct):
    """The version of a file, which shows whether it can be read."""

    version: int


def from_line(line: Line) -> Timeline:
    """The time line of a passage, from its ledger line: by words, if they are recorded."""
    return Timeline(asset=line.asset, seconds=line.seconds, cues=line.word_cues or line.cues)


def encode_document(timeline: Timeline) -> bytes:
    """A time line as JSON."""
    found = TimelineDocument(
        version=VERSION,
        asset=timeline.asset,
        seconds=_round_seconds(timeline.seconds),
        cues=[
            CueData(
                begin=_round_seconds(cue.begin),
                end=_round_seconds(cue.end),
                speaker=cue.speaker,
                text=cue.text,
            )
            for cue in timeline.cues
        ],
    )
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def _round_seconds(seconds: float) -> float:
    # Convert integers, so that a value equals the one that is read back.
    return round(float(seconds), _DIGITS)


def read(data: bytes, *, file: str) -> Timeline:
    """A time line from its JSON.

    Args:
        data: all of the file.
        file: its path, for messages.

    Raises:
        InputError: it is invalid, or of another version.
    """
    try:
        version = msgspec.json.decode(data, type=_TimelineVersion).version
        if version == VERSION:
            found = msgspec.json.decode(data, type=TimelineDocument)
            cues = tuple(Cue(**cue) for cue in found["cues"])
            return Timeline(asset=found["asset"], seconds=found["seconds"], cues=cues)
    except NOT_JSON as exc:
        raise InputError(
            f"this is not a time line ({exc}): delete it, and run `tts-assets generate`", file=file
        ) from exc
    raise InputError(
        f"another tts-assets wrote it (time line version {version}; this one reads version "
        f"{VERSION}): upgrade tts-assets on this machine",
        file=file,
    )


# The time line files of an asset: stored beside it, compared with it, deleted with it.
#
# An existing time line always belongs to its asset: before an asset is replaced, an old time line is
# deleted, and the new one is written last. A killed run therefore leaves none at worst, and the next
# run writes it from the ledger.


def render_timeline(timeline: Timeline) -> dict[str, bytes]:
    """The content of the time line files, by their paths below the output folder."""
    data = (encode_document(timeline), webvtt(timeline), lrc(timeline))
    return dict(zip(portable_names.timelines_of(timeline.asset), data, strict=True))


def delete_outdated(line: Line, storage: Storage) -> None:
    """Delete an old time line beside an asset before the asset is replaced."""
    if line.cues:
        files = render_timeline(from_line(line))
        delete_files((file for file, data in files.items() if storage.read(file) != data), storage)
    elif line.recipe not in line.asset:
        # The asset may have been a passage before, under the same name.
        delete_files(find_own_files(line.asset, storage), storage)


def store_timeline(line: Line, storage: Storage) -> bool:
    """Store the time line of a stored passage; True if a file was written."""
    if not line.cues:
        return False
    files = render_timeline(from_line(line))
    outdated = {file: data for file, data in files.items() if storage.read(file) != data}
    for file, data in outdated.items():
        storage.put(file, data)
    return bool(outdated)


def is_right(line: Line, storage: Storage) -> bool:
    """Whether the time line beside an asset matches its ledger line."""
    files = render_timeline(from_line(line))
    return all(storage.read(file) == data for file, data in files.items())


def write_missing(storage: Storage, assets: Collection[str]) -> int:
    """Write the missing time lines of these assets from the ledger.

    Returns:
        The number of assets with a new time line.

    Raises:
        FatalError: the ledger cannot be read, a folder has the name of a time line, or the disk is
            full, gone or read-only.
    """
    path = storage.root / LEDGER_NAME
    if not assets or not path.is_file():
        return 0
    with (
        translate_os_errors(f"cannot read {path}"),
        open_regular(path, follow_links=False) as stream,
    ):
        lines = {line.asset: line for line in ledger.passages(stream, assets)}
    count, problems = 0, []
    for line in lines.values():
        try:
            count += store_timeline(line, storage)
        except ClipError as exc:
            problems.append(str(exc))
    storage.sync_new_names()
    if problems:
        raise FatalError(problems[0])
    return count


def find_own_files(asset: str, storage: Storage) -> list[str]:
    """The time line files of an asset whose content matches the asset's JSON time line."""
    file = portable_names.timelines_of(asset)[0]
    try:
        found = read(storage.read(file) or b"", file=file)
    except InputError:
        return []
    if found.asset != asset:
        return []
    return [file for file, data in render_timeline(found).items() if storage.read(file) == data]


def delete_files(files: Iterable[str], storage: Storage) -> None:
    """Delete files below the output folder, if they exist, and sync their folders."""
    for file in files:
        storage.delete(file)


# The times of a segment's words, from the times of its characters.


_WORD_DIGITS = 3  #: decimal places in the ledger and in time lines: milliseconds


def time_words(
    phrases: Sequence[str],
    character_times: Sequence[tuple[float, float]],
    *,
    cut_seconds: float,
    seconds: float,
) -> tuple[WordTime, ...]:
    """When each phrase of a text is spoken.

    Args:
        phrases: joined, they are the text.
        character_times: the begin and end of each character, in seconds of the sound as spoken.
        cut_seconds: how much was trimmed from its beginning.
        seconds: its length after trimming; all times lie within.

    Returns:
        The phrases in order, without overlaps; empty if the times do not fit the text.
    """
    ends = list(accumulate(map(len, phrases)))
    if not ends or ends[-1] != len(character_times):
        return ()
    found: list[WordTime] = []
    least = 0.0
    for phrase, end in zip(phrases, ends, strict=True):
        times = character_times[end - len(phrase) : end]
        # Ignore punctuation marks: they last as long as their pauses.
        spoken = [span for sign, span in zip(phrase, times, strict=True) if sign.isalnum()] or times
        edges = (min(span[0] for span in spoken), max(span[1] for span in spoken))
        first, last = (min(max(time - cut_seconds, least), seconds) for time in edges)
        least = max(first, last)
        found.append(WordTime(phrase.strip(), first, least))
    return tuple(found)


def place_words(words: Sequence[WordTime], segment: Cue, start: float) -> list[Cue]:
    """The cues of the words of a segment, as `time_words` returns them.

    They begin and end with the sound of the segment, which begins after ``start`` seconds.
    """
    found = []
    for text, *times in words:
        begin, end = (min(max(start + time, segment.begin), segment.end) for time in times)
        found.append(
            segment._replace(
                begin=round(begin, _WORD_DIGITS), end=round(end, _WORD_DIGITS), text=text
            )
        )
    return found
