"""Whether kana can be the reading of a spelling, told from the kana that the spelling shows."""

from __future__ import annotations

from tts_assets.japanese.kana import kana_to_katakana, split_morae
from tts_assets.japanese.regex import compile_lazy

_PIECE = compile_lazy(r"(?P<kana>[ァ-ヴー]+)|(?P<other>[^\W_ァ-ヴー]+)")
_KANJI = compile_lazy(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff々〆〇]")
_OKURIGANA = compile_lazy(r"[\u4e00-\u9fff々]([ぁ-ゖ]+)")


def has_kanji(text: str) -> bool:
    return _KANJI.search(text) is not None


def count_kanji(text: str) -> int:
    return len(_KANJI.findall(text))


def find_okurigana(spelling: str) -> str:
    """The hiragana at the end of a spelling in kanji; "" where there are none."""
    *_, end = _OKURIGANA.findall(spelling) or [""]
    return end if spelling.endswith(end) else ""


def can_spell(spelling: str, kana: str) -> bool:
    """Whether kana can be read for a spelling: its own kana stand in them, in their order.

    食べ物 fits タベモノ and not タモノ; each kanji takes a mora at least.
    """
    # A blank is no sound of a kanji.
    reading = "".join(kana_to_katakana(kana).split())
    pieces = list(_PIECE.finditer(kana_to_katakana(spelling)))
    if len(split_morae(reading)) < count_kanji(spelling):
        return False
    at, gap = 0, 0
    for index, piece in enumerate(pieces):
        if piece["other"]:
            gap = 1
            continue
        last = index == len(pieces) - 1
        found = _find_kana(reading, piece["kana"], at + gap, free=gap == 1, last=last)
        if found < 0:
            return False
        at, gap = found + len(piece["kana"]), 0
    return at + gap <= len(reading) if gap else at == len(reading)


def _find_kana(reading: str, kana: str, start: int, *, free: bool, last: bool) -> int:
    """Where the spelling's kana stand in the reading, at ``start`` or behind; -1 for nowhere."""
    if not free:
        return start if reading.startswith(kana, start) else -1
    if last:
        end = len(reading) - len(kana)
        return end if end >= start and reading.endswith(kana) else -1
    return reading.find(kana, start)
