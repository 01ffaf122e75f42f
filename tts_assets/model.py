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

#: Which kana each small kana makes one mora with; behind others it is a mora of its own.
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
    return unicodedata.normalize("NFKC", text).translate(_HIRAGANA_TO_KATAKANA)


def is_katakana(text: str) -> bool:
    """Whether the text is katakana and nothing else."""
    return _KATAKANA.fullmatch(text) is not None


def split_morae(kana: str) -> list[str]:
    """The morae of a text in hiragana or katakana, in katakana; what is not kana is left out.

    A small kana joins the one before it where the two make one sound; ッ, ン and ー are morae.
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
    """A line of a passage, or what one speaker of a dialogue says before the next one does.

    Args:
        size: how many characters of the form's text it has; those of all turns make the text.
        speaker: who says it; "" for a narrator, or where nobody is named.
        voice: the voice that its source gives to that speaker; None where it gives none.
    """

    size: int
    speaker: str = ""
    voice: str | None = None


class SpokenForm(NamedTuple):
    """What is really said, after normalisation; a tuple, as Clip is.

    Args:
        text: the spelling, as Japanese is written.
        reading: how the entry says it is read, in katakana; None where the data give none. That
            of running text keeps its 、 and 。 where they tell which kana belong to which kanji.
        accent: the accent nucleus that the entry gives: the mora after which the pitch falls,
            0 for none; None where the data give none.
        sentence: running text: said from its spelling, and only held against its reading.
        readings: where the data give the reading of parts only: stretches of the text in their
            order, each with its katakana; "" for one to pass over, which is spelled like the next;
            hiragana for a reading only if a dictionary knows it: kado of 角 (kado), not bone of
            骨 (bone).
        turns: of a passage, which is made of segments and has a time line, its lines; nothing of
            a word or a sentence, which is made in one piece.
        boundaries: where the text has a space that is not said, each as the number of characters
            before it: no word crosses it.
        romanized: the reading was in Latin letters, where typing errors are likelier than rare
            readings.
    """

    text: str
    reading: str | None = None
    accent: int | None = None
    sentence: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    turns: tuple[Turn, ...] = ()
    boundaries: tuple[int, ...] = ()
    romanized: bool = False


class Basis(StrEnum):
    """How the reading of a form was determined, the most reliable way first."""

    #: The dictionary reads the spelling as the entry says.
    SPELLING = "spelling"
    #: One of the dictionary's next analyses has the entry's reading.
    NBEST = "n-best"
    #: The reading was set against the dictionary.
    FORCED = "forced"
    #: The data give no reading: it is the dictionary's alone.
    UNCHECKED = "unchecked"


class AccentBasis(StrEnum):
    """Where an accent comes from."""

    DATA = "data"
    DICTIONARY = "dictionary"
    #: Neither knows it: a guess.
    GUESSED = "guessed"
    #: The engine cannot be told any: it is whatever the voice makes of the sounds.
    ENGINE = "engine"


class Phrase(NamedTuple):
    """An accent phrase: one rise, and at most one fall, of the pitch.

    Args:
        kana: how it sounds, in katakana: particles as ワ and エ, long vowels as ー.
        accent: the mora after which the pitch falls; 0 for none.
        pause: whether a pause follows.
    """

    kana: str
    accent: int
    pause: bool = False


class AmbiguousWord(NamedTuple):
    """A word that has another common reading, where nothing but the text says how it is read.

    Args:
        spelling: as the text has it.
        said: the reading that was chosen, in katakana.
        others: the other common readings.
    """

    spelling: str
    said: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pronunciation:
    """How a form is said, as the reading guard has settled it.

    Args:
        phrases: the accent phrases in order.
        basis: how sure the reading is.
        accent_basis: how sure the accent is.
        doubt: what does not fit, in words for people; None when all does.
        near: of a forced word, the dictionary's reading that is so like the entry's that this may
            be a typing error; None where there is none.
        ambiguous: words that may be read otherwise, where the data do not give their reading.
    """

    phrases: tuple[Phrase, ...]
    basis: Basis
    accent_basis: AccentBasis
    doubt: str | None = None
    near: str | None = None
    ambiguous: tuple[AmbiguousWord, ...] = ()


class WordKind(StrEnum):
    """What a word of the user's dictionary is; decides how it joins with its neighbours."""

    NOUN = "noun"
    NAME = "name"
    VERB = "verb"
    ADJECTIVE = "adjective"
    SUFFIX = "suffix"


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryWord:
    """A word of the user's own dictionary: how this spelling is read wherever it stands.

    Args:
        surface: the spelling.
        reading: how it is said, in katakana.
        accent: the mora after which the pitch falls, 0 for none; None to leave it to a rule.
        kind: what it is.
    """

    surface: str
    reading: str
    accent: int | None = None
    kind: WordKind = WordKind.NOUN


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks: an engine, one of its voices, and how fast (1.0 is the voice's own pace)."""

    provider: str
    name: str
    language: str = "ja"
    speed: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """How a clip must sound and be stored.

    Args:
        format: the encoding, which is the file extension, too.
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
    """A piece of a passage, small enough for one call of any engine.

    Args:
        form: what is said; it has no turns.
        speaker: who says it, as in Turn.
        voice: as in Turn.
        pause_ms: the silence behind it; 0 behind the last.
        phrases: the parts of its text that the time line of its passage is to have, which together
            are the text; empty where the segment is enough.
    """

    form: SpokenForm
    speaker: str = ""
    voice: str | None = None
    pause_ms: int = 0
    phrases: tuple[str, ...] = ()


class WordTime(NamedTuple):
    """When a word or a phrase of a segment is spoken, in seconds from the beginning of its sound."""

    text: str
    begin: float
    end: float


class Alignment(NamedTuple):
    """Characters of a sound as a service reports them, and when each begins and ends, in seconds."""

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
        told: both in words for people, without a stop at the end.
    """

    rule: str
    measured: str
    limit: str
    told: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What an engine returns.

    Args:
        samples: float32, mono, of any scale, shape (n,).
        rate_hz: samples per second.
        pronunciation: how it was said, where the engine can tell.
        billed: what a service charged for it, in its own credits; None where nothing is charged,
            or nobody tells.
        credit: the line that its licence asks for, where that is known only now; "" for none.
        character_times: where each character of the form's text begins and ends, in seconds;
            empty where no service reports it.
    """

    samples: Samples
    rate_hz: int
    pronunciation: Pronunciation | None = None
    billed: float | None = None
    credit: str = ""
    character_times: tuple[tuple[float, float], ...] = ()


class Parallel(NamedTuple):
    """A list of URLs that runs parallel to a list of texts.

    Args:
        place: where it lies in the document.
        length: how many items it must have.
        beside: the key of the list of texts, where that lies in the same object.
        spare: texts that are there now, and belong to none of the items.
    """

    place: Place
    length: int
    beside: str | None = None
    spare: tuple[str, ...] = ()


class Target(NamedTuple):
    """Where another URL of a clip goes; place, url and parallel are as in Clip."""

    place: Place
    url: str | None
    parallel: Parallel | None = None


class Clip(NamedTuple):
    """One thing to be said and stored for an entry.

    A tuple, as every run makes one for each clip there is, and tuples are made four times faster.

    Args:
        kind: the kind of its catalogue.
        file: the catalogue's path as given.
        entry: the entry's id, as text.
        part: which of the entry's clips: ``word``, ``example-1``, ``onyomi-2``...
        place: where its URL lies in the document; None if it goes nowhere.
        form: what is said.
        parallel: the list that its URL lies in, if it is one that runs parallel to another.
        url: the URL that is there now; None for null, "" and absent.
        voice: the voice that the entry asks for; None for the run's own.
        at: where the record or the item that it is said of lies.
        source: the name of the source that found it.
        timeline: where the URL of its time line goes; None for nowhere.
        speed: the speed that an override asks for; None for the run's own.
    """

    kind: Kind
    file: str
    entry: str
    part: str
    place: Place | None
    form: SpokenForm
    parallel: Parallel | None = None
    url: str | None = None
    voice: str | None = None
    at: Place = ()
    source: str = "built-in"
    timeline: Target | None = None
    speed: float | None = None

    def with_timeline(self) -> tuple[Clip, ...]:
        """All that takes a URL: the clip, and in its likeness its time line, if that goes anywhere."""
        if self.timeline is None:
            return (self,)
        place, url, parallel = self.timeline
        part = f"{self.part}:timeline"
        return self, self._replace(
            part=part, place=place, url=url, parallel=parallel, timeline=None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unspoken:
    """A text of an entry that yields no clip, and why; ``at`` is as in Clip."""

    kind: Kind
    file: str
    entry: str
    part: str
    reason: str
    at: Place = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A finished clip before it is stored: its bytes and what was measured in them.

    Args:
        data: the encoded file.
        seconds: its length.
        lufs: its integrated loudness.
        peak_dbtp: its true peak.
        pronunciation: how the engine said it, where it can tell.
        billed: as in Speech.
        credit: as in Speech.
        findings: the audio checks that it failed.
    """

    data: bytes
    seconds: float
    lufs: float
    peak_dbtp: float
    pronunciation: Pronunciation | None = None
    billed: float | None = None
    credit: str = ""
    findings: tuple[Finding, ...] = ()
