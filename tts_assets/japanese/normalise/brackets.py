"""Brackets: notes that are not said, asides that are, and none of their signs left over."""

from __future__ import annotations

import re

from tts_assets.japanese.regex import compile_lazy

_OPENING, _CLOSING = "(（[［{｛【〔〈《", ")）]］}｝】〕〉》"
_NOTE = compile_lazy(
    rf"[{re.escape(_OPENING)}][^{re.escape(_OPENING + _CLOSING)}]*[{re.escape(_CLOSING)}]"
)
_SIGN = compile_lazy(f"[{re.escape(_OPENING + _CLOSING)}「」『』]")
_LONE = compile_lazy(f"[{re.escape(_OPENING + _CLOSING)}]")
_OPEN_NOTE = compile_lazy(
    rf"(?<=[^\s{re.escape(_OPENING)}])\s*[{re.escape(_OPENING)}][^{re.escape(_OPENING + _CLOSING)}]*$"
)
_SPACES = compile_lazy(" {2,}")
_STAGE = frozenset(
    [
        "笑",
        "泣",
        "汗",
        "涙",
        "怒",
        "爆",
        "爆笑",
        "苦笑",
        "微笑",
        "照",
        "沈黙",
        "拍手",
        "ため息",
        "間",
    ]
)
_COMPANY = {"株": "株式会社", "有": "有限会社"}
_ONLY_STOPS = compile_lazy(r"[。、！？!?]*")
_SPEAKABLE_ASIDE = compile_lazy(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々0-9０-９]|^[A-ZＡ-Ｚ]{2,}$")
_KANA = compile_lazy(r"[ぁ-ゖァ-ヺー]+")
#: Faces made of marks: (^_^), m(_ _)m, ヽ(´▽`)ノ.
_FACE = compile_lazy(
    r"[mｍoｏ＼\\／/ヽヾ٩┐┌<＜=＝]{0,2}"
    r"[(（](?=[^()（）]{0,24}[＾^_´`｀ωдДΩ∀▽△□◇≧≦＞＜><;；゜ﾟ°・T])(?:(?!\d|[ぁ-ゖ\u4e00-\u9fff])[^()（）\n]){1,24}[)）]"
    r"[mｍoｏ＼\\／/ノﾉゞ۶┐┌♪b]{0,2}"
)
#: More pairs inside each other than this are no text.
_DEEPEST = 20


def drop_notes(text: str) -> str:
    """A note in brackets is not said, unless the text is nothing else; nor is a lone bracket."""
    kept = text
    for _ in range(_DEEPEST):
        shorter = _NOTE.sub(" ", kept)
        if shorter == kept or not _SIGN.sub("", shorter).strip():
            break
        kept = shorter
    return _SPACES.sub(" ", _SIGN.sub("", kept))


def keep_notes(text: str) -> str:
    """What is in brackets belongs to the word: 静か(な) is 静かな."""
    return _LONE.sub("", text)


def speak_asides(text: str) -> str:
    """What running text has in brackets is said between pauses; faces and translations are not."""
    kept = text
    for _ in range(_DEEPEST):
        said = _NOTE.sub(_speak_aside, kept)
        if said == kept:
            break
        kept = said
    return _LONE.sub("", kept)


def is_note_only(text: str) -> bool:
    """Whether all of a text is in brackets: （no）."""
    return bool(text.strip()) and not _NOTE.sub("", text).strip()


def has_brackets(text: str) -> bool:
    return _LONE.search(text) is not None


def drop_open_note(text: str) -> str:
    """ミリ（メートル without the note, whose bracket nothing closes."""
    return _OPEN_NOTE.sub("", text)


def drop_emoticons(text: str) -> str:
    return _FACE.sub("", text)


def _speak_aside(found: re.Match[str]) -> str:
    bracket, inside = found.group()[0], found.group()[1:-1].strip()
    if _ONLY_STOPS.fullmatch(inside):
        return inside
    if inside in _COMPANY:
        return _COMPANY[inside]
    if (
        inside in _STAGE
        or inside.startswith(("〜", "～", "~", "=", "＝"))
        or not _SPEAKABLE_ASIDE.search(inside)
    ):
        return ""
    if bracket in "[［{｛〈《" or _KANA.fullmatch(inside):
        return inside
    return f"、{inside}、"
