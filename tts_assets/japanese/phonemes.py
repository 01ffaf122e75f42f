"""Japanese as the phonetic symbols that Kokoro was trained on: words parted by spaces, marks kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.kana import split_morae
from tts_assets.japanese.nodes import node_to_kana
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.japanese.nodes import Node

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

#: Kana of no row.
_OTHERS = {
    "ヤ": "ja",
    "ユ": "jɯ",
    "ヨ": "jo",
    "ワ": "βa",
    "ヰ": "i",
    "ヱ": "e",
    "ヲ": "o",
    "ヴ": "vɯ",
    "ヵ": "ka",
    "ヶ": "ke",
    "ー": "ː",
    "ッ": "ʔ",
}
#: Sounds of other languages, which join a small vowel.
_FOREIGN = {
    "イェ": "je",
    "ウィ": "βi",
    "ウェ": "βe",
    "ウォ": "βo",
    "ヴァ": "va",
    "ヴィ": "vʲi",
    "ヴェ": "ve",
    "ヴォ": "vo",
    "ヷ": "va",
    "ヸ": "vʲi",
    "ヹ": "ve",
    "ヺ": "vo",
    "ヴュ": "bʲɨ",
    "ヴョ": "bʲo",
    "ティ": "tʲi",
    "ディ": "dʲi",
    "テュ": "tʲɨ",
    "デュ": "dʲɨ",
    "トゥ": "tɯ",
    "ドゥ": "dɯ",
    "ツィ": "ʦʲi",
    "フィ": "ɸʲi",
    "フュ": "ɸʲɨ",
    "フョ": "ɸʲo",
}
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
    **_FOREIGN,
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
_KOKORO_MARKS = {
    "、": ",",
    "。": ".",
    "？": "?",
    "！": "!",
    "…": "…",
    "‥": "…",
    "：": ":",
    "；": ";",
    "—": "—",
    "―": "—",
}


def to_kokoro_phonemes(nodes: Sequence[Node], *, sentence: bool) -> str:
    """How an analysis sounds, as Kokoro is told it.

    Args:
        nodes: the words of one sentence, or the parts of one word.
        sentence: whether it is running text.

    Returns:
        Phonetic symbols, words parted by spaces, with the marks that the model knows behind them.
    """
    whole = not sentence and not any(node["pos"] == _PARTICLE for node in nodes)
    words: list[str] = []
    marks: list[str] = []
    before: Node | None = None
    for node in nodes:
        said = _word_to_kana(node)
        if not said:
            if marks:
                marks[-1] += "".join([_KOKORO_MARKS.get(mark, "") for mark in node["string"]])
            before = None
            continue
        if before is not None and (whole or said[0] in _NEVER_FIRST or _is_ending(node, before)):
            words[-1] += said
        else:
            words.append(said)
            marks.append("")
        before = node
    return " ".join(_to_symbols(word) + mark for word, mark in zip(words, marks, strict=True))


def _word_to_kana(node: Node) -> str:
    """How a word sounds, in kana."""
    said = node_to_kana(node)
    return _LONG_I.sub("ー", said) if node["pos"] in _CONJUGATED else said


def _is_ending(node: Node, before: Node) -> bool:
    """Whether a word is written in one with the word that it conjugates."""
    grammatical = node["pos"] in (_PARTICLE, _AUXILIARY)
    return grammatical and node["string"] in _ENDINGS and before["pos"] in _CONJUGATED


def _to_symbols(kana_of_word: str) -> str:
    """The symbols of a word."""
    sounds = [_mora_to_symbol(mora) for mora in split_morae(kana_of_word)]
    return "".join(
        _choose_nasal(following) if sound == _NASAL else sound
        for sound, following in zip(sounds, [*sounds[1:], ""], strict=True)
    )


def _choose_nasal(following: str) -> str:
    return next((symbol for symbol, before in _NASALS if following.startswith(before)), _UVULAR)


def _mora_to_symbol(mora: str) -> str:
    if mora in _KOKORO_SYMBOLS:
        return _KOKORO_SYMBOLS[mora]
    large, small = mora[0], mora[1]
    consonant = _KOKORO_SYMBOLS[large][:-1]
    if small in _SMALL:
        return _LABIAL.get(large, consonant) + _SMALL[small]
    glide, vowel = _GLIDES[small]
    return consonant + vowel if large in _PALATAL else consonant + glide
