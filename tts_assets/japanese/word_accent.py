"""Accents of words whose entry gives none: listed, by the rules of compounds, or guessed and marked as such."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.japanese.analysis import (
    INFLECTED,
    PARTICLES,
    count_morae,
    node_to_kana,
    nodes_to_kana,
    nodes_to_key,
    nodes_to_text,
    to_accent_phrases,
)
from tts_assets.japanese.kana import (
    kana_to_hiragana,
    parse_kana,
    pronunciation_key,
    to_pronunciation,
)
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import AccentBasis, is_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.japanese.analysis import Node, Nodes, ResolvedReading, UniDic, UniDicWord
    from tts_assets.japanese.dictionary import Dictionary
    from tts_assets.model import Phrase

_BOUND = frozenset("ーッン")  #: morae that cannot carry the accent: it moves to the one before

#: Parts of speech that are not words of their own.
_FUNCTION_WORDS = frozenset({"助詞", "助動詞", "フィラー", "記号"})
_KANJI_WORD = compile_lazy("[一-鿿々]+")


def guess_accent(
    reading: str, grammar: Sequence[str], dictionary: Dictionary, spelling: str = ""
) -> int:
    """Guess the accent of a reading.

    1. By the number of kanji and morae, if most words of that size have one accent.
    2. Else the dictionary's, if it has the kana as a word, which is right four times in five.
    3. Else by rule: verbs and adjectives fall after the mora before the last, loan words after the
       third from the end, nouns of one mora after that mora, and other nouns are flat.
    """
    common = _guess_from_kanji(reading, spelling)
    if common is not None:
        return common
    listed = find_kana_accent(reading, dictionary)
    return _guess_by_rule(reading, grammar, spelling) if listed is None else listed


def find_kana_accent(reading: str, dictionary: Dictionary) -> int | None:
    """Find the dictionary's accent of a reading written in hiragana, if it is one phrase.

    None for one kana, which may be a form of する or a particle.
    """
    if len(split_morae(reading)) == 1:
        return None
    nodes = dictionary.analyze_best(kana_to_hiragana(reading))
    found = to_accent_phrases(nodes)
    if len(found) != 1 or nodes_to_key(nodes) != pronunciation_key(reading):
        return None
    return None if nodes[0]["pos"] in _FUNCTION_WORDS else found[0].accent


def _guess_from_kanji(reading: str, spelling: str) -> int | None:
    """Guess the accent of most words with as many kanji and morae; None if there is none.

    Of words in Kanjium that UniDic lacks and that were forced, 63 to 91 % have it: 祠宇 1, 乾菜 0, 波斯菊 3.
    """
    if _KANJI_WORD.fullmatch(spelling) is None:
        return None
    units = split_morae(to_pronunciation(reading))
    if len(spelling) > 2:
        return move_off_bound_mora(len(units) - 2, units) if len(units) >= 5 else None
    if len(units) == 2:
        return 1
    return 0 if len(spelling) == 2 and len(units) == 4 else None


def _guess_by_rule(reading: str, grammar: Sequence[str], spelling: str) -> int:
    units = split_morae(to_pronunciation(reading))
    if len(units) == 1:
        return 1
    if grammar[0] in INFLECTED:
        place = len(units) - 1
    elif is_katakana(spelling):
        place = max(1, len(units) - 2)
    else:
        return 0
    return move_off_bound_mora(place, units)


def move_off_bound_mora(place: int, units: Sequence[str]) -> int:
    """An accent on ー, ッ or ン moved to the mora before."""
    while place > 1 and units[place - 1] in _BOUND:
        place -= 1
    return place


# Compounds that no dictionary lists: accents by the kind and size of their parts.

#: A phrase begins behind these, even in expressions that are listed as words: そういえば.
_STANDING_ALONE = frozenset({"感動詞", "接続詞", "フィラー", "副詞"})

_NO_ENDS = PARTICLES | {"フィラー"}  #: no rule is mostly right for forms such as 知らず

#: 男の人 and 気を付ける are one phrase; 目を覚ます, and longer words with a particle, are usually two.
_LONGEST_WITH_PARTICLE = 8

_SHORT = 2  #: a last part up to this size makes a compound flat, or leaves it to the dictionary
_LONG = 5  #: a flat last part of this size and more keeps the compound flat

#: Words of two kanji are flat up to this size, but for those of two morae.
_LONGEST_PAIR = 4
_NOMINAL = frozenset({"名詞", "接頭詞"})
HONORIFIC = frozenset({"お", "ご", "御"})
_LETTERS = compile_lazy("[Ａ-Ｚａ-ｚ]+")
_KANJI = compile_lazy("[一-鿿々]")


class _CompoundPart(NamedTuple):
    """Words of a compound, and their accent outside of it."""

    words: Nodes
    sound: str
    accent: int


def find_compound_accent(nodes: Nodes) -> int | None:
    """Find the accent of several words as one accent phrase.

    Returns:
        The accent; None if the dictionary is better, or if there is no compound: single words,
        numbers, words with pauses between, expressions.
    """
    found = to_accent_phrases(nodes)
    words = [node for node in nodes if node_to_kana(node)]
    has_number = any(word["pos_group1"] == "数" for word in words)
    if len(words) < 2 or has_number or any(phrase.pause for phrase in found):
        return None
    return _join_all_phrases(words, found) if len(found) > 1 else _correct_accent(words)


def _join_all_phrases(words: Nodes, found: Sequence[Phrase]) -> int | None:
    begins = [place for place, word in enumerate(words) if not place or word["chain_flag"] != 1]
    ends = itertools.pairwise([*begins, len(words)])
    whole, *parts = [
        _CompoundPart(words[begin:end], phrase.kana, phrase.accent)
        for phrase, (begin, end) in zip(found, ends, strict=True)
    ]
    for part in parts:
        accent = _join_parts(whole, part)
        if accent is None:
            return None
        whole = _CompoundPart(whole.words + part.words, whole.sound + part.sound, accent)
    return whole.accent


def _correct_accent(words: Nodes) -> int | None:
    """Correct the accent of words that the dictionary has in one phrase, where it is often wrong."""
    last, before = words[-1], words[-2]
    if _is_pair_of_kanji(words):
        count = count_morae(words)
        return None if count > _LONGEST_PAIR else 1 if count == _SHORT else 0
    first = _CompoundPart(words[:-1], nodes_to_kana(words[:-1]), words[0]["acc"])
    second = _CompoundPart([last], node_to_kana(last), last["acc"])
    if last["pos"] in INFLECTED:
        is_suffix = last["pos_group1"] == "接尾"
        return _join_inflected(first, second) if before["pos"] == "動詞" and not is_suffix else None
    return _join_nouns(first, second) if _is_compound_noun(before, last) else None


def _is_compound_noun(before: Node, last: Node) -> bool:
    """Whether the rule is right more often than the dictionary: not behind お, nor for 電車賃."""
    if last["pos"] != "名詞" or last["pos_group2"] == "人名" or before["string"] in HONORIFIC:
        return False
    return before["pos"] == "動詞" or (before["pos"] in _NOMINAL and last["mora_size"] > _SHORT)


def _is_pair_of_kanji(words: Nodes) -> bool:
    """Whether it is a word of two kanji that the dictionary has only separately: 聖伝, 友船."""
    return len(words) == 2 and all(
        word["pos"] in _NOMINAL and _KANJI.fullmatch(word["string"]) for word in words
    )


def _join_parts(first: _CompoundPart, second: _CompoundPart) -> int | None:
    """The accent of two phrases as one word; None if they are none."""
    before, last = first.words[-1], second.words[-1]
    if before["pos"] in _STANDING_ALONE or last["pos"] in _NO_ENDS:
        return None
    if before["pos"] in PARTICLES:
        are_two_phrases = first.accent and second.accent and before["string"] != "の"
        return None if are_two_phrases else _join_phrases(first, second)
    if before["pos"] == "連体詞":
        return _join_phrases(first, second)
    if last["pos"] in INFLECTED:
        return _join_inflected(first, second)
    return _join_nouns(first, second)


def _join_phrases(first: _CompoundPart, second: _CompoundPart) -> int | None:
    """The first accent of two phrases; None if they are long."""
    if len(split_morae(first.sound + second.sound)) > _LONGEST_WITH_PARTICLE:
        return None
    return first.accent or (_shift_accent(first, second) if second.accent else 0)


def _shift_accent(first: _CompoundPart, second: _CompoundPart) -> int:
    return len(split_morae(first.sound)) + second.accent


def _join_nouns(first: _CompoundPart, second: _CompoundPart) -> int:
    """The accent of a compound that ends in a noun: 古典論理学."""
    length = len(split_morae(second.sound))
    if _LETTERS.fullmatch(second.words[-1]["string"]):
        return _shift_accent(first, second) if second.accent else 0
    if length <= _SHORT or (length >= _LONG and not second.accent):
        return 0
    return (
        _shift_accent(first, second)
        if 0 < second.accent < length
        else _shift_accent(first, second._replace(accent=1))
    )


def _join_inflected(first: _CompoundPart, second: _CompoundPart) -> int:
    """The accent of a compound that ends in a verb or an adjective: 戦い抜く, やる瀬ない, 草むしり."""
    last: Node = second.words[-1]
    units = split_morae(first.sound + second.sound)
    if last["cform"].startswith("基本形"):
        return move_off_bound_mora(len(units) - 1, units)
    if last["pos"] == "形容詞":
        return _shift_accent(first, second) if second.accent else len(units) - 1
    # The stem of a verb makes a noun; behind another verb it is flat: 受け渡し.
    is_long = len(split_morae(second.sound)) > _SHORT and first.words[-1]["pos"] != "動詞"
    return _shift_accent(first, second._replace(accent=1)) if is_long else 0


# Accents that UniDic lists for a spelling and its reading; preferred to those of OpenJTalk's dictionary.

#: Names have other accents than words of the same spelling, and marks have none.
_NON_WORDS = frozenset({"接頭辞", "接尾辞", "助詞", "助動詞", "記号", "補助記号", "空白"})
_PROPER_NOUN = "固有名詞"

#: Other forms of verbs and adjectives have the accent of these in UniDic, not their own.
_DICTIONARY_FORMS = ("*", "終止形", "連体形")
_CLASSICAL = "文語"
_NOUNS = frozenset({"名詞", "形状詞"})

#: With more morae, a word with お before it has the accent that OpenJTalk's dictionary gives it.
_LONGEST_HONORIFIC = 5
_DO = "スル"

_ENDINGS = frozenset({"する", "な", "に"})  #: endings that keep the accent of the noun before them


def find_listed_accent(spelling: str, sound: str, unidic: UniDic) -> int | None:
    """The accent that UniDic lists for a word.

    Returns:
        The usual accent; None if UniDic does not list the word, or has several accents for words
        that are written with the same kana.
    """
    key = pronunciation_key(sound)
    in_kana = parse_kana(spelling)
    if in_kana and len(split_morae(spelling)) == 1:
        # The name of a letter, rather than 日 or 毛: charts of kana sound alike.
        return 1
    best = unidic.analyze_words(spelling)
    # An entry lookup takes ten times longer than an analysis, which suffices for nine words in ten.
    if len(best) == 1 and _is_usable(best[0], key):
        if not in_kana or is_katakana(spelling):
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
    resolved: ResolvedReading, spelling: str, dictionary: Dictionary
) -> ResolvedReading:
    """Make a word one accent phrase, with UniDic's accent, or by the rules of compounds.

    Words that need neither stay the same, and the user's own words keep their accents.
    """
    nodes = resolved.nodes
    if dictionary.has_learned(nodes):
        return resolved
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
        is_joined = len(to_accent_phrases(nodes)) > 1
        basis = AccentBasis.GUESSED if is_joined else resolved.accent_basis
    if accent is None or accent > count_morae(nodes):
        return resolved
    return resolved._replace(nodes=dictionary.impose_accent(nodes, accent), accent_basis=basis)


def _find_accent_of_part(nodes: Nodes, dictionary: Dictionary) -> int | None:
    """Derive the accent of a word from a listed word in it: お弁当, 勉強する, ハードスケジュール."""
    unidic = dictionary.unidic
    words = [node for node in nodes if node_to_kana(node)]
    text = nodes_to_text(words)
    if is_katakana(text):
        accent = _find_accent_of_loan(words, unidic)
        # ボールペン: OpenJTalk's dictionary is right if it lists the whole.
        is_correct = len(words) == 1 and (
            accent == words[0]["acc"] or dictionary.find_entries(text)
        )
        return None if is_correct else accent
    if (
        len(words) > 1
        and words[0]["string"] in HONORIFIC
        and count_morae(words) <= _LONGEST_HONORIFIC
    ):
        accents = _find_noun_accents(words[1:], unidic)
        # お手洗い keeps the accent of 手洗い, as in the dictionary.
        if accents and (accents[0] != 2 or count_morae(words) < _LONGEST_HONORIFIC):
            # お菓子 2, as 菓子 is 1; お弁当 0, as most others.
            return 2 if 1 in accents else 0
    if len(words) > 1 and words[-1]["string"] in _ENDINGS:
        accents = _find_noun_accents(words[:-1], unidic)
        return accents[0] if accents else None
    return None


def _find_accent_of_loan(words: Nodes, unidic: UniDic) -> int | None:
    """Find the accent of a compound of loan words: that of the last, or its first mora if flat."""
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
