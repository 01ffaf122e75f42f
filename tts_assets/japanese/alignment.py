"""Alignment of kana with words: can they be its reading, and which part of a line belongs to it?"""

from __future__ import annotations

import heapq
import itertools
import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.kana import parse_kana, pronunciation_key
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PIECE = compile_lazy(r"(?P<kana>[ァ-ヴー]+)|(?P<other>[^\W_ァ-ヴー]+)")
_KANJI = compile_lazy(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆〇]")
_OKURIGANA = compile_lazy(r"[\u4e00-\u9fff々]([ぁ-ゖ]+)")


def has_kanji(text: str) -> bool:
    return _KANJI.search(text) is not None


def count_kanji(text: str) -> int:
    return len(_KANJI.findall(text))


def find_okurigana(spelling: str) -> str:
    """Return the hiragana at the end of a spelling in kanji; "" if there are none."""
    *_, end = _OKURIGANA.findall(spelling) or [""]
    return end if spelling.endswith(end) else ""


def can_spell(spelling: str, kana: str) -> bool:
    """Whether kana can be the reading of a spelling: they contain its own kana in order.

    タベモノ can be the reading of 食べ物, タモノ cannot; each kanji takes at least one mora.
    """
    # Spaces do not count as the reading of a kanji.
    reading = "".join(kana_to_katakana(kana).split())
    pieces = list(_PIECE.finditer(kana_to_katakana(spelling)))
    if len(split_morae(reading)) < count_kanji(spelling):
        return False
    at, gap = 0, 0
    for index, piece in enumerate(pieces):
        if piece["other"]:
            gap = 1
            continue
        is_last = index == len(pieces) - 1
        found = _find_kana(reading, piece["kana"], at + gap, free=gap == 1, is_last=is_last)
        if found < 0:
            return False
        at, gap = found + len(piece["kana"]), 0
    return at + gap <= len(reading) if gap else at == len(reading)


def _find_kana(reading: str, kana: str, start: int, *, free: bool, is_last: bool) -> int:
    if not free:
        return start if reading.startswith(kana, start) else -1
    if is_last:
        end = len(reading) - len(kana)
        return end if end >= start and reading.endswith(kana) else -1
    return reading.find(kana, start)


# The part of a reading that belongs to each word of a text; some words may have other readings.

_LONGEST_PER_CHARACTER = 6  #: no kanji has a reading of more kana; abbreviations and numbers do

#: The cost of a reading that the dictionary lacks, more than any number of kana.
_PER_WORD = 1_000
_PER_LISTED_WORD = 300

_PER_SHORT_WORD = 50  #: the cost of a shortened word, less than that of another reading
_MOST_STEPS = 50_000  #: the limit of search steps; real texts take a few steps for each word

#: In longer texts, do not start matches at frequent characters, because there are too many.
_LONG = 3_000
_SMALL = frozenset("ァィゥェォャュョヮ")
_KANA_ENDS = compile_lazy(r"([ぁ-ゖァ-ヺー]*)(.*?)([ぁ-ゖァ-ヺー]*)", re.DOTALL)


class AlignableWord(NamedTuple):
    """A word to find in a reading."""

    spelling: str  #: the spelling in the text
    sounds: tuple[str, ...]  #: its readings in katakana; the first is the dictionary's choice
    #: Its other readings in the dictionary, in katakana: likelier than unlisted ones.
    listed: tuple[str, ...] = ()
    #: Spellings in lines that cannot write all its sounds; these fit.
    shortened: tuple[str, ...] = ()


class AlignedPart(NamedTuple):
    """The part of a reading that belongs to a word, and whether it is one of the word's sounds."""

    start: int
    end: int
    fits: bool


class ReadingSpan(NamedTuple):
    """A part of a text and its reading."""

    start: int  #: the position of its first character
    end: int  #: the position behind its last character
    reading: str  #: in katakana
    perhaps: bool = False  #: whether the reading applies only if the dictionary has it


def align_words(words: Sequence[AlignableWord], reading: str) -> list[AlignedPart] | None:
    """Split a reading into the part for each word, with as few unexpected readings as possible.

    Kana in a word's spelling must be in its part; only other characters can have another reading.

    Args:
        words: in order; those whose only sound is "" have an empty part.
        reading: the pronunciation key of the whole.

    Returns:
        A part for each word, in order; None if the reading contradicts the kana of the spelling.
    """
    # Cost, kana left, place in words, place in reading.
    queue = [(0, len(reading), 0, 0)]
    steps: dict[tuple[int, int], tuple[tuple[int, int], bool] | None] = {(0, 0): None}
    spent = {(0, 0): 0}
    for _ in range(_MOST_STEPS):
        if not queue:
            return None
        cost, _, number, at = heapq.heappop(queue)
        if number == len(words):
            if at == len(reading):
                return _trace_parts(steps, (number, at))
            continue
        if cost > spent[number, at]:
            continue
        for end, price in _find_word_ends(words[number], reading, at):
            # A small kana belongs to the one before it: do not split シャ.
            if reading[end : end + 1] in _SMALL:
                continue
            after = (number + 1, end)
            if cost + price < spent.get(after, _PER_WORD**3):
                spent[after] = cost + price
                steps[after] = ((number, at), price <= _PER_SHORT_WORD)
                heapq.heappush(queue, (cost + price, len(reading) - end, *after))
    return None


def matches_reading(words: Sequence[AlignableWord], reading: str) -> bool:
    """Whether the sounds of the words can form the reading, a pronunciation key."""
    ends = {0}
    for word in words:
        sizes = [(at, _match_length(sound, reading, at)) for at in ends for sound in word.sounds]
        ends = {at + size for at, size in sizes if size is not None}
    return len(reading) in ends


def to_key_kana(reading: str) -> str:
    """Convert a reading to kana that match its pronunciation key one by one."""
    kept, key = "", ""
    for letter in kana_to_katakana(reading):
        longer = pronunciation_key(key[-1:] + letter)[len(key[-1:]) :]
        if longer:
            kept, key = kept + letter, key + longer
    return kept


def edit_distance(one: str, other: str) -> int:
    """Compute the Levenshtein distance: the kana to insert, delete or replace."""
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        diagonal, row[0] = row[0], number
        for place, right in enumerate(other, 1):
            change = diagonal + (left != right)
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, change)
    return row[-1]


def map_positions(one: str, other: str) -> tuple[dict[int, int], dict[int, int]]:
    """Map the positions of one spelling of a text to another.

    Returns:
        Two maps from positions in the first to positions in the second: for the begin of a span, and
        for the end. Positions inside differences are omitted.
    """
    starts, ends = {}, {}
    long = len(one) > _LONG
    for begin, across, size in SequenceMatcher(
        None, one, other, autojunk=long
    ).get_matching_blocks():
        for step in range(size):
            starts[begin + step] = across + step
            ends[begin + step + 1] = across + step + 1
    edges = {0: 0, len(one): len(other)}
    return edges | ends | starts, edges | starts | ends


def _trace_parts(
    steps: dict[tuple[int, int], tuple[tuple[int, int], bool] | None], last: tuple[int, int]
) -> list[AlignedPart]:
    parts: list[AlignedPart] = []
    while (step := steps[last]) is not None:
        before, fits = step
        parts.append(AlignedPart(before[1], last[1], fits))
        last = before
    return parts[::-1]


def _find_word_ends(word: AlignableWord, reading: str, at: int) -> Iterator[tuple[int, int]]:
    """Yield the possible ends of a word that begins at a position, with their costs."""
    is_fixed = word.sounds == ("",) or parse_kana(word.spelling)
    listed = () if is_fixed else word.listed
    for sounds, cost in (
        (word.sounds, 0),
        (word.shortened, _PER_SHORT_WORD),
        (listed, _PER_LISTED_WORD),
    ):
        for sound in sounds:
            size = _match_length(sound, reading, at)
            if size is not None:
                yield at + size, cost
    if not is_fixed:
        usual = len(word.sounds[0])
        for end in _find_free_ends(word.spelling, reading, at):
            yield end, _PER_WORD + abs(end - at - usual)


def _match_length(sound: str, reading: str, at: int) -> int | None:
    """Return the number of kana of a sound at a position of the reading; None if it does not match."""
    # The kana before decides whether ウ and イ only lengthen it.
    before = reading[at - 1 : at]
    inside = pronunciation_key(before + sound)[len(before) :]
    return len(inside) if reading.startswith(inside, at) else None


def _find_free_ends(spelling: str, reading: str, at: int) -> Iterator[int]:
    """Yield the possible ends of a word of unknown reading; only its outer kana must match."""
    match = _KANA_ENDS.fullmatch(spelling)
    assert match is not None  # noqa: S101 - every part may be empty
    head, middle, tail = match.groups()
    begin = _match_length(pronunciation_key(head), reading, at)
    if begin is None:
        return
    longest = _LONGEST_PER_CHARACTER * len(middle)
    for end in itertools.islice(range(at + begin + 1, len(reading) + 1), longest):
        size = _match_length(pronunciation_key(tail), reading, end)
        if size is not None:
            yield end + size
