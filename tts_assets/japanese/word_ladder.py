"""How a word is said: from its spelling if that is read as the entry says, else ever more by force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.domain import AccentBasis, Basis
from tts_assets.japanese.accent import format_accent_phrases
from tts_assets.japanese.accent_guess import INFLECTED, find_kana_accent
from tts_assets.japanese.alignment import align_words, edit_distance, to_key_kana
from tts_assets.japanese.analyses import ResolvedReading
from tts_assets.japanese.context import analyze_in_context, apply_context
from tts_assets.japanese.forcing import (
    choose_own_accent,
    find_changes,
    get_node_grammar,
    override_as_word,
    override_reading,
    to_alignable_words,
)
from tts_assets.japanese.kana import is_katakana, kana_to_katakana, pronunciation_key
from tts_assets.japanese.nodes import (
    expand_small_kana,
    join_into_phrase,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_spelling,
    to_accent_phrases,
)
from tts_assets.japanese.particles import (
    apply_particle_sounds,
    begins_with_particle,
    find_own_reading,
    spell_word_reading,
)
from tts_assets.japanese.stretches import locate_spans, resolve_spans

if TYPE_CHECKING:
    from tts_assets.domain import SpokenForm
    from tts_assets.japanese.analyses import JapaneseAnalyzer
    from tts_assets.japanese.forcing import OverriddenReading
    from tts_assets.japanese.nodes import Nodes

#: Next analyses to look through; of the readings that any of them has, all are among the first 30.
_MAX_ANALYSES = 30
#: As far as this from one of the dictionary's readings, a reading may be a typing error.
_TYPING_ERROR = 2


def resolve_word(form: SpokenForm, dictionary: JapaneseAnalyzer) -> ResolvedReading:
    """How a word is said.

    1. The dictionary's best analysis, if it reads the spelling as given; its accent is kept.
    2. Else the first of its next analyses that does.
    3. Else the reading is forced on the words of the analysis that differ, or on the whole.

    A word written in kana is its own reading. Where the data give the reading of parts of it, see
    ``settled_stretches``. A word with no reading at all is the dictionary's.

    Raises:
        ClipError: the text is too long.
    """
    if form.readings:
        return _resolve_word_spans(form, dictionary)
    reading = find_required_reading(form)
    if reading is None:
        nodes = analyze_in_context(form.text, dictionary)
        return ResolvedReading(
            nodes=nodes, basis=Basis.UNCHECKED, accent_basis=AccentBasis.DICTIONARY
        )
    best = dictionary.analyze_best(form.text)
    if has_reading(best, reading):
        return _accept_spelling(form.text, best, reading, dictionary)
    key = pronunciation_key(reading)
    for nodes in dictionary.list_alternatives(form.text, _MAX_ANALYSES):
        if _matches_key(nodes, key) and not begins_with_particle(nodes):
            refined = dictionary.refine_accents(form.text, nodes)
            return _accept_alternative(form.text, best, refined, dictionary)
    found = _override_word(form.text, best, reading, dictionary)
    heard = nodes_to_kana(best)
    reads = f"reads {form.text} as {heard}" if heard else f"does not read {form.text} by itself"
    return ResolvedReading(
        nodes=found.nodes,
        basis=Basis.FORCED,
        accent_basis=found.accent_basis,
        doubt=f"the dictionary {reads}, in none of its analyses as {reading}",
        near=_find_near_reading(form.text, reading, dictionary),
    )


def _accept_spelling(
    text: str, best: Nodes, reading: str, dictionary: JapaneseAnalyzer
) -> ResolvedReading:
    """The best analysis as it is, but for words that it says as two: 朝ご飯."""
    # As itself where nothing is corrected: to count the phrases of every word takes time.
    as_one = apply_context(best, text, dictionary) if len(best) > 1 else best
    if (
        as_one is not best
        and len(to_accent_phrases(as_one)) < len(to_accent_phrases(best))
        and has_reading(as_one, reading)
    ):
        return ResolvedReading(
            nodes=as_one,
            basis=Basis.NBEST,
            accent_basis=AccentBasis.DICTIONARY,
            doubt=f"the dictionary says {text} as {format_accent_phrases(to_accent_phrases(best))}",
        )
    return ResolvedReading(nodes=best, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY)


def _resolve_word_spans(form: SpokenForm, dictionary: JapaneseAnalyzer) -> ResolvedReading:
    """A word of which the data give the reading of parts; or of all, if these are followed."""
    stretches = locate_spans(form.text, form.readings)
    settled = resolve_spans(form.text, stretches, dictionary)
    reading, done = "", 0
    for stretch in stretches:
        reading += kana_to_katakana(form.text[done : stretch.start]) + stretch.reading
        done = stretch.end
    reading += kana_to_katakana(form.text[done:])
    if not is_katakana(reading) or not has_reading(settled.nodes, reading):
        return settled
    whole = resolve_word(form._replace(reading=reading, readings=()), dictionary)
    return whole if has_reading(whole.nodes, reading) else settled


def find_required_reading(form: SpokenForm) -> str | None:
    """The reading that a word must have: the entry's, else that of its kana; None if it has none."""
    if form.reading is None:
        return find_own_reading(form.text)
    # Behind a gap there are more particles: the words tell them all, ては、ては.
    said = form.reading if "、" in form.text else apply_particle_sounds(form.text, form.reading)
    return expand_small_kana(said)


def _accept_alternative(
    text: str, best: Nodes, nodes: Nodes, dictionary: JapaneseAnalyzer
) -> ResolvedReading:
    """An alternative; one that says what the best does only confirms its particles."""
    nodes = _apply_own_accent(nodes, dictionary)
    ours, theirs = nodes_to_kana(best), nodes_to_kana(nodes)
    doubt = f"the dictionary reads {text} as {ours}; {theirs} is one of its next analyses"
    return ResolvedReading(
        nodes=nodes,
        basis=Basis.SPELLING if ours == theirs else Basis.NBEST,
        accent_basis=AccentBasis.DICTIONARY,
        doubt=None if ours == theirs else doubt,
    )


def _apply_own_accent(nodes: Nodes, dictionary: JapaneseAnalyzer) -> Nodes:
    """A verb or adjective that stands alone with the accent of this reading."""
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
    """Whether an analysis of a word says that reading, particles in it as they are spelled or not."""
    return nodes_to_kana(nodes) == reading or _matches_key(nodes, pronunciation_key(reading))


def _matches_key(nodes: Nodes, key: str) -> bool:
    """The same for a pronunciation key."""
    sound = nodes_to_kana(nodes)
    if pronunciation_key(sound) == key:
        return True
    spelling = spell_word_reading(nodes)
    return spelling != sound and pronunciation_key(spelling) == key


def find_nearest_reading(
    text: str, reading: str, dictionary: JapaneseAnalyzer
) -> tuple[str, int] | None:
    """Of the dictionary's readings of a text the one most like a given one, and how far it is off.

    Returns:
        The reading in katakana and its edit distance; None if the dictionary says nothing.
    """
    wanted = pronunciation_key(reading)
    analyses = [dictionary.analyze_best(text), *dictionary.list_alternatives(text, _MAX_ANALYSES)]
    known = [
        (edit_distance(nodes_to_key(nodes), wanted), nodes_to_spelling(nodes))
        for nodes in analyses
        if nodes_to_kana(nodes)
    ]
    # Of equals the likelier, which comes first.
    distance, kana = min(known, key=lambda pair: pair[0], default=(0, ""))
    return (kana, distance) if kana else None


def _override_word(
    text: str, best: Nodes, reading: str, dictionary: JapaneseAnalyzer
) -> OverriddenReading:
    parts = align_words(to_alignable_words(best, dictionary), pronunciation_key(reading))
    if parts is not None:
        found = override_reading(text, best, find_changes(parts, reading), dictionary)
        if has_reading(found.nodes, reading) and not (
            len(to_accent_phrases(found.nodes)) > 1
            and find_kana_accent(reading, dictionary) is not None
        ):
            return found
    return override_as_word(text, to_key_kana(reading), dictionary)


def _find_near_reading(text: str, reading: str, dictionary: JapaneseAnalyzer) -> str | None:
    """The dictionary's reading that a given one may be a typing error of."""
    near = find_nearest_reading(text, reading, dictionary)
    close = min(_TYPING_ERROR, len(pronunciation_key(reading)) // 2)
    return near[0] if near is not None and 0 < near[1] <= close else None
