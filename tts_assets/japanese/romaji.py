"""Romaji to katakana: Hepburn, kunrei-shiki, nihon-shiki and what is typed to get kana."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    import re

_ROMAJI_ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "g": "ガギグゲゴ",
    "s": "サシスセソ",
    "z": "ザジズゼゾ",
    "t": "タチツテト",
    "d": "ダヂヅデド",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "b": "バビブベボ",
    "p": "パピプペポ",
    "m": "マミムメモ",
    "r": "ラリルレロ",
}
#: Behind a kana in イ or ウ, a small kana takes the place of its vowel: sha is シャ, fa ファ.
_SMALL = {"a": "ァ", "i": "ィ", "u": "", "e": "ェ", "o": "ォ"}
_GLIDES = {"a": "ャ", "i": "", "u": "ュ", "e": "ェ", "o": "ョ"}
_OTHERS = {
    "ya": "ヤ",
    "yu": "ユ",
    "yo": "ヨ",
    "ye": "イェ",
    "wa": "ワ",
    "wi": "ウィ",
    "we": "ウェ",
    "wo": "ヲ",
    "dzu": "ヅ",
    "thi": "ティ",
    "t'i": "ティ",
    "dhi": "ディ",
    "d'i": "ディ",
    "dhu": "デュ",
    "t'u": "トゥ",
    "d'u": "ドゥ",
}
_TYPED_SMALL = {
    "xa": "ァ",
    "xi": "ィ",
    "xu": "ゥ",
    "xe": "ェ",
    "xo": "ォ",
    "xya": "ャ",
    "xyu": "ュ",
    "xyo": "ョ",
    "xwa": "ヮ",
    "xtu": "ッ",
    "xtsu": "ッ",
    "ltu": "ッ",
    "ltsu": "ッ",
}


def _build_syllables() -> dict[str, str]:
    """Every spelling of one mora; the regular ones are built from their rows."""
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
        kana.append(_piece_to_kana(piece))
        at = piece.end()
    return "".join(kana) or None


def _piece_to_kana(piece: re.Match[str]) -> str:
    match piece.lastgroup:
        case "syllable":
            return _KANA_OF[piece.group()]
        case "long":
            return "ー"
        case "nasal":
            return "ン"
        case "mark":
            return ""
        case _:
            return "ッ"
