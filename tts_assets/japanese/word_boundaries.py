"""Analysis of texts with spaces between phrases or words: no word crosses a space."""

from __future__ import annotations

import itertools
from array import array
from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tts_assets.japanese.analysis import DEVOICED, PARTICLES
from tts_assets.japanese.kana import PARTICLE_SOUNDS, pronunciation_key
from tts_assets.japanese.kana_spelling import may_sound_so
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


if TYPE_CHECKING:
    #: The connection cost of two words, by the class before and the class behind.
    Costs: TypeAlias = Callable[[int, int], int]


#: A space that is a word boundary. Spoken texts have no other ideographic space.
BOUNDARY = "\u3000"

_LONGEST_WORD = 16  #: the length of the dictionary's longest word that occurs in beginner texts
_MOST_PARTS = 4  #: the largest number of parts in which an entry may be written: お 父 さん
_FORBIDDEN = 30_000  #: a penalty higher than MeCab's costs of a whole phrase
_UNLIKELY = 10_000  #: a penalty higher than the costs of one or two words

#: Behind は, a phrase with more kana left may be two phrases without a space between them.
_LONGEST_REST = 2
_MOST_CACHED = 50_000

#: The analyser has only a few classes for unknown words.
_UNKNOWN_CLASSES = 20
_PRONUNCIATION = 9
_BASE = 7

#: A word that no dictionary has; its classes are those of all unknown words in katakana.
_UNKNOWN_NAME = "ゲグァン"
_KATAKANA = compile_lazy("[ァ-ヺー]+")
_HIRAGANA = compile_lazy("[ぁ-ゖー]+")
_KANJI = compile_lazy("[\u3400-\u9fff々]")
_COMMAS = frozenset("、，,")

#: Marks behind which a phrase begins, and "" for the beginning of the text.
_BEFORE_PHRASES = frozenset(("", *"。．！？!?「『（([｛{“‘〈《【"))
_QUOTATION_ENDS = frozenset("」』”’")
_MARKS = compile_lazy(r"[^\w]+")

#: If every word is spaced, a noun such as はは may come before these.
_LONE_PARTICLES = frozenset(
    (
        "は", "が", "を", "に", "へ", "で", "と", "も", "の", "や", "か", "から", "まで", "より",
        "だけ", "でも", "には", "では", "とは", "です", "でした", "だ", "だった", "じゃ", "など",
    )
)  # fmt: skip

#: Words that a lone は continues: に は.
_BEFORE_TOPIC = frozenset(
    ("に", "で", "と", "へ", "から", "まで", "より", "くらい", "ぐらい", "だけ")
)

#: A lone へ before these is a verb (経て).
_ENDINGS = frozenset(("て", "た", "る", "ます", "まし"))
_NEVER_FIRST = frozenset("ゃゅょャュョ")

#: Particles at the beginning of a phrase, with the word behind them.
_AT_START = compile_lazy("へ[のともで]|は(?:な[いかく]|あり|ござい|い(?:な[いかくけ]|ませ))")

#: Particles within a phrase: ではない, てはいけない, とはね, への.
_WITHIN = compile_lazy(
    r"は(?:な[いかくけさんりるあぁー]|な?\W|ね|よ|さ|あ[るりっろ]|い[けらるなま]|だめ|ござ|おり|おら|じ)"
    "|へ[のともはで]"
)


class WordCandidate(NamedTuple):
    """A possible word, from MeCab's lattice.

    ``left`` and ``right`` are its class numbers towards the word before and the word behind it.
    """

    surface: str
    feature: str
    left: int
    right: int
    cost: int
    is_own: bool = False
    is_unknown: bool = False

    @property
    def pronunciation(self) -> str:
        """Its sound in katakana; "" for an unknown word."""
        columns = self.feature.split(",")
        return columns[_PRONUNCIATION] if len(columns) > _PRONUNCIATION else ""

    @property
    def is_particle(self) -> bool:
        """Whether it is a particle or an auxiliary."""
        return self.feature.split(",")[1] in PARTICLES

    @property
    def inner_edges(self) -> list[int]:
        """The edges between the parts of an entry that is a phrase: 2 of 切羽詰まる."""
        parts = self.feature.split(",")[_BASE].split(":")
        return list(itertools.accumulate(map(len, parts[:-1])))


class BoundaryAnalyzer:
    """Finds the likeliest words of a text such that none crosses a boundary (Viterbi)."""

    def __init__(self, analyser: Any, costs: Path, *, has_own_words: bool) -> None:
        """Use the words of an OpenJTalk analyser and the costs in MeCab's ``matrix.bin``."""
        self._has_own_words = has_own_words
        self._analyser = analyser
        self._costs = _read_costs(costs)
        self._cached: dict[str, list[WordCandidate]] = {}
        self._names = self._find_unknown_words(_UNKNOWN_NAME)

    def analyze_features(self, text: str) -> list[str] | None:
        """Return the dictionary lines of a text's words; None if no words fit into its phrases."""
        normalize = self._analyser.normalize_for_mecab
        spelled = [normalize(phrase) for phrase in text.split(BOUNDARY) if phrase]
        phrases = _SpacedPhrases(spelled, has_own_words=self._has_own_words)
        words = find_likeliest_words(phrases, self._get_candidates, self._costs)
        return None if words is None else [word.feature for word in words]

    def _get_candidates(self, surface: str) -> list[WordCandidate]:
        if (found := self._cached.get(surface)) is None:
            if len(self._cached) >= _MOST_CACHED:
                self._cached.clear()
            found = self._cached[surface] = self._find_candidates(surface)
        return found

    def _find_candidates(self, surface: str) -> list[WordCandidate]:
        analysis = self._analyser.analyze_mecab_candidates(surface, ((0, len(surface)),))
        found = [
            WordCandidate(
                surface=surface,
                feature=node["feature"],
                left=node["left_id"],
                right=node["right_id"],
                cost=node["word_cost"],
                is_own=node["dictionary_index"] > 0,
                is_unknown=node["is_unknown"],
            )
            for node in analysis["nodes"]
            if node["surface"] == surface and not node["is_ignored"]
        ]
        found = [each for each in found if each.is_own or _has_spelled_sound(each)]
        if len(analysis["morphs"]) == 1 and analysis["morphs"][0]["is_unknown"]:
            return found + self._find_unknown_words(surface)
        if _KATAKANA.fullmatch(surface):
            return found + [_rename_candidate(each, surface) for each in self._names]
        return found

    def _find_unknown_words(self, surface: str) -> list[WordCandidate]:
        """Return candidates for an unknown word, one for each possible class."""
        paths = self._analyser.run_mecab_nbest_features(surface, _UNKNOWN_CLASSES)
        return [
            WordCandidate(
                surface=surface,
                feature=",".join(word["features"]),
                left=word["left_id"],
                right=word["right_id"],
                cost=word["word_cost"],
                is_unknown=True,
            )
            for path in paths
            if len(path["morphs"]) == 1 and (word := path["morphs"][0])["is_unknown"]
        ]


def remove_boundaries(text: str) -> str:
    """Remove the boundaries from a text."""
    return text.replace(BOUNDARY, "")


def insert_boundaries(text: str, boundaries: Sequence[int]) -> str:
    """Insert boundaries into a text, each before the character at its position."""
    edges = itertools.pairwise((0, *boundaries, len(text)))
    return BOUNDARY.join(text[begin:end] for begin, end in edges) if boundaries else text


def _has_spelled_sound(word: WordCandidate) -> bool:
    """Whether a word in hiragana sounds like its kana; a few entries do not, such as かう read コー."""
    sound = pronunciation_key(word.pronunciation.replace(DEVOICED, ""))
    letters = pronunciation_key(kana_to_katakana(word.surface))
    is_hiragana = _HIRAGANA.fullmatch(word.surface) is not None
    return not sound or not is_hiragana or may_sound_so(sound, letters)


def _rename_candidate(unknown: WordCandidate, surface: str) -> WordCandidate:
    _, _, rest = unknown.feature.partition(",")
    return unknown._replace(surface=surface, feature=f"{surface},{rest}")


@cache
def _read_costs(path: Path) -> Costs:
    """Read the costs from MeCab's file: its two sizes, then a row for each class behind."""
    cells = array("h")
    cells.frombytes(path.read_bytes())
    size, header = cells[0], 2

    def cost(before: int, behind: int) -> int:
        return cells[header + before + size * behind]

    return cost


class _SpacedPhrases:
    """A text with the edges of its phrases: spaces and marks."""

    def __init__(self, phrases: Sequence[str], *, has_own_words: bool) -> None:
        self._has_own_words = has_own_words
        self.text = "".join(phrases)
        self._spaces = list(itertools.accumulate(map(len, phrases), initial=0))
        marks = (edge for mark in _MARKS.finditer(self.text) for edge in mark.span())
        self._sorted = sorted({*self._spaces, *marks})
        self._edges = frozenset(self._sorted)

    def is_edge(self, at: int) -> bool:
        return at in self._edges

    def spaces_within(self, begin: int, end: int) -> list[int]:
        """Return the spaces inside a span, relative to its beginning."""
        return [space - begin for space in self._spaces if begin < space < end]

    def may_be_crossed(self, at: int) -> bool:
        """Whether a word that begins at a place may extend over several phrases."""
        if not self.is_edge(at):
            return False
        return (
            self._has_own_words or _KANJI.search(self.text, at, self.space_behind(at)) is not None
        )

    def space_behind(self, at: int) -> int:
        """Return the next space."""
        return next(space for space in self._spaces if space > at)

    def is_near_end(self, at: int) -> bool:
        """Whether a place is at most _LONGEST_REST characters before the end of a phrase in kana."""
        place = bisect_right(self._sorted, at)
        begin, end = self._sorted[place - 1], self._sorted[place]
        is_kana = _HIRAGANA.fullmatch(self.text, begin, end) is not None
        return is_kana and end - at <= _LONGEST_REST

    def follows_mark(self, at: int) -> bool:
        """Whether a place follows a mark that belongs to the text before it: 」, %, +, ….

        A comma belongs to it only if no space follows.
        """
        mark = self.text[at - 1 : at]
        if mark in _COMMAS:
            return at not in self._spaces
        return mark not in _BEFORE_PHRASES and _MARKS.fullmatch(mark) is not None

    def follows_quotation(self, at: int) -> bool:
        """Whether a quotation ends directly before a place, without a space."""
        return at not in self._spaces and self.text[at - 1 : at] in _QUOTATION_ENDS

    def get_phrase_before(self, at: int) -> str:
        """Return the phrase that ends at an edge; "" behind a mark."""
        begin = max((edge for edge in self._sorted if edge < at), default=0)
        phrase = self.text[begin:at]
        return "" if _MARKS.fullmatch(phrase) else phrase

    def get_phrase_behind(self, at: int) -> str:
        """Return the phrase that begins at an edge."""
        end = next((edge for edge in self._sorted if edge > at), at)
        return self.text[at:end]


class _LatticeStep(NamedTuple):
    cost: int
    word: WordCandidate
    before: _LatticeStep | None


def find_likeliest_words(
    phrases: _SpacedPhrases, words: Callable[[str], Sequence[WordCandidate]], costs: Costs
) -> list[WordCandidate] | None:
    """Find the likeliest words of a text such that none crosses the edge of a phrase.

    は and へ at the end of a phrase are particles, and a phrase does not begin with them. One entry
    with kanji may extend over several phrases: お 父 さん.

    Returns:
        None if no words fit into the phrases.
    """
    size = len(phrases.text)
    paths: list[list[_LatticeStep]] = [[] for _ in range(size + 1)]
    paths[0] = [_LatticeStep(0, WordCandidate("", "", 0, 0, 0), None)]
    for at in range(size):
        if not paths[at]:
            continue
        for word in _list_candidates(at, phrases, words):
            before, cost = _choose_cheapest(paths[at], word.left, costs)
            step = _LatticeStep(
                cost + word.cost + _compute_penalty(word, at, phrases), word, before
            )
            # Of equal paths, MeCab takes the last one added.
            paths[at + len(word.surface)].insert(0, step)
    if not paths[size]:
        return None
    last, _ = _choose_cheapest(paths[size], 0, costs)
    found: list[WordCandidate] = []
    while last.before is not None:
        found.append(last.word)
        last = last.before
    return found[::-1]


def _choose_cheapest(
    paths: Sequence[_LatticeStep], left: int, costs: Costs
) -> tuple[_LatticeStep, int]:
    best, lowest = paths[0], paths[0].cost + costs(paths[0].word.right, left)
    for path in paths[1:]:
        cost = path.cost + costs(path.word.right, left)
        if cost < lowest:
            best, lowest = path, cost
    return best, lowest


def _list_candidates(
    at: int, phrases: _SpacedPhrases, words: Callable[[str], Sequence[WordCandidate]]
) -> Iterator[WordCandidate]:
    text, end = phrases.text, phrases.space_behind(at)
    longest = min(len(text), at + _LONGEST_WORD)
    last = longest if phrases.may_be_crossed(at) else min(end, longest)
    for stop in range(at + 1, last + 1):
        for word in words(text[at:stop]):
            if stop > end:
                is_possible = _may_cross(word, at, phrases)
            else:
                is_possible = not word.is_unknown or _may_be_name(text, at, stop)
            if is_possible:
                yield word


def _may_cross(word: WordCandidate, at: int, phrases: _SpacedPhrases) -> bool:
    """Whether an entry that begins at an edge may extend over several phrases."""
    if word.is_own:
        return True
    if word.is_unknown or not _KANJI.search(word.surface):
        return False
    stop = at + len(word.surface)
    spaces = phrases.spaces_within(at, stop)
    ends_at_edge = phrases.is_edge(stop) and len(spaces) < _MOST_PARTS
    return ends_at_edge or spaces == word.inner_edges


def _may_be_name(text: str, at: int, stop: int) -> bool:
    """Whether an unknown word is possible at a place: in katakana, only the whole run of katakana."""
    if _KATAKANA.fullmatch(text, at, stop) is None:
        return True
    around = (text[at - 1 : at], text[stop : stop + 1])
    return not any(_KATAKANA.fullmatch(each) for each in around)


def _compute_penalty(word: WordCandidate, at: int, phrases: _SpacedPhrases) -> int:
    """Compute the extra cost of a word because of its place in the phrase."""
    if word.surface[0] in _NEVER_FIRST:
        return _FORBIDDEN
    sound = PARTICLE_SOUNDS.get(word.surface[-1])
    if sound is None or word.is_own:
        return 0
    stop = at + len(word.surface)
    if word.surface in PARTICLE_SOUNDS:
        is_particle = _is_particle(at, stop, phrases)
        if is_particle is not None:
            return 0 if is_particle == word.is_particle else _FORBIDDEN
        is_within = word.is_particle and not phrases.is_edge(stop)
        return _UNLIKELY if is_within and phrases.is_near_end(stop) else 0
    may_be_noun = phrases.is_edge(at) and (
        word.surface == "へへ"
        or phrases.get_phrase_behind(stop) in _LONE_PARTICLES
        or phrases.get_phrase_behind(stop)[:1] in _QUOTATION_ENDS
    )
    is_right = may_be_noun or not phrases.is_edge(stop) or word.pronunciation.endswith(sound)
    return 0 if is_right else _FORBIDDEN


def _is_particle(at: int, stop: int, phrases: _SpacedPhrases) -> bool | None:
    """Whether は or へ is a particle at a place; None if the costs must decide."""
    if not phrases.is_edge(at):
        return True if phrases.is_edge(stop) or _WITHIN.match(phrases.text, at) else None
    if phrases.follows_quotation(at):
        return True
    if not phrases.is_edge(stop):
        is_topic = at > 0 and _AT_START.match(phrases.text, at) is not None
        return None if phrases.follows_mark(at) and not is_topic else is_topic
    return _is_lone_particle(at, stop, phrases)


def _is_lone_particle(at: int, stop: int, phrases: _SpacedPhrases) -> bool | None:
    """The same for は or へ between two edges."""
    before, behind = phrases.get_phrase_before(at), phrases.get_phrase_behind(stop)
    if phrases.text[at] == "へ":
        return behind not in _ENDINGS
    if before in _BEFORE_TOPIC:
        return True
    # は is a noun in は が いたい, a particle in それ は に ほん です and 「はい」は.
    is_behind_word = before != "" or phrases.follows_mark(at)
    return {"が": False, "を": False, "に": None, "の": None}.get(behind, is_behind_word)
