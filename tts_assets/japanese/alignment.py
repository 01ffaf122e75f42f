"""Which kana belong to which word: whether they can be its reading, and which part of a line is."""

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
    """The hiragana at the end of a spelling in kanji; "" where there are none."""
    *_, end = _OKURIGANA.findall(spelling) or [""]
    return end if spelling.endswith(end) else ""


def can_spell(spelling: str, kana: str) -> bool:
    """Whether kana can be read for a spelling: its own kana stand in them, in their order.

    食べ物 fits タベモノ and not タモノ; each kanji takes a mora at least.
    """
    # A blank is no sound of a kanji.
    reading = "".join(kana_to_katakana(kana).split())
    pieces = list(_PIECE.finditer(kana_to_katakana(spelling)))
    if len(split_morae(reading)) < count_kanji(spelling):
        return False
    at, gap = 0, 0
    for index, piece in enumerate(pieces):
        if piece["other"]:
            gap = 1
            continue
        last = index == len(pieces) - 1
        found = _find_kana(reading, piece["kana"], at + gap, free=gap == 1, last=last)
        if found < 0:
            return False
        at, gap = found + len(piece["kana"]), 0
    return at + gap <= len(reading) if gap else at == len(reading)


def _find_kana(reading: str, kana: str, start: int, *, free: bool, last: bool) -> int:
    if not free:
        return start if reading.startswith(kana, start) else -1
    if last:
        end = len(reading) - len(kana)
        return end if end >= start and reading.endswith(kana) else -1
    return reading.find(kana, start)


# The part of a reading that belongs to each word of a text; some words may be read otherwise.

#: No kanji is read with more kana than this; abbreviations and numbers have more.
_LONGEST_PER_CHARACTER = 6

#: Reading one more word against the dictionary counts more than any number of kana.
_PER_WORD = 1_000
_PER_LISTED_WORD = 300

#: A word that only lacks something counts less than one that is read otherwise.
_PER_SHORT_WORD = 50

#: Give up on texts that fit in too many ways; real ones take a few steps for each word.
_MOST_STEPS = 50_000

#: In longer texts no match is sought from characters that come often, as there are too many.
_LONG = 3_000
_SMALL = frozenset("ァィゥェォャュョヮ")
_KANA_ENDS = compile_lazy(r"([ぁ-ゖァ-ヺー]*)(.*?)([ぁ-ゖァ-ヺー]*)", re.DOTALL)


class AlignableWord(NamedTuple):
    """A word to find in a reading.

    Args:
        spelling: as the text has it.
        sounds: how it may be read, in katakana; the first is how the dictionary reads it.
        listed: its readings in the dictionary, in katakana: likelier than any other.
        shortened: what a line may have for its sounds that cannot write all of them; it fits.
    """

    spelling: str
    sounds: tuple[str, ...]
    listed: tuple[str, ...] = ()
    shortened: tuple[str, ...] = ()


class AlignedPart(NamedTuple):
    """The part of a reading that belongs to a word, and whether it is one of the word's sounds."""

    start: int
    end: int
    fits: bool


class ReadingSpan(NamedTuple):
    """A part of a text and its reading.

    Args:
        start: its first character.
        end: the one behind its last.
        reading: in katakana.
        perhaps: whether this is its reading only if the dictionary knows it.
    """

    start: int
    end: int
    reading: str
    perhaps: bool = False


def align_words(words: Sequence[AlignableWord], reading: str) -> list[AlignedPart] | None:
    """The part of a reading for each word: as few as possible read otherwise than they sound.

    Only what is not spelled in kana can be read otherwise: kana in a word's spelling must be in
    its part, too.

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
            # A small kana belongs to the one before it: シャ is no シ and ャ.
            if reading[end : end + 1] in _SMALL:
                continue
            after = (number + 1, end)
            if cost + price < spent.get(after, _PER_WORD**3):
                spent[after] = cost + price
                steps[after] = ((number, at), price <= _PER_SHORT_WORD)
                heapq.heappush(queue, (cost + price, len(reading) - end, *after))
    return None


def matches_reading(words: Sequence[AlignableWord], reading: str) -> bool:
    """Whether the words can be read so that together they are the reading, a pronunciation key."""
    ends = {0}
    for word in words:
        sizes = [(at, _match_length(sound, reading, at)) for at in ends for sound in word.sounds]
        ends = {at + size for at, size in sizes if size is not None}
    return len(reading) in ends


def to_key_kana(reading: str) -> str:
    """The kana of a reading, one for each kana of its pronunciation key."""
    kept, key = "", ""
    for letter in kana_to_katakana(reading):
        longer = pronunciation_key(key[-1:] + letter)[len(key[-1:]) :]
        if longer:
            kept, key = kept + letter, key + longer
    return kept


def edit_distance(one: str, other: str) -> int:
    """How many kana must be put in, left out or changed to make one from the other (Levenshtein)."""
    row = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        diagonal, row[0] = row[0], number
        for place, right in enumerate(other, 1):
            change = diagonal + (left != right)
            diagonal, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, change)
    return row[-1]


def map_positions(one: str, other: str) -> tuple[dict[int, int], dict[int, int]]:
    """Where of two spellings of a text the one lies in the other.

    Returns:
        For places in the one, the place in the other where what begins there begins; and the
        same for what ends there. Places inside of what differs are left out.
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
    """Where a word that begins there may end, and what that costs."""
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
    """How many kana of the reading a sound takes from there; None if it is not there."""
    # The kana before decides whether ウ and イ only lengthen it.
    before = reading[at - 1 : at]
    inside = pronunciation_key(before + sound)[len(before) :]
    return len(inside) if reading.startswith(inside, at) else None


def _find_free_ends(spelling: str, reading: str, at: int) -> Iterator[int]:
    """Where a word of unknown reading may end; only the kana at its own ends are certain."""
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
