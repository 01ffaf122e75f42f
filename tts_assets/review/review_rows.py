"""When each mora of a sound is heard, and how high it should be: as predicted, not as measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tts_assets.catalogues.review_edits import OverrideValues
from tts_assets.japanese.accent_notation import format_pitch_line
from tts_assets.model import Cue, Decision, Phrase, split_morae
from tts_assets.review.sound_previews import PITCH_STEP

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tts_assets.engines.protocol import VoiceInfo
    from tts_assets.errors import InputError
    from tts_assets.model import Clip
    from tts_assets.review.review_items import RecordDetails
    from tts_assets.review.sound_previews import SoundPreview


class TimedMora(NamedTuple):
    """A mora as it is drawn above a sound.

    Args:
        kana: in katakana.
        begin: when it should begin, in seconds.
        end: when it should end.
        high: 1 for a high one, 0 for a low one.
    """

    kana: str
    begin: float
    end: float
    high: int


def predict_morae(phrases: Sequence[Phrase], picture: SoundPreview) -> tuple[TimedMora, ...]:
    """The morae of a word or a sentence, one after the other.

    What is said in one breath fills what is heard between two silences; within that, sounds are as
    long beside each other as OpenJTalk's Mei says them. Other voices differ in pace more than in this.

    Args:
        phrases: how it is said, high and low by the rules of Tokyo: from the second mora, or on the
            first alone, up to the accent.
        picture: where its sound begins, pauses and ends.
    """
    from tts_assets.audio.speech_activity import Gap, stretches  # noqa: PLC0415 - heavy: it has numpy

    breaths = list(_split_breaths(phrases))
    gaps = [Gap(*gap) for gap in picture.gaps]
    heard = stretches(picture.begin, picture.end, gaps, len(breaths))
    if breaths and not heard:
        # Its pauses are others than those that were expected: all is as one breath.
        breaths = [[phrase for breath in breaths for phrase in breath]]
        heard = [Gap(picture.begin, picture.end)]
    return tuple(
        mora
        for breath, stretch in zip(breaths, heard, strict=True)
        for mora in _place_morae(breath, stretch.begin, stretch.end)
    )


def _split_breaths(phrases: Sequence[Phrase]) -> Iterator[list[Phrase]]:
    """The phrases from one pause to the next."""
    breath: list[Phrase] = []
    for phrase in phrases:
        if split_morae(phrase.kana):
            breath.append(phrase)
        if phrase.pause and breath:
            yield breath
            breath = []
    if breath:
        yield breath


def _place_morae(breath: Sequence[Phrase], begin: float, end: float) -> Iterator[TimedMora]:
    from tts_assets.audio.expected_length import mora_seconds  # noqa: PLC0415 - see predicted

    said = [mora for phrase in breath for mora in split_morae(phrase.kana)]
    high = [tone == "H" for phrase in breath for tone in format_pitch_line([phrase])]
    lengths = mora_seconds("".join(said))
    if len(lengths) != len(said):
        # Somebody may have written into the ledger: a small kana at the beginning of a phrase.
        lengths = [1.0] * len(said)
    pace = (end - begin) / sum(lengths)
    times = [round(begin + pace * each, 3) for each in accumulate(lengths, initial=0.0)]
    for mora, (one, two), is_high in zip(said, pairwise(times), high, strict=True):
        yield TimedMora(mora, one, two, int(is_high))


# A row of the page: all that it is told of one sound, in the shape in which it reads it.


class ClipUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A clip that a sound is heard in.

    Args:
        kind: what its catalogue teaches.
        file: the catalogue's path as given.
        entry: the entry's id.
        part: which of the entry's clips.
        level: how far its learners are, such as N5; "" where nothing tells.
        source: the name of the source that found it.
        line: the 1-based line of its record; None where that is not known.
    """

    kind: str
    file: str
    entry: str
    part: str
    level: str
    source: str
    line: int | None


class EarlierSound(msgspec.Struct, frozen=True, kw_only=True):
    """Another sound that a clip had before, and that somebody decided of.

    Args:
        sound: its address beside the page.
        sha256: the hash of its bytes.
        asset: the name that it had.
        seconds: how long it is.
        peaks: as in :class:`tts_assets.review.sound_previews.SoundPreview`.
        pitch: the same.
        phrases: how it was said, where that is known still.
        voice: who said it; "" where that is not known any more.
        speed: how fast; None where that is not known any more.
        decision: what was decided of it.
    """

    sound: str
    sha256: str
    asset: str
    seconds: float
    peaks: bytes
    pitch: bytes
    phrases: tuple[Phrase, ...]
    voice: str
    speed: float | None
    decision: Decision


class ReviewRow(msgspec.Struct, frozen=True, kw_only=True):
    """One sound, the clips that it is heard in, and how it looks.

    Args:
        asset: its path below the output folder.
        sha256: the hash of its bytes, to which decisions are bound.
        sound: its address beside the page.
        uses: the clips that it is heard in, at least one, in the order of the catalogues.
        text: what is said.
        reading: the reading that was given, in katakana; None where none was.
        accent: the accent that was given; None where none was.
        sentence: it is running text.
        phrases: how it is said.
        basis: how sure the reading is.
        voice: provider and name of the voice.
        speed: the voice's speed.
        seconds: its length.
        lufs: its integrated loudness; None for a take that is not levelled yet.
        peak_dbtp: its true peak; None as for `lufs`.
        findings: what is wrong with how it sounds: rule, measured, limit, and both in words.
        decision: what was decided of it; None where nobody has decided, or took it back.
        cues: of a passage, its time line.
        peaks: as in :class:`tts_assets.review.sound_previews.SoundPreview`.
        pitch: the same.
        pitch_step: seconds from one value of the pitch to the next.
        morae: when each mora should be heard, and how high; nothing of a passage.
        earlier: the sound that its clip had before; None where there is none any more.
        override: what stands in place of what the entry says; None for nothing.
        again: it can be made again here.
    """

    asset: str
    sha256: str
    sound: str
    uses: tuple[ClipUse, ...]
    text: str
    reading: str | None
    accent: int | None
    sentence: bool
    phrases: tuple[Phrase, ...]
    basis: str
    voice: str
    speed: float
    seconds: float
    lufs: float | None
    peak_dbtp: float | None
    findings: tuple[dict[str, str], ...] = ()
    decision: Decision | None = None
    cues: tuple[Cue, ...] = ()
    peaks: bytes = b""
    pitch: bytes = b""
    pitch_step: float = PITCH_STEP
    morae: tuple[TimedMora, ...] = ()
    earlier: EarlierSound | None = None
    override: OverrideValues | None = None
    again: bool = False


def to_clip_use(clip: Clip, told: RecordDetails) -> ClipUse:
    """A clip as the page names it."""
    return ClipUse(
        kind=clip.kind.value,
        file=escape_surrogates(clip.file),
        entry=escape_surrogates(clip.entry),
        part=escape_surrogates(clip.part),
        level=told.level,
        source=escape_surrogates(clip.source),
        line=told.line,
    )


def escape_surrogates(text: str) -> str:
    """A text as it can be written; names of files may have bytes in them that are no text."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


# Rows as JSON, written so that it can stand inside a script element of a page.


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRows:
    """All that a reviewer is shown.

    Args:
        clips: one row for each sound, in the order of the catalogues.
        sounds: the file of each sound that a row names, by its address below the page as it is
            before it is written as a URL.
        provider: the name of the engine.
        voices: those of the engine.
        notes: what is not shown, and why.
        problems: entries and files that cannot be used.
        unmatched: as in Survey.
    """

    clips: tuple[ReviewRow, ...]
    sounds: Mapping[str, Path] = field(default_factory=dict)
    provider: str = ""
    voices: tuple[VoiceInfo, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[InputError, ...] = ()
    unmatched: str | None = None
