"""Readings in the notations of VOICEVOX, Kokoro and Piper, and as plain text."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

from tts_assets.errors import ClipError
from tts_assets.japanese.analysis import expand_small_kana, node_to_kana
from tts_assets.japanese.kana import kana_to_hiragana, pronunciation_key
from tts_assets.japanese.text_rules import compile_lazy, parse_pairs
from tts_assets.model import Basis, is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tts_assets.japanese.analysis import Node
    from tts_assets.model import Phrase, Pronunciation, SpokenForm

#: Morae with i or u behind a voiceless consonant, with the beginnings of morae before which they keep
#: the vowel: between two such fricatives it stays, as in スシ and ヒフ.
_CLOSE = {
    **dict.fromkeys("キシチツピク", ""),
    **dict.fromkeys(("プ", "キュ", "シュ", "チュ", "ピュ", "ツィ", "ティ", "テュ", "トゥ"), ""),
    **dict.fromkeys(("ス", "スィ"), "サシスセソ"),
    **dict.fromkeys(("ヒ", "ヒュ", "フ", "フィ"), "ハヒフヘホ"),
}
_VOICELESS = frozenset("カキクケコサシスセソタチツテトハヒフヘホパピプペポ")

#: The polite endings, with the particles that may stand behind them.
_POLITE = compile_lazy("[デマ]ス(?=(?:[ガケシナネノヨワ].{0,3})?$)")


def find_devoiced_morae(
    sounds: Sequence[str], accent: int, following: str, *, asks: bool
) -> frozenset[int]:
    """Find the morae of an accent phrase that lose their vowel.

    These are morae with i or u between two voiceless consonants, and ス of the polite endings デス
    and マス, unless the accent is on it, or the mora before has lost its vowel (NHK's accent
    dictionary, appendix on devoicing; OpenJTalk's rules are similar).

    Args:
        sounds: its morae in katakana, long vowels spelled as vowels.
        accent: the mora after which the pitch falls; 0 for none.
        following: the beginning of the next phrase; "" if a pause follows.
        asks: whether the last mora rises, and so keeps its vowel.

    Returns:
        Their places, counted from 0.
    """
    found: set[int] = set()
    polite = _find_polite_su(sounds, accent)
    for place, (sound, after) in enumerate(zip(sounds, [*sounds[1:], following], strict=True)):
        if place + 1 == accent or place - 1 in found or (asks and place + 1 == len(sounds)):
            continue
        close = sound in _CLOSE and after[:1] in _VOICELESS and after[0] not in _CLOSE[sound]
        if close or place == polite:
            found.add(place)
    return frozenset(found)


def _find_polite_su(sounds: Sequence[str], accent: int) -> int | None:
    """Find ス of a polite ending; it is low, unlike that of マス (to increase)."""
    for place in range(len(sounds) - 1, 0, -1):
        if sounds[place] == "ス" and _POLITE.match("".join(sounds[place - 1 :])):
            return place if 0 < accent <= place else None
    return None


# Accent phrases in the kana notation of VOICEVOX: sounds, accents, pauses, devoicing and questions.

#: Morae that the notation lacks, or would join with the one before, and kana of the same sound.
_SPELLED = {
    **dict(zip("ァィゥェォャュョヮヵヶ", "アイウエオヤユヨワカケ", strict=True)),
    **dict(zip("ヂヅヲヰヱ", "ジズオイエ", strict=True)),
    **dict(zip(("ヂェ", "ヂャ", "ヂュ", "ヂョ"), ("ジェ", "ジャ", "ジュ", "ジョ"), strict=True)),
    **dict(zip("ヷヸヹヺ", ("ヴァ", "ヴィ", "ヴェ", "ヴォ"), strict=True)),
    "シィ": "シ",
    # The Cabinet's rules for loan words (1991, II 2) write フュ as ヒュ in general.
    "フュ": "ヒュ",
}

#: A span of text without marks, and the marks behind it.
_UNMARKED = compile_lazy(r"\w+(\W*)")
_QUESTION_MARK = compile_lazy("[？?]")


def to_aquestalk(phrases: Sequence[Phrase], text: str) -> str:
    """Write accent phrases in VOICEVOX's notation: キョ'オワ/ヒマデ'_スカ？ for 今日は暇ですか？.

    The engine's README describes it as "AquesTalk-like notation": katakana without ー, one ' in each
    phrase, / or 、 between phrases, _ before a devoiced mora, ？ at the end of a question. A phrase
    without a fall has its ' at the end, like one with the accent on its last mora; with nothing behind
    them they sound alike.

    Args:
        phrases: the accent phrases.
        text: the written text, in which questions have a mark.

    Raises:
        ClipError: a phrase has sounds that the notation cannot write.
    """
    asking = find_questions(phrases, text)
    sounds: list[list[str]] = []
    for phrase in phrases:
        sounds.append(_spell_morae(phrase.kana, sounds[-1][-1] if sounds else ""))
    written = []
    for place, phrase in enumerate(phrases):
        is_last = place + 1 == len(phrases)
        following = "" if is_last or phrase.pause else sounds[place + 1][0]
        written.append(
            _format_phrase(sounds[place], phrase.accent, following, asks=place in asking)
        )
        if not is_last:
            written.append("、" if phrase.pause else "/")
    return "".join(written)


def _format_phrase(sounds: Sequence[str], accent: int, following: str, *, asks: bool) -> str:
    devoiced = find_devoiced_morae(sounds, accent, following, asks=asks)
    written = [f"_{each}" if at in devoiced else each for at, each in enumerate(sounds)]
    written.insert(accent or len(sounds), "'")
    return "".join(written) + ("？" if asks else "")


def _spell_morae(kana: str, previous: str) -> list[str]:
    """Spell a phrase in the notation's kana; ``before`` is the last mora of the previous phrase.

    Raises:
        ClipError: the phrase is not kana.
    """
    if not is_katakana(kana):
        raise ClipError(f"{kana!r} cannot be written in VOICEVOX's notation, which has only kana")
    sounds = []
    for mora in split_morae(kana):
        previous = _find_vowel(previous) if mora == "ー" else _SPELLED.get(mora, mora)
        if not previous:
            raise ClipError(f"{kana} begins with a long vowel mark, which lengthens nothing")
        sounds.append(previous)
    return sounds


@functools.cache
def _find_vowel(mora: str) -> str:
    return pronunciation_key(mora + "ー")[-1:] if mora else ""


def find_questions(phrases: Sequence[Phrase], text: str) -> frozenset[int]:
    """Find the phrases that ask: the last phrase before each ？ in the text."""
    marks = [found[1] for found in _UNMARKED.finditer(text)]
    ends = [at for at, phrase in enumerate(phrases[:-1]) if phrase.pause] + [len(phrases) - 1]
    if len(marks) != len(ends):
        # Pauses and marks do not correspond, except at the end.
        marks, ends = marks[-1:], ends[-1:]
    return frozenset(
        end for end, mark in zip(ends, marks, strict=False) if _QUESTION_MARK.search(mark)
    )


# Japanese in Kokoro's phonetic symbols: spaces between words, with marks.

#: The consonant of each row before a, i, u, e and o: the symbols of the International Phonetic
#: Alphabet that hexgrad's misaki 0.9 uses for Japanese, on which the model was trained.
_KOKORO_ROWS = {
    "アイウエオ": ("", "", "", "", ""),
    "カキクケコ": ("k", "kʲ", "k", "k", "k"),
    "ガギグゲゴ": ("ɡ", "ɡʲ", "ɡ", "ɡ", "ɡ"),
    "サシスセソ": ("s", "ɕ", "s", "s", "s"),
    "ザジズゼゾ": ("ʣ", "ʥ", "z", "ʣ", "ʣ"),
    "タチツテト": ("t", "ʨ", "ʦ", "t", "t"),
    "ダヂヅデド": ("d", "ʥ", "z", "d", "d"),
    "ナニヌネノ": ("n", "ɲ", "n", "n", "n"),
    "ハヒフヘホ": ("h", "ç", "ɸ", "h", "h"),
    "バビブベボ": ("b", "bʲ", "b", "b", "b"),
    "パピプペポ": ("p", "pʲ", "p", "p", "p"),
    "マミムメモ": ("m", "mʲ", "m", "m", "m"),
    "ラリルレロ": ("ɾ", "ɾʲ", "ɾ", "ɾ", "ɾ"),
}
_VOWELS = "aiɯeo"

#: The vowel u behind the consonants of ス, ズ and ツ, and of キュ and its like.
_CENTRAL = "ɨ"
_BLADE = frozenset("szʦ")

#: Kana of no row, and sounds of other languages, written with a small vowel.
_OTHERS = parse_pairs(
    "ヤ:ja ユ:jɯ ヨ:jo ワ:βa ヰ:i ヱ:e ヲ:o ヴ:vɯ ヵ:ka ヶ:ke ー:ː ッ:ʔ イェ:je ウィ:βi ウェ:βe ウォ:βo ヴァ:va "
    "ヴィ:vʲi ヴェ:ve ヴォ:vo ヷ:va ヸ:vʲi ヹ:ve ヺ:vo ヴュ:bʲɨ ヴョ:bʲo ティ:tʲi ディ:dʲi テュ:tʲɨ デュ:dʲɨ "
    "トゥ:tɯ ドゥ:dɯ ツィ:ʦʲi フィ:ɸʲi フュ:ɸʲɨ フョ:ɸʲo"
)

#: Small vowels and the vowel that they give the kana before them.
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o"}

#: The other small kana: behind kana that are not palatal, and behind those that are.
_GLIDES = {"ャ": ("ja", "a"), "ュ": ("jɯ", _CENTRAL), "ョ": ("jo", "o"), "ヮ": ("βa", "a")}
_LABIAL = {"ク": "kᵝ", "グ": "ɡᵝ"}

#: The moraic nasal by the sounds behind it within its word; elsewhere it is uvular.
_NASAL = "ン"
_NASALS = (
    ("m", ("m", "p", "b")),
    ("ŋ", ("k", "ɡ")),
    ("ɲ", ("ɲ", "ʨ", "ʥ")),
    ("n", ("n", "t", "d", "ɾ", "z")),
)
_UVULAR = "ɴ"
_KOKORO_SYMBOLS = {
    **{
        kana: consonant + (_CENTRAL if vowel == "ɯ" and consonant in _BLADE else vowel)
        for row, consonants in _KOKORO_ROWS.items()
        for kana, consonant, vowel in zip(row, consonants, _VOWELS, strict=True)
    },
    **_OTHERS,
    _NASAL: _NASAL,
}

#: The kana whose consonant is already palatal.
_PALATAL = frozenset(row[1] for row in _KOKORO_ROWS if row[1] != "イ")
_PARTICLE = "助詞"
_AUXILIARY = "助動詞"

#: In words that conjugate, イ behind the vowel i is written as a long vowel: 聞いて, 新しい, not 委員.
_CONJUGATED = frozenset({"動詞", "形容詞", _AUXILIARY})
_LONG_I = compile_lazy("(?<=[イキシチニヒミリギジヂビピ])イ")

#: Endings that form one word with the word they conjugate; others are words of their own, as です.
_ENDINGS = frozenset(["た", "だ", "て", "で", "ば", "ん", "う", "ます", "まし", "ませ", "ず"])

#: Kana that only lengthen or cut off the sound before them, so that they never begin a word.
_NEVER_FIRST = frozenset("ーッ")

#: Japanese marks and those of the model.
_KOKORO_MARKS = dict(zip("、。？！…‥：；—―", ",.?!……:;——", strict=True))


class KokoroPhonemes(NamedTuple):
    """A sentence or a word in Kokoro's symbols."""

    symbols: str  #: phonetic symbols with spaces between words and the model's marks behind them
    morae: tuple[tuple[int, int], ...]  #: the span of the symbols of each mora


def to_kokoro_phonemes(nodes: Sequence[Node], *, sentence: bool) -> KokoroPhonemes:
    """Convert the analysis of a sentence or a word to Kokoro's symbols."""
    is_one_word = not sentence and not any(node["pos"] == _PARTICLE for node in nodes)
    words: list[str] = []
    marks: list[str] = []
    before: Node | None = None
    for node in nodes:
        kana = _word_to_kana(node)
        if not kana:
            if marks:
                marks[-1] += "".join([_KOKORO_MARKS.get(mark, "") for mark in node["string"]])
            before = None
            continue
        if before is not None and (
            is_one_word or kana[0] in _NEVER_FIRST or _is_ending(node, before)
        ):
            words[-1] += kana
        else:
            words.append(kana)
            marks.append("")
        before = node
    symbols = ""
    morae: list[tuple[int, int]] = []
    for word, mark in zip(words, marks, strict=True):
        symbols += " " if symbols else ""
        for sound in _to_symbols(word):
            morae.append((len(symbols), len(symbols) + len(sound)))
            symbols += sound
        symbols += mark
    return KokoroPhonemes(symbols, tuple(morae))


def _word_to_kana(node: Node) -> str:
    kana = node_to_kana(node)
    return _LONG_I.sub("ー", kana) if node["pos"] in _CONJUGATED else kana


def _is_ending(node: Node, before: Node) -> bool:
    """Whether a word is an ending, written without a space behind the word that it conjugates."""
    is_function_word = node["pos"] in (_PARTICLE, _AUXILIARY)
    return is_function_word and node["string"] in _ENDINGS and before["pos"] in _CONJUGATED


def _to_symbols(kana_of_word: str) -> list[str]:
    """Convert each mora of a word to symbols."""
    sounds = [_mora_to_symbol(mora) for mora in split_morae(kana_of_word)]
    return [
        _choose_nasal(following) if sound == _NASAL else sound
        for sound, following in zip(sounds, [*sounds[1:], ""], strict=True)
    ]


def _choose_nasal(following: str) -> str:
    return next((symbol for symbol, before in _NASALS if following.startswith(before)), _UVULAR)


def _mora_to_symbol(mora: str) -> str:
    # A small kana that does not combine with the kana before it sounds like the large one.
    mora = expand_small_kana(mora)
    if mora in _KOKORO_SYMBOLS:
        return _KOKORO_SYMBOLS[mora]
    large, small = mora[0], mora[1]
    consonant = _KOKORO_SYMBOLS[large][:-1]
    if small in _SMALL:
        return _LABIAL.get(large, consonant) + _SMALL[small]
    glide, vowel = _GLIDES[small]
    return consonant + vowel if large in _PALATAL else consonant + glide


# Piper's notation: sounds in IPA, with accent marks between them.

#: The accent marks that Piper's Japanese voices were trained with (piper-tts, phonemize_japanese).
_PIPER_RISE, _PIPER_FALL, _PIPER_NEXT_PHRASE = _MELODY = "↑↓#"

#: OpenJTalk's sounds in IPA, where their letters are not IPA themselves.
_PIPER_IPA = parse_pairs("u:ɯ g:ɡ sh:ɕ j:dʑ ch:tɕ f:ɸ y:j r:ɾ N:ɴ cl:ʔ")

#: Second letters that modify a consonant: ky is a palatal k, kw a labialized one.
_COLOURS = {"y": "ʲ", "w": "ʷ"}

#: The last sounds of morae; capitals are devoiced vowels, which the voices treat like the others.
_LAST_OF_MORA = frozenset({*"aiueoAIUEON", "cl"})

_FAR = 49  #: the largest number in labels; later places are unknown

#: The parts of a full-context label that matter (HTS's lab_format for Japanese): the sound (p3), its
#: mora's place in the accent phrase (a2) and from its end (a3), the phrase's accent (f2).
_LABEL = compile_lazy(r"-(\w+)\+.*/A:[^+]+\+(\w+)\+(\w+)/B.*/F:\w+_(\w+)#")

_ASKS = compile_lazy(r"/E:\w+!1_")  #: the previous accent phrase is a question (e3)


class _LabelPhone(NamedTuple):
    """A sound of a label; ``place``, ``left`` and ``accent`` are 0 in pauses."""

    name: str  #: the sound in OpenJTalk's letters
    place: int  #: the number of its mora in the accent phrase, from 1
    left: int  #: the number of morae from this one to the end of the phrase
    accent: int  #: the mora after which the pitch falls; in flat phrases the last one


def to_piper_phonemes(labels: Sequence[str], *, question: bool = False) -> list[str]:
    """Convert one sentence to phonemes of one character each, with accent marks.

    The result equals that of the Piper library for the same analysis, except that the library omits
    フュ.

    Args:
        labels: full-context labels, from
            :meth:`tts_assets.japanese.dictionary.Dictionary.make_labels`.
        question: whether the sentence is a question even if the labels do not say so.
    """
    found: list[str] = []
    for sound in _parse_labels(labels):
        if sound.name == "pau":
            found = [*_drop_open_mark(found), ","]
            continue
        found += _to_ipa(sound.name)
        if sound.name in _LAST_OF_MORA:
            found += _choose_mark_after(sound)
    return [
        *_drop_open_mark(found),
        "?" if question or is_question(labels) else ".",
    ]


def is_question(labels: Sequence[str]) -> bool:
    """Whether the labels mark a sentence as a question."""
    return bool(labels) and _ASKS.search(labels[-1]) is not None


def _drop_open_mark(found: list[str]) -> list[str]:
    """Remove an accent mark from the end; a pause or the final mark replaces it."""
    return found[:-1] if found and found[-1] in _MELODY else found


def _choose_mark_after(sound: _LabelPhone) -> str:
    if sound.left == 1:
        return _PIPER_NEXT_PHRASE
    if sound.place == sound.accent < _FAR:
        return _PIPER_FALL
    return _PIPER_RISE if sound.place == 1 else ""


def _parse_labels(labels: Sequence[str]) -> Iterator[_LabelPhone]:
    for label in labels:
        match = _LABEL.search(label)
        if match is not None and match[1] != "sil":
            place, left, accent = (
                int(part) if part.isdecimal() else 0 for part in match.groups()[1:]
            )
            yield _LabelPhone(match[1], place, left, accent)


@functools.cache
def _to_ipa(name: str) -> str:
    """Convert a sound to IPA characters, each a phoneme of the voices."""
    if name.lower() in {*"aiueo"}:
        name = name.lower()
    elif len(name) == 2 and name[1] in _COLOURS:
        return _to_ipa(name[0]) + _COLOURS[name[1]]
    return _PIPER_IPA.get(name, name)


# Text for engines that accept only text, and choose the readings of kanji themselves.

_PARTICLES = ("ハ", "ヘ")  #: alone in hiragana, engines may read them as particles, ワ and エ


def spell_in_kana(form: SpokenForm) -> str:
    """Spell a word in the kana of its reading; unchanged if it has none or is already kana."""
    reading = form.reading
    if reading is None:
        return form.text
    if reading in _PARTICLES:
        return reading
    return form.text if kana_to_katakana(form.text) == reading else kana_to_hiragana(reading)


def spell_for_engine(form: SpokenForm, pronunciation: Pronunciation) -> str:
    """Spell a form as written, or in kana if an engine may misread the spelling.

    The spelling is preferred because only it determines the accent. It is used if the dictionary
    reads it like the entry, because other engines probably do so, too.
    """
    if pronunciation.basis in (Basis.SPELLING, Basis.UNCHECKED):
        return form.text
    if not form.sentence:
        return spell_in_kana(form)
    if form.reading is not None:
        return kana_to_hiragana(form.reading)
    return _spell_spans(form)


def _spell_spans(form: SpokenForm) -> str:
    """Spell the spans that have a reading in kana, and the rest as written."""
    written, begin = "", 0
    for span, kana in form.readings:
        at = form.text.find(span, begin)
        if at < 0:
            continue
        written += form.text[begin:at] + (kana_to_hiragana(kana) if kana else span)
        begin = at + len(span)
    return written + form.text[begin:]
