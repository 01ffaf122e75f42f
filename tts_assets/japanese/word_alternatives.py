"""Splits texts with several alternatives, and pairs these with their readings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.japanese.alignment import can_spell, find_okurigana, has_kanji
from tts_assets.japanese.text_rules import compile_lazy
from tts_assets.model import is_katakana, kana_to_katakana, split_morae

if TYPE_CHECKING:
    from collections.abc import Sequence

_SURU = "する"
_OPTIONAL_SURU = compile_lazy(
    r"[ ]*(?:[(（\[［〔][ ]*(?:を)?(?:する|スル|suru)[ ]*[)）\]］〕]|・[ ]*(?:する|スル)(?![^\s/／;；、,，|]))",
    re.IGNORECASE,
)
_WITH_SURU = "\ue003"
_OR = r"\s(?:or|または|もしくは|あるいは)\s"

#: Separators of spellings; not in dates, fractions, addresses and units.
_BETWEEN_SPELLINGS = compile_lazy(
    r"[;；|｜\n]|(?<![\d:/a-z])[/／](?![\d/／])|(?<=[\u3040-\u9fff])[/／](?=[\u3040-\u9fff])"
    f"|{_OR}"
)
_BETWEEN_READINGS = "/／;；|｜、,，・→⇒⇔↔\n"
_KANA = compile_lazy("[ぁ-ゖァ-ヺー]+")
_COMMAS = "、，,"

#: A word as dictionaries list it: 回る, 話し合う, 右; not 本を読む, 結構です.
_HEADWORD = compile_lazy(
    "(?!.*[はがをにでとも][\u3400-\u9fff々])(?:[おご]?[\u3400-\u9fff々]+[ぁ-ゖ]{0,3})*"
    "(?:[\u3400-\u9fff々]|[うくぐつぬぶむるい]|(?<!で)す)"
)

_BETWEEN_KANJI = "・|｜"  #: separators that also occur between the kanji of one word: せん・せい

#: An on reading of a kanji: ガッ, コウ, ショク; not ザコ.
_ON_READING = compile_lazy("[ァ-ヺ][ャュョ]?[ンウイツクチキッ]?")
_VOICED = compile_lazy("[ガギグゲゴザジズゼゾダヂヅデドバビブベボ]")

#: The largest number of alternatives of a word; each is compared with each reading.
_MAX_ALTERNATIVES = 50
_MARKS_OF_READINGS = compile_lazy(f"[{_BETWEEN_READINGS}]|{_OR}")


def mark_optional_suru(text: str) -> str:
    """Mark こしょう(する) as two alternatives; call this before dropping notes."""
    return _OPTIONAL_SURU.sub(_WITH_SURU, text)


def split_alternatives(text: str, separators: Sequence[str] | None) -> list[str]:
    """Split a spelling at marks that always separate alternatives; append する to the word before it."""
    return _append_suru(_split_at(text, separators, _BETWEEN_SPELLINGS))


def split_readings(
    reading: str, spellings: Sequence[str], separators: Sequence[str] | None
) -> list[str]:
    """Split a reading into alternatives; marks that the spelling also has do not separate."""
    if separators is not None:
        return _append_suru(_split_at(reading, separators, _MARKS_OF_READINGS))
    if _KANA.fullmatch(reading):
        return [reading]
    spellings = spellings[:_MAX_ALTERNATIVES]
    marks = "".join(
        mark
        for mark in _BETWEEN_READINGS
        if not any(
            mark in each and not _has_matching_parts(mark, each, reading) for each in spellings
        )
    )
    inner = "".join(mark for mark in marks if mark in _BETWEEN_KANJI)
    outer = "".join(mark for mark in marks if mark not in _BETWEEN_KANJI)
    parts = [
        piece
        for part in _split_at(
            reading, None, re.compile(f"[{re.escape(outer)}]|{_OR}" if outer else _OR)
        )
        for piece in _split_between_kanji(part, inner, spellings)
    ]
    spaced = [piece for part in parts for piece in _split_at_spaces(part, spellings)]
    return _append_suru(spaced)


def split_by_readings(spelling: str, readings: Sequence[str]) -> list[str]:
    """Split a spelling at ・, 、 and spaces, if each part alone fits a reading."""
    for mark in "・、，, ":
        if mark not in spelling:
            continue
        parts = [part.strip() for part in _compile_separator(mark).split(spelling)]
        if (
            1 < len(parts) <= _MAX_ALTERNATIVES
            and all(parts)
            and _are_alternatives(parts, mark, readings)
        ):
            return _append_suru(parts)
    return [spelling]


def pair_readings(
    spellings: Sequence[str], readings: Sequence[str]
) -> list[tuple[str, str | None]]:
    """Pair spellings with readings, the main pair first.

    If there are as many readings as spellings, pair them in order. Several readings of one spelling
    make one pair each. Several spellings of one reading make a single pair, because they sound the
    same: with the spelling that has the most okurigana, else the first.
    """
    if not readings:
        return [(spelling, None) for spelling in dict.fromkeys(spellings)]
    if 1 < len(spellings) == len(readings):
        pairs = list(zip(spellings, readings, strict=True))
    elif len(readings) == 1 and spellings[-1] == spellings[0] + _SURU:
        pairs = [(spellings[0], readings[0]), (spellings[-1], readings[0] + "スル")]
    else:
        pairs = [_pair_reading(spellings, reading, readings) for reading in readings]
    return list(dict.fromkeys(pairs))


def drop_misfits(spellings: Sequence[str], readings: Sequence[str]) -> list[str]:
    """Drop readings that do not fit the only spelling; keep all if none fits.

    Of まわる、まわす for 回す, keep マワス.
    """
    if len(readings) < 2 or len(spellings) != 1:
        return list(readings)
    shown = (spellings[0], f"{spellings[0]}{_SURU}")
    fitting = [each for each in readings if any(can_spell(spelling, each) for spelling in shown)]
    return fitting or list(readings)


def _compile_separator(mark: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![0-9０-９]){re.escape(mark)}|{re.escape(mark)}(?![0-9０-９])")


def _pair_reading(
    spellings: Sequence[str], reading: str, readings: Sequence[str]
) -> tuple[str, str]:
    """Find the spelling of a reading; if only one of the two has する, append it to the other."""
    fitting = [
        each for each in spellings[:_MAX_ALTERNATIVES] if can_spell(each, reading)
    ] or spellings[:1]
    spelling = max(fitting, key=lambda each: len(find_okurigana(each)))
    noun = reading.removesuffix("スル")
    if kana_to_katakana(spelling).endswith("スル"):
        verb = f"{reading}スル"
        return spelling, verb if verb in readings else reading
    if noun != reading and (noun in readings or (noun and can_spell(spelling, noun))):
        return spelling + _SURU, reading
    return spelling, reading


def _split_at(text: str, separators: Sequence[str] | None, pattern: re.Pattern[str]) -> list[str]:
    if separators is not None:
        marks = sorted(filter(None, separators), key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, marks)) or r"(?!)")
    marked = text.replace(_WITH_SURU, f"{_WITH_SURU}{_SURU}")
    parts = [piece for part in pattern.split(marked) for piece in part.split(_WITH_SURU)]
    return [part.strip() for part in parts if part.strip()] or [text]


def _append_suru(parts: Sequence[str]) -> list[str]:
    """Append する to the word before it: こしょう and する become こしょう and こしょうする."""
    whole: list[str] = []
    for part in parts:
        is_suru = whole and part != whole[-1] and kana_to_katakana(part) in {"スル", "ヲスル"}
        whole.append(f"{whole[-1].removesuffix(_SURU)}{_SURU}" if is_suru else part)
    return list(dict.fromkeys(whole))


def _split_between_kanji(reading: str, marks: str, spellings: Sequence[str]) -> list[str]:
    """Split a reading at marks that may also occur within a word, unless it is one word."""
    if not any(mark in reading for mark in marks):
        return [reading]
    parts = _split_at(reading, None, re.compile(f"[{re.escape(marks)}]"))
    return ["".join(parts)] if _is_one_word(parts, spellings) else parts


def _is_one_word(parts: Sequence[str], spellings: Sequence[str]) -> bool:
    """Whether the marks are within a word: た・べる (okurigana of 食べる), せん・せい (kanji by kanji)."""
    joined = "".join(parts)
    fitting = [each for each in spellings if "・" not in each and can_spell(each, joined)]
    if not all(any(can_spell(each, part) for each in spellings) for part in parts):
        return bool(fitting)
    return _may_be_per_kanji(parts) and any(
        len(each) == len(parts) and all(map(has_kanji, each)) for each in fitting if len(each) > 1
    )


def _may_be_per_kanji(parts: Sequence[str]) -> bool:
    """Whether parts may be those of one word: せん・せい, and とも・だち (voiced); not ざこ・じゃこ."""
    kana = [kana_to_katakana(part) for part in parts]
    if all(map(_ON_READING.fullmatch, kana)):
        return True
    voiced = [_VOICED.match(part) is not None for part in kana]
    return all(len(split_morae(part)) == 2 for part in kana) and any(voiced[1:]) and not voiced[0]


def _has_matching_parts(mark: str, spelling: str, reading: str) -> bool:
    """Whether the parts of both match one by one: 行く・来る, いく・くる; at commas only headwords."""
    words, kana = spelling.split(mark), reading.split(mark)
    return (
        (mark == "・" or (mark in _COMMAS and all(map(_HEADWORD.fullmatch, map(str.strip, words)))))
        and len(words) == len(kana)
        and any(map(has_kanji, words))
        and all(
            not is_katakana(word) and can_spell(word, spoken)
            for word, spoken in zip(words, kana, strict=True)
        )
    )


def _split_at_spaces(reading: str, spellings: Sequence[str]) -> list[str]:
    parts = reading.split()
    if len(parts) < 2 or (spellings and not _are_full_readings(parts, spellings)):
        return [reading]
    return parts


def _are_full_readings(parts: Sequence[str], spellings: Sequence[str]) -> bool:
    """Whether each part is a full reading: of 十, or of 開く; not がっ and こう of 学校."""
    spoken = [part for part in parts if kana_to_katakana(part) != "スル"]
    return any(
        (len(spelling) == 1 or find_okurigana(spelling))
        and has_kanji(spelling)
        and all(can_spell(spelling, part) for part in spoken)
        for spelling in spellings
    )


def _are_alternatives(parts: Sequence[str], mark: str, readings: Sequence[str]) -> bool:
    if all(is_katakana(part) for part in parts):
        return False
    joined = "".join(parts)
    if readings:
        fitting = all(any(can_spell(part, reading) for reading in readings) for part in parts)
        # 結構です、大丈夫です with one reading is a single text.
        is_one_text = mark == " " or (len(readings) == 1 and any(map(find_okurigana, parts)))
        return fitting and not (
            is_one_text and any(can_spell(joined, reading) for reading in readings)
        )
    if mark == " ":
        ends = {find_okurigana(part) for part in parts}
        return len(ends) == 1 and "" not in ends
    return mark == "・" and all(has_kanji(part) or len(part) > 1 for part in parts)
