"""Accents that UniDic lists for a spelling and its reading; they go before those of OpenJTalk's dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.domain import AccentBasis
from tts_assets.japanese.compounds import find_compound_accent
from tts_assets.japanese.kana import hiragana, is_katakana, katakana, pronunciation_key
from tts_assets.japanese.nodes import as_one_phrase, phrases, said, size

if TYPE_CHECKING:
    from tts_assets.japanese.analyses import Analyses, Settled
    from tts_assets.japanese.unidic import UniDic, UniDicWord

#: Names have other accents than words of the same spelling, and marks have none.
_NO_WORDS = frozenset({"接頭辞", "接尾辞", "助詞", "助動詞", "記号", "補助記号", "空白"})
_NAME = "固有名詞"
#: Other forms of verbs and adjectives have the accent of these in UniDic, not their own.
_DICTIONARY_FORMS = ("*", "終止形", "連体形")
_CLASSICAL = "文語"


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
        accent = find_compound_accent(nodes)
        basis = AccentBasis.GUESSED if len(found) > 1 else settled.accent_basis
    if accent is None:
        return settled
    if len(found) != 1 or found[0].accent != accent:
        nodes = dictionary.devoiced(as_one_phrase(nodes, accent))
    return settled._replace(nodes=nodes, accent_basis=basis)


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
