"""Accents that UniDic lists for a spelling and its reading; they go before those of OpenJTalk's dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.domain import AccentBasis
from tts_assets.japanese.compounds import HONORIFIC, find_compound_accent
from tts_assets.japanese.kana import hiragana, is_katakana, katakana, pronunciation_key
from tts_assets.japanese.nodes import as_one_phrase, kana, phrases, said, size, text_of

if TYPE_CHECKING:
    from tts_assets.japanese.analyses import Analyses, Settled
    from tts_assets.japanese.nodes import Nodes
    from tts_assets.japanese.unidic import UniDic, UniDicWord

#: Names have other accents than words of the same spelling, and marks have none.
_NO_WORDS = frozenset({"接頭辞", "接尾辞", "助詞", "助動詞", "記号", "補助記号", "空白"})
_NAME = "固有名詞"
#: Other forms of verbs and adjectives have the accent of these in UniDic, not their own.
_DICTIONARY_FORMS = ("*", "終止形", "連体形")
_CLASSICAL = "文語"
_NOUNS = frozenset({"名詞", "形状詞"})
#: With more morae, a word with お before it has the accent that OpenJTalk's dictionary gives it.
_LONGEST_HONORIFIC = 5
#: What leaves the accent of a noun before it as it is.
_ENDINGS = frozenset({"する", "な", "に"})


def find_listed_accent(spelling: str, sound: str, unidic: UniDic) -> int | None:
    """The accent that UniDic lists for a word.

    Args:
        spelling: as the data have it.
        sound: how it is said, in katakana.
        unidic: the second dictionary.

    Returns:
        The usual accent; None if UniDic does not list the word, or has several accents for words
        that are written with the same kana.
    """
    key = pronunciation_key(sound)
    if is_katakana(katakana(spelling)):
        return _find_accent_of_kana(spelling, key, unidic)
    entries = [word for word in unidic.entries(spelling) if _is_usable(word, key)]
    if not entries:
        # 今日は is listed as こんにちは, with 今日は as its usual spelling.
        entries = [
            word
            for word in unidic.entries(hiragana(sound))
            if word.lemma == spelling and _is_usable(word, key)
        ]
    return entries[0].accents[0] if entries else None


def _find_accent_of_kana(spelling: str, key: str, unidic: UniDic) -> int | None:
    # だから is two words rather than たから as compounds have it.
    if len(unidic.words(spelling)) != 1:
        return None
    accents = {word.accents[0] for word in unidic.entries(spelling) if _is_usable(word, key)}
    return accents.pop() if len(accents) == 1 else None


def with_word_accent(settled: Settled, spelling: str, dictionary: Analyses) -> Settled:
    """A word in one accent phrase: with the accent that UniDic lists, or by the rules of compounds.

    Words that need neither stay the same, and those of the user's own dictionary keep their accents.
    """
    nodes = settled.nodes
    if dictionary.has_learned(nodes):
        return settled
    accent = find_listed_accent(spelling, said(nodes), dictionary.unidic)
    basis = AccentBasis.DICTIONARY
    found = phrases(nodes)
    if accent is None or accent > size(nodes):
        accent = _find_accent_of_parts(nodes, dictionary.unidic)
        basis = AccentBasis.GUESSED if len(found) > 1 else settled.accent_basis
    if accent is None:
        return settled
    if len(found) != 1 or found[0].accent != accent:
        nodes = dictionary.devoiced(as_one_phrase(nodes, accent))
    return settled._replace(nodes=nodes, accent_basis=basis)


def _find_accent_of_parts(nodes: Nodes, unidic: UniDic) -> int | None:
    """The accent of a listed word with お before it or する behind it, or of another compound."""
    words = [node for node in nodes if kana(node)]
    if len(words) > 1:
        if words[0]["string"] in HONORIFIC and size(words) <= _LONGEST_HONORIFIC:
            accents = _find_accents(words[1:], unidic)
            # お手洗い keeps that of 手洗い, as the dictionary has it.
            if accents and (accents[0] != 2 or size(words) < _LONGEST_HONORIFIC):
                # お菓子 2, as 菓子 is 1; お弁当 0, as most others.
                return 2 if 1 in accents else 0
        if words[-1]["string"] in _ENDINGS:
            accents = _find_accents(words[:-1], unidic)
            if accents:
                return accents[0]
    return find_compound_accent(nodes)


def _find_accents(words: Nodes, unidic: UniDic) -> tuple[int, ...]:
    """The accents that UniDic lists for words that are one noun; none if they are not."""
    key = pronunciation_key(said(words))
    for word in unidic.entries(text_of(words)):
        if word.grammar[0] in _NOUNS and _is_usable(word, key):
            return word.accents
    return ()


def _is_usable(word: UniDicWord, key: str) -> bool:
    """Whether an entry is a whole word of that sound in its dictionary form, with an accent."""
    kind, subkind, _, _, conjugation, form = word.grammar
    return (
        bool(word.accents)
        and kind not in _NO_WORDS
        and subkind != _NAME
        and form.startswith(_DICTIONARY_FORMS)
        and not conjugation.startswith(_CLASSICAL)
        and pronunciation_key(word.pronunciation) == key
    )
