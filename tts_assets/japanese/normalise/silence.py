"""What is never said: blanks to fill in, addresses of the web, texts of marks alone."""

from __future__ import annotations

import re

from tts_assets.japanese.regex import compile_lazy

#: What programs write for a value that is not there.
ABSENT = frozenset(["None", "none", "null", "NULL", "NaN", "N/A", "n/a"])

_NUMERAL = "0-9０-９一二三四五六七八九十百千万年"
_BLANK = compile_lazy(
    r"[_＿]{2,}|[(（\[［【{｛〔〈《「『][\s_＿・…．.?？]*[)）\]］】}｝〕〉》」』]"
    r"|[○●×△▲]{2,}(?<!○×)|[□■]"
    rf"|(?<![{_NUMERAL}〇])〇{{2,}}(?![{_NUMERAL}〇])"
)
#: Nothing but dots: somebody is silent. [...] is the gap of a flash card.
_DOTS = compile_lazy(r"[(（「『](?=\s*[・…‥．.])[\s・…‥．.]+[?？!！]*[)）」』]")
#: Squares and dots before the text of a line; behind a square alone, a particle makes it a blank.
_BULLET = compile_lazy(
    r"^[ ]*(?:[■●](?![ ]?[にをはがでともへの](?![ぁ-ゖ]))|□(?=[ ](?![にをはがでともへの](?![ぁ-ゖ]))|[^ ぁ-ゖ]))"
    r"(?=[ ]?[^\s■□○●×△▲])",
    re.MULTILINE,
)
#: In running text a single _ that parts no Latin words is a blank, too.
_SMALL_BLANK = compile_lazy(r"(?<![A-Za-z0-9_＿])[_＿](?![A-Za-z0-9_＿])")
#: Patterns that begin with a part of speech: N＋です, V-て＋います, 動詞て形＋ください.
_FORMULA = compile_lazy(
    r"[ 〜～~]*((?:[NVSＮＶＳ][0-9０-９]?|[AＡ](?=[-‐−－])|NP|VP|NA|Na|Adj|adj|Noun|noun|Verb|verb"
    r"|(?:[いなイナ]?形容|[名動助副])詞|普通形|辞書形|丁寧形|(?:[てた]|ない|ます|意向|可能|連用)形)"
    r"[ぁ-ゖ形\-‐−－ー〜～() （）]{0,8}(?:[(（][^()（）\n]{1,8}[)）])?[+＋])[ 〜～~]*[ぁ-ゖ\u3400-\u9fff]"
)
_ADDRESS = compile_lazy(r"(?:https?://|www\.)[!-~]+", re.IGNORECASE)
_JAPANESE = compile_lazy(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々]")
_GOES_ON = compile_lazy(rf"[ ]?{_JAPANESE.pattern}")
#: What an engine's dictionary has a reading for: kana, kanji, Latin, Greek, digits, some signs.
_SPEAKABLE = compile_lazy(
    r"[ぁ-ゖァ-ヺ\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〆〇A-Za-zＡ-Ｚａ-ｚ0-9０-９Ⅰ-ⅻ①-⑳¼-¾⅐-⅞"
    r"Α-Ωα-ωÀ-ÖØ-öø-ÿ%％&＆@＠+＋÷×○△◎℃♂♀〒¥￥$＄€£]"
)
_SOUNDLESS = compile_lazy(r"[ッっー、。\s]*")


def find_silence_reason(text: str) -> str | None:
    """Why a text is not said, in words; None if it is."""
    return find_unspeakable_reason(text) or find_empty_reason(text)


def find_unspeakable_reason(text: str) -> str | None:
    """The reason if a text has a part that cannot be said; None otherwise."""
    if _BLANK.search(drop_dots(text)):
        return "the text has a blank to fill in"
    formula = _FORMULA.match(text)
    if formula is not None:
        return f"the text is a formula with {formula[1]!r} in it, not words: say its examples"
    addresses = list(_ADDRESS.finditer(text))
    alone = addresses and not _JAPANESE.search(drop_addresses(text))
    if alone or any(_GOES_ON.match(text, address.end()) for address in addresses):
        return "the text has an address of the web in it, which nobody says"
    return None


def drop_dots(text: str) -> str:
    """The text without 「……」 and （…）, and without the bullets before its lines."""
    return _DOTS.sub("", _BULLET.sub("", text))


def has_small_blank(text: str) -> bool:
    return _SMALL_BLANK.search(text) is not None


def find_empty_reason(text: str) -> str | None:
    """The reason if a text has no character that can be said; None otherwise."""
    if not text.strip():
        return "the text is empty"
    if text.strip() in ABSENT:
        return f"the text is {text.strip()!r}, which programs write where there is none"
    if _SPEAKABLE.search(text) is None or _SOUNDLESS.fullmatch(text):
        return "the text has nothing that can be said"
    return None


def drop_addresses(text: str) -> str:
    """The text without addresses that stand apart from its words."""
    return _ADDRESS.sub("", text)
