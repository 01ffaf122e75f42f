"""Kana: conversion between scripts, a key to compare pronunciations, and romaji."""

from __future__ import annotations

import re
import unicodedata

from tts_assets.japanese.text_rules import compile_lazy, parse_pairs
from tts_assets.model import _HIRAGANA_TO_KATAKANA, is_katakana, kana_to_katakana, split_morae

_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}

#: The sounds of は and へ as particles.
PARTICLE_SOUNDS = {"は": "ワ", "へ": "エ"}
_NOT_KATAKANA = re.compile(r"[^ァ-ヺー]+")
_MERGED = str.maketrans({"ヂ": "ジ", "ヅ": "ズ", "ヲ": "オ", "ヰ": "イ", "ヱ": "エ"})
_ROWS = {
    "ア": "アカサタナハマヤラワガザダバパァャヮヵ",
    "イ": "イキシチニヒミリギジヂビピィヰ",
    "ウ": "ウクスツヌフムユルグズヅブプゥュヴ",
    "エ": "エケセテネヘメレゲゼデベペェヱヶ",
    "オ": "オコソトノホモヨロヲゴゾドボポォョ",
}
_VOWEL_OF = {kana: vowel for vowel, row in _ROWS.items() for kana in row}

#: A vowel that only lengthens the one before it: オウ is pronounced オオ, エイ エエ.
_LENGTHENED = {("オ", "ウ"): "オ", ("エ", "イ"): "エ"}

_LENGTHENING = frozenset("ーウイ")  #: kana that may only lengthen the vowel before them

#: On readings of a kanji that end in a long vowel: コウ, キュウ, セイ.
_LONG_ON_READING = compile_lazy(
    "(?:[キシチニヒミリギジヂビピ][ョュ]|[オコソトノホモヨロゴゾドボポフツユ])ウ|[エケセテネヘメレゲゼデベペ]イ"
)


class UnusableTextError(ValueError):
    """A text with an obvious error: broken characters, a reading that is not kana."""


def kana_to_hiragana(kana: str) -> str:
    """Convert katakana to hiragana; ー stays."""
    return kana.translate(_KATAKANA_TO_HIRAGANA)


def parse_kana(text: str) -> str | None:
    """Convert a text in kana to katakana; None if it is empty or has other characters."""
    kana = kana_to_katakana(text)
    return kana if is_katakana(kana) else None


def to_pronunciation(kana: str) -> str:
    """Convert kana to their pronunciation in katakana, with ー for kana that only lengthen a vowel.

    トウキョウ is トーキョー, センセイ センセー, ツヅク ツズク. Only the spelling matters: ハ and ヘ stay,
    and オモウ becomes オモー, though its ウ is an ending. イイ at the end stays, as in アタラシイ.
    """
    sounds: list[str] = []
    spelled = split_morae(kana.translate(_HIRAGANA_TO_KATAKANA).translate(_MERGED))
    for index, mora in enumerate(spelled):
        vowel = _VOWEL_OF.get(sounds[-1][-1], "") if sounds else ""
        lengthens = _LENGTHENED.get((vowel, mora), mora) == vowel
        ends_in_i = mora == "イ" == vowel and index == len(spelled) - 1
        sounds.append("ー" if lengthens and not ends_in_i else mora)
    return "".join(sounds)


def is_long_on_reading(kana: str) -> bool:
    """Whether katakana look like an on reading with a long vowel: コウ, キュウ, セイ.

    Some verbs have the same form: ヨウ of 酔う.
    """
    return _LONG_ON_READING.fullmatch(kana) is not None


def pronunciation_key(reading: str) -> str:
    """Convert a reading to a key that is equal for all kana spellings of one pronunciation.

    The key has no marks, ヂヅヲヰヱ are replaced by kana of the same sound, and a long vowel is the vowel
    twice: トウキョウ, トーキョー and トオキョオ have one key.
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


# Romaji to katakana: Hepburn, kunrei-shiki, nihon-shiki and the spellings of input methods.
_ROMAJI_ROWS = parse_pairs(
    ":アイウエオ k:カキクケコ g:ガギグゲゴ s:サシスセソ z:ザジズゼゾ t:タチツテト d:ダヂヅデド n:ナニヌネノ "
    "h:ハヒフヘホ b:バビブベボ p:パピプペポ m:マミムメモ r:ラリルレロ"
)

#: Small kana that replace the vowel of a kana in イ or ウ: sha is シャ, fa ファ.
_SMALL = {"a": "ァ", "i": "ィ", "u": "", "e": "ェ", "o": "ォ"}
_GLIDES = {"a": "ャ", "i": "", "u": "ュ", "e": "ェ", "o": "ョ"}
_OTHERS = parse_pairs(
    "ya:ヤ yu:ユ yo:ヨ ye:イェ wa:ワ wi:ウィ we:ウェ wo:ヲ dzu:ヅ thi:ティ t'i:ティ dhi:ディ d'i:ディ "
    "dhu:デュ t'u:トゥ d'u:ドゥ"
)
_TYPED_SMALL = parse_pairs(
    "xa:ァ xi:ィ xu:ゥ xe:ェ xo:ォ xya:ャ xyu:ュ xyo:ョ xwa:ヮ xtu:ッ xtsu:ッ ltu:ッ ltsu:ッ"
)


def _build_syllables() -> dict[str, str]:
    table = dict(_OTHERS)
    for onset, row in _ROMAJI_ROWS.items():
        table |= {onset + vowel: kana for vowel, kana in zip("aiueo", row, strict=True)}
        if onset:
            table |= {f"{onset}y{vowel}": row[1] + _GLIDES[vowel] for vowel in "auo"}
    for onset, kana in {"sh": "シ", "j": "ジ", "jy": "ジ", "ch": "チ", "cy": "チ"}.items():
        table |= {onset + vowel: kana + small for vowel, small in _GLIDES.items()}
    for onset, kana in {"f": "フ", "v": "ヴ", "ts": "ツ", "kw": "ク", "gw": "グ"}.items():
        table |= {onset + vowel: kana + small for vowel, small in _SMALL.items()}
    table |= {f"{onset}yu": f"{kana}ュ" for onset, kana in {"f": "フ", "v": "ヴ"}.items()}
    del table["kwu"], table["gwu"]
    return table | _TYPED_SMALL


_KANA_OF = _build_syllables()

#: The possible pieces of romaji, in the order of trial. An n before a vowel begins a syllable, any
#: other n is ン, and so is the first of nn; oh is a long o (Ohta).
_PIECE = compile_lazy(
    "|".join(
        [
            f"(?P<syllable>{'|'.join(sorted(_KANA_OF, key=len, reverse=True))})",
            r"(?P<double>t(?=ch)|c(?=ch)|([bdfghjkprstvz])(?=\3))",
            r"(?P<nasal>nn(?![aiueoy])|n['’-]?|m(?=[bpm]))",
            r"(?P<long>(?<=[aiueo])[\u0304\u0302]|(?<=o)h(?![aiueoy]))",
            r"(?P<mark>['’\-‐‑–・.,!?~〜～\s])",
        ]
    )
)
_SOUND_OF_PIECE = {"double": "ッ", "nasal": "ン", "long": "ー"}


def romaji_to_katakana(text: str) -> str | None:
    """Convert romaji to katakana; None if the text is not romaji.

    Long vowels may be written as two letters or marked (ō, ô, Ohta); marked ones become ー. Hyphens,
    dots and spaces inside a reading have no sound: tabe.ru, -ru, kon-nichi.
    """
    spelled = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text)).lower().strip()
    kana: list[str] = []
    at = 0
    while at < len(spelled):
        piece = _PIECE.match(spelled, at)
        if piece is None:
            return None
        syllable = _KANA_OF.get(piece.group()) if piece.lastgroup == "syllable" else None
        kana.append(syllable or _SOUND_OF_PIECE.get(piece.lastgroup or "", ""))
        at = piece.end()
    return "".join(kana) or None
