"""Accents that UniDic lists for a spelling and its reading; they go before those of OpenJTalk's dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.domain import AccentBasis
from tts_assets.japanese.compounds import HONORIFIC, find_compound_accent
from tts_assets.japanese.kana import (
    is_katakana,
    kana_to_hiragana,
    kana_to_katakana,
    pronunciation_key,
    split_morae,
)
from tts_assets.japanese.nodes import (
    count_morae,
    join_into_phrase,
    node_to_kana,
    nodes_to_kana,
    nodes_to_text,
    to_accent_phrases,
)
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from tts_assets.japanese.analyses import JapaneseAnalyzer, ResolvedReading
    from tts_assets.japanese.nodes import Nodes
    from tts_assets.japanese.unidic import UniDic, UniDicWord

#: Names have other accents than words of the same spelling, and marks have none.
_NON_WORDS = frozenset({"接頭辞", "接尾辞", "助詞", "助動詞", "記号", "補助記号", "空白"})
_PROPER_NOUN = "固有名詞"
#: Other forms of verbs and adjectives have the accent of these in UniDic, not their own.
_DICTIONARY_FORMS = ("*", "終止形", "連体形")
_CLASSICAL = "文語"
_NOUNS = frozenset({"名詞", "形状詞"})
#: With more morae, a word with お before it has the accent that OpenJTalk's dictionary gives it.
_LONGEST_HONORIFIC = 5
_KATAKANA = compile_lazy("[ァ-ヺー]+")
_DO = "スル"
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
    in_kana = is_katakana(kana_to_katakana(spelling))
    if in_kana and len(split_morae(spelling)) == 1:
        # The name of a letter, rather than 日 or 毛: charts of kana sound alike.
        return 1
    best = unidic.analyze_words(spelling)
    # Entries take ten times longer than an analysis, which settles nine words in ten.
    if len(best) == 1 and _is_usable(best[0], key):
        if not in_kana or _KATAKANA.fullmatch(spelling):
            return best[0].accents[0]
    elif in_kana and len(best) != 1:
        # だから is two words rather than たから as compounds have it.
        return None
    entries = [word for word in unidic.find_entries(spelling) if _is_usable(word, key)]
    if in_kana and len({word.accents[0] for word in entries}) != 1:
        return None
    if not entries:
        # 今日は is listed as こんにちは, with 今日は as its usual spelling.
        entries = unidic.analyze_words(kana_to_hiragana(sound))
        if len(entries) != 1 or entries[0].lemma != spelling or not _is_usable(entries[0], key):
            return None
    return entries[0].accents[0]


def apply_word_accent(
    settled: ResolvedReading, spelling: str, dictionary: JapaneseAnalyzer
) -> ResolvedReading:
    """A word in one accent phrase: with the accent that UniDic lists, or by the rules of compounds.

    Words that need neither stay the same, and those of the user's own dictionary keep their accents.
    """
    nodes = settled.nodes
    if dictionary.has_learned(nodes):
        return settled
    found = to_accent_phrases(nodes)
    basis = AccentBasis.DICTIONARY
    sound = nodes_to_kana(nodes)
    accent = find_listed_accent(spelling, sound, dictionary.unidic)
    if accent is None and sound.endswith(_DO):
        # Data give 運動 the reading うんどうする, too.
        accent = find_listed_accent(spelling, sound.removesuffix(_DO), dictionary.unidic)
    if accent is None:
        accent = _find_accent_of_part(nodes, dictionary)
    if accent is None:
        accent = find_compound_accent(nodes)
        basis = AccentBasis.GUESSED if len(found) > 1 else settled.accent_basis
    if accent is None or accent > count_morae(nodes):
        return settled
    if len(found) != 1 or found[0].accent != accent:
        nodes = dictionary.devoice_vowels(join_into_phrase(nodes, accent))
    return settled._replace(nodes=nodes, accent_basis=basis)


def _find_accent_of_part(nodes: Nodes, dictionary: JapaneseAnalyzer) -> int | None:
    """The accent that a word has from a listed one in it: お弁当, 勉強する, ハードスケジュール."""
    unidic = dictionary.unidic
    words = [node for node in nodes if node_to_kana(node)]
    text = nodes_to_text(words)
    if _KATAKANA.fullmatch(text):
        accent = _find_accent_of_loan(words, unidic)
        # ボールペン: the other dictionary is right where it lists the whole.
        same = len(words) == 1 and (accent == words[0]["acc"] or dictionary.find_entries(text))
        return None if same else accent
    if (
        len(words) > 1
        and words[0]["string"] in HONORIFIC
        and count_morae(words) <= _LONGEST_HONORIFIC
    ):
        accents = _find_noun_accents(words[1:], unidic)
        # お手洗い keeps that of 手洗い, as the dictionary has it.
        if accents and (accents[0] != 2 or count_morae(words) < _LONGEST_HONORIFIC):
            # お菓子 2, as 菓子 is 1; お弁当 0, as most others.
            return 2 if 1 in accents else 0
    if len(words) > 1 and words[-1]["string"] in _ENDINGS:
        accents = _find_noun_accents(words[:-1], unidic)
        return accents[0] if accents else None
    return None


def _find_accent_of_loan(words: Nodes, unidic: UniDic) -> int | None:
    """The accent of a loan word of several: that of its last, or on the first mora of that."""
    *others, last = unidic.analyze_words(nodes_to_text(words))
    count = count_morae(words) - len(split_morae(last.pronunciation))
    if not others or last.grammar[0] not in _NOUNS or last.grammar[1] == _PROPER_NOUN or count < 1:
        return None
    return count + (last.accents[0] or 1) if last.accents else None


def _find_noun_accents(words: Nodes, unidic: UniDic) -> tuple[int, ...]:
    """The accents that UniDic lists for words that are one noun; none if they are not."""
    key = pronunciation_key(nodes_to_kana(words))
    for word in unidic.find_entries(nodes_to_text(words)):
        if word.grammar[0] in _NOUNS and _is_usable(word, key):
            return word.accents
    return ()


def _is_usable(word: UniDicWord, key: str) -> bool:
    """Whether an entry is a whole word of that sound in its dictionary form, with an accent."""
    kind, subkind, _, _, conjugation, form = word.grammar
    return (
        bool(word.accents)
        and kind not in _NON_WORDS
        and subkind != _PROPER_NOUN
        and form.startswith(_DICTIONARY_FORMS)
        and not conjugation.startswith(_CLASSICAL)
        and pronunciation_key(word.pronunciation) == key
    )
