"""The nouns of speech for learning content: plain, frozen data that every package uses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)} | {
    code: code + 0x60 for code in map(ord, "ゝゞ")
}
_KATAKANA = re.compile(r"[ァ-ヺー]+")

#: The kana that each small kana forms one mora with; after others it is a mora of its own.
_JOINED = {
    "ァ": "クグツフヴ",
    "ィ": "ウクグシスズツテデフヴ",
    "ゥ": "クトド",
    "ェ": "イウキギクグシジチヂツニヒビピフミリヴ",
    "ォ": "ウクグツフヴ",
    "ャ": "キギシジチヂテデニヒビピミリヴ",
    "ュ": "キギシジチヂテデニヒビピフミリヴ",
    "ョ": "キギシジチヂテデニヒビピミリヴ",
    "ヮ": "クグ",
}
_MORA = re.compile(
    "|".join([*(f"[{large}]{small}" for small, large in _JOINED.items()), "[ァ-ヺー]"])
)


def kana_to_katakana(text: str) -> str:
    """The text in katakana: compatibility forms composed, hiragana shifted, the rest kept."""
    return shift_hiragana(unicodedata.normalize("NFKC", text))


def shift_hiragana(text: str) -> str:
    """The text with katakana for hiragana, the rest kept."""
    return text.translate(_HIRAGANA_TO_KATAKANA)


def is_katakana(text: str) -> bool:
    """Whether the text is katakana and nothing else."""
    return _KATAKANA.fullmatch(text) is not None


def split_morae(kana: str) -> list[str]:
    """The morae of a text in hiragana or katakana, in katakana; other characters are left out.

    A small kana joins the one before it if the two form one sound; ッ, ン and ー are morae.
    """
    return _MORA.findall(kana_to_katakana(kana))


if TYPE_CHECKING:
    Samples: TypeAlias = NDArray[np.float32]


#: Where a value lies in a document: keys and indices from the root; in CSV, row and column.
Place: TypeAlias = tuple[str | int, ...]


class Kind(StrEnum):
    """The kind of content of a catalogue; `--type` on the command line."""

    VOCABULARY = "vocabulary"
    GRAMMAR = "grammar"
    KANJI = "kanji"
    CHARACTERS = "characters"
    READING = "reading"
    LISTENING = "listening"


class Format(StrEnum):
    """The encodings an asset can have; the value is its file extension."""

    MP3 = "mp3"
    OPUS = "opus"
    OGG = "ogg"
    FLAC = "flac"
    WAV = "wav"


class Turn(NamedTuple):
    """A line of a passage, or the lines of one speaker of a dialogue until the next one speaks."""

    size: int  #: its number of characters in the form's text; the turns together cover the text
    speaker: str = ""  #: the speaker's name; "" for a narrator, or if no name is given
    #: The voice that the source assigns to the speaker; None if it assigns none.
    voice: str | None = None


class SpokenForm(NamedTuple):
    """The text that is spoken, after normalisation; a tuple, as Clip is."""

    text: str  #: the spelling, as Japanese is written
    #: The entry's reading, in katakana; None if the data give none. The reading of running text
    #: keeps its 、 and 。 where they show which kana belong to which kanji.
    reading: str | None = None
    #: The entry's accent nucleus: the mora after which the pitch falls, 0 for none; None if the
    #: data give none.
    accent: int | None = None
    #: Running text: spoken from its spelling, and only checked against its reading.
    sentence: bool = False
    #: Parts of the text in order, each with its katakana, if the data give the reading of parts
    #: only; "" for a part to skip, which is spelled like the next; hiragana for a reading that
    #: applies only if a dictionary has it: kado of 角 (kado), not bone of 骨 (bone).
    readings: tuple[tuple[str, str], ...] = ()
    #: The lines of a passage, which is generated in segments and has a time line; empty for a word
    #: or a sentence, which is generated at once.
    turns: tuple[Turn, ...] = ()
    #: The positions of unspoken spaces, each as the number of characters before it; no word crosses
    #: one.
    boundaries: tuple[int, ...] = ()
    #: The reading was in Latin letters, where typing errors are likelier than rare readings.
    romanized: bool = False


class Basis(StrEnum):
    """How the reading of a form was determined, the most reliable way first."""

    #: The dictionary's reading of the spelling is the entry's.
    SPELLING = "spelling"
    #: One of the dictionary's next analyses has the entry's reading.
    NBEST = "n-best"
    #: The entry's reading overrides the dictionary.
    FORCED = "forced"
    #: The data give no reading: it is the dictionary's alone.
    UNCHECKED = "unchecked"


class AccentBasis(StrEnum):
    """Where an accent comes from."""

    DATA = "data"
    DICTIONARY = "dictionary"
    #: Neither has it: a guess.
    GUESSED = "guessed"
    #: The engine has no accent control: the voice chooses the accent.
    ENGINE = "engine"


class Phrase(NamedTuple):
    """An accent phrase: one rise, and at most one fall, of the pitch."""

    kana: str  #: the pronunciation in katakana: particles as ワ and エ, long vowels as ー
    accent: int  #: the mora after which the pitch falls; 0 for none
    pause: bool = False  #: whether a pause follows


class AmbiguousWord(NamedTuple):
    """A word with several common readings, whose reading only the text determines."""

    spelling: str  #: the word as written in the text
    reading: str  #: the reading that was chosen, in katakana
    others: tuple[str, ...]  #: the other common readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronunciation:
    """How a form is pronounced, as the reading resolver determined it."""

    phrases: tuple[Phrase, ...]  #: the accent phrases in order
    basis: Basis  #: how the reading was determined
    accent_basis: AccentBasis  #: how the accent was determined
    doubt: str | None = None  #: a mismatch, described for people; None if there is none
    #: For a forced word, the dictionary's reading if it is so similar to the entry's that the entry
    #: may have a typing error; None if there is none.
    near: str | None = None
    #: Words with other common readings, whose reading the data do not give.
    ambiguous: tuple[AmbiguousWord, ...] = ()


class WordKind(StrEnum):
    """The kind of a word in the user's dictionary; determines how it joins with its neighbours."""

    NOUN = "noun"
    NAME = "name"
    VERB = "verb"
    ADJECTIVE = "adjective"
    SUFFIX = "suffix"


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryWord:
    """A word of the user's dictionary: the reading of a spelling, wherever it occurs.

    Args:
        surface: the spelling.
        reading: the reading, in katakana.
        accent: the mora after which the pitch falls, 0 for none; None to derive it by rule.
        kind: the kind of word.
    """

    surface: str
    reading: str
    accent: int | None = None
    kind: WordKind = WordKind.NOUN


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceInfo:
    """A voice on offer."""

    name: str  #: its name in ``--voice``
    language: str  #: its language, as a BCP 47 tag
    description: str  #: a few words about it
    credit: str = ""  #: the attribution that its licence requires of published speech; "" if none
    gender: str = ""  #: ``female``, ``male``, or "" if unknown
    #: The lowest and highest speed; 1.0 is its natural speed.
    speeds: tuple[float, float] = (0.25, 4.0)
    whole_speeds: bool = False  #: it accepts only whole numbers as speeds


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """An engine, one of its voices, the language and the speed (1.0 is the voice's own)."""

    provider: str
    name: str
    language: str = "ja"
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The required loudness, silence and encoding of a clip.

    Args:
        format: the encoding, which is also the file extension.
        rate_hz: sample rate, in Hz.
        lufs: integrated loudness, in LUFS (ITU-R BS.1770-4).
        peak_dbtp: true-peak ceiling, in dBTP; takes precedence over the loudness.
        lead_ms: silence before the speech, in milliseconds.
        trail_ms: silence after the speech, in milliseconds; up to 50 ms more, so that loudness meters
            agree.
        bitrate_kbps: bit rate of mp3 and opus, in kbit/s.
        vorbis_quality: quality of Ogg Vorbis, 0.0 (smallest) to 1.0 (best).
    """

    format: Format = Format.MP3
    rate_hz: int = 24_000
    lufs: float = -19.0
    peak_dbtp: float = -1.5
    lead_ms: int = 100
    trail_ms: int = 200
    bitrate_kbps: int = 64
    vorbis_quality: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """Silence between the segments of a passage, in milliseconds.

    Args:
        sentence_ms: after a sentence, in milliseconds.
        clause_ms: after a clause, where a sentence is too long for one segment.
        paragraph_ms: after a line.
        turn_ms: before another speaker.
    """

    sentence_ms: int = 350
    clause_ms: int = 150
    paragraph_ms: int = 800
    turn_ms: int = 500


class Segment(NamedTuple):
    """A part of a passage, small enough for one call of any engine."""

    form: SpokenForm  #: the text to speak; it has no turns
    speaker: str = ""  #: as in Turn
    voice: str | None = None  #: as in Turn
    pause_ms: int = 0  #: the silence after it, in milliseconds; 0 after the last
    #: The parts of its text that get their own cues in the passage's time line, which together are
    #: the text; empty if the segment itself is one cue.
    phrases: tuple[str, ...] = ()


class WordTime(NamedTuple):
    """When a word or a phrase of a segment is spoken, in seconds from the start of its audio."""

    text: str
    begin: float
    end: float


class Alignment(NamedTuple):
    """The spoken characters as a service reports them, with their begins and ends in seconds."""

    characters: tuple[str, ...]
    begins: tuple[float, ...]
    ends: tuple[float, ...]


class Cue(NamedTuple):
    """When a segment of a passage, or a word of it, is spoken, in seconds of its asset."""

    begin: float
    end: float
    speaker: str
    text: str


class Finding(NamedTuple):
    """An audio check that a clip failed.

    Args:
        rule: the name.
        measured: the measured value, with its unit.
        limit: the limit, with its unit.
        message: both in words for people, without a full stop.
    """

    rule: str
    measured: str
    limit: str
    message: str


class Decided(StrEnum):
    """A reviewer's decision on a sound."""

    APPROVED = "approved"
    REJECTED = "rejected"
    #: An earlier decision was taken back.
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A reviewer's decision on one sound, which no other sound inherits.

    Args:
        decided: the decision.
        at: the time in UTC, in ISO 8601 format; of two decisions, the later one counts.
        by: the reviewer's name; "" if none is given.
        reason: the reviewer's reason; "" for none.
    """

    decided: Decided
    at: str
    by: str = ""
    reason: str = ""


#: Louder samples are broken; full scale is 1. OpenJTalk reaches 3, and a runaway filter 1e97.
MAX_PEAK = 64.0
SILENT_PEAK = 1e-4  #: a lower peak is silence
SHORTEST_SOUND_SECONDS = 0.01  #: less is no sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What an engine returns."""

    samples: Samples  #: float32, mono, of any scale up to `MAX_PEAK`, shape (n,)
    rate_hz: int  #: samples per second
    #: How it was pronounced; None if the engine does not report it.
    pronunciation: Pronunciation | None = None
    #: The credits that a service charged; None if nothing is charged, or if the service does not
    #: report it.
    billed: float | None = None
    #: The attribution that its licence requires, if only the response contains it; "" for none.
    credit: str = ""
    #: Begin and end of each character of the form's text, in seconds; empty if no service reports
    #: them.
    character_times: tuple[tuple[float, float], ...] = ()


class Parallel(NamedTuple):
    """A list of URLs that runs parallel to a list of texts."""

    place: Place  #: its place in the document
    length: int  #: the number of items it must have
    beside: str | None = None  #: the key of the list of texts, if it is in the same object
    spare: tuple[str, ...] = ()  #: texts in the list that belong to none of its items


class Target(NamedTuple):
    """Where another URL of a clip goes; place, url and parallel are as in Clip."""

    place: Place
    url: str | None
    parallel: Parallel | None = None


class Clip(NamedTuple):
    """A text of an entry to speak and to store.

    It is a tuple, because each run creates one for every clip, and tuples are created four times faster.
    """

    kind: Kind  #: the kind of its catalogue
    file: str  #: the catalogue's path as given
    entry: str  #: the entry's id, as text
    part: str  #: the name of the clip within its entry: ``word``, ``example-1``, ``onyomi-2``
    place: Place | None  #: the place of its URL in the document; None if the URL is not written
    form: SpokenForm  #: the text to speak
    #: The list that contains its URL, if that list runs parallel to another.
    parallel: Parallel | None = None
    url: str | None = None  #: the current URL; None for null, "" and absent
    voice: str | None = None  #: the voice that the entry requests; None for the run's own
    at: Place = ()  #: the place of the record or of the item that it belongs to
    source: str = "built-in"  #: the name of its source
    #: The place for the URL of its time line; None if that URL is not written.
    timeline: Target | None = None
    speed: float | None = None  #: the speed that an override requests; None for the run's own

    def with_timeline(self) -> tuple[Clip, ...]:
        """The clip and, if its time line has a place for a URL, a copy that stands for the time line."""
        if self.timeline is None:
            return (self,)
        place, url, parallel = self.timeline
        part = f"{self.part}:timeline"
        return self, self._replace(
            part=part, place=place, url=url, parallel=parallel, timeline=None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unspoken:
    """A text of an entry that yields no clip, and the reason; ``at`` is as in Clip."""

    kind: Kind
    file: str
    entry: str
    part: str
    reason: str
    at: Place = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A finished clip before it is stored: its bytes and measurements."""

    data: bytes  #: the encoded file
    seconds: float  #: its length
    lufs: float  #: its integrated loudness
    peak_dbtp: float  #: its true peak
    pronunciation: Pronunciation | None = None  #: as in Speech
    billed: float | None = None  #: as in Speech
    credit: str = ""  #: as in Speech
    findings: tuple[Finding, ...] = ()  #: the audio checks that it failed
