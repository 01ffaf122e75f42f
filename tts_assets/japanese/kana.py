"""Kana: one script for readings, their morae, and a key under which equal pronunciations are equal."""

from __future__ import annotations

import unicodedata

from tts_assets.japanese.regex import compile_lazy

_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)} | {
    code: code + 0x60 for code in map(ord, "ゝゞ")
}
_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_KATAKANA = compile_lazy(r"[ァ-ヺー]+")
_NOT_KATAKANA = compile_lazy(r"[^ァ-ヺー]+")
_MERGED = str.maketrans({"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヰ": "イ", "ヱ": "エ"})

_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパァャヮヵ",
    "イ": "イキシチニヒミリギジヂビピィヰ",
    "ウ": "ウクスツヌフムユルグズヅブプゥュヴ",
    "エ": "エケセテネヘメレゲゼデベペェヱヶ",
    "オ": "オコソトノホモヨロヲゴゾドボポォョ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
#: A vowel that only lengthens the one before it: オウ is said オオ, エイ is said エエ.
_LENGTHENED = {("オ", "ウ"): "オ", ("エ", "イ"): "エ"}
#: What may only lengthen the vowel before it.
_LENGTHENING = frozenset("ーウイ")

#: Which kana each small kana makes one mora with; behind others it is a mora of its own.
_JOINED = {
    "ァ": "クグツフヴ",
    "ィ": "ウクグシスズツテデフヴ",
    "ゥ": "クトド",
    "ェ": "イウキギクグシジチヂツニヒビピフミリヴ",
    "ォ": "ウクグツフヴ",
    "ャ": "キギシジチヂテデニヒビピミリヴ",
    "ュ": "キギシジチヂテデニヒビピフミリヴ",
    "ョ": "キギシジチヂテデニヒビピミリヴ",
    "ヮ": "クグ",
}
_MORA = compile_lazy(
    "|".join([*(f"[{large}]{small}" for small, large in _JOINED.items()), "[ァ-ヺー]"])
)
#: What a kanji taken over from Chinese is read as, where that ends in a long vowel: コウ, キュウ, セイ.
_LONG_ON_READING = compile_lazy(
    "(?:[キシチニヒミリギジヂビピ][ョュ]|[オコソトノホモヨロゴゾドボポフツユ])ウ|[エケセテネヘメレゲゼデベペ]イ"
)


class UnusableTextError(ValueError):
    """A text that cannot be what its author meant: broken characters, a reading that is not kana."""


def kana_to_katakana(text: str) -> str:
    """The text in katakana: compatibility forms composed, hiragana shifted, the rest kept."""
    return unicodedata.normalize("NFKC", text).translate(_HIRAGANA_TO_KATAKANA)


def kana_to_hiragana(kana: str) -> str:
    """Katakana in hiragana, ー as it is."""
    return kana.translate(_KATAKANA_TO_HIRAGANA)


def is_katakana(text: str) -> bool:
    """Whether the text is katakana and nothing else."""
    return _KATAKANA.fullmatch(text) is not None


def split_morae(kana: str) -> list[str]:
    """The morae of a text in hiragana or katakana, in katakana; what is not kana is left out.

    A small kana joins the one before it where the two make one sound; ッ, ン and ー are morae.
    """
    return _MORA.findall(kana_to_katakana(kana))


def to_pronunciation(kana: str) -> str:
    """How kana are said: in katakana, with ー for what only lengthens the vowel before it.

    トウキョウ is said トーキョー, センセイ センセー, ツヅク ツズク. Spelling alone decides: ハ and ヘ stay
    what they are, and オモウ, whose ウ is an ending, becomes オモー, too. イイ at the end stays, as
    in アタラシイ.
    """
    said: list[str] = []
    spelled = split_morae(kana.translate(_HIRAGANA_TO_KATAKANA).translate(_MERGED))
    for index, mora in enumerate(spelled):
        vowel = _VOWEL_OF.get(said[-1][-1], "") if said else ""
        lengthens = _LENGTHENED.get((vowel, mora), mora) == vowel
        ends_in_i = mora == "イ" == vowel and index == len(spelled) - 1
        said.append("ー" if lengthens and not ends_in_i else mora)
    return "".join(said)


def is_long_on_reading(kana: str) -> bool:
    """Whether katakana are one mora and the ウ or イ that lengthens it in readings from Chinese.

    コウ, キュウ, セイ; a verb such as 酔う may be spelled so, too: ヨウ.
    """
    return _LONG_ON_READING.fullmatch(kana) is not None


def pronunciation_key(reading: str) -> str:
    """The key under which two kana spellings of one pronunciation are equal.

    Marks that are not kana are dropped, ヂヅヲヰヱ are what they sound like, and a long vowel is
    written as that vowel twice, however it was spelled: トウキョウ, トーキョー and トオキョオ agree.
    """
    spelled = _NOT_KATAKANA.sub("", kana_to_katakana(reading).translate(_MERGED))
    if _LENGTHENING.isdisjoint(spelled):
        return spelled
    key: list[str] = []
    last = ""
    for kana in spelled:
        before = _VOWEL_OF.get(last, "")
        last = before if kana == "ー" else _LENGTHENED.get((before, kana), kana)
        key.append(last)
    return "".join(key)
