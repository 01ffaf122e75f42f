"""Days of the week that are written with one kanji each: 月～金, 月・水・金, 火木."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Iterator

#: In the order of the week, by which lists of them are told from lists of other things.
WEEKDAYS = "月火水木金土日"
_READING = dict(zip(WEEKDAYS, ("ゲツ", "カ", "スイ", "モク", "キン", "ド", "ニチ"), strict=True))
_WEEKDAY_KANJI = f"[{WEEKDAYS}]"
_BEGINS = r"(?:^|(?<=[、。（(「はがもをにで毎週]))"
_ENDS = r"(?=$|[、。」）)にはもがだで]|から|まで|と(?![一-龥])|の(?!中))"
#: What is told of days: when something begins, and that it rests or is open.
_TIME_CONTEXT = (
    "(?:[0-9０-９一二三四五六七八九十午朝昼夜夕毎]|お?休|定休|営業|受付|授業|仕事|学校|勤務|働)"
)
_HAPPENS = "(?:通|行|来|集|開|会|教|習|泳|走|練習|勉強|あ[りる]|や[りる])"
_WEEKDAY_RANGE = compile_lazy(
    rf"{_BEGINS}({_WEEKDAY_KANJI})から({_WEEKDAY_KANJI})(?=(まで)|[のは]?{_TIME_CONTEXT}|祝|[、。/／]|$)"
)
_TWO = compile_lazy(
    rf"{_BEGINS}(?!月・日){_WEEKDAY_KANJI}・{_WEEKDAY_KANJI}(?=曜|[はがもの]{_TIME_CONTEXT}|に(?:{_TIME_CONTEXT}|{_HAPPENS})|[、。]|$)"
)
_LISTED = compile_lazy(
    rf"{_BEGINS}{_WEEKDAY_KANJI}(?:・{_WEEKDAY_KANJI}){{2,}}(?=曜|(?![・ァ-ヺ一-龥を])(?![がでの](?!{_TIME_CONTEXT})))"
)
_SIDE_BY_SIDE = compile_lazy(rf"{_BEGINS}(?:{_WEEKDAY_KANJI}{{3,}}|月水|火木|水金){_ENDS}")


def find_weekdays(text: str) -> Iterator[tuple[int, int, str]]:
    """Where a text has days of the week, each with its reading in katakana.

    Only where the text says what it says of days: 月から金まで, 土・日は休み, 毎週月・水. Lists
    have the order of the week, and so do ranges without まで. Of three or more, that order is
    enough unless が, で, の or を makes them things: 火・水・木 are days, 火・水・木の力 is none.

    Yields:
        begin, end and reading.
    """
    for found in _WEEKDAY_RANGE.finditer(text):
        first, last, until = found.groups()
        if _is_in_week_order(first + last) or (until and first != last):
            for group in (1, 2):
                yield *found.span(group), _READING[found[group]]
    for found in itertools.chain(_TWO.finditer(text), _LISTED.finditer(text)):
        if _is_in_week_order(found.group().split("・")):
            for place in range(found.start(), found.end(), 2):
                yield place, place + 1, _READING[text[place]]
    for found in _SIDE_BY_SIDE.finditer(text):
        if _is_in_week_order(found.group()):
            yield *found.span(), "".join(_READING[day] for day in found.group())


def _is_in_week_order(days: str | list[str]) -> bool:
    places = [WEEKDAYS.index(day) for day in days]
    return places == sorted(set(places))
