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

#: Morae with i or u behind a voiceless consonant, and how morae begin before which they keep it:
#: between two such fricatives the vowel stays, as in スシ and ヒフ.
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
    """Which morae of an accent phrase lose their vowel.

    Those with i or u between two voiceless consonants, and ス of the polite endings デス and マス,
    unless the accent is on it, or the mora before has lost its vowel (NHK's accent dictionary,
    appendix on devoicing; OpenJTalk's rules are much the same).

    Args:
        sounds: its morae in katakana, long vowels spelled as vowels.
        accent: the mora after which the pitch falls; 0 for none.
        following: how the next phrase begins; "" where a pause follows.
        asks: the last mora rises, and so keeps its vowel.

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
    """Where ス of a polite ending stands; it is low, unlike that of マス (to increase)."""
    for place in range(len(sounds) - 1, 0, -1):
        if sounds[place] == "ス" and _POLITE.match("".join(sounds[place - 1 :])):
            return place if 0 < accent <= place else None
    return None


# Accent phrases in the kana notation of VOICEVOX: sounds, accents, pauses, whispers and questions.

#: Morae that the notation lacks, or would join with the one before, by what sounds the same.
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
    """Accent phrases as VOICEVOX's engine reads them, such as キョ'オワ/ヒマデ'_スカ？ for 今日は暇ですか？.

    The engine's README describes it as "AquesTalk-like notation": katakana without ー, one ' in each
    phrase, / or 、 between phrases, _ before a mora that is whispered, ？ at the end of a phrase that
    asks. A phrase without a fall has its ' at the end, as has one whose pitch falls behind it; with
    nothing behind them they sound alike.

    Args:
        phrases: what is said.
        text: how it is written, where questions have a mark.

    Raises:
        ClipError: a phrase holds what the notation cannot say.
    """
    asking = find_questions(phrases, text)
    sounds: list[list[str]] = []
    for phrase in phrases:
        sounds.append(_spell_morae(phrase.kana, sounds[-1][-1] if sounds else ""))
    written = []
    for place, phrase in enumerate(phrases):
        last = place + 1 == len(phrases)
        following = "" if last or phrase.pause else sounds[place + 1][0]
        written.append(
            _format_phrase(sounds[place], phrase.accent, following, asks=place in asking)
        )
        if not last:
            written.append("、" if phrase.pause else "/")
    return "".join(written)


def _format_phrase(sounds: Sequence[str], accent: int, following: str, *, asks: bool) -> str:
    whispered = find_devoiced_morae(sounds, accent, following, asks=asks)
    written = [f"_{each}" if at in whispered else each for at, each in enumerate(sounds)]
    written.insert(accent or len(sounds), "'")
    return "".join(written) + ("？" if asks else "")


def _spell_morae(kana: str, before: str) -> list[str]:
    """The morae of a phrase in the notation's kana; ``before`` is the last mora of the one before.

    Raises:
        ClipError: they are none.
    """
    if not is_katakana(kana):
        raise ClipError(f"{kana!r} cannot be written in VOICEVOX's notation, which has only kana")
    sounds = []
    for mora in split_morae(kana):
        before = _find_vowel(before) if mora == "ー" else _SPELLED.get(mora, mora)
        if not before:
            raise ClipError(f"{kana} begins with a long vowel mark, which lengthens nothing")
        sounds.append(before)
    return sounds


@functools.cache
def _find_vowel(mora: str) -> str:
    return pronunciation_key(mora + "ー")[-1:] if mora else ""


def find_questions(phrases: Sequence[Phrase], text: str) -> frozenset[int]:
    """Which phrases ask: the last of each span of the text that has ？ behind it."""
    marks = [found[1] for found in _UNMARKED.finditer(text)]
    ends = [at for at, phrase in enumerate(phrases[:-1]) if phrase.pause] + [len(phrases) - 1]
    if len(marks) != len(ends):
        # Pauses and marks do not answer to each other; the end does.
        marks, ends = marks[-1:], ends[-1:]
    return frozenset(
        end for end, mark in zip(ends, marks, strict=False) if _QUESTION_MARK.search(mark)
    )


# Japanese as the phonetic symbols that Kokoro was trained on: words parted by spaces, marks kept.

#: The consonant of each row before a, i, u, e and o: the symbols of the International Phonetic
#: Alphabet as hexgrad's misaki 0.9 chooses them for Japanese, with which the model was trained.
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

#: Kana of no row, and sounds of other languages, which join a small vowel.
_OTHERS = parse_pairs(
    "ヤ:ja ユ:jɯ ヨ:jo ワ:βa ヰ:i ヱ:e ヲ:o ヴ:vɯ ヵ:ka ヶ:ke ー:ː ッ:ʔ イェ:je ウィ:βi ウェ:βe ウォ:βo ヴァ:va "
    "ヴィ:vʲi ヴェ:ve ヴォ:vo ヷ:va ヸ:vʲi ヹ:ve ヺ:vo ヴュ:bʲɨ ヴョ:bʲo ティ:tʲi ディ:dʲi テュ:tʲɨ デュ:dʲɨ "
    "トゥ:tɯ ドゥ:dɯ ツィ:ʦʲi フィ:ɸʲi フュ:ɸʲɨ フョ:ɸʲo"
)

#: Small vowels, by the sound that they make of the kana before them.
_SMALL = {"ァ": "a", "ィ": "i", "ゥ": "ɯ", "ェ": "e", "ォ": "o"}

#: The others, behind kana that are no palatal sound themselves, and behind those that are.
_GLIDES = {"ャ": ("ja", "a"), "ュ": ("jɯ", _CENTRAL), "ョ": ("jo", "o"), "ヮ": ("βa", "a")}
_LABIAL = {"ク": "kᵝ", "グ": "ɡᵝ"}

#: The moraic nasal before what follows within its word; elsewhere it is uvular.
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

#: The kana whose consonant has i in it already.
_PALATAL = frozenset(row[1] for row in _KOKORO_ROWS if row[1] != "イ")
_PARTICLE = "助詞"
_AUXILIARY = "助動詞"

#: In words that conjugate イ behind its own vowel is written as a long one: 聞いて, 新しい, not 委員.
_CONJUGATED = frozenset({"動詞", "形容詞", _AUXILIARY})
_LONG_I = compile_lazy("(?<=[イキシチニヒミリギジヂビピ])イ")

#: Endings that make one word with what they conjugate; others stand by themselves, as です.
_ENDINGS = frozenset(["た", "だ", "て", "で", "ば", "ん", "う", "ます", "まし", "ませ", "ず"])

#: What only lengthens or cuts off the sound before it, whatever an analysis makes of it.
_NEVER_FIRST = frozenset("ーッ")

#: Marks that the model knows, by those that Japanese writes.
_KOKORO_MARKS = dict(zip("、。？！…‥：；—―", ",.?!……:;——", strict=True))


class KokoroPhonemes(NamedTuple):
    """A sentence or a word in the symbols that Kokoro takes.

    Args:
        symbols: phonetic symbols, words parted by spaces, with the marks that the model knows behind
            them.
        morae: where the symbols of each mora begin and end.
    """

    symbols: str
    morae: tuple[tuple[int, int], ...]


def to_kokoro_phonemes(nodes: Sequence[Node], *, sentence: bool) -> KokoroPhonemes:
    """How an analysis of a sentence or a word sounds, in the symbols that Kokoro takes."""
    whole = not sentence and not any(node["pos"] == _PARTICLE for node in nodes)
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
        if before is not None and (whole or kana[0] in _NEVER_FIRST or _is_ending(node, before)):
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
    """Whether a word is written in one with the word that it conjugates."""
    grammatical = node["pos"] in (_PARTICLE, _AUXILIARY)
    return grammatical and node["string"] in _ENDINGS and before["pos"] in _CONJUGATED


def _to_symbols(kana_of_word: str) -> list[str]:
    """The symbols of each mora of a word."""
    sounds = [_mora_to_symbol(mora) for mora in split_morae(kana_of_word)]
    return [
        _choose_nasal(following) if sound == _NASAL else sound
        for sound, following in zip(sounds, [*sounds[1:], ""], strict=True)
    ]


def _choose_nasal(following: str) -> str:
    return next((symbol for symbol, before in _NASALS if following.startswith(before)), _UVULAR)


def _mora_to_symbol(mora: str) -> str:
    # A small kana that joins none before it is said as the large one.
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

#: How a second letter colours a consonant: ky is a palatal k, kw one with round lips.
_COLOURS = {"y": "ʲ", "w": "ʷ"}

#: The sounds that morae end in; capitals are devoiced vowels, which the voices know as others.
_LAST_OF_MORA = frozenset({*"aiueoAIUEON", "cl"})

#: Labels count no further, so that later places are unknown.
_FAR = 49

#: The parts of a full-context label that matter (HTS's lab_format for Japanese): the sound (p3), its
#: mora's place in the accent phrase (a2) and from its end (a3), the phrase's accent (f2).
_LABEL = compile_lazy(r"-(\w+)\+.*/A:[^+]+\+(\w+)\+(\w+)/B.*/F:\w+_(\w+)#")

#: Whether the accent phrase before was a question (e3).
_ASKS = compile_lazy(r"/E:\w+!1_")


class _LabelPhone(NamedTuple):
    """A sound; ``place``, ``left`` and ``accent`` are 0 in pauses.

    Args:
        name: as OpenJTalk writes it.
        place: which mora of its accent phrase it belongs to, from 1.
        left: how many morae the phrase has from there on.
        accent: the mora after which the pitch falls; the last one in flat phrases, too.
    """

    name: str
    place: int
    left: int
    accent: int


def to_piper_phonemes(labels: Sequence[str], *, question: bool = False) -> list[str]:
    """The phonemes of one sentence, each one character, with the marks of its melody.

    The same as the library itself makes of the same analysis, but that フュ, which it leaves out, is
    said.

    Args:
        labels: full-context labels, as :meth:`tts_assets.japanese.dictionary.Dictionary.labels`
            makes them.
        question: it is one, even if the labels do not say so.
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
    """Whether the labels of a sentence say that it asks."""
    return bool(labels) and _ASKS.search(labels[-1]) is not None


def _drop_open_mark(found: list[str]) -> list[str]:
    """The phonemes without a mark at their end, which gives way to a pause or the last mark."""
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
    """A sound in IPA: one character or several, each a phoneme of the voices."""
    if name.lower() in {*"aiueo"}:
        name = name.lower()
    elif len(name) == 2 and name[1] in _COLOURS:
        return _to_ipa(name[0]) + _COLOURS[name[1]]
    return _PIPER_IPA.get(name, name)


# Text for engines that take nothing else, and read kanji in their own way.

#: Alone and in hiragana they may be taken for particles, and said as ワ and エ.
_PARTICLES = ("ハ", "ヘ")


def spell_in_kana(form: SpokenForm) -> str:
    """A word in the kana of its reading; as it is spelled where it has none, or is kana."""
    reading = form.reading
    if reading is None:
        return form.text
    if reading in _PARTICLES:
        return reading
    return form.text if kana_to_katakana(form.text) == reading else kana_to_hiragana(reading)


def spell_for_engine(form: SpokenForm, pronunciation: Pronunciation) -> str:
    """A form as it is spelled, but in kana where its spelling may well be read otherwise.

    The spelling is preferred because only it carries the accent. It is used where the dictionary
    reads it as the entry does, as other engines probably do, too.
    """
    if pronunciation.basis in (Basis.SPELLING, Basis.UNCHECKED):
        return form.text
    if not form.sentence:
        return spell_in_kana(form)
    if form.reading is not None:
        return kana_to_hiragana(form.reading)
    return _spell_spans(form)


def _spell_spans(form: SpokenForm) -> str:
    """A text with the spans whose reading the data give in kana, and the rest as spelled."""
    written, begin = "", 0
    for span, kana in form.readings:
        at = form.text.find(span, begin)
        if at < 0:
            continue
        written += form.text[begin:at] + (kana_to_hiragana(kana) if kana else span)
        begin = at + len(span)
    return written + form.text[begin:]
