"""A reading set against the dictionary: only the words that differ, and the others as they were."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import AccentBasis
from tts_assets.japanese.accent_guess import INFLECTED, guessed_accent
from tts_assets.japanese.alignment import Word, letters
from tts_assets.japanese.entries import Entry
from tts_assets.japanese.kana import (
    hiragana,
    is_katakana,
    katakana,
    morae,
    pronounced,
    pronunciation_key,
)
from tts_assets.japanese.listed_accents import find_listed_accent
from tts_assets.japanese.nodes import said, said_key, text_of
from tts_assets.japanese.particles import sounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tts_assets.japanese.alignment import Part
    from tts_assets.japanese.analyses import Analyses
    from tts_assets.japanese.nodes import Node, Nodes

#: What a word is taken for that the dictionary knows only in pieces.
_NOUN = ("名詞", "一般", "*", "*", "*", "*")


class Change(NamedTuple):
    """Words ``first`` to ``last`` of an analysis, the last not included, and their new reading."""

    first: int
    last: int
    reading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """An analysis with words of it read otherwise."""

    nodes: Nodes
    accent_basis: AccentBasis


def words(nodes: Iterable[Node], dictionary: Analyses | None = None) -> list[Word]:
    """The words of an analysis, to find in a reading; with what a dictionary knows of each."""
    return [
        Word(
            spelling=node["string"],
            sounds=sounds(node),
            known=_known(node["string"], dictionary) if dictionary is not None else (),
        )
        for node in nodes
    ]


def changes(parts: Sequence[Part], reading: str) -> list[Change]:
    """What has to be read otherwise; neighbours that both differ are one word (一昨日, 大人).

    Args:
        parts: the part of the reading for each word of an analysis.
        reading: the whole, in katakana.
    """
    kana = letters(reading)
    found: list[Change] = []
    for place, part in enumerate(parts):
        if part.fits:
            continue
        own = kana[part.start : part.end]
        if found and found[-1].last == place:
            first, _, before = found.pop()
            found.append(Change(first, place + 1, before + own))
        else:
            found.append(Change(place, place + 1, own))
    return found


def difference(nodes: Nodes, wanted: Sequence[Change]) -> str:
    """What the dictionary reads otherwise than the entry does, in words."""
    told = [
        f"{spelling} as {said(changed)}, the entry as {change.reading}"
        for change in wanted
        for changed in [nodes[change.first : change.last]]
        for spelling in ["".join(word["string"] for word in changed)]
    ]
    return f"the dictionary reads {'; '.join(told)}"


def forced(text: str, nodes: Nodes, wanted: Sequence[Change], dictionary: Analyses) -> Forced:
    """The analysis with these words read otherwise.

    The dictionary's rules for accent phrases and devoicing run again over the changed words,
    where its tokens can be exchanged; where it has made words of its own out of them (numbers),
    the words are changed as they are.

    Args:
        text: what was analysed.
        nodes: the dictionary's best analysis of it.
        wanted: what has to be read otherwise, in order.
        dictionary: tells entries and accents.
    """
    news = [_entry(nodes[each.first : each.last], each.reading, dictionary) for each in wanted]
    certain = all(basis is AccentBasis.DICTIONARY for _, basis in news)
    basis = AccentBasis.DICTIONARY if certain else AccentBasis.GUESSED
    entries = [entry for entry, _ in news]
    edited = _edited(nodes, wanted, entries)
    tokens = _exchanged(dictionary.tokens(text), nodes, wanted, entries)
    if tokens is not None:
        built = dictionary.built(text, tokens, entries)
        if said_key(built) == said_key(edited):
            return Forced(nodes=built, accent_basis=basis)
    return Forced(nodes=dictionary.devoiced(edited), accent_basis=basis)


def with_own_accent(entry: Entry, dictionary: Analyses) -> Entry:
    """A verb or adjective with the accent of the same word in kana, if its own is of a likelier reading.

    The dictionary has one accent for many a spelling with two readings: that of ヒラク for 開く read
    as アク, too, which it accents rightly as あく.
    """
    if entry.grammar[0] not in INFLECTED or not entry.reading:
        return entry
    likelier = itertools.takewhile(
        lambda other: other.reading != entry.reading, dictionary.entries(entry.surface)
    )
    shared = any(
        (other.grammar, other.accent) == (entry.grammar, entry.accent) for other in likelier
    )
    in_kana = {
        other.accent
        for other in dictionary.entries(hiragana(entry.reading))
        if (other.grammar, other.reading) == (entry.grammar, entry.reading)
    }
    return replace(entry, accent=in_kana.pop()) if shared and len(in_kana) == 1 else entry


def as_one_word(text: str, reading: str, dictionary: Analyses) -> Forced:
    """The whole text as a single word of that reading."""
    nodes = dictionary.best(text)
    return forced(text, nodes, [Change(0, len(nodes), reading)], dictionary)


def _known(surface: str, dictionary: Analyses) -> tuple[str, ...]:
    if is_katakana(katakana(surface)):
        return ()
    found = (entry.pronunciation for entry in dictionary.entries(surface))
    return tuple(dict.fromkeys(found))


def _entry(nodes: Sequence[Node], reading: str, dictionary: Analyses) -> tuple[Entry, AccentBasis]:
    """The entry to read these words with: one that the dictionary has, or one made up."""
    surface = text_of(nodes)
    grammar = grammar_of(nodes[0]) if len(nodes) == 1 else _NOUN
    key = pronunciation_key(reading)
    known = [
        entry
        for entry in dictionary.entries(surface)
        if pronunciation_key(entry.pronunciation) == key and ":" not in entry.pronunciation
    ]
    if known:
        # The nearer in grammar the better; of equals the likelier, which comes first.
        likest = max(known, key=lambda entry: _likeness(entry.grammar, grammar))
        return with_own_accent(likest, dictionary), AccentBasis.DICTIONARY
    sound = _sound(reading, surface, grammar)
    accent, basis = find_listed_accent(surface, sound, dictionary.unidic), AccentBasis.DICTIONARY
    if accent is None:
        accent, basis = guessed_accent(reading, grammar, dictionary, surface), AccentBasis.GUESSED
    base = nodes[0]["orig"] if len(nodes) == 1 else surface
    blank = Entry(surface=surface, grammar=grammar, base=base)
    return blank.read_as(reading, sound, accent), basis


def grammar_of(node: Node) -> tuple[str, ...]:
    return (
        node["pos"], node["pos_group1"], node["pos_group2"], node["pos_group3"],
        node["ctype"], node["cform"],
    )  # fmt: skip


def _likeness(one: Sequence[str], other: Sequence[str]) -> int:
    """How many of the first columns agree."""
    return next((n for n, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1]), 6)


def _sound(reading: str, surface: str, grammar: Sequence[str]) -> str:
    """How a reading sounds; the ending う of a verb does not lengthen the vowel before it."""
    if grammar[0] == "動詞" and surface.endswith("う") and reading.endswith("ウ"):
        return pronounced(reading[:-1]) + "ウ"
    return pronounced(reading)


def _exchanged(
    tokens: Sequence[Entry], nodes: Nodes, wanted: Sequence[Change], entries: Sequence[Entry]
) -> list[Entry] | None:
    """The tokens with entries in place of those that spell the changed words; None if none do."""
    ends = {0: 0}
    for number, token in enumerate(tokens, 1):
        ends[max(ends) + len(token.surface)] = number
    if "".join(token.surface for token in tokens) != text_of(nodes):
        return None
    exchanged: list[Entry] = []
    done = 0
    for change, entry in zip(wanted, entries, strict=True):
        begin = ends.get(sum(len(node["string"]) for node in nodes[: change.first]))
        end = ends.get(sum(len(node["string"]) for node in nodes[: change.last]))
        if begin is None or end is None:
            return None
        exchanged += [*tokens[done:begin], entry]
        done = end
    return [*exchanged, *tokens[done:]]


def _edited(nodes: Nodes, wanted: Sequence[Change], entries: Sequence[Entry]) -> Nodes:
    """The nodes themselves with the changed words in them; accents of phrases as good as may be."""
    edited: Nodes = []
    done = 0
    for change, entry in zip(wanted, entries, strict=True):
        node = nodes[change.first].copy()
        node["string"], node["orig"] = entry.surface, entry.base
        node["read"], node["pron"] = entry.reading or "", entry.pronunciation
        node["mora_size"] = len(morae(entry.pronunciation))
        node["acc"], node["chain_rule"] = entry.accent, entry.rule
        edited += [*(each.copy() for each in nodes[done : change.first]), node]
        done = change.last
    return [*edited, *(each.copy() for each in nodes[done:])]
