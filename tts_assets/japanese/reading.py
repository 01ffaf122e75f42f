"""The reading guard: an engine's dictionary may not say other than the entry's reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import AccentBasis, Basis, Pronunciation
from tts_assets.errors import ClipError
from tts_assets.japanese.kana import is_long_on_reading, kana_to_hiragana, to_pronunciation
from tts_assets.japanese.listed_accents import apply_word_accent
from tts_assets.japanese.long_vowels import lengthen_vowels
from tts_assets.japanese.nodes import (
    count_morae,
    join_into_phrase,
    node_to_kana,
    nodes_to_kana,
    to_accent_phrases,
)
from tts_assets.japanese.text_ladder import resolve_text
from tts_assets.japanese.word_ladder import find_required_reading, has_reading, resolve_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tts_assets.domain import Phrase, SpokenForm
    from tts_assets.japanese.analyses import JapaneseAnalyzer, ResolvedReading
    from tts_assets.japanese.nodes import Nodes


class FormReading(NamedTuple):
    """What may be spoken.

    Args:
        parts: an analysis for each sentence, to be said one after the other.
        pronunciation: what they say, and how sure that is.
    """

    parts: tuple[Nodes, ...]
    pronunciation: Pronunciation


def resolve_reading(form: SpokenForm, dictionary: JapaneseAnalyzer) -> FormReading:
    """How a form is said: with the entry's reading and accent where it gives them.

    The spelling is preferred because only it carries the word's accent.

    Raises:
        ClipError: it cannot be said as the entry says, is too long, or has nothing to say.
    """
    if form.sentence:
        return _combine_sentences(form, resolve_text(form, dictionary))
    word = _resolve_checked_word(form, dictionary)
    found = to_accent_phrases(word.nodes)
    if not _is_audible(found):
        raise _silent_form_error(form)
    return FormReading(
        parts=(word.nodes,),
        pronunciation=Pronunciation(
            phrases=found,
            basis=word.basis,
            accent_basis=word.accent_basis,
            doubt=word.doubt,
            near=word.near,
        ),
    )


def _combine_sentences(form: SpokenForm, settled: Sequence[ResolvedReading]) -> FormReading:
    """Sentences in a row, as sure as the least sure of them."""
    parts = tuple(
        lengthen_vowels(part.nodes)
        for part in settled
        if _is_audible(to_accent_phrases(part.nodes))
    )
    if not parts:
        raise _silent_form_error(form)
    doubts = [part.doubt for part in settled if part.doubt is not None]
    return FormReading(
        parts=parts,
        pronunciation=Pronunciation(
            phrases=_join_sentence_phrases(parts),
            basis=max((part.basis for part in settled), key=tuple(Basis).index),
            accent_basis=max((part.accent_basis for part in settled), key=tuple(AccentBasis).index),
            doubt="; ".join(doubts) or None,
            ambiguous=tuple(word for part in settled for word in part.ambiguous),
        ),
    )


def _is_audible(found: Iterable[Phrase]) -> bool:
    """Whether anything is heard: ッ and ー alone are silent."""
    for phrase in found:  # noqa: SIM110 - asked of every word, and any() takes twice as long
        if phrase.kana.strip("ッー"):
            return True
    return False


def _silent_form_error(form: SpokenForm) -> ClipError:
    return ClipError(
        f"there is nothing to say in {form.text!r}: the dictionary knows no word of it"
    )


def _resolve_checked_word(form: SpokenForm, dictionary: JapaneseAnalyzer) -> ResolvedReading:
    """A word, held against its reading once more after all that was done to it."""
    verb = _is_verb_reading(form, dictionary)
    alone = form.text == form.reading or len(form.text) == 1
    by_itself = form._replace(text=form.reading or "") if verb and not alone else form
    settled = resolve_word(by_itself, dictionary)
    if verb:
        settled = settled._replace(nodes=_spell_out_ending(settled.nodes))
    elif alone and is_long_on_reading(form.reading or ""):
        settled = settled._replace(nodes=_lengthen_kanji(settled.nodes))
    else:
        settled = settled._replace(nodes=lengthen_vowels(settled.nodes))
    if nodes_to_kana(settled.nodes):
        if form.accent is not None:
            settled = _apply_entry_accent(form, settled, form.accent, dictionary)
        elif not verb:
            settled = apply_word_accent(settled, form.text, dictionary)
    if settled.basis is Basis.SPELLING and form.accent is None:
        return settled
    reading = find_required_reading(form)
    if reading is not None and not has_reading(settled.nodes, reading):
        raise ClipError(
            f"the dictionary reads {form.text} as {nodes_to_kana(settled.nodes)} and cannot be made to say "
            f"{reading}: check that reading"
        )
    return settled


def _is_verb_reading(form: SpokenForm, dictionary: JapaneseAnalyzer) -> bool:
    """Whether a reading of a kanji is a verb with its ending: ヨう; ヨウ of 酔, as 酔う is read so."""
    reading = form.reading or ""
    if not is_long_on_reading(reading):
        return False
    ending = kana_to_hiragana(reading[-1])
    if form.text == reading[:-1] + ending:
        return True
    return len(form.text) == 1 and any(
        entry.reading == reading for entry in dictionary.find_entries(form.text + ending)
    )


def _spell_out_ending(nodes: Nodes) -> Nodes:
    """A reading whose last kana is an ending, which lengthens nothing."""
    return [{**node, "pron": node["read"]} for node in nodes]


def _lengthen_kanji(nodes: Nodes) -> Nodes:
    """A reading of a kanji with its long vowel, which the dictionary knows in words only."""
    return [{**node, "pron": to_pronunciation(node_to_kana(node))} for node in nodes]


def _apply_entry_accent(
    form: SpokenForm, settled: ResolvedReading, accent: int, dictionary: JapaneseAnalyzer
) -> ResolvedReading:
    """The word as one accent phrase with the entry's accent."""
    count = count_morae(settled.nodes)
    if accent > count:
        raise ClipError(
            f"the entry gives {form.text} the accent {accent}, but {nodes_to_kana(settled.nodes)} has only "
            f"{count} morae: give the mora after which the pitch falls, or 0"
        )
    found = to_accent_phrases(settled.nodes)
    nodes = settled.nodes
    if len(found) != 1 or found[0].accent != accent:
        nodes = dictionary.devoice_vowels(join_into_phrase(nodes, accent))
    return settled._replace(nodes=nodes, accent_basis=AccentBasis.DATA)


def _join_sentence_phrases(parts: Sequence[Nodes]) -> tuple[Phrase, ...]:
    """The accent phrases of all sentences, with a pause after each but the last."""
    found: list[Phrase] = []
    for nodes in parts:
        if found:
            found[-1] = found[-1]._replace(pause=True)
        found += to_accent_phrases(nodes)
    return tuple(found)
