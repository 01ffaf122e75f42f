"""Kana: one script for readings, a key under which equal pronunciations are equal, and romaji."""

from __future__ import annotations

import re
import unicodedata

from tts_assets.japanese.text_rules import compile_lazy, parse_pairs
from tts_assets.model import _HIRAGANA_TO_KATAKANA, is_katakana, kana_to_katakana, split_morae

_KATAKANA_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}

#: How は and へ sound as particles.
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

#: A vowel that only lengthens the one before it: オウ is said オオ, エイ is said エエ.
_LENGTHENED = {("オ", "ウ"): "オ", ("エ", "イ"): "エ"}

#: What may only lengthen the vowel before it.
_LENGTHENING = frozenset("ーウイ")

#: What a kanji taken over from Chinese is read as, where that ends in a long vowel: コウ, キュウ, セイ.
_LONG_ON_READING = compile_lazy(
    "(?:[キシチニヒミリギジヂビピ][ョュ]|[オコソトノホモヨロゴゾドボポフツユ])ウ|[エケセテネヘメレゲゼデベペ]イ"
)


class UnusableTextError(ValueError):
    """A text that cannot be what its author meant: broken characters, a reading that is not kana."""


def kana_to_hiragana(kana: str) -> str:
    """Katakana in hiragana, ー as it is."""
    return kana.translate(_KATAKANA_TO_HIRAGANA)


def parse_kana(text: str) -> str | None:
    """A text in kana in katakana; None where it is empty or has anything else."""
    kana = kana_to_katakana(text)
    return kana if is_katakana(kana) else None


def to_pronunciation(kana: str) -> str:
    """How kana are pronounced: in katakana, with ー for kana that only lengthen the vowel before it.

    トウキョウ is トーキョー, センセイ センセー, ツヅク ツズク. Spelling alone decides: ハ and ヘ stay
    what they are, and オモウ, whose ウ is an ending, becomes オモー, too. イイ at the end stays, as
    in アタラシイ.
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


# Romaji to katakana: Hepburn, kunrei-shiki, nihon-shiki and what is typed to get kana.
_ROMAJI_ROWS = parse_pairs(
    ":アイウエオ k:カキクケコ g:ガギグゲゴ s:サシスセソ z:ザジズゼゾ t:タチツテト d:ダヂヅデド n:ナニヌネノ "
    "h:ハヒフヘホ b:バビブベボ p:パピプペポ m:マミムメモ r:ラリルレロ"
)

#: Behind a kana in イ or ウ, a small kana takes the place of its vowel: sha is シャ, fa ファ.
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

#: What may stand at a place, in the order in which it is tried. An n before a vowel begins a
#: syllable, an n before anything else is ン, and so is the first of nn; oh is a long o (Ohta).
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
    """The katakana of a text in romaji; None when it is something else.

    Long vowels may be written out, or marked (ō, ô, Ohta); they become ー where they are marked.
    Hyphens, dots and spaces inside a reading part it for the eye only: tabe.ru, -ru, kon-nichi.
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
