"""The user's own words as a dictionary that MeCab reads: grammar, costs, compiled bytes."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tts_assets.domain import WordKind
from tts_assets.errors import UsageError
from tts_assets.japanese.entries import DictionaryEntry, choose_chain_rule
from tts_assets.japanese.kana import split_morae, to_pronunciation
from tts_assets.japanese.nodes import expand_small_kana

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tts_assets.domain import DictionaryWord

#: Part of speech, type and form of conjugation, as the dictionary's left-id.def spells them.
_GRAMMAR = {
    WordKind.NOUN: ("名詞", "一般", "*", "*", "*", "*"),
    WordKind.NAME: ("名詞", "固有名詞", "一般", "*", "*", "*"),
    WordKind.VERB: ("動詞", "自立", "*", "*", "一段", "基本形"),
    WordKind.ADJECTIVE: ("形容詞", "自立", "*", "*", "形容詞・アウオ段", "基本形"),
    WordKind.SUFFIX: ("名詞", "接尾", "一般", "*", "*", "*"),
}
#: With this cost a word wins against whatever the dictionary knows: words of one kana, too. A cost
#: is a 16-bit number, and connections of words cost between -14,000 and 5,000.
_CHEAPEST = -30_000
#: How much cheaper a word is than those that fill it side by side.
_STEP = 1_000
#: How much cheaper than one that leaves a rest, which the dictionary may read with what follows:
#: 東京大・会 and 東京・大会.
_STEP_WITH_REST = 5_000


def get_kind_grammar(kind: WordKind) -> tuple[str, ...]:
    """Part of speech, type and form of conjugation of a kind of word."""
    return _GRAMMAR[kind]


def parse_context_ids(definitions: Iterable[str]) -> dict[WordKind, int]:
    """The context numbers of the kinds of word, out of the lines of the dictionary's left-id.def.

    They are the same as those of right-id.def, in this dictionary as in all of its family.
    """
    wanted = {",".join((*columns, "*")): kind for kind, columns in _GRAMMAR.items()}
    pairs = (line.strip().split(" ", 1) for line in definitions if " " in line)
    return {wanted[feature]: int(number) for number, feature in pairs if feature in wanted}


def assign_costs(surfaces: Collection[str]) -> dict[str, int]:
    """What each word costs: all win against the dictionary, and the longest among themselves.

    Words within a longer one share what it can spend, so that they never win together.
    """
    known = frozenset(surfaces)
    found = dict.fromkeys(sorted(known, key=len, reverse=True), _CHEAPEST)
    for longer, cost in found.items():
        inner = [part for part in _list_substrings(longer) if part in known]
        most = _count_side_by_side(longer, inner)
        share = (cost + _STEP) // most if most > 1 else cost + _STEP_WITH_REST
        for part in inner:
            found[part] = max(found[part], share)
    return found


def _list_substrings(word: str) -> set[str]:
    """Every shorter word that lies within a word."""
    ends = range(1, len(word) + 1)
    return {word[start:end] for end in ends for start in range(end)} - {word}


def _count_side_by_side(word: str, parts: Iterable[str]) -> int:
    """How many of the parts fit into a word, one beside the other."""
    most = [0]
    for end in range(1, len(word) + 1):
        fitting = (most[end - len(part)] + 1 for part in parts if word[:end].endswith(part))
        most.append(max(most[-1], *fitting, 0))
    return most[-1]


def compile_lexicon(
    words: Sequence[DictionaryWord],
    accents: Mapping[DictionaryWord, int],
    numbers: Mapping[WordKind, int],
    index: Callable[[str, str], None],
) -> bytes:
    """The words as a compiled dictionary.

    Args:
        words: spelled as the analyser sees them.
        accents: the accent of each.
        numbers: the context number of each kind of word.
        index: compiles; from the path of a CSV file to the path of a dictionary.

    Raises:
        UsageError: they cannot be compiled.
    """
    prices = assign_costs([word.surface for word in words])
    with tempfile.TemporaryDirectory(prefix="tts-assets-") as folder:
        table, dictionary = Path(folder) / "words.csv", Path(folder) / "words.dic"
        with table.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            for word in words:
                number = numbers[word.kind]
                surface, *rest = _build_entry(word, accents[word]).columns
                rows.writerow([surface, number, number, prices[surface], *rest])
        try:
            index(str(table), str(dictionary))
        except (OSError, RuntimeError) as exc:
            raise UsageError(
                f"the words of your dictionary cannot be compiled: {exc}; "
                "leave out all but one to find the one that is wrong"
            ) from exc
        return dictionary.read_bytes()


def _build_entry(word: DictionaryWord, accent: int) -> DictionaryEntry:
    sound = to_pronunciation(expand_small_kana(word.reading))
    noun = _GRAMMAR[word.kind][0] == "名詞"
    return DictionaryEntry(
        surface=word.surface, grammar=_GRAMMAR[word.kind], base=word.surface, reading=word.reading,
        pronunciation=sound, accent=accent,
        rule=choose_chain_rule(len(split_morae(sound)), accent) if noun else "*",
    )  # fmt: skip
