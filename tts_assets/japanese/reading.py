"""The reading guard: an engine's dictionary may not say other than the entry's reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tts_assets.domain import AccentBasis, Basis, Pronunciation
from tts_assets.errors import ClipError
from tts_assets.japanese.kana import hiragana, is_long_on_reading, pronounced
from tts_assets.japanese.listed_accents import with_word_accent
from tts_assets.japanese.long_vowels import with_long_vowels
from tts_assets.japanese.nodes import as_one_phrase, kana, phrases, said, size
from tts_assets.japanese.text_ladder import settled_text
from tts_assets.japanese.word_ladder import has_reading, reading_of, settled_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tts_assets.domain import Phrase, SpokenForm
    from tts_assets.japanese.analyses import Analyses, Settled
    from tts_assets.japanese.nodes import Nodes


class Guarded(NamedTuple):
    """What may be spoken.

    Args:
        parts: an analysis for each sentence, to be said one after the other.
        pronunciation: what they say, and how sure that is.
    """

    parts: tuple[Nodes, ...]
    pronunciation: Pronunciation


def guarded(form: SpokenForm, dictionary: Analyses) -> Guarded:
    """How a form is said: with the entry's reading and accent where it gives them.

    The spelling is preferred because only it carries the word's accent.

    Raises:
        ClipError: it cannot be said as the entry says, is too long, or has nothing to say.
    """
    if form.sentence:
        return _together(form, settled_text(form, dictionary))
    word = _word(form, dictionary)
    found = phrases(word.nodes)
    if not _audible(found):
        raise _nothing(form)
    return Guarded(
        parts=(word.nodes,),
        pronunciation=Pronunciation(
            phrases=found,
            basis=word.basis,
            accent_basis=word.accent_basis,
            doubt=word.doubt,
            near=word.near,
        ),
    )


def _together(form: SpokenForm, settled: Sequence[Settled]) -> Guarded:
    """Sentences in a row, as sure as the least sure of them."""
    parts = tuple(with_long_vowels(part.nodes) for part in settled if _audible(phrases(part.nodes)))
    if not parts:
        raise _nothing(form)
    doubts = [part.doubt for part in settled if part.doubt is not None]
    return Guarded(
        parts=parts,
        pronunciation=Pronunciation(
            phrases=_in_a_row(parts),
            basis=max((part.basis for part in settled), key=tuple(Basis).index),
            accent_basis=max((part.accent_basis for part in settled), key=tuple(AccentBasis).index),
            doubt="; ".join(doubts) or None,
            ambiguous=tuple(word for part in settled for word in part.ambiguous),
        ),
    )


def _audible(found: Iterable[Phrase]) -> bool:
    """Whether anything is heard: ッ and ー alone are silent."""
    for phrase in found:  # noqa: SIM110 - asked of every word, and any() takes twice as long
        if phrase.kana.strip("ッー"):
            return True
    return False


def _nothing(form: SpokenForm) -> ClipError:
    return ClipError(
        f"there is nothing to say in {form.text!r}: the dictionary knows no word of it"
    )


def _word(form: SpokenForm, dictionary: Analyses) -> Settled:
    """A word, held against its reading once more after all that was done to it."""
    verb = _is_verb(form, dictionary)
    alone = form.text == form.reading or len(form.text) == 1
    by_itself = form._replace(text=form.reading or "") if verb and not alone else form
    settled = settled_word(by_itself, dictionary)
    if verb:
        settled = settled._replace(nodes=_spelled_out(settled.nodes))
    elif alone and is_long_on_reading(form.reading or ""):
        settled = settled._replace(nodes=_lengthened(settled.nodes))
    else:
        settled = settled._replace(nodes=with_long_vowels(settled.nodes))
    if said(settled.nodes):
        if form.accent is not None:
            settled = _with_accent(form, settled, form.accent, dictionary)
        elif not verb:
            settled = with_word_accent(settled, form.text, dictionary)
    if settled.basis is Basis.SPELLING and form.accent is None:
        return settled
    reading = reading_of(form)
    if reading is not None and not has_reading(settled.nodes, reading):
        raise ClipError(
            f"the dictionary reads {form.text} as {said(settled.nodes)} and cannot be made to say "
            f"{reading}: check that reading"
        )
    return settled


def _is_verb(form: SpokenForm, dictionary: Analyses) -> bool:
    """Whether a reading of a kanji is a verb with its ending: ヨう; ヨウ of 酔, as 酔う is read so."""
    reading = form.reading or ""
    if not is_long_on_reading(reading):
        return False
    ending = hiragana(reading[-1])
    if form.text == reading[:-1] + ending:
        return True
    return len(form.text) == 1 and any(
        entry.reading == reading for entry in dictionary.entries(form.text + ending)
    )


def _spelled_out(nodes: Nodes) -> Nodes:
    """A reading whose last kana is an ending, which lengthens nothing."""
    return [{**node, "pron": node["read"]} for node in nodes]


def _lengthened(nodes: Nodes) -> Nodes:
    """A reading of a kanji with its long vowel, which the dictionary knows in words only."""
    return [{**node, "pron": pronounced(kana(node))} for node in nodes]


def _with_accent(form: SpokenForm, settled: Settled, accent: int, dictionary: Analyses) -> Settled:
    """The word as one accent phrase with the entry's accent."""
    count = size(settled.nodes)
    if accent > count:
        raise ClipError(
            f"the entry gives {form.text} the accent {accent}, but {said(settled.nodes)} has only "
            f"{count} morae: give the mora after which the pitch falls, or 0"
        )
    found = phrases(settled.nodes)
    nodes = settled.nodes
    if len(found) != 1 or found[0].accent != accent:
        nodes = dictionary.devoiced(as_one_phrase(nodes, accent))
    return settled._replace(nodes=nodes, accent_basis=AccentBasis.DATA)


def _in_a_row(parts: Sequence[Nodes]) -> tuple[Phrase, ...]:
    """The accent phrases of all sentences, with a pause after each but the last."""
    found: list[Phrase] = []
    for nodes in parts:
        if found:
            found[-1] = found[-1]._replace(pause=True)
        found += phrases(nodes)
    return tuple(found)
