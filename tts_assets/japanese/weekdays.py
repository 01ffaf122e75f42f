"""Days of the week that are written with one kanji each: 月～金, 月・水・金, 火木."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: In the order of the week, by which lists of them are told from lists of other things.
WEEKDAYS = "月火水木金土日"
_READING = dict(zip(WEEKDAYS, ("ゲツ", "カ", "スイ", "モク", "キン", "ド", "ニチ"), strict=True))
_DAY = f"[{WEEKDAYS}]"
_BEGINS = r"(?:^|(?<=[、。（(「はがもをにで毎週]))"
_ENDS = r"(?=$|[、。」）)にはもがだで]|から|まで|と(?![一-龥])|の(?!中))"
_FROM_TO = re.compile(rf"{_BEGINS}({_DAY})から({_DAY})(?=$|[^を一-龥]|[一二三四五六七八九十午]|祝)")
_LISTED = re.compile(rf"{_BEGINS}{_DAY}(?:・{_DAY})+(?=曜|(?![・ァ-ヺ一-龥]))")
_SIDE_BY_SIDE = re.compile(rf"{_BEGINS}(?:{_DAY}{{3,}}|月水|火木|水金){_ENDS}")


def weekdays(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text has days of the week, each with its reading in katakana.

    Only in ranges and in lists in the order of the week: 水・土 may be two days, 土・水 is soil and
    water.

    Yields:
        begin, end and reading.
    """
    for found in _FROM_TO.finditer(text):
        for group in (1, 2):
            yield *found.span(group), _READING[found[group]]
    for found in _LISTED.finditer(text):
        if _in_order(found.group().split("・")):
            for place in range(found.start(), found.end(), 2):
                yield place, place + 1, _READING[text[place]]
    for found in _SIDE_BY_SIDE.finditer(text):
        if _in_order(found.group()):
            yield *found.span(), "".join(_READING[day] for day in found.group())


def _in_order(days: str | list[str]) -> bool:
    places = [WEEKDAYS.index(day) for day in days]
    return places == sorted(set(places))
