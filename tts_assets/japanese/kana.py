"""Kana: one script for readings, and a key under which equal pronunciations are equal."""

from __future__ import annotations

import re
import unicodedata

_HIRAGANA_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ゖ") + 1)} | {
    code: code + 0x60 for code in map(ord, "ゝゞ")
}
_KATAKANA = re.compile(r"[ァ-ヺー]+")
_MERGED = str.maketrans({"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヰ": "イ", "ヱ": "エ"})

_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパァャヮヵ",
    "イ": "イキシチニヒミリギジヂビピィヰ",
    "ウ": "ウクスツヌフムユルグズヅブプゥュヴッ",
    "エ": "エケセテネヘメレゲゼデベペェヱヶ",
    "オ": "オコソトノホモヨロヲゴゾドボポォョ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _ROWS.items() for kana in row}
#: A vowel that only lengthens the one before it: オウ is said オオ, エイ is said エエ.
_LENGTHENED = {("オ", "ウ"): "オ", ("エ", "イ"): "エ"}


def katakana(text: str) -> str:
    """The text in katakana: compatibility forms composed, hiragana shifted, the rest kept."""
    return unicodedata.normalize("NFKC", text).translate(_HIRAGANA_TO_KATAKANA)


def is_katakana(text: str) -> bool:
    """Whether the text is katakana and nothing else."""
    return _KATAKANA.fullmatch(text) is not None


def pronunciation_key(reading: str) -> str:
    """The key under which two kana spellings of one pronunciation are equal.

    Marks that are not kana are dropped, ヂヅヲヰヱ are what they sound like, and a long vowel is
    written as that vowel twice, however it was spelled: トウキョウ, トーキョー and トオキョオ agree.
    """
    key: list[str] = []
    for kana in katakana(reading).translate(_MERGED):
        if not is_katakana(kana):
            continue
        before = _VOWEL_OF.get(key[-1], "") if key else ""
        key.append(before if kana == "ー" else _LENGTHENED.get((before, kana), kana))
    return "".join(key)
