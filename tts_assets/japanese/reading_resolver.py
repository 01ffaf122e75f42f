"""Resolves the pronunciation of a form: the entry's reading and accent first, then the dictionary's."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from tts_assets.errors import ClipError, format_count
from tts_assets.japanese.accent_notation import format_accent_phrases, join_pronunciations
from tts_assets.japanese.alignment import align_words, edit_distance, to_key_kana
from tts_assets.japanese.analysis import (
    INFLECTED,
    ResolvedReading,
    count_morae,
    expand_small_kana,
    join_into_phrase,
    node_to_kana,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_spelling,
    to_accent_phrases,
)
from tts_assets.japanese.context_rules import analyze_in_context, apply_context
from tts_assets.japanese.dictionary import Dictionary
from tts_assets.japanese.kana import (
    is_long_on_reading,
    kana_to_hiragana,
    pronunciation_key,
    to_pronunciation,
)
from tts_assets.japanese.kana_spelling import (
    apply_particle_sounds,
    begins_with_particle,
    find_own_reading,
    lengthen_vowels,
    spell_word_reading,
)
from tts_assets.japanese.reading_override import (
    choose_own_accent,
    find_agreeing_analysis,
    find_changes,
    get_node_grammar,
    override_as_word,
    override_reading,
    to_alignable_words,
)
from tts_assets.japanese.reading_spans import locate_spans, resolve_spans
from tts_assets.japanese.segmentation import split_phrases, split_segments
from tts_assets.japanese.text_reading import resolve_text
from tts_assets.japanese.word_accent import apply_word_accent, find_kana_accent
from tts_assets.model import AccentBasis, Basis, Pronunciation, is_katakana, kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tts_assets.japanese.analysis import Nodes
    from tts_assets.model import DictionaryWord, Pauses, Phrase, Segment, SpokenForm

#: How many alternative analyses to search; all readings that occur are among the first 30.
_MAX_ANALYSES = 30

#: Up to this edit distance from one of the dictionary's readings, a reading may be a typing error.
_TYPING_ERROR = 2


def resolve_word(form: SpokenForm, dictionary: Dictionary) -> ResolvedReading:
    """Resolve the reading of a word.

    1. The dictionary's best analysis, if it has the entry's reading; its accent is kept.
    2. Else the first of its other analyses that has it.
    3. Else the reading is forced on the words of the analysis that differ, or on the whole.

    A word written in kana is its own reading. If the data give readings of its parts, see
    ``resolve_spans``. A word without any reading gets the dictionary's.

    Raises:
        ClipError: the text is too long.
    """
    if form.readings:
        return _resolve_word_spans(form, dictionary)
    reading = find_required_reading(form)
    if reading is None:
        return ResolvedReading(analyze_in_context(form.text, dictionary))
    best = dictionary.analyze_best(form.text)
    if has_reading(best, reading):
        return _accept_spelling(form.text, best, reading, dictionary)
    key = pronunciation_key(reading)
    likely = find_agreeing_analysis(
        form.text,
        lambda nodes: _matches_key(nodes, key) and not begins_with_particle(nodes),
        dictionary,
        _MAX_ANALYSES,
    )
    if likely is not None:
        return _accept_alternative(form.text, best, likely, dictionary)
    found = _override_word(form.text, best, reading, dictionary)
    spoken = nodes_to_kana(best)
    reads = f"reads {form.text} as {spoken}" if spoken else f"does not read {form.text} by itself"
    return found._replace(
        doubt=f"the dictionary {reads} and never as {reading}",
        near=_find_near_reading(form.text, reading, dictionary),
    )


def _accept_spelling(
    text: str, best: Nodes, reading: str, dictionary: Dictionary
) -> ResolvedReading:
    """Accept the best analysis, unless it splits a word into two accent phrases: 朝ご飯."""
    # apply_context returns the same object if it changes nothing; counting phrases is slow.
    as_one = apply_context(best, text, dictionary) if len(best) > 1 else best
    if (
        as_one is not best
        and len(to_accent_phrases(as_one)) < len(to_accent_phrases(best))
        and has_reading(as_one, reading)
    ):
        return ResolvedReading(
            as_one,
            Basis.NBEST,
            doubt=(
                f"the dictionary reads {text} as {format_accent_phrases(to_accent_phrases(best))}"
            ),
        )
    return ResolvedReading(best, Basis.SPELLING)


def _resolve_word_spans(form: SpokenForm, dictionary: Dictionary) -> ResolvedReading:
    """Resolve a word from the readings of its parts; as a whole if they give its full reading."""
    spans = locate_spans(form.text, form.readings)
    resolved = resolve_spans(form.text, spans, dictionary)
    reading, done = "", 0
    for span in spans:
        reading += kana_to_katakana(form.text[done : span.start]) + span.reading
        done = span.end
    reading += kana_to_katakana(form.text[done:])
    if not is_katakana(reading) or not has_reading(resolved.nodes, reading):
        return resolved
    whole = resolve_word(form._replace(reading=reading, readings=()), dictionary)
    return whole if has_reading(whole.nodes, reading) else resolved


def find_required_reading(form: SpokenForm) -> str | None:
    """Find the reading that a word must have: the entry's, else that of its kana, else None."""
    if form.reading is None:
        return find_own_reading(form.text)
    # Behind a gap there may be more particles, as in ては、ては: the analysis finds them.
    reading = form.reading if "、" in form.text else apply_particle_sounds(form.text, form.reading)
    return expand_small_kana(reading)


def _accept_alternative(
    text: str, best: Nodes, nodes: Nodes, dictionary: Dictionary
) -> ResolvedReading:
    """Accept an alternative; without doubt if it is pronounced like the best."""
    nodes = _apply_own_accent(nodes, dictionary)
    ours, theirs = nodes_to_kana(best), nodes_to_kana(nodes)
    doubt = f"the dictionary first reads {text} as {ours}; {theirs} is one of its other readings"
    return ResolvedReading(
        nodes,
        Basis.SPELLING if ours == theirs else Basis.NBEST,
        doubt=None if ours == theirs else doubt,
    )


def _apply_own_accent(nodes: Nodes, dictionary: Dictionary) -> Nodes:
    """Give a single verb or adjective the accent of this reading."""
    if len(nodes) != 1 or nodes[0]["pos"] not in INFLECTED:
        return nodes
    [node] = nodes
    for entry in dictionary.find_entries(node["string"]):
        if (entry.grammar, entry.reading) == (get_node_grammar(node), node["read"]):
            accent = choose_own_accent(entry, dictionary).accent
            if accent != entry.accent == node["acc"]:
                return dictionary.devoice_vowels(join_into_phrase(nodes, accent))
    return nodes


def has_reading(nodes: Nodes, reading: str) -> bool:
    """Whether an analysis of a word has a reading, with particles as they sound or as spelled."""
    return nodes_to_kana(nodes) == reading or _matches_key(nodes, pronunciation_key(reading))


def _matches_key(nodes: Nodes, key: str) -> bool:
    sound = nodes_to_kana(nodes)
    if pronunciation_key(sound) == key:
        return True
    spelling = spell_word_reading(nodes)
    return spelling != sound and pronunciation_key(spelling) == key


def find_nearest_reading(text: str, reading: str, dictionary: Dictionary) -> tuple[str, int] | None:
    """Find the dictionary's reading of a text that is nearest to an expected one.

    Returns:
        The reading in katakana and its edit distance; None if the dictionary has no reading.
    """
    key = pronunciation_key(reading)
    analyses = [dictionary.analyze_best(text), *dictionary.list_alternatives(text, _MAX_ANALYSES)]
    candidates = [
        (edit_distance(nodes_to_key(nodes), key), nodes_to_spelling(nodes))
        for nodes in analyses
        if nodes_to_kana(nodes)
    ]
    # min returns the first of equals, which is the likelier.
    distance, kana = min(candidates, key=lambda pair: pair[0], default=(0, ""))
    return (kana, distance) if kana else None


def _override_word(text: str, best: Nodes, reading: str, dictionary: Dictionary) -> ResolvedReading:
    parts = align_words(to_alignable_words(best, dictionary), pronunciation_key(reading))
    if parts is not None:
        found = override_reading(text, best, find_changes(parts, reading), dictionary)
        if has_reading(found.nodes, reading) and not (
            len(to_accent_phrases(found.nodes)) > 1
            and find_kana_accent(reading, dictionary) is not None
        ):
            return found
    return override_as_word(text, to_key_kana(reading), dictionary)


def _find_near_reading(text: str, reading: str, dictionary: Dictionary) -> str | None:
    """Find the dictionary's reading of which the entry's may be a typing error."""
    nearest = find_nearest_reading(text, reading, dictionary)
    max_distance = min(_TYPING_ERROR, len(pronunciation_key(reading)) // 2)
    return nearest[0] if nearest is not None and 0 < nearest[1] <= max_distance else None


# Resolution of a form: the pronunciation must have the entry's reading.


class FormReading(NamedTuple):
    """An analysis for each sentence, and the pronunciation of the whole."""

    parts: tuple[Nodes, ...]
    pronunciation: Pronunciation


def resolve_reading(form: SpokenForm, dictionary: Dictionary) -> FormReading:
    """Resolve the reading of a form, with the entry's reading and accent if it has them.

    The spelling is preferred because only it determines the word's accent.

    Raises:
        ClipError: the entry's reading or accent is impossible, or the form is too long or silent.
    """
    if form.sentence:
        return _combine_sentences(form, resolve_text(form, dictionary))
    word = _resolve_checked_word(form, dictionary)
    pronunciation = _pronounce_nodes(word._replace(ambiguous=()))
    if not _is_audible(pronunciation.phrases):
        raise _silent_form_error(form)
    return FormReading((word.nodes,), pronunciation)


def _combine_sentences(form: SpokenForm, resolved: Sequence[ResolvedReading]) -> FormReading:
    parts = [
        part._replace(
            nodes=lengthen_vowels(part.nodes) if _is_audible(to_accent_phrases(part.nodes)) else []
        )
        for part in resolved
    ]
    audible = tuple(part.nodes for part in parts if part.nodes)
    if not audible:
        raise _silent_form_error(form)
    return FormReading(audible, join_pronunciations([*map(_pronounce_nodes, parts)]))


def _pronounce_nodes(resolved: ResolvedReading) -> Pronunciation:
    nodes, basis, accent_basis, doubt, near, ambiguous = resolved
    return Pronunciation(
        phrases=to_accent_phrases(nodes), basis=basis, accent_basis=accent_basis,
        doubt=doubt, near=near, ambiguous=ambiguous,
    )  # fmt: skip


def _is_audible(found: Iterable[Phrase]) -> bool:
    """Whether any phrase has a sound: ッ and ー alone are silent."""
    for phrase in found:  # noqa: SIM110 - runs for every word, and any() takes twice as long
        if phrase.kana.strip("ッー"):
            return True
    return False


def _silent_form_error(form: SpokenForm) -> ClipError:
    return ClipError(
        f"there is nothing to speak in {form.text!r}: the dictionary knows no word of it"
    )


def _resolve_checked_word(form: SpokenForm, dictionary: Dictionary) -> ResolvedReading:
    """Resolve a word, and check its reading again after all changes."""
    verb = _is_verb_reading(form, dictionary)
    alone = form.text == form.reading or len(form.text) == 1
    form_to_resolve = form._replace(text=form.reading or "") if verb and not alone else form
    resolved = resolve_word(form_to_resolve, dictionary)
    nodes: Nodes
    if verb:
        # The last kana is an ending, which does not lengthen the vowel before it.
        nodes = [{**node, "pron": node["read"]} for node in resolved.nodes]
    elif alone and is_long_on_reading(form.reading or ""):
        # The dictionary has the long vowel of a kanji's reading only within words.
        nodes = [{**node, "pron": to_pronunciation(node_to_kana(node))} for node in resolved.nodes]
    else:
        nodes = lengthen_vowels(resolved.nodes)
    resolved = resolved._replace(nodes=nodes)
    if nodes_to_kana(resolved.nodes):
        if form.accent is not None:
            resolved = _apply_entry_accent(form, resolved, form.accent, dictionary)
        elif not verb:
            resolved = apply_word_accent(resolved, form.text, dictionary)
    if resolved.basis is Basis.SPELLING and form.accent is None:
        return resolved
    reading = find_required_reading(form)
    if reading is not None and not has_reading(resolved.nodes, reading):
        raise ClipError(
            f"the dictionary reads {form.text} as {nodes_to_kana(resolved.nodes)} and "
            f"cannot be forced to {reading}: check that reading"
        )
    return resolved


def _is_verb_reading(form: SpokenForm, dictionary: Dictionary) -> bool:
    """Whether a reading is a verb with its ending: ヨう, and ヨウ of 酔, the reading of 酔う."""
    reading = form.reading or ""
    if not is_long_on_reading(reading):
        return False
    ending = kana_to_hiragana(reading[-1])
    if form.text == reading[:-1] + ending:
        return True
    return len(form.text) == 1 and any(
        entry.reading == reading for entry in dictionary.find_entries(form.text + ending)
    )


def _apply_entry_accent(
    form: SpokenForm, resolved: ResolvedReading, accent: int, dictionary: Dictionary
) -> ResolvedReading:
    """Make the word one accent phrase with the entry's accent."""
    count = count_morae(resolved.nodes)
    if accent > count:
        raise ClipError(
            f"the entry gives {form.text} the accent {accent}, but {nodes_to_kana(resolved.nodes)} has only "
            f"{format_count(count, 'mora', 'morae')}: give the mora after which the pitch falls, or 0"
        )
    nodes = dictionary.impose_accent(resolved.nodes, accent)
    return resolved._replace(nodes=nodes, accent_basis=AccentBasis.DATA)


# The reader of pronunciations, part of every engine.


class FormReader:
    """Reads forms inside an engine's process; thread-safe."""

    def __init__(self) -> None:
        """Load the dictionary, so that a missing package fails at once."""
        self._dictionary = Dictionary()
        self._dictionary.analyze_best("")

    def learn(self, words: Sequence[DictionaryWord]) -> None:
        """Add the user's words to the dictionary.

        Raises:
            UsageError: the words cannot be compiled.
        """
        self._dictionary.learn(words)

    def read(self, form: SpokenForm) -> Pronunciation:
        """Return the pronunciation of a form.

        Raises:
            ClipError: the entry's reading or accent is impossible.
        """
        return resolve_reading(form, self._dictionary).pronunciation

    def cut(self, form: SpokenForm, pauses: Pauses) -> tuple[Segment, ...]:
        """Split a passage into segments.

        Raises:
            ClipError: a part of it is too long for the dictionary.
        """
        found = split_segments(form, pauses, self._dictionary)
        assert found is not None  # noqa: S101 - with a dictionary all can be cut
        return found

    def answer(self, question: bytes) -> bytes:
        """Split texts into phrases: a JSON list of texts becomes a list of lists."""
        texts = msgspec.json.decode(question, type=list[str])
        return msgspec.json.encode([split_phrases(text, self._dictionary) for text in texts])
