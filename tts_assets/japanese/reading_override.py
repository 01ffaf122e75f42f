"""Overrides the dictionary's reading of the words that differ, and keeps the others."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.alignment import (
    AlignableWord,
    align_words,
    matches_reading,
    to_key_kana,
)
from tts_assets.japanese.analysis import (
    INFLECTED,
    DictionaryEntry,
    ResolvedReading,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_text,
)
from tts_assets.japanese.kana import (
    kana_to_hiragana,
    parse_kana,
    pronunciation_key,
    to_pronunciation,
)
from tts_assets.japanese.kana_spelling import list_sounds
from tts_assets.japanese.word_accent import find_listed_accent, guess_accent
from tts_assets.model import AccentBasis, Basis, split_morae

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tts_assets.japanese.alignment import AlignedPart
    from tts_assets.japanese.analysis import Node, Nodes
    from tts_assets.japanese.dictionary import Dictionary

#: The grammar of a word that the dictionary has only in parts.
_NOUN = ("名詞", "一般", "*", "*", "*", "*")


class ReadingChange(NamedTuple):
    """Words ``first`` to ``last`` of an analysis, the last not included, and their new reading."""

    first: int
    last: int
    reading: str


def to_alignable_words(
    nodes: Iterable[Node], dictionary: Dictionary | None = None
) -> list[AlignableWord]:
    """Convert an analysis to words to align with a reading; a dictionary adds their other readings."""
    return [
        AlignableWord(
            spelling=node["string"],
            sounds=list_sounds(node),
            listed=_list_pronunciations(node["string"], dictionary) if dictionary else (),
        )
        for node in nodes
    ]


def find_changes(parts: Sequence[AlignedPart], reading: str) -> list[ReadingChange]:
    """Find the words whose part of a reading differs; merge adjacent ones to one word (一昨日, 大人)."""
    kana = to_key_kana(reading)
    found: list[ReadingChange] = []
    for place, part in enumerate(parts):
        if part.fits:
            continue
        own = kana[part.start : part.end]
        if found and found[-1].last == place:
            first, _, before = found.pop()
            found.append(ReadingChange(first, place + 1, before + own))
        else:
            found.append(ReadingChange(place, place + 1, own))
    return found


def describe_changes(nodes: Nodes, changes: Sequence[ReadingChange]) -> str:
    """A message about the words that the dictionary reads otherwise than the entry."""
    differences = [
        f"{spelling} as {nodes_to_kana(changed)}, but the entry gives {change.reading}"
        for change in changes
        for changed in [nodes[change.first : change.last]]
        for spelling in ["".join(word["string"] for word in changed)]
    ]
    return f"the dictionary reads {'; '.join(differences)}"


def find_agreeing_analysis(
    text: str, agrees: Callable[[Nodes], bool], dictionary: Dictionary, most: int = 60
) -> Nodes | None:
    """Find the likeliest alternative that agrees; sentences have more alternatives than words."""
    found = next(filter(agrees, dictionary.list_alternatives(text, most)), None)
    return None if found is None else dictionary.refine_accents(text, found)


def build_changed_key(nodes: Nodes, changes: Sequence[ReadingChange]) -> str:
    """Build the pronunciation key of an analysis after these changes."""
    line, done = "", 0
    for change in changes:
        line += nodes_to_kana(nodes[done : change.first]) + change.reading
        done = change.last
    return pronunciation_key(line + nodes_to_kana(nodes[done:]))


def split_line_by_words(
    analyses: Sequence[Nodes], line: str, dictionary: Dictionary
) -> list[str] | None:
    """Split a kana line into the part for each analysis, by the possible readings of each word.

    None if the line contradicts the kana of the words.
    """
    whole = [node for nodes in analyses for node in nodes]
    key, kana = pronunciation_key(line), to_key_kana(line)
    agrees = matches_reading(to_alignable_words(whole), key)
    parts = align_words(to_alignable_words(whole, None if agrees else dictionary), key)
    if parts is None:
        return None
    stops = itertools.accumulate(map(len, analyses))
    ends = [0, *(parts[stop - 1].end for stop in stops)]
    return [kana[begin:end] for begin, end in itertools.pairwise(ends)]


def override_reading(
    text: str, nodes: Nodes, changes: Sequence[ReadingChange], dictionary: Dictionary
) -> ResolvedReading:
    """Apply changes of readings to an analysis.

    If the dictionary's tokens can be replaced, its rules for accent phrases and devoicing run again
    over the changed words. If it has rewritten the tokens (numbers), change the nodes directly.
    """
    entries, guesses = [], []
    for each in changes:
        entry, is_guess = _choose_entry(nodes[each.first : each.last], each.reading, dictionary)
        entries.append(entry)
        guesses.append(is_guess)
    basis = AccentBasis.GUESSED if any(guesses) else AccentBasis.DICTIONARY
    edited = _replace_nodes(nodes, changes, entries)
    tokens = _replace_tokens(dictionary.list_tokens(text), nodes, changes, entries)
    if tokens is not None:
        built = dictionary.build_analysis(text, tokens, entries)
        if nodes_to_key(built) == nodes_to_key(edited):
            return ResolvedReading(built, Basis.FORCED, basis)
    return ResolvedReading(dictionary.devoice_vowels(edited), Basis.FORCED, basis)


def choose_own_accent(entry: DictionaryEntry, dictionary: Dictionary) -> DictionaryEntry:
    """Use the accent of a verb or adjective in kana, if its entry copies that of a likelier reading.

    For many spellings with two readings the dictionary has one accent: 開く read as アク has that of
    ヒラク, but あく has the right one.
    """
    if entry.grammar[0] not in INFLECTED or not entry.reading:
        return entry
    likelier = itertools.takewhile(
        lambda other: other.reading != entry.reading, dictionary.find_entries(entry.surface)
    )
    shared = any(
        (other.grammar, other.accent) == (entry.grammar, entry.accent) for other in likelier
    )
    in_kana = {
        other.accent
        for other in dictionary.find_entries(kana_to_hiragana(entry.reading))
        if (other.grammar, other.reading) == (entry.grammar, entry.reading)
    }
    return replace(entry, accent=in_kana.pop()) if shared and len(in_kana) == 1 else entry


def override_as_word(text: str, reading: str, dictionary: Dictionary) -> ResolvedReading:
    """The whole text as a single word of that reading."""
    nodes = dictionary.analyze_best(text)
    return override_reading(text, nodes, [ReadingChange(0, len(nodes), reading)], dictionary)


def _list_pronunciations(surface: str, dictionary: Dictionary) -> tuple[str, ...]:
    if parse_kana(surface):
        return ()
    found = (entry.pronunciation for entry in dictionary.find_entries(surface))
    return tuple(dict.fromkeys(found))


def _choose_entry(
    nodes: Sequence[Node], reading: str, dictionary: Dictionary
) -> tuple[DictionaryEntry, bool]:
    """Choose the dictionary's entry for a reading, or build one; return whether its accent is a guess."""
    surface = nodes_to_text(nodes)
    grammar = get_node_grammar(nodes[0]) if len(nodes) == 1 else _NOUN
    key = pronunciation_key(reading)
    listed_entries = [
        entry
        for entry in dictionary.find_entries(surface)
        if pronunciation_key(entry.pronunciation) == key and ":" not in entry.pronunciation
    ]
    if listed_entries:
        # The nearest in grammar; max returns the first of equals, which is the likelier.
        nearest = max(
            listed_entries, key=lambda entry: _count_shared_columns(entry.grammar, grammar)
        )
        return choose_own_accent(nearest, dictionary), False
    sound = _pronounce_reading(reading, surface, grammar)
    listed = find_listed_accent(surface, sound, dictionary.unidic)
    accent = guess_accent(reading, grammar, dictionary, surface) if listed is None else listed
    base = nodes[0]["orig"] if len(nodes) == 1 else surface
    blank = DictionaryEntry(surface=surface, grammar=grammar, base=base)
    return blank.replace_reading(reading, sound, accent), listed is None


def get_node_grammar(node: Node) -> tuple[str, ...]:
    return (
        node["pos"], node["pos_group1"], node["pos_group2"], node["pos_group3"],
        node["ctype"], node["cform"],
    )  # fmt: skip


def _count_shared_columns(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=True)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _pronounce_reading(reading: str, surface: str, grammar: Sequence[str]) -> str:
    """How a reading sounds; the ending う of a verb does not lengthen the vowel before it."""
    if grammar[0] == "動詞" and surface.endswith("う") and reading.endswith("ウ"):
        return to_pronunciation(reading[:-1]) + "ウ"
    return to_pronunciation(reading)


def _replace_tokens(
    tokens: Sequence[DictionaryEntry],
    nodes: Nodes,
    changes: Sequence[ReadingChange],
    entries: Sequence[DictionaryEntry],
) -> list[DictionaryEntry] | None:
    """The tokens with entries in place of those that spell the changed words; None if none do."""
    ends = {0: 0}
    for number, token in enumerate(tokens, 1):
        ends[max(ends) + len(token.surface)] = number
    if "".join(token.surface for token in tokens) != nodes_to_text(nodes):
        return None
    exchanged: list[DictionaryEntry] = []
    done = 0
    for change, entry in zip(changes, entries, strict=True):
        begin = ends.get(sum(len(node["string"]) for node in nodes[: change.first]))
        end = ends.get(sum(len(node["string"]) for node in nodes[: change.last]))
        if begin is None or end is None:
            return None
        exchanged += [*tokens[done:begin], entry]
        done = end
    return [*exchanged, *tokens[done:]]


def _replace_nodes(
    nodes: Nodes, changes: Sequence[ReadingChange], entries: Sequence[DictionaryEntry]
) -> Nodes:
    """Replace the changed words in the nodes; the accents of phrases are approximate."""
    edited: Nodes = []
    done = 0
    for change, entry in zip(changes, entries, strict=True):
        node = nodes[change.first].copy()
        node["string"], node["orig"] = entry.surface, entry.base
        node["read"], node["pron"] = entry.reading or "", entry.pronunciation
        node["mora_size"] = len(split_morae(entry.pronunciation))
        node["acc"], node["chain_rule"] = entry.accent, entry.rule
        edited += [*(each.copy() for each in nodes[done : change.first]), node]
        done = change.last
    return [*edited, *(each.copy() for each in nodes[done:])]
