"""The rows of the review page, the predicted morae of each, and the JSON that the page reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tts_assets.audio.expected_length import estimate_mora_seconds, split_at_pauses
from tts_assets.catalogues.review_edits import OverrideValues
from tts_assets.config.catalogue_sources import shorten_source_name
from tts_assets.japanese.accent_notation import format_pitch_line
from tts_assets.model import Cue, Decision, Phrase, split_morae
from tts_assets.review.sound_previews import PITCH_STEP, AccentMatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tts_assets.engines.protocol import VoiceInfo
    from tts_assets.errors import InputError
    from tts_assets.model import Clip, SpokenForm
    from tts_assets.review.review_items import RecordDetails
    from tts_assets.review.sound_previews import SoundPreview


class TimedMora(NamedTuple):
    """A mora drawn above a sound: katakana, predicted seconds, and 1 for a high pitch or 0."""

    kana: str
    begin: float
    end: float
    high: int


def predict_morae(phrases: Sequence[Phrase], picture: SoundPreview) -> tuple[TimedMora, ...]:
    """Predict when each mora is spoken, and its pitch by the rules of Tokyo Japanese.

    Each breath group fills the sound between two silences; within it the morae have the relative
    lengths of OpenJTalk's Mei. Other voices differ more in pace than in proportions.

    Args:
        phrases: the accent phrases.
        picture: where the sound begins, pauses and ends.
    """
    from tts_assets.audio.speech_activity import Gap, divide_at_gaps  # noqa: PLC0415 - heavy: numpy

    breaths = split_at_pauses(phrases)
    gaps = [Gap(*gap) for gap in picture.gaps]
    sounding = divide_at_gaps(picture.begin, picture.end, gaps, len(breaths))
    if breaths and not sounding:
        # The pauses differ from the predicted ones: treat everything as one breath group.
        breaths = [[phrase for breath in breaths for phrase in breath]]
        sounding = [Gap(picture.begin, picture.end)]
    return tuple(
        mora
        for breath, interval in zip(breaths, sounding, strict=True)
        for mora in _place_morae(breath, interval.begin, interval.end)
    )


def _place_morae(breath: Sequence[Phrase], begin: float, end: float) -> Iterator[TimedMora]:
    morae = [mora for phrase in breath for mora in split_morae(phrase.kana)]
    high = [tone == "H" for phrase in breath for tone in format_pitch_line([phrase])]
    lengths = estimate_mora_seconds("".join(morae))
    if len(lengths) != len(morae):
        # An edited ledger may have a small kana at the beginning of a phrase.
        lengths = [1.0] * len(morae)
    pace = (end - begin) / sum(lengths)
    times = [round(begin + pace * each, 3) for each in accumulate(lengths, initial=0.0)]
    for mora, (start, stop), is_high in zip(morae, pairwise(times), high, strict=True):
        yield TimedMora(mora, start, stop, int(is_high))


class ClipUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A clip that uses a sound, as the page names it."""

    kind: str  #: of its catalogue
    file: str  #: the catalogue's path as given
    entry: str  #: the entry's id
    part: str  #: the part of the entry that the clip speaks
    level: str  #: JLPT level such as N5; "" if unknown
    source: str  #: the name of its [[source]]
    line: int | None  #: the 1-based line of its record; None if unknown

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the clip, whatever its record's level and line."""
        return self.file, self.source, self.entry, self.part


class EarlierSound(msgspec.Struct, frozen=True, kw_only=True):
    """A former sound of a clip, and the decision about it; voice and speed are blank if unknown."""

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
    """One sound with the clips that use it."""

    asset: str  #: its path, relative to the output folder
    sha256: str  #: the hash of its bytes, to which decisions are bound
    sound: str  #: its address beside the page
    uses: tuple[ClipUse, ...]  #: the clips, at least one, in the order of the catalogues
    text: str  #: the spoken text
    reading: str | None  #: the given reading in katakana; None without one
    accent: int | None  #: the given accent; None without one
    sentence: bool  #: whether it is running text
    phrases: tuple[Phrase, ...]  #: its accent phrases
    basis: str  #: how certain the reading is
    voice: str  #: the engine and the name of the voice
    speed: float  #: the voice's speed
    seconds: float  #: its length
    lufs: float | None  #: its integrated loudness; None for a take that is not levelled yet
    peak_dbtp: float | None  #: its true peak; None as for `lufs`
    #: Failed audio checks: rule, measured, limit, and both in words.
    findings: tuple[dict[str, str], ...] = ()
    decision: Decision | None = None  #: the reviewer's; None if undecided
    cues: tuple[Cue, ...] = ()  #: the time line of a passage
    peaks: bytes = b""  #: as in SoundPreview
    pitch: bytes = b""  #: as in SoundPreview
    pitch_step: float = PITCH_STEP  #: seconds from one pitch value to the next
    morae: tuple[TimedMora, ...] = ()  #: predicted morae; none for a passage
    #: The recognized accents of its phrases; None if they were not recognized yet.
    accents: tuple[AccentMatch, ...] | None = ()
    earlier: EarlierSound | None = None  #: the former sound of its clip, if it is still there
    override: OverrideValues | None = None  #: the reviewer's override of the entry
    again: bool = False  #: whether the page can regenerate it


def move_sounds(row: ReviewRow, change: Callable[[str, str], str]) -> ReviewRow:
    """A row with other addresses of its sounds; ``change`` takes an address and the hash."""
    earlier = row.earlier
    if earlier is not None:
        moved = change(earlier.sound, earlier.sha256)
        earlier = msgspec.structs.replace(earlier, sound=moved)
    return msgspec.structs.replace(row, sound=change(row.sound, row.sha256), earlier=earlier)


def to_clip_use(clip: Clip, details: RecordDetails) -> ClipUse:
    return ClipUse(
        kind=clip.kind.value,
        file=escape_surrogates(clip.file),
        entry=escape_surrogates(clip.entry),
        part=escape_surrogates(clip.part),
        level=details.level,
        source=escape_surrogates(shorten_source_name(clip.source)),
        line=details.line,
    )


def escape_surrogates(text: str) -> str:
    """A text that can be encoded; file names may contain undecodable bytes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


PAYLOAD_VERSION = 1  #: the format of the page's data


class PageMode(StrEnum):
    """Where a page is opened."""

    #: From files, or from any server: decisions are saved as a file.
    EXPORT = "export"
    #: From our own server, which saves decisions and regenerates clips.
    SERVE = "serve"


def build_payload(rows: ReviewRows, *, mode: PageMode, project: str) -> bytes:
    """The data of the page as JSON; it stores decisions under its title, the project."""
    voices = rows.voices if mode is PageMode.SERVE else ()
    return msgspec.json.encode(
        {
            "version": PAYLOAD_VERSION,
            "mode": mode,
            "project": escape_surrogates(project),
            "provider": rows.provider,
            "voices": [
                {"name": f"{rows.provider}/{voice.name}", "speeds": voice.speeds}
                for voice in voices
            ],
            "clips": rows.clips,
        }
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRows:
    """All rows of the page, and the messages about what it lacks."""

    clips: tuple[ReviewRow, ...]  #: one row for each sound, in the order of the catalogues
    #: The file of each sound, by its address below the page before URL quoting.
    sounds: Mapping[str, Path] = field(default_factory=dict)
    #: What is spoken in the sounds of voices that choose their own accents, by asset.
    forms: Mapping[str, SpokenForm] = field(default_factory=dict)
    provider: str = ""  #: the name of the engine
    voices: tuple[VoiceInfo, ...] = ()  #: those of the engine
    notes: tuple[str, ...] = ()  #: clips that are not shown, and why
    problems: tuple[InputError, ...] = ()  #: unusable entries and files
    unmatched: str | None = None  #: as in Plan
