"""Pitch accent: parses the notations in data to a mora number, and formats phrases for people."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tts_assets.errors import show_value
from tts_assets.japanese.kana import UnusableTextError, pronunciation_key
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import (
    AccentBasis,
    Basis,
    Phrase,
    Pronunciation,
    kana_to_katakana,
    split_morae,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ACCEPTED = (
    "write the number of the mora after which the pitch falls, 0 for none; also accepted: "
    "[2], ②, ア＼ル, ハシ↓, ハシ￣ (flat), LHL, 低高低, heiban, atamadaka, odaka, 平板, and Migaku's h, "
    "a, o, n2, k2"
)

#: The keys of an object that may hold its accent, in order of preference.
_KEYS = (
    "accent", "drop", "nucleus", "downstep", "position", "pitch", "kernel", "pattern", "pitches",
    "positions", "accents",
)  # fmt: skip

#: The largest number: notations have at most two digits.
_LARGEST = 99
_KANA = r"[ぁ-ゖァ-ヺー]"
_BETWEEN = compile_lazy(r"[,、，;；|｜\n]|\s[/／・]\s")
_CLASS = compile_lazy(
    r"[(（\[［【〔〈<](?![HLhl高低][)）])[^\d()（）\[\]［］【】〔〕〈〉<>]*[)）\]］】〕〉>]"
)
_TAG = compile_lazy(r"</?[A-Za-z][^<>]*>")
_OVERLINE = compile_lazy(r"<([A-Za-z]+)\b[^<>]*overline[^<>]*>([^<>]*)</\1>")

#: Values for a missing accent.
_ABSENT = frozenset([*"-‐–—―*?？", "None", "null", "NULL", "NaN", "nan", "N/A", "n/a"])
_NUMBER = compile_lazy(
    rf"(?P<kana>{_KANA}+\s*)?[(（\[［【〔〈<]?(?P<number>\d{{1,2}})[)）\]］】〕〉>]?型?"
    r"(?:[\s・/／(（\[［【〔〈<]+\d{1,2}[)）\]］】〕〉>]?型?)*"
)

#: Whole numbers in tables of floating-point numbers.
_WHOLE = compile_lazy(r"^(\d{1,2})\.0+$")
_TWO_PHRASES = compile_lazy(r"(?:[hk]?\d+|h)[-‐‑–+](?:[hk]?\d+|[hk])")
_NAME = compile_lazy(
    r"(?P<name>heiban|atamadaka|nakadaka|odaka|kifuku|平板|頭高|中高|尾高|起伏)(?:[-\s]?gata|[-\s]?shiki|型|式)?"
    r"[\s:：\-(（\[【]*(?P<number>\d{1,2})?[\s)）\]】型]*"
)

#: The codes of the names in kanji by their first kanji; names in Latin letters begin with their code.
_CODE_OF = {"平": "h", "頭": "a", "中": "n", "尾": "o", "起": "k"}
_CODE = compile_lazy(r"(?P<name>[hanok])(?P<number>\d{1,2})?")
_TONES = compile_lazy(r"[hl]{2,}|[高低]{2,}|[01]{2,}")
_HIGH = compile_lazy("[h高]")

#: A possible phrase of standard Japanese: its second mora differs from its first.
_POSSIBLE = compile_lazy(r"10*|01+0*")
_FALL = compile_lazy(r"[＼\\↓ꜜ⤵↘'’‘´`＇┐⌝⌉¬￢﹁]")
_FLAT = compile_lazy(r"[‾￣¯→=＝]| \u0304")
_RISE = compile_lazy(r"[/／↑ꜛ↗┌\s]")
_OVER = compile_lazy("[\u0304\u0305]")
_OVER_ENDS = compile_lazy(
    f"[\u0304\u0305][ァィゥェォャュョヮぁぃぅぇぉゃゅょゎ]?(?={_KANA}(?![\u0304\u0305]))"
)
_NASAL = compile_lazy(r"([カキクケコかきくけこ])[\u309a゜°˚]")
_AS_PARTICLES = str.maketrans("ハヘ", "ワエ")
_SILENT = compile_lazy(r"[_＿°˚・.]")


def parse_accent(value: object, reading: str | None) -> int | None:
    """Parse an accent nucleus: the mora after which the pitch falls, 0 for none.

    The first of several alternates counts. This does not check that the mora exists.

    Args:
        value: the value in the data: a number, text in any known notation, a list of them, an object.
        reading: the word's kana, which odaka and tones need; None if unknown.

    Returns:
        The mora's number from 1, or 0; None if the data give no accent.

    Raises:
        UnusableTextError: the value is in no known notation, or does not determine a mora.
    """
    match value:
        case None:
            return None
        case bool():
            raise _unknown_accent_error(value)
        case int() | float() if 0 <= value <= _LARGEST and value % 1 == 0:
            return int(value)
        case str():
            return _parse_accent_text(value, reading)
        case list() | tuple():
            found = (parse_accent(each, reading) for each in value)
            return next((accent for accent in found if accent is not None), None)
        case dict():
            return parse_accent(_find_accent_value(value), reading) if value else None
        case _:
            raise _unknown_accent_error(value)


def extract_accent_reading(value: object) -> str | None:
    """Extract the kana of notations such as ア＼ル and ハ'シ, in katakana; None if there are none."""
    match value:
        case str():
            return _extract_marked_kana(_extract_first_alternate(value))
        case list() | tuple():
            return next((kana for item in value if (kana := extract_accent_reading(item))), None)
        case dict():
            return extract_accent_reading([inner for key, inner in value.items() if key in _KEYS])
        case _:
            return None


def _extract_marked_kana(text: str) -> str | None:
    numbered = _NUMBER.fullmatch(text)
    if numbered is not None:
        return kana_to_katakana((numbered["kana"] or "").strip()) or None
    marked = any(mark.search(text) for mark in (_FALL, _FLAT, _OVER))
    kana = _strip_accent_marks(text)
    return kana_to_katakana(kana) if marked and re.fullmatch(f"{_KANA}+", kana) else None


def drop_accents(pronunciation: Pronunciation) -> Pronunciation:
    """Remove the accents of a pronunciation, for voices that choose their own."""
    flat = tuple(phrase._replace(accent=0) for phrase in pronunciation.phrases)
    return replace(pronunciation, phrases=flat, accent_basis=AccentBasis.ENGINE)


def doubt_accents(pronunciation: Pronunciation) -> Pronunciation:
    """Mark the accents of a pronunciation as the engine's: they could not be imposed on the voice."""
    return replace(pronunciation, accent_basis=AccentBasis.ENGINE)


def join_pronunciations(parts: Sequence[Pronunciation]) -> Pronunciation:
    """Join the pronunciations of a text's parts, with pauses between those that have a sound.

    The whole is as certain as its least certain part.
    """
    found: list[Phrase] = []
    for part in parts:
        if found and part.phrases:
            found[-1] = found[-1]._replace(pause=True)
        found += part.phrases
    return Pronunciation(
        phrases=tuple(found),
        basis=max((part.basis for part in parts), key=tuple(Basis).index),
        accent_basis=max((part.accent_basis for part in parts), key=tuple(AccentBasis).index),
        doubt="; ".join(part.doubt for part in parts if part.doubt is not None) or None,
        ambiguous=tuple(word for part in parts for word in part.ambiguous),
    )


def format_accent_phrases(phrases: Sequence[Phrase]) -> str:
    """Format phrases with ↓ where the pitch falls: ハ↓シ; a / between phrases, a 、 for a pause."""
    return _join_formatted(phrases, [_format_fall(phrase) for phrase in phrases])


def format_pitch_line(phrases: Sequence[Phrase]) -> str:
    """Format phrases as one H (high) or L (low) for each mora; a / between them, a 、 for a pause."""
    return _join_formatted(phrases, [_format_tones(phrase) for phrase in phrases])


def _join_formatted(phrases: Sequence[Phrase], written: Sequence[str]) -> str:
    ends = ["、" if phrase.pause else "/" for phrase in phrases[:-1]]
    return "".join(text + end for text, end in zip(written, [*ends, ""], strict=False))


def _format_fall(phrase: Phrase) -> str:
    morae = split_morae(phrase.kana)
    if phrase.accent == 0:
        return "".join(morae)
    return "".join([*morae[: phrase.accent], "↓", *morae[phrase.accent :]])


def _format_tones(phrase: Phrase) -> str:
    count = len(split_morae(phrase.kana))
    if phrase.accent == 1:
        return "H" + "L" * (count - 1)
    high = (phrase.accent or count) - 1
    return ("L" + "H" * high + "L" * (count - 1 - high))[:count]


def _unknown_accent_error(value: object) -> UnusableTextError:
    return UnusableTextError(
        f"the accent {show_value(value)} is in no accepted notation: {_ACCEPTED}"
    )


def _find_accent_value(value: Mapping[str, Any]) -> object:
    """Find the value of an object under the first key for an accent."""
    by_name = {str(key).lower(): inner for key, inner in value.items()}
    keys = [key for key in _KEYS if key in by_name]
    if not keys:
        raise UnusableTextError(
            f"the accent is an object with {', '.join(map(str, value))}, but with none of "
            f"{', '.join(_KEYS)}"
        )
    return next((by_name[key] for key in keys if by_name[key] is not None), None)


def _extract_first_alternate(text: str) -> str:
    """Extract the first of several accents, without tags, word classes and typographic variants."""
    plain = html.unescape(text)
    if not _FALL.search(_TAG.sub("", plain)):
        plain = _OVERLINE.sub(lambda high: re.sub("(.)", "\\1\u0305", high[2]), plain)
    plain = unicodedata.normalize("NFC", "".join(map(_normalize_character, _TAG.sub("", plain))))
    bare = _NASAL.sub(r"\1" + "\u3099", _CLASS.sub("", plain))
    parts = _BETWEEN.split(unicodedata.normalize("NFC", bare))
    return next((part.strip() for part in parts if part.strip()), "")


def _normalize_character(character: str) -> str:
    """Normalize the width of digits and letters; add a space behind a circled number."""
    if not character.isalnum():
        return character
    usual = unicodedata.normalize("NFKC", character)
    return f"{usual} " if unicodedata.category(character) == "No" else usual


def _parse_accent_text(value: str, reading: str | None) -> int | None:
    text = _WHOLE.sub(r"\1", _extract_first_alternate(value))
    if not value.strip() or value.strip() in _ABSENT:
        return None
    if _TWO_PHRASES.fullmatch(text.lower()):
        raise UnusableTextError(
            f"the accent {show_value(value)} has two phrases, but a word is one phrase: "
            "give the one mora after which the pitch falls"
        )
    for read in (_parse_tones, _parse_class, _parse_number, _parse_marks):
        accent = read(text, reading)
        if accent is not None:
            return accent
    raise _unknown_accent_error(value)


def _parse_tones(text: str, reading: str | None) -> int | None:
    """Parse LHHL, 低高高低, and 0110 with a digit for each mora; a tone for a particle may follow."""
    tones = re.sub(r"[-\s・()（）]", "", text).lower()
    if not _TONES.fullmatch(tones):
        return None
    count = len(split_morae(reading)) if reading else None
    fits = count is not None and len(tones) in {count, count + 1}
    binary = re.sub("[l低]", "0", _HIGH.sub("1", tones))
    if tones == binary and not (fits and _POSSIBLE.fullmatch(binary)):
        return None
    if not (fits or count is None) or not _POSSIBLE.fullmatch(binary):
        raise UnusableTextError(
            f"the accent {show_value(text)} does not fit {reading or 'any word'}: it needs "
            "one letter for each mora (and one for a particle), with the second unlike the "
            "first"
        )
    return binary.find("10") + 1


def _parse_class(text: str, reading: str | None) -> int | None:
    """Parse a name such as 中高 or a code of Migaku's add-ons, which may have the mora's number."""
    found = _NAME.fullmatch(text.lower()) or _CODE.fullmatch(text.lower())
    if found is None:
        return None
    code = _CODE_OF.get(found["name"][0], found["name"][0])
    if found["number"] is not None:
        return int(found["number"])
    if code in "ha":
        return "ha".index(code)
    if code == "o" and reading and split_morae(reading):
        return len(split_morae(reading))
    lacks = "the reading, whose last mora it means" if code == "o" else "a number, such as n2"
    raise UnusableTextError(
        f"the accent {show_value(text)} does not give the mora after which the pitch falls: "
        f"it lacks {lacks}"
    )


def _parse_number(text: str, _reading: str | None) -> int | None:
    number = _NUMBER.fullmatch(text)
    return int(number["number"]) if number else None


def _parse_marks(text: str, reading: str | None) -> int | None:
    """Parse kana with a mark at the fall, a line over the high morae, or a line behind flat words."""
    before, *after = _FALL.split(text)
    kana = _strip_accent_marks(text)
    if not re.fullmatch(f"{_KANA}+", kana):
        return None
    if reading and not _is_same_word(kana, reading):
        raise UnusableTextError(
            f"the accent {show_value(text)} contradicts {reading}: one of them is wrong"
        )
    if len(after) > 1:
        raise UnusableTextError(
            f"the accent {show_value(text)} falls more than once: a word is one accent "
            "phrase, so give the single fall of the word alone"
        )
    if after:
        return len(split_morae(_strip_accent_marks(before))) or None
    if _FLAT.search(text):
        return 0
    if _OVER.search(text):
        end_of_line = _OVER_ENDS.search(text)
        return (
            len(split_morae(_strip_accent_marks(text[: end_of_line.end()]))) if end_of_line else 0
        )
    return None


def _is_same_word(kana: str, reading: str) -> bool:
    """Whether one text begins with the other: a particle, する or な may follow."""
    one, other = (
        pronunciation_key(each).replace("イウ", "ユウ").translate(_AS_PARTICLES)
        for each in (kana, reading)
    )
    return one.startswith(other) or other.startswith(one)


def _strip_accent_marks(text: str) -> str:
    for mark in (_FALL, _FLAT, _RISE, _SILENT, _OVER):
        text = mark.sub("", text)
    return text


# Parsing of the ledger's accent notation.
_PHRASE = re.compile("([^/、]+)([/、]?)")


def parse_accent_phrases(notation: str) -> tuple[Phrase, ...]:
    """Parse the output of ``format_accent_phrases``; the last phrase has no pause."""
    return tuple(_parse_phrase(written, end) for written, end in _PHRASE.findall(notation))


def _parse_phrase(written: str, end: str) -> Phrase:
    before, fall, after = written.partition("↓")
    return Phrase(
        kana=before + after, accent=len(split_morae(before)) if fall else 0, pause=end == "、"
    )
