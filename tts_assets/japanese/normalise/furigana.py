"""Furigana in a text: words marked with their readings, and what that tells of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.accent import accent_of
from tts_assets.japanese.kana import UnusableTextError, hiragana, is_katakana, katakana
from tts_assets.japanese.normalise.counters import reads_numbers
from tts_assets.japanese.normalise.fit import fits
from tts_assets.japanese.regex import regex

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
_MARKED = regex(f"{_OPEN}([^{_OPEN}-{_CLOSE}]*){_MIDDLE}([^{_OPEN}-{_CLOSE}]*){_CLOSE}")
#: Anki needs a space before a base; only behind a particle it is a boundary of words, too.
_SPACE_BEFORE = regex(f"(?<![はへをがにでともの]) +(?={_OPEN})")
_SIGN = regex(f"[{_OPEN}-{_CLOSE}{_UNSURE}{_PERHAPS}]")
_NUMERALS = regex("^[0-9０-９一二三四五六七八九十百千万]+")
_PITCHED = regex(
    r"[\[［][^\[\]［］;\n]{0,64};([^\[\]［］\n]{1,16})[\]］]|(?<=[ぁ-ゖァ-ヺー])[\[［]([\d０-９,、 ]{1,9})[\]］]"
)
_NO_SOUND = regex(r"[\s、。，．,.・!?！？「」『』…‥〜～~\-‐–—―－:：;；]+")


def marked(base: str, *readings: str, unsure: bool = False, perhaps: bool = False) -> str:
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
    if counter not in {"", base} and fits(counter, reading) and not reads_numbers(base, reading):
        return base.removesuffix(counter) + marked(counter, *readings, unsure=unsure)
    sign = _PERHAPS if perhaps else _UNSURE * unsure
    return f"{_OPEN}{base}{_MIDDLE}{sign}{_OR.join(readings)}{_CLOSE}"


def surface(text: str) -> str:
    """The text without the readings."""
    # Broken markup may mark one reading inside another.
    while _MARKED.search(text):
        text = _MARKED.sub(r"\1", text)
    return _SIGN.sub("", text)


def spaced_surface(text: str) -> str:
    """The same without the spaces that belong to the notation: 食[た]べ 物[もの]."""
    return surface(_SPACE_BEFORE.sub("", text))


def read(text: str) -> str:
    """The text with the readings in the place of what they are of."""
    while _MARKED.search(text):
        text = _MARKED.sub(lambda found: found[2].partition(_OR)[0], text)
    return _SIGN.sub("", text)


def read_in_all_ways(text: str) -> list[str]:
    """The same; a word with several readings that stands alone in each of them.

    Nothing where only a dictionary can tell whether the text is read so.
    """
    if _is_open(text):
        return []
    alone = _MARKED.fullmatch(text.strip())
    return alone[2].split(_OR) if alone else [read(text)]


def _is_open(text: str) -> bool:
    return _UNSURE in text or _PERHAPS in text


def marks(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces, each with its reading; None for what has none.

    A reading is in katakana; in hiragana where it is one only if a dictionary knows it.
    """
    at = 0
    for found in _MARKED.finditer(text):
        yield _SIGN.sub("", text[at : found.start()]), None
        kana = katakana(_SIGN.sub("", found[2]).partition(_OR)[0])
        yield found[1], hiragana(kana) if _PERHAPS in found[2] else kana
        at = found.end()
    yield _SIGN.sub("", text[at:]), None


def has_readings(text: str) -> bool:
    return _MARKED.search(text) is not None


def kana_of(text: str) -> str | None:
    """The text's sound in katakana, if its kana and furigana surely say all of it."""
    if _is_open(text):
        return None
    kana = katakana(_NO_SOUND.sub("", read(text)))
    return kana if is_katakana(kana) else None


def pitch_within(text: str, reading: str) -> int | None:
    """The accent in brackets such as 言葉[ことば;3] and あめ[1]; None where they do not tell it."""
    codes = [code for pair in _PITCHED.findall(text) for code in pair if code]
    if len(codes) != 1:
        return None
    try:
        return accent_of(codes[0], reading)
    except UnusableTextError:
        return None
