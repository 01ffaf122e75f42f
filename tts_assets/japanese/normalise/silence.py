"""What is never said: blanks to fill in, addresses of the web, texts of marks alone."""

from __future__ import annotations

import re

from tts_assets.japanese.regex import regex

#: What programs write for a value that is not there.
ABSENT = frozenset(["None", "none", "null", "NULL", "NaN", "N/A", "n/a"])

_NUMERAL = "0-9０-９一二三四五六七八九十百千万年"
_BLANK = regex(
    r"[_＿]{2,}|[(（\[［【{｛〔〈《「『][\s_＿・…．.?？]*[)）\]］】}｝〕〉》」』]"
    r"|[○●×△▲]{2,}(?<!○×)|[□■]"
    rf"|(?<![{_NUMERAL}〇])〇{{2,}}(?![{_NUMERAL}〇])"
)
#: Nothing but dots: somebody is silent. [...] is the gap of a flash card.
_DOTS = regex(r"[(（「『](?=\s*[・…‥．.])[\s・…‥．.]+[?？!！]*[)）」』]")
#: Squares and dots before the text of a line; behind a square alone, a particle makes it a blank.
_BULLET = regex(
    r"^[ ]*(?:[■●](?![ ]?[にをはがでともへの](?![ぁ-ゖ]))|□(?=[ ](?![にをはがでともへの](?![ぁ-ゖ]))|[^ ぁ-ゖ]))"
    r"(?=[ ]?[^\s■□○●×△▲])",
    re.MULTILINE,
)
#: In running text a single _ that parts no Latin words is a blank, too.
_SMALL_BLANK = regex(r"(?<![A-Za-z0-9_＿])[_＿](?![A-Za-z0-9_＿])")
#: Patterns that begin with a part of speech: N＋です, V-て＋います, 動詞て形＋ください.
_FORMULA = regex(
    r"[ 〜～~]*((?:[NVSＮＶＳ][0-9０-９]?|[AＡ](?=[-‐−－])|NP|VP|NA|Na|Adj|adj|Noun|noun|Verb|verb"
    r"|(?:[いなイナ]?形容|[名動助副])詞|普通形|辞書形|丁寧形|(?:[てた]|ない|ます|意向|可能|連用)形)"
    r"[ぁ-ゖ形\-‐−－ー〜～() （）]{0,8}(?:[(（][^()（）\n]{1,8}[)）])?[+＋])[ 〜～~]*[ぁ-ゖ\u3400-\u9fff]"
)
_ADDRESS = regex(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_JAPANESE = regex(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々]")
_GOES_ON = regex(rf"[ ]?{_JAPANESE.pattern}")
#: What an engine's dictionary has a reading for: kana, kanji, Latin, Greek, digits, some signs.
_SPEAKABLE = regex(
    r"[ぁ-ゖァ-ヺ\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〆〇A-Za-zＡ-Ｚａ-ｚ0-9０-９Ⅰ-ⅻ①-⑳¼-¾⅐-⅞"
    r"Α-Ωα-ωÀ-ÖØ-öø-ÿ%％&＆@＠+＋÷×○△◎℃♂♀〒¥￥$＄€£]"
)
_SOUNDLESS = regex(r"[ッっー、。\s]*")


def reason_for_silence(text: str) -> str | None:
    """Why a text is not said, in words; None if it is."""
    return unsayable(text) or nothing_said(text)


def unsayable(text: str) -> str | None:
    """The reason if a text has a part that cannot be said; None otherwise."""
    if _BLANK.search(without_dots(text)):
        return "the text has a blank to fill in"
    formula = _FORMULA.match(text)
    if formula is not None:
        return f"the text is a formula with {formula[1]!r} in it, not words: say its examples"
    addresses = list(_ADDRESS.finditer(text))
    alone = addresses and not _JAPANESE.search(without_addresses(text))
    if alone or any(_GOES_ON.match(text, address.end()) for address in addresses):
        return "the text has an address of the web in it, which nobody says"
    return None


def without_dots(text: str) -> str:
    """The text without 「……」 and （…）, and without the bullets before its lines."""
    return _DOTS.sub("", _BULLET.sub("", text))


def has_small_blank(text: str) -> bool:
    return _SMALL_BLANK.search(text) is not None


def nothing_said(text: str) -> str | None:
    """The reason if a text has no character that can be said; None otherwise."""
    if not text.strip():
        return "the text is empty"
    if text.strip() in ABSENT:
        return f"the text is {text.strip()!r}, which programs write where there is none"
    if _SPEAKABLE.search(text) is None or _SOUNDLESS.fullmatch(text):
        return "the text has nothing that can be said"
    return None


def without_addresses(text: str) -> str:
    """The text without addresses that stand apart from its words."""
    return _ADDRESS.sub("", text)
