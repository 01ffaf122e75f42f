"""Resolves the reading of running text from its spelling and its kana line."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.alignment import AlignedPart, align_words, matches_reading, to_key_kana
from tts_assets.japanese.analysis import (
    Nodes,
    ResolvedReading,
    expand_small_kana,
    nodes_to_kana,
)
from tts_assets.japanese.homographs import read_in_context
from tts_assets.japanese.kana import pronunciation_key
from tts_assets.japanese.kana_spelling import is_whole_number, list_romanized_keys, restore_line
from tts_assets.japanese.reading_override import (
    ReadingChange,
    describe_changes,
    find_agreeing_analysis,
    find_changes,
    override_reading,
    split_line_by_words,
    to_alignable_words,
)
from tts_assets.japanese.reading_spans import describe_misfit, locate_spans, resolve_spans
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.japanese.word_boundaries import insert_boundaries, remove_boundaries
from tts_assets.model import Basis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.japanese.dictionary import Dictionary
    from tts_assets.model import SpokenForm

_SENTENCE_END = compile_lazy(r"(?<=[。！？!?])(?![。！？!?」』）)])|\n+")
_PAUSES = compile_lazy("([、。])")
_TYPING_ERROR = (
    "; no analysis agrees: the line in Latin letters seems to contain a typing error, so "
    "the dictionary's reading is used; correct the line, or write it in kana"
)

_AROUND = 4  #: kana to show on either side of a difference


class _Sentence(NamedTuple):
    """A sentence with its boundaries, and the dictionary's best analysis of it.

    A romanized reading may choose among analyses, but cannot force one.
    """

    text: str
    nodes: Nodes
    romanized: bool = False


def resolve_text(form: SpokenForm, dictionary: Dictionary) -> list[ResolvedReading]:
    """Resolve the reading of running text, sentence by sentence.

    Without a kana line, use the dictionary's best analysis, after the context rules; for readings
    of spans, see ``resolve_spans``. With a line, use the likeliest analysis that agrees with it; it
    may write particles as they sound or as they are spelled. If none agrees, force the words that
    differ, but treat differences in a line in Latin letters as typing errors and use the
    dictionary's reading. If a line contradicts the text's own kana, the data are wrong: use the
    dictionary's reading, and name both readings in the doubt.

    Raises:
        ClipError: a sentence is too long.
    """
    marked = insert_boundaries(form.text, form.boundaries)
    texts = [part.strip() for part in _SENTENCE_END.split(marked) if part.strip()]
    if form.readings:
        return _resolve_text_spans(form, texts, dictionary)
    if form.reading is None:
        return [resolve_spans(text, (), dictionary) for text in texts]
    sentences = [_Sentence(text, dictionary.analyze_best(text), form.romanized) for text in texts]
    sentences = [sentence for sentence in sentences if nodes_to_kana(sentence.nodes)]
    whole = [node for sentence in sentences for node in sentence.nodes]
    line = "".join(
        part if part in "、。" else expand_small_kana(part) for part in _PAUSES.split(form.reading)
    )
    if form.romanized and "。" not in line:
        line = restore_line(whole, line)
    lines = _split_line(sentences, line, dictionary)
    if lines is None:
        doubts = itertools.chain(
            [_describe_contradiction(whole, form.reading)], itertools.repeat(None)
        )
        return [
            ResolvedReading(read_in_context(each.text, dictionary).nodes, doubt=doubt)
            for each, doubt in zip(sentences, doubts, strict=False)
        ]
    pairs = zip(sentences, lines, strict=True)
    return [_resolve_sentence(sentence, line, dictionary) for sentence, line in pairs]


def _resolve_text_spans(
    form: SpokenForm, texts: Sequence[str], dictionary: Dictionary
) -> list[ResolvedReading]:
    """Resolve sentences with readings of spans."""
    left = locate_spans(form.text, form.readings)
    resolved: list[ResolvedReading] = []
    at = 0
    for text in texts:
        plain = remove_boundaries(text)
        begin = form.text.index(plain, at)
        at = begin + len(plain)
        begun = [each for each in left if each.start < at]
        left = left[len(begun) :]
        inside = [
            each._replace(start=each.start - begin, end=each.end - begin)
            for each in begun
            if each.end <= at
        ]
        found = resolve_spans(text, inside, dictionary)
        doubts = [found.doubt] if found.doubt else []
        # A span that crosses the end of a sentence fits no analysis.
        doubts += [
            describe_misfit(form.text[e.start : e.end], e.reading) for e in begun[len(inside) :]
        ]
        resolved.append(found._replace(doubt="; ".join(doubts) or None))
    return resolved


def _split_line(
    sentences: Sequence[_Sentence], reading: str, dictionary: Dictionary
) -> list[str] | None:
    parts = reading.split("。")
    if len(parts) == len(sentences):
        return parts
    if len(sentences) == 1:
        return [reading]
    return split_line_by_words([sentence.nodes for sentence in sentences], reading, dictionary)


def _resolve_sentence(sentence: _Sentence, line: str, dictionary: Dictionary) -> ResolvedReading:
    text, best, romanized = sentence
    line = restore_line(best, line) if romanized else line
    key = pronunciation_key(line)
    if matches_reading(to_alignable_words(best), key):
        return ResolvedReading(best, Basis.SPELLING)
    parts = _align_sentence(best, line, dictionary)
    changes = [] if parts is None else find_changes(parts, line)
    lost = [change for change in changes if _is_lost_in_romaji(best, change)]
    if parts is not None and lost:
        return _resolve_restored(
            sentence, lost, _mend_line(best, to_key_kana(line), parts, lost), dictionary
        )
    differs = describe_changes(best, changes) if changes else _describe_contradiction(best, line)
    likely = find_agreeing_analysis(
        text, lambda nodes: matches_reading(to_alignable_words(nodes), key), dictionary
    )
    if likely is not None:
        doubt = f"{differs}; another of its analyses agrees"
        return ResolvedReading(likely, Basis.NBEST, doubt=doubt)
    if romanized and changes:
        return _accept_typing_errors(sentence, changes, dictionary)
    found = override_reading(text, best, changes, dictionary)
    if not changes or not matches_reading(to_alignable_words(found.nodes), key):
        doubt = _describe_contradiction(best, line)
        return ResolvedReading(read_in_context(text, dictionary).nodes, doubt=doubt)
    return found._replace(doubt=f"{differs}; no analysis agrees")


def _accept_typing_errors(
    sentence: _Sentence, changes: Sequence[ReadingChange], dictionary: Dictionary
) -> ResolvedReading:
    """Use the dictionary's reading of a sentence if no analysis agrees with its romanized line."""
    text, best, _ = sentence
    wrong = [
        change
        for change in changes
        if not is_whole_number(best[change.first : change.last], change.reading)
    ]
    if not wrong:
        return ResolvedReading(best, Basis.SPELLING)
    doubt = f"{describe_changes(best, wrong)}{_TYPING_ERROR}"
    return ResolvedReading(read_in_context(text, dictionary).nodes, doubt=doubt)


def _align_sentence(nodes: Nodes, line: str, dictionary: Dictionary) -> list[AlignedPart] | None:
    """Align the line with the words; no kana crosses a pause that both have."""
    pieces = line.split("、")
    pauses = [place for place, node in enumerate(nodes) if node["string"] == "、"]
    if len(pieces) == 1 or len(pieces) != len(pauses) + 1:
        return align_words(to_alignable_words(nodes, dictionary), pronunciation_key(line))
    parts: list[AlignedPart] = []
    begins, ends = [0, *pauses], [*pauses, len(nodes)]
    for begin, end, piece in zip(begins, ends, pieces, strict=True):
        aligned = align_words(
            to_alignable_words(nodes[begin:end], dictionary), pronunciation_key(piece)
        )
        if aligned is None:
            return None
        at = parts[-1].end if parts else 0
        parts += [part._replace(start=at + part.start, end=at + part.end) for part in aligned]
    return parts


def _resolve_restored(
    sentence: _Sentence, lost: Sequence[ReadingChange], line: str, dictionary: Dictionary
) -> ResolvedReading:
    """Resolve a sentence with its line after restoring what Latin letters lose."""
    resolved = _resolve_sentence(sentence, line, dictionary)
    doubt = (
        f"{describe_changes(sentence.nodes, lost)}, which differs only in details that Latin "
        "letters lose"
    )
    return resolved._replace(
        basis=Basis.UNCHECKED,
        doubt=doubt if resolved.doubt is None else f"{doubt}; {resolved.doubt}",
    )


def _mend_line(
    nodes: Nodes, line: str, parts: Sequence[AlignedPart], lost: Sequence[ReadingChange]
) -> str:
    """Replace the line's reading of some words with the dictionary's."""
    ours = {place for change in lost for place in range(change.first, change.last)}
    return "".join(
        nodes_to_kana([node]) if place in ours else line[part.start : part.end]
        for place, (node, part) in enumerate(zip(nodes, parts, strict=True))
    )


def _is_lost_in_romaji(nodes: Nodes, change: ReadingChange) -> bool:
    """Whether a reading differs only in what Latin letters lose: Osaka, kinyōbi."""
    ours = pronunciation_key(nodes_to_kana(nodes[change.first : change.last]))
    return pronunciation_key(change.reading) in list_romanized_keys(ours)


def _describe_contradiction(nodes: Nodes, line: str) -> str:
    ours, theirs = _excerpt_difference(nodes_to_kana(nodes), to_key_kana(line))
    return (
        f"the entry's kana line has {theirs} where the spelling is read {ours}, and "
        "contradicts the kana in the spelling: correct one of them"
    )


def _excerpt_difference(one: str, other: str) -> tuple[str, str]:
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
