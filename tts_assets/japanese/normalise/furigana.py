"""Furigana in a text: words marked with their readings, and what that tells of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.accent import parse_accent
from tts_assets.japanese.kana import (
    UnusableTextError,
    is_katakana,
    kana_to_hiragana,
    kana_to_katakana,
)
from tts_assets.japanese.normalise.counters import can_read_numbers
from tts_assets.japanese.normalise.fit import can_spell
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Private characters that stand around a base and its reading; no text has them by then.
_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
#: Before a reading that may be no reading of the whole base.
_UNSURE = "\ue004"
#: Before one that was written in Latin letters, and may be a translation.
_PERHAPS = "\ue005"
#: Between readings of one base.
_OR = "／"
_MARKED = compile_lazy(f"{_OPEN}([^{_OPEN}-{_CLOSE}]*){_MIDDLE}([^{_OPEN}-{_CLOSE}]*){_CLOSE}")
#: Anki needs a space before a base; only behind a particle it is a boundary of words, too.
_SPACE_BEFORE = compile_lazy(f"(?<![はへをがにでともの]) +(?={_OPEN})")
_SIGN = compile_lazy(f"[{_OPEN}-{_CLOSE}{_UNSURE}{_PERHAPS}]")
_NUMERALS = compile_lazy("^[0-9０-９一二三四五六七八九十百千万]+")
_PITCHED = compile_lazy(
    r"[\[［][^\[\]［］;\n]{0,64};([^\[\]［］\n]{1,16})[\]］]|(?<=[ぁ-ゖァ-ヺー])[\[［]([\d０-９,、 ]{1,9})[\]］]"
)
_NO_SOUND = compile_lazy(r"[\s、。，．,.・!?！？「」『』…‥〜～~\-‐–—―－:：;；]+")


def mark_reading(base: str, *readings: str, unsure: bool = False, perhaps: bool = False) -> str:
    """The base with its readings, so that both can be had from the text.

    A number that a reading leaves out stands before them.

    Args:
        base: the word.
        readings: its kana; of several the first is said where there can be only one.
        unsure: whether only a dictionary can tell that it is read so.
        perhaps: whether it is read so only if a dictionary knows that reading.
    """
    reading = readings[0]
    counter = _NUMERALS.sub("", base)
    if (
        counter not in {"", base}
        and can_spell(counter, reading)
        and not can_read_numbers(base, reading)
    ):
        return base.removesuffix(counter) + mark_reading(counter, *readings, unsure=unsure)
    sign = _PERHAPS if perhaps else _UNSURE * unsure
    return f"{_OPEN}{base}{_MIDDLE}{sign}{_OR.join(readings)}{_CLOSE}"


def strip_readings(text: str) -> str:
    """The text without the readings."""
    # Broken markup may mark one reading inside another.
    while _MARKED.search(text):
        text = _MARKED.sub(r"\1", text)
    return _SIGN.sub("", text)


def strip_spaced_readings(text: str) -> str:
    """The same without the spaces that belong to the notation: 食[た]べ 物[もの]."""
    return strip_readings(_SPACE_BEFORE.sub("", text))


def apply_readings(text: str) -> str:
    """The text with the readings in the place of what they are of."""
    while _MARKED.search(text):
        text = _MARKED.sub(lambda found: found[2].partition(_OR)[0], text)
    return _SIGN.sub("", text)


def list_all_readings(text: str) -> list[str]:
    """The same; a word with several readings that stands alone in each of them.

    Nothing where only a dictionary can tell whether the text is read so.
    """
    if _needs_dictionary(text):
        return []
    alone = _MARKED.fullmatch(text.strip())
    return alone[2].split(_OR) if alone else [apply_readings(text)]


def _needs_dictionary(text: str) -> bool:
    return _UNSURE in text or _PERHAPS in text


def split_marked_text(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces, each with its reading; None for what has none.

    A reading is in katakana; in hiragana where it is one only if a dictionary knows it.
    """
    at = 0
    for found in _MARKED.finditer(text):
        yield _SIGN.sub("", text[at : found.start()]), None
        kana = kana_to_katakana(_SIGN.sub("", found[2]).partition(_OR)[0])
        yield found[1], kana_to_hiragana(kana) if _PERHAPS in found[2] else kana
        at = found.end()
    yield _SIGN.sub("", text[at:]), None


def has_readings(text: str) -> bool:
    return _MARKED.search(text) is not None


def find_full_kana(text: str) -> str | None:
    """The text's sound in katakana, if its kana and furigana surely say all of it."""
    if _needs_dictionary(text):
        return None
    kana = kana_to_katakana(_NO_SOUND.sub("", apply_readings(text)))
    return kana if is_katakana(kana) else None


def find_bracket_accent(text: str, reading: str) -> int | None:
    """The accent in brackets such as 言葉[ことば;3] and あめ[1]; None where they do not tell it."""
    codes = [code for pair in _PITCHED.findall(text) for code in pair if code]
    if len(codes) != 1:
        return None
    try:
        return parse_accent(codes[0], reading)
    except UnusableTextError:
        return None
