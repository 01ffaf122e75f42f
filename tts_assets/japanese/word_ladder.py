"""How a word is said: from its spelling if that is read as the entry says, else ever more by force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.domain import AccentBasis, Basis
from tts_assets.japanese.accent import notation
from tts_assets.japanese.accent_guess import INFLECTED, accent_in_kana
from tts_assets.japanese.alignment import aligned, edit_distance, letters
from tts_assets.japanese.analyses import Settled
from tts_assets.japanese.context import corrected, corrected_in
from tts_assets.japanese.forcing import (
    as_one_word,
    changes,
    forced,
    grammar_of,
    with_own_accent,
    words,
)
from tts_assets.japanese.kana import is_katakana, katakana, pronunciation_key
from tts_assets.japanese.nodes import as_one_phrase, enlarged, phrases, said, said_key, spelled
from tts_assets.japanese.particles import (
    begins_with_particle,
    own_reading,
    reading_in_word,
    with_particles,
)
from tts_assets.japanese.stretches import settled_stretches, stretches_in

if TYPE_CHECKING:
    from tts_assets.domain import SpokenForm
    from tts_assets.japanese.analyses import Analyses
    from tts_assets.japanese.forcing import Forced
    from tts_assets.japanese.nodes import Nodes

#: Next analyses to look through; of the readings that any of them has, all are among the first 30.
_MOST = 30
#: As far as this from one of the dictionary's readings, a reading may be a typing error.
_TYPING_ERROR = 2


def settled_word(form: SpokenForm, dictionary: Analyses) -> Settled:
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
        return _with_stretches(form, dictionary)
    reading = reading_of(form)
    if reading is None:
        nodes = corrected(form.text, dictionary)
        return Settled(nodes=nodes, basis=Basis.UNCHECKED, accent_basis=AccentBasis.DICTIONARY)
    best = dictionary.best(form.text)
    if has_reading(best, reading):
        return _as_spelled(form.text, best, reading, dictionary)
    key = pronunciation_key(reading)
    for nodes in dictionary.alternatives(form.text, _MOST):
        if _agrees(nodes, key) and not begins_with_particle(nodes):
            refined = dictionary.refined(form.text, nodes)
            return _from_next(form.text, best, refined, dictionary)
    found = _forced(form.text, best, reading, dictionary)
    heard = said(best)
    reads = f"reads {form.text} as {heard}" if heard else f"does not read {form.text} by itself"
    return Settled(
        nodes=found.nodes,
        basis=Basis.FORCED,
        accent_basis=found.accent_basis,
        doubt=f"the dictionary {reads}, in none of its analyses as {reading}",
        near=_near(form.text, reading, dictionary),
    )


def _as_spelled(text: str, best: Nodes, reading: str, dictionary: Analyses) -> Settled:
    """The best analysis as it is, but for words that it says as two: 朝ご飯."""
    # As itself where nothing is corrected: to count the phrases of every word takes time.
    as_one = corrected_in(best, text, dictionary) if len(best) > 1 else best
    if (
        as_one is not best
        and len(phrases(as_one)) < len(phrases(best))
        and has_reading(as_one, reading)
    ):
        return Settled(
            nodes=as_one,
            basis=Basis.NBEST,
            accent_basis=AccentBasis.DICTIONARY,
            doubt=f"the dictionary says {text} as {notation(phrases(best))}",
        )
    return Settled(nodes=best, basis=Basis.SPELLING, accent_basis=AccentBasis.DICTIONARY)


def _with_stretches(form: SpokenForm, dictionary: Analyses) -> Settled:
    """A word of which the data give the reading of parts; or of all, if these are followed."""
    stretches = stretches_in(form.text, form.readings)
    settled = settled_stretches(form.text, stretches, dictionary)
    reading, done = "", 0
    for stretch in stretches:
        reading += katakana(form.text[done : stretch.start]) + stretch.reading
        done = stretch.end
    reading += katakana(form.text[done:])
    if not is_katakana(reading) or not has_reading(settled.nodes, reading):
        return settled
    whole = settled_word(form._replace(reading=reading, readings=()), dictionary)
    return whole if has_reading(whole.nodes, reading) else settled


def reading_of(form: SpokenForm) -> str | None:
    """The reading that a word must have: the entry's, else that of its kana; None if it has none."""
    if form.reading is None:
        return own_reading(form.text)
    # Behind a gap there are more particles: the words tell them all, ては、ては.
    said = form.reading if "、" in form.text else with_particles(form.text, form.reading)
    return enlarged(said)


def _from_next(text: str, best: Nodes, nodes: Nodes, dictionary: Analyses) -> Settled:
    """An alternative; one that says what the best does only confirms its particles."""
    nodes = _with_own_accent(nodes, dictionary)
    ours, theirs = said(best), said(nodes)
    doubt = f"the dictionary reads {text} as {ours}; {theirs} is one of its next analyses"
    return Settled(
        nodes=nodes,
        basis=Basis.SPELLING if ours == theirs else Basis.NBEST,
        accent_basis=AccentBasis.DICTIONARY,
        doubt=None if ours == theirs else doubt,
    )


def _with_own_accent(nodes: Nodes, dictionary: Analyses) -> Nodes:
    """A verb or adjective that stands alone with the accent of this reading."""
    if len(nodes) != 1 or nodes[0]["pos"] not in INFLECTED:
        return nodes
    [node] = nodes
    for entry in dictionary.entries(node["string"]):
        if (entry.grammar, entry.reading) == (grammar_of(node), node["read"]):
            accent = with_own_accent(entry, dictionary).accent
            if accent != entry.accent == node["acc"]:
                return dictionary.devoiced(as_one_phrase(nodes, accent))
    return nodes


def has_reading(nodes: Nodes, reading: str) -> bool:
    """Whether an analysis of a word says that reading, particles in it as they are spelled or not."""
    return said(nodes) == reading or _agrees(nodes, pronunciation_key(reading))


def _agrees(nodes: Nodes, key: str) -> bool:
    """The same for a pronunciation key."""
    sound = said(nodes)
    if pronunciation_key(sound) == key:
        return True
    spelling = reading_in_word(nodes)
    return spelling != sound and pronunciation_key(spelling) == key


def nearest(text: str, reading: str, dictionary: Analyses) -> tuple[str, int] | None:
    """Of the dictionary's readings of a text the one most like a given one, and how far it is off.

    Returns:
        The reading in katakana and its edit distance; None if the dictionary says nothing.
    """
    wanted = pronunciation_key(reading)
    analyses = [dictionary.best(text), *dictionary.alternatives(text, _MOST)]
    known = [
        (edit_distance(said_key(nodes), wanted), spelled(nodes))
        for nodes in analyses
        if said(nodes)
    ]
    # Of equals the likelier, which comes first.
    distance, kana = min(known, key=lambda pair: pair[0], default=(0, ""))
    return (kana, distance) if kana else None


def _forced(text: str, best: Nodes, reading: str, dictionary: Analyses) -> Forced:
    parts = aligned(words(best, dictionary), pronunciation_key(reading))
    if parts is not None:
        found = forced(text, best, changes(parts, reading), dictionary)
        if has_reading(found.nodes, reading) and not (
            len(phrases(found.nodes)) > 1 and accent_in_kana(reading, dictionary) is not None
        ):
            return found
    return as_one_word(text, letters(reading), dictionary)


def _near(text: str, reading: str, dictionary: Analyses) -> str | None:
    """The dictionary's reading that a given one may be a typing error of."""
    near = nearest(text, reading, dictionary)
    close = min(_TYPING_ERROR, len(pronunciation_key(reading)) // 2)
    return near[0] if near is not None and 0 < near[1] <= close else None
