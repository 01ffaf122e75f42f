"""How running text is said: from its spelling, and only held against its kana line."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import AccentBasis, Basis
from tts_assets.japanese.alignment import Part, aligned, fits, letters
from tts_assets.japanese.analyses import Settled, unchecked
from tts_assets.japanese.forcing import Change, changes, difference, forced, words
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.nodes import Nodes, enlarged, said
from tts_assets.japanese.regex import regex
from tts_assets.japanese.romaji_lines import is_whole_number, restored_line, romanized_spellings
from tts_assets.japanese.second_opinion import read_in_context
from tts_assets.japanese.spaced_text import with_boundaries, without_boundaries
from tts_assets.japanese.stretches import settled_stretches, stretches_in, unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import SpokenForm
    from tts_assets.japanese.analyses import Analyses

_SENTENCE_END = regex(r"(?<=[。！？!?])(?![。！？!?」』）)])|\n+")
#: Next analyses to look through; sentences have more of them than words.
_MOST = 60
_PAUSES = regex("([、。])")
_TYPING_ERROR = (
    ", and no analysis agrees: the line in Latin letters seems to have a typing error, and the "
    "dictionary is followed; correct the line, or write it in kana"
)
#: Kana to show on either side of a difference.
_AROUND = 4


class _Sentence(NamedTuple):
    """A sentence with its boundaries, and the dictionary's best analysis of it.

    A reading in Latin letters may choose among analyses, and forces none.
    """

    text: str
    nodes: Nodes
    romanized: bool = False


def settled_text(form: SpokenForm, dictionary: Analyses) -> list[Settled]:
    """How running text is said, sentence by sentence.

    Without a kana line it is the dictionary's best analysis, with what its context decides; where
    the data give the reading of stretches, see ``settled_stretches``. With a line it is the
    likeliest analysis that agrees with the line; particles may be written there as they sound or
    as they are spelled. Where none agrees, the words that differ are forced; a line in Latin
    letters is then taken for a typing error, and the dictionary is followed. A line that
    contradicts the text's own kana is an error of the data: then the dictionary is followed, and
    both readings are told.

    Raises:
        ClipError: a sentence is too long.
    """
    texts = _sentences(with_boundaries(form.text, form.boundaries))
    if form.readings:
        return _with_stretches(form, texts, dictionary)
    if form.reading is None:
        return [_unaided(text, dictionary) for text in texts]
    sentences = [_Sentence(text, dictionary.best(text), form.romanized) for text in texts]
    sentences = [sentence for sentence in sentences if said(sentence.nodes)]
    whole = [node for sentence in sentences for node in sentence.nodes]
    line = _enlarged(form.reading)
    if form.romanized and "。" not in line:
        line = restored_line(whole, line)
    lines = _lines(sentences, line, dictionary)
    if lines is None:
        told = itertools.chain([_contradiction(whole, form.reading)], itertools.repeat(None))
        return [
            unchecked(read_in_context(each.text, dictionary).nodes, doubt)
            for each, doubt in zip(sentences, told, strict=False)
        ]
    pairs = zip(sentences, lines, strict=True)
    return [_settled(sentence, line, dictionary) for sentence, line in pairs]


def _unaided(text: str, dictionary: Analyses) -> Settled:
    """A sentence of which nothing but its text tells how it is read."""
    nodes, ambiguous = read_in_context(text, dictionary)
    return unchecked(nodes, ambiguous=tuple(each.word for each in ambiguous))


def _with_stretches(form: SpokenForm, texts: Sequence[str], dictionary: Analyses) -> list[Settled]:
    """Sentences of which the data give the reading of stretches, each with its own."""
    left = stretches_in(form.text, form.readings)
    settled: list[Settled] = []
    at = 0
    for text in texts:
        plain = without_boundaries(text)
        begin = form.text.index(plain, at)
        at = begin + len(plain)
        here = [each for each in left if each.start < at]
        left = left[len(here) :]
        inside = [
            each._replace(start=each.start - begin, end=each.end - begin)
            for each in here
            if each.end <= at
        ]
        found = settled_stretches(text, inside, dictionary)
        doubts = [found.doubt] if found.doubt else []
        # One that goes on in the next sentence fits no analysis.
        doubts += [unfit(form.text[e.start : e.end], e.reading) for e in here[len(inside) :]]
        settled.append(found._replace(doubt="; ".join(doubts) or None))
    return settled


def _enlarged(line: str) -> str:
    """The line with the small kana that join none before them as large ones."""
    return "".join(part if part in "、。" else enlarged(part) for part in _PAUSES.split(line))


def _sentences(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE_END.split(text) if part.strip()]


def _lines(sentences: Sequence[_Sentence], reading: str, dictionary: Analyses) -> list[str] | None:
    """The part of a kana line for each sentence; None if it cannot be cut."""
    own = reading.split("。")
    if len(own) == len(sentences):
        return own
    if len(sentences) == 1:
        return [reading]
    kana = letters(reading)
    whole = [node for sentence in sentences for node in sentence.nodes]
    key = pronunciation_key(reading)
    agrees = fits(words(whole), key)
    parts = aligned(words(whole, None if agrees else dictionary), key)
    if parts is None:
        return None
    stops = itertools.accumulate(len(sentence.nodes) for sentence in sentences)
    ends = [0, *(parts[stop - 1].end for stop in stops)]
    return [kana[begin:end] for begin, end in itertools.pairwise(ends)]


def _settled(sentence: _Sentence, line: str, dictionary: Analyses) -> Settled:
    """One sentence, held against its own part of the kana line."""
    text, best, romanized = sentence
    line = restored_line(best, line) if romanized else line
    key = pronunciation_key(line)
    if fits(words(best), key):
        return Settled(nodes=best, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY)
    parts = _aligned(best, line, dictionary)
    wanted = [] if parts is None else changes(parts, line)
    lost = [change for change in wanted if _lost(best, change)]
    if parts is not None and lost:
        return _restored(sentence, lost, _mended(best, letters(line), parts, lost), dictionary)
    differs = difference(best, wanted) if wanted else _contradiction(best, line)
    for nodes in dictionary.alternatives(text, _MOST):
        if fits(words(nodes), key):
            return Settled(
                nodes=dictionary.refined(text, nodes),
                basis=Basis.NBEST,
                accent_basis=AccentBasis.DICTIONARY,
                doubt=f"{differs}; one of its next analyses agrees",
            )
    if romanized and wanted:
        return _with_typing_errors(sentence, wanted, dictionary)
    found = forced(text, best, wanted, dictionary)
    if not wanted or not fits(words(found.nodes), key):
        return unchecked(read_in_context(text, dictionary).nodes, _contradiction(best, line))
    return Settled(
        nodes=found.nodes,
        basis=Basis.FORCED,
        accent_basis=found.accent_basis,
        doubt=f"{differs}, and no analysis agrees",
    )


def _with_typing_errors(
    sentence: _Sentence, wanted: Sequence[Change], dictionary: Analyses
) -> Settled:
    """A sentence whose line in Latin letters no analysis agrees with: the dictionary is followed."""
    text, best, _ = sentence
    wrong = [
        change
        for change in wanted
        if not is_whole_number(best[change.first : change.last], change.reading)
    ]
    if not wrong:
        return Settled(nodes=best, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY)
    return unchecked(
        read_in_context(text, dictionary).nodes, f"{difference(best, wrong)}{_TYPING_ERROR}"
    )


def _aligned(nodes: Nodes, line: str, dictionary: Analyses) -> list[Part] | None:
    """The part of the line for each word; no kana moves over a pause that both have."""
    pieces = line.split("、")
    pauses = [place for place, node in enumerate(nodes) if node["string"] == "、"]
    if len(pieces) == 1 or len(pieces) != len(pauses) + 1:
        return aligned(words(nodes, dictionary), pronunciation_key(line))
    parts: list[Part] = []
    begins, ends = [0, *pauses], [*pauses, len(nodes)]
    for begin, end, piece in zip(begins, ends, pieces, strict=True):
        own = aligned(words(nodes[begin:end], dictionary), pronunciation_key(piece))
        if own is None:
            return None
        at = parts[-1].end if parts else 0
        parts += [replace(part, start=at + part.start, end=at + part.end) for part in own]
    return parts


def _restored(
    sentence: _Sentence, lost: Sequence[Change], line: str, dictionary: Analyses
) -> Settled:
    """The sentence held against its line with what that has lost in Latin letters."""
    settled = _settled(sentence, line, dictionary)
    doubt = f"{difference(sentence.nodes, lost)}, which only lacks what Latin letters lose"
    return settled._replace(
        basis=Basis.UNCHECKED,
        doubt=doubt if settled.doubt is None else f"{doubt}; {settled.doubt}",
    )


def _mended(nodes: Nodes, line: str, parts: Sequence[Part], lost: Sequence[Change]) -> str:
    """The line with the dictionary's own reading of some words."""
    ours = {place for change in lost for place in range(change.first, change.last)}
    return "".join(
        said([node]) if place in ours else line[part.start : part.end]
        for place, (node, part) in enumerate(zip(nodes, parts, strict=True))
    )


def _lost(nodes: Nodes, change: Change) -> bool:
    """Whether a reading only lacks what a line in Latin letters loses: Osaka, kinyōbi."""
    ours = pronunciation_key(said(nodes[change.first : change.last]))
    return pronunciation_key(change.reading) in romanized_spellings(ours)


def _contradiction(nodes: Nodes, line: str) -> str:
    ours, theirs = _stretches(said(nodes), letters(line))
    return (
        f"the entry's kana line has {theirs} where the spelling is read {ours}, and contradicts "
        "the spelling's own kana: mend one of them"
    )


def _stretches(one: str, other: str) -> tuple[str, str]:
    """Where two readings differ, with a few kana around."""
    shortest = min(len(one), len(other))
    begin = next((n for n in range(shortest) if one[n] != other[n]), shortest)
    rest = shortest - begin
    end = next((n for n in range(rest) if one[-1 - n] != other[-1 - n]), rest)
    begin, end = max(0, begin - _AROUND), max(0, end - _AROUND)
    ours, theirs = (
        ("…" if begin else "") + text[begin : len(text) - end] + ("…" if end else "")
        for text in (one, other)
    )
    return ours, theirs
