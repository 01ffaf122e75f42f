"""Dictionary entries, UniDic, the word nodes of OpenJTalk, and resolved readings."""

from __future__ import annotations

import csv
import itertools
import os
import threading
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict

from tts_assets.japanese.kana import pronunciation_key
from tts_assets.model import AccentBasis, AmbiguousWord, Basis, Phrase, split_morae

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Surface, four of part of speech, conjugation type and form, base form, reading, pronunciation,
#: accent/morae, accent rule.
_ENTRY_COLUMNS = 12

Span: TypeAlias = "tuple[int, int]"  #: the first character, and the one behind the last

_SHORT = 2  #: nouns of up to this many morae join like suffixes


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryEntry:
    """A word of the dictionary."""

    surface: str  #: the spelling
    grammar: tuple[str, ...]  #: four columns of part of speech, then type and form of conjugation
    base: str  #: its base form
    reading: str | None = None  #: in katakana as spelled; None for an unknown word
    pronunciation: str = ""  #: the sound of the reading; may contain marks of devoiced vowels
    accent: int = 0  #: the mora after which the pitch falls; 0 for none
    #: How its accent joins with that of a word before it (``C1``... ``F6``, ``P1``...).
    rule: str = "*"

    @property
    def columns(self) -> tuple[str, ...]:
        """The entry in the columns of the front end."""
        spelling = (self.surface, *self.grammar, self.base)
        if self.reading is None:
            return spelling
        size = len(split_morae(self.pronunciation.replace("’", "")))
        accent = f"{self.accent}/{size}"
        return (*spelling, self.reading, self.pronunciation, accent, self.rule)

    def replace_reading(self, reading: str, pronunciation: str, accent: int) -> DictionaryEntry:
        """Return the same word with another reading."""
        return replace(
            self, reading=reading, pronunciation=pronunciation, accent=accent,
            rule=choose_chain_rule(len(split_morae(pronunciation)), accent) if self.grammar[0] == "名詞" else self.rule,
        )  # fmt: skip


def choose_chain_rule(size: int, accent: int) -> str:
    """Choose the rule by which the accent of a noun joins with that of a noun before it.

    Nine in ten of the dictionary's nouns have the chosen rule: C3 for short nouns, C2 for flat ones
    and those that fall at their end, C1 for the others (Sagisaka and Sato 1983).
    """
    if size <= _SHORT:
        return "C3"
    return "C2" if accent in {0, size} else "C1"


def parse_entry(feature: str) -> DictionaryEntry:
    """Parse a line of the dictionary; unknown words have no columns behind the base form."""
    columns = feature.split(",")
    surface, grammar, base = columns[0], tuple(columns[1:7]), ",".join(columns[7:8])
    if len(columns) < _ENTRY_COLUMNS:
        return DictionaryEntry(surface=surface, grammar=grammar, base=base)
    reading, pronunciation, accent, rule = columns[8:_ENTRY_COLUMNS]
    nucleus = accent.partition("/")[0]
    return DictionaryEntry(
        surface=surface, grammar=grammar, base=base, reading=reading, pronunciation=pronunciation,
        accent=int(nucleus) if nucleus.isdigit() else 0, rule=rule,
    )  # fmt: skip


def find_features(analyser: Any, surface: str) -> list[str]:
    """Find the lines of an analyser's dictionary for a spelling, the likeliest first."""
    normalized = analyser.normalize_for_mecab(surface)
    found = analyser.analyze_mecab_candidates(normalized, ((0, len(normalized)),))["nodes"]
    return [
        node["feature"]
        for node in sorted(found, key=lambda node: int(node["word_cost"]))
        if node["surface"] == normalized and not node["is_unknown"]
    ]


class SpanReading(NamedTuple):
    """A possible reading of a span: the lower the cost, the likelier."""

    cost: int
    key: str
    reading: str


def compare_span_readings(
    analyser: Any,
    text: str,
    spans: Sequence[Span],
    parse_features: Callable[[Sequence[str]], Sequence[DictionaryEntry | UniDicWord]],
) -> dict[Span, list[SpanReading]]:
    """Find the possible readings of spans of an analysis's text, with their costs in context."""
    found = analyser.analyze_mecab_candidates(text, tuple(spans))
    readings: dict[Span, list[SpanReading]] = {}
    if found["normalized_text"] != text:
        return readings
    for path in found["paths"]:
        words = parse_features(path["features"])
        if all(word.reading for word in words):
            reading = "".join(word.reading or "" for word in words)
            key = pronunciation_key("".join(word.pronunciation for word in words))
            each = SpanReading(path["boundary_cost"], key, reading)
            readings.setdefault(path["char_span"], []).append(each)
    return {span: sorted(each) for span, each in readings.items()}


# UniDic as a second dictionary of readings and accents.

#: Columns of UniDic 2.1.2 behind the surface: ``lemma``, ``pron``, ``kana`` and ``aType``.
_LEMMA, _PRONUNCIATION, _READING, _ACCENTS = 8, 10, 18, 24

_CACHED_WORDS = 20_000  #: of which UniDic's readings are kept

_UNIDIC_COLUMNS = 27  #: unlisted words have only the first seven columns


class UniDicWord(NamedTuple):
    """A word of an analysis, or an entry of the dictionary."""

    surface: str  #: the spelling, in full-width characters
    grammar: tuple[str, ...]  #: four columns of part of speech, then type and form of conjugation
    lemma: str = ""  #: the dictionary form
    reading: str = ""  #: in katakana as spelled; "" for marks and unlisted words
    pronunciation: str = ""  #: the sound, in katakana with ー for long vowels
    #: The morae after which the pitch may fall, the usual one first; 0 for none.
    accents: tuple[int, ...] = ()


class UniDic:
    """The dictionary of the package unidic-lite, read by the analyser of pyopenjtalk-plus.

    Thread-safe: each thread has its own analyser. Texts and surfaces may have narrow characters; the
    analyser makes them wide.
    """

    def __init__(self) -> None:
        """Create the dictionary without loading it."""
        self._own = threading.local()
        self.compare_word_readings = lru_cache(_CACHED_WORDS)(self._compare_word_readings)

    def analyze_words(self, text: str) -> list[UniDicWord]:
        """Return the words of the likeliest analysis."""
        return _parse_features(self._thread_analyzer.run_mecab(text))

    def find_entries(self, surface: str) -> list[UniDicWord]:
        """Find the entries of a spelling, the likeliest first."""
        return _parse_features(find_features(self._thread_analyzer, surface))

    def compare_readings(self, text: str, spans: Sequence[Span]) -> dict[Span, list[SpanReading]]:
        """Find the possible readings of spans of an analysis's text, with their costs in context."""
        return compare_span_readings(self._thread_analyzer, text, spans, _parse_features)

    def _compare_word_readings(self, surface: str) -> list[SpanReading]:
        """Find the possible readings of a word alone, with their costs."""
        span = (0, len(surface))
        return self.compare_readings(surface, [span]).get(span, [])

    @property
    def _thread_analyzer(self) -> Any:
        if not hasattr(self._own, "analyser"):
            import unidic_lite  # noqa: PLC0415 - large, used only inside the engine's process
            from pyopenjtalk.openjtalk import OpenJTalk  # noqa: PLC0415 - native, see above

            self._own.analyser = OpenJTalk(dn_mecab=os.fsencode(unidic_lite.DICDIR))
        return self._own.analyser


def _parse_features(features: Iterable[str]) -> list[UniDicWord]:
    """Parse UniDic's CSV lines, which quote values with commas."""
    return [_to_unidic_word(columns) for columns in csv.reader(features)]


def _to_unidic_word(columns: list[str]) -> UniDicWord:
    surface, grammar = columns[0], tuple(columns[1:7])
    if len(columns) < _UNIDIC_COLUMNS:
        return UniDicWord(surface, grammar)
    return UniDicWord(
        surface,
        grammar,
        lemma=columns[_LEMMA],
        reading=columns[_READING],
        pronunciation=columns[_PRONUNCIATION],
        accents=tuple(int(each) for each in columns[_ACCENTS].split(",") if each.isdigit()),
    )


# OpenJTalk's word nodes, their pronunciation and their accent phrases.

#: Parts of speech that are conjugated, and those that only follow other words.
INFLECTED = frozenset({"動詞", "形容詞"})
PARTICLES = frozenset({"助詞", "助動詞"})

#: Marks a devoiced vowel in ``pron``; it is no mora.
DEVOICED = "’"
_ALONE = dict(zip("ァィゥェォャュョヮヵヶ", "アイウエオヤユヨワカケ", strict=True))

#: Small kana that may not combine with the kana before them; ャ ュ ョ always do.
_SMALL_VOWELS = frozenset("ァィゥェォヮヵヶ")

#: Pairs that OpenJTalk makes one sound, though they are two: デェ is デ with a long vowel.
_MADE_ONE = frozenset({"デェ", "グゥ"})


class Node(TypedDict):
    """A word of an analysis, the output of OpenJTalk's front end and the input of its label maker.

    ``acc`` of the first word of an accent phrase is the accent of the whole phrase; ``chain_flag``
    1 joins a word to the phrase before it.
    """

    string: str
    pos: str
    pos_group1: str
    pos_group2: str
    pos_group3: str
    ctype: str
    cform: str
    orig: str
    read: str
    pron: str
    acc: int
    mora_size: int
    chain_rule: str
    chain_flag: int
    is_reading_protected: bool
    is_reading_rewritten: bool


Nodes: TypeAlias = list[Node]


def node_to_kana(node: Node) -> str:
    """Return the sound of a word in katakana; "" for a mark, which is a pause or silent."""
    if not node["mora_size"]:
        return ""
    sound = node["pron"].replace(DEVOICED, "")
    if _SMALL_VOWELS.isdisjoint(sound) and sound[0] not in _ALONE:
        return sound
    # The label maker does not know ヵ, and omits it.
    return (
        sound
        if any(pair in sound for pair in _MADE_ONE)
        else expand_small_kana(sound.replace("ヵ", ""))
    )


def expand_small_kana(kana: str) -> str:
    """Replace small kana that do not combine with the kana before them by large ones.

    スゲェ is スゲエ, and サンヵゲツ サンカゲツ; マッチャ stays.
    """
    if _ALONE.keys().isdisjoint(kana):
        return kana
    return "".join(_ALONE.get(mora, mora) for mora in split_morae(kana))


def nodes_to_kana(nodes: Iterable[Node]) -> str:
    """Return the pronunciation of an analysis in katakana."""
    return "".join(map(node_to_kana, nodes))


def nodes_to_spelling(nodes: Iterable[Node]) -> str:
    """Return the reading as spelled: particles as ハ and ヘ, long vowels with their letters."""
    return "".join(node["read"] for node in nodes if node_to_kana(node))


def nodes_to_text(nodes: Iterable[Node]) -> str:
    """Return the text of an analysis, which may write numbers unlike the input."""
    return "".join(node["string"] for node in nodes)


def find_word_starts(nodes: Iterable[Node]) -> list[int]:
    """Return the start of each word in the text of an analysis, and the end of the last."""
    return list(itertools.accumulate((len(node["string"]) for node in nodes), initial=0))


def count_morae(nodes: Iterable[Node]) -> int:
    """Count the morae of an analysis."""
    return sum(node["mora_size"] for node in nodes)


def nodes_to_key(nodes: Iterable[Node]) -> str:
    """Return the pronunciation key of an analysis."""
    return pronunciation_key(nodes_to_kana(nodes))


def to_accent_phrases(nodes: Sequence[Node]) -> tuple[Phrase, ...]:
    """Return the accent phrases of an analysis; pauses are between phrases only."""
    found: list[Phrase] = []
    words: list[Node] = []
    pause = False
    for node in nodes:
        if not node["mora_size"]:
            pause = True
            continue
        if words and (pause or node["chain_flag"] != 1):
            found.append(_build_phrase(words, pause=pause))
            words = []
        words.append(node)
        pause = False
    return (*found, _build_phrase(words, pause=False)) if words else tuple(found)


def join_into_phrase(nodes: Iterable[Node], accent: int) -> Nodes:
    """Join the words of an analysis, without its marks, into one accent phrase."""
    words = [node.copy() for node in nodes if node_to_kana(node)]
    for word in words[1:]:
        word["chain_flag"] = 1
    words[0]["acc"] = accent
    return words


def _build_phrase(words: Sequence[Node], *, pause: bool) -> Phrase:
    first = words[0]
    if len(words) == 1:
        return Phrase(node_to_kana(first), min(first["acc"], first["mora_size"]), pause)
    return Phrase(nodes_to_kana(words), min(first["acc"], count_morae(words)), pause)


class ResolvedReading(NamedTuple):
    """The pronunciation of a word or a sentence, and its basis; see Pronunciation.

    The defaults are those of the dictionary alone.
    """

    nodes: Nodes
    basis: Basis = Basis.UNCHECKED
    accent_basis: AccentBasis = AccentBasis.DICTIONARY
    doubt: str | None = None
    near: str | None = None
    ambiguous: tuple[AmbiguousWord, ...] = ()
