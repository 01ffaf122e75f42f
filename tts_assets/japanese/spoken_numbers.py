"""Numbers and units that an engine's dictionary misreads, converted to words."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING

from tts_assets.japanese.text_rules import (
    compile_lazy,
    parse_pairs,
    pipeline,
    replace_matches,
    skip_if,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_D = "[0-9０-９]"
_AMOUNT = rf"{_D}{{1,15}}(?:[,，]{_D}{{3}}){{0,5}}(?:[.．]{_D}{{1,15}})?"
_WAVE = "[〜～~]"
_HYPHEN = "[-−－‐–—―]"
_NOT_IN_NUMBER = r"(?<![0-9０-９/／:：.．\-−－])"
_NUMBER_ENDS = r"(?![0-9０-９/／:：]|[.．\-−－][0-9０-９])"
_CURRENCIES = parse_pairs("¥:円 ￥:円 \\:円 $:ドル ＄:ドル €:ユーロ £:ポンド ￡:ポンド ₩:ウォン")

#: Units behind fractions: 3/2倍, 1/2 cup.
_SHARED = compile_lazy(
    r"\s?(?:[倍個杯本枚人量割点問]|カップ|インチ|リットル|の確率|の割合|[A-Za-z%％])"
)
_WHEN = compile_lazy(r"から|まで|に(?:行|来|会|帰|始|出|着|生|引|終|開|届|結婚)")
_AS_DAY = compile_lazy(r"[に、。]|から|まで|[はのが](?=[^\W_])")
_PART_OF = compile_lazy(r"(?:(?<![年月週日])の|約|(?:確率|割合|縮尺|比率?|分数|答え)[はがも]?)\Z")

#: Common fractions, in addition to those with the numerator 1.
_USUAL = frozenset([(2, 3), (3, 4), (2, 5), (3, 5), (4, 5)])
_DAY_IN_BRACKETS = r"[(（]([月火水木金土日])[)）]"
_UNITS = parse_pairs(
    "km²:平方キロメートル m²:平方メートル cm²:平方センチメートル mm²:平方ミリメートル km³:立方キロメートル m³:立方メートル "
    "cm³:立方センチメートル °C:度 °F:度 °:度 L:リットル l:リットル GB:ギガバイト TB:テラバイト h:時間 min:分 sec:秒"
)
_COUNTER = "[個人本枚匹頭羽台冊杯回階歳才分秒時日週月年泊名度円点種課章番件校巻行語倍割着足軒通箱袋組班曲億万千百つ%％℃]"
_WORD_COUNTER = "(?:キロ|メートル|センチ|ミリ|グラム|リットル|ページ|ドル|パーセント|か月|ヶ月|カ月|km|cm|mm|kg|m|g)"
_FROM_TO = compile_lazy(
    rf"(?<![0-9０-９.．,，])(?P<from>{_AMOUNT})(?P<hyphen>\s?{_HYPHEN}\s?)"
    rf"(?P<to>{_AMOUNT})(?P<counter>\s?(?:{_COUNTER}|{_WORD_COUNTER}))"
)
_SERIES = compile_lazy(rf"{_D}{{1,15}}(?:{_HYPHEN}{_D}{{1,15}}){{2,}}")


def _parse_int(digits: str) -> int:
    return int(unicodedata.normalize("NFKC", digits))


def _verbalize_day(found: re.Match[str]) -> str:
    """Convert a date such as 4/1から to words; unchanged if it can be a fraction."""
    month, day = _parse_int(found[1]), _parse_int(found[2])
    # Only the nearby text: the whole text for each date would be slow.
    before = found.string[max(found.start() - 4, 0) : found.start()]
    behind = found.string[found.end() : found.end() + 8]
    if _SHARED.match(behind):
        is_fraction = True
    elif day == 1:
        is_fraction = False
    elif month >= day or _PART_OF.search(before):
        is_fraction = month < day
    elif (month == 1 and day <= 10) or (month, day) in _USUAL:
        is_fraction = _WHEN.match(behind) is None
    else:
        is_lone_date = day <= 10 and not before.endswith(("は", "が"))
        is_fraction = is_lone_date and _AS_DAY.match(behind) is None
    return found.group() if is_fraction else _format_date(found.group(), None, found[1], found[2])


def _format_date(written: str, year: str | None, month: str, day: str | None = None) -> str:
    """Format a date in words; return ``written`` if there is no such month or day."""
    if not (1 <= _parse_int(month) <= 12 and (day is None or 1 <= _parse_int(day) <= 31)):
        return written
    end = "" if day is None else f"{_parse_int(day)}日"
    return ("" if year is None else f"{_parse_int(year)}年") + f"{_parse_int(month)}月{end}"


def _verbalize_day_range(found: re.Match[str]) -> str:
    first = _format_date("", None, found[1], found[2])
    last = _format_date("", None, found[3], found[4])
    return f"{first}から{last}" if first and last else found.group()


def _verbalize_time(found: re.Match[str]) -> str:
    before, hour, minute, second, after, lasting = found.groups()
    if _parse_int(hour) > 29 or _parse_int(minute) > 59 or _parse_int(second or "0") > 59:
        return found.group()
    half = {"A": "午前", "P": "午後"}.get((before or after or "").upper(), "")
    spoken = f"{half}{_parse_int(hour)}{lasting or '時'}"
    if _parse_int(minute) or second:
        spoken += f"{_parse_int(minute)}分"
    return spoken + (f"{_parse_int(second)}秒" if second else "")


def _expand_vulgar_fraction(found: re.Match[str]) -> str:
    """1½ as 1 1/2."""
    whole, vulgar = found.groups()
    return f"{whole}{whole and ' '}{unicodedata.normalize('NFKC', vulgar).replace('⁄', '/')}"


def _verbalize_fraction(found: re.Match[str]) -> str:
    whole, numerator, denominator = found.groups()
    if _parse_int(denominator) in {0, 1}:
        return found.group()
    return (
        f"{_parse_int(whole)}と" if whole else ""
    ) + f"{_parse_int(denominator)}分の{_parse_int(numerator)}"


def _verbalize_ranges(text: str) -> str:
    """Convert 3〜5人 and 10-15分 to ranges with から; a series such as 03-1234-5678 is not a range."""
    series = [found.span() for found in _SERIES.finditer(text)]

    def verbalize_range(found: re.Match[str]) -> str:
        if not _is_ascending(found) or any(begin <= found.start() < end for begin, end in series):
            return found.group()
        return f"{found['from']}から{found['to']}{found['counter']}"

    return _FROM_TO.sub(verbalize_range, text)


def _is_ascending(found: re.Match[str]) -> bool:
    """Whether the second number is larger; months and hours wrap around."""
    first, second = (
        float(re.sub("[,，]", "", unicodedata.normalize("NFKC", found[name])))
        for name in ("from", "to")
    )
    return first < second or found["counter"].strip() in {"月", "時"}


#: Converts numbers to words.
verbalize_numbers = skip_if(
    compile_lazy("[ぁ-ゖァ-ヺー一-鿿々、。？！「」・]*"),
    pipeline(
        # ¥1,000 is said 1,000円.
        replace_matches(
            rf"([¥￥\\$＄€£￡₩])\s?({_AMOUNT}[十百千万億兆]{{0,4}})(?:円|ドル|ユーロ|ポンド|ウォン)?",
            lambda found: found[2] + _CURRENCIES[found[1]],
        ),
        replace_matches(rf"(?<={_D})\s?([$＄€£￡₩])", lambda found: _CURRENCIES[found[1]]),
        # The area code of a telephone number.
        replace_matches(rf"[(（]([0０]{_D}{{1,4}})[)）]\s?(?={_D}{{1,4}}{_HYPHEN}{_D})", r"\1-"),
        # 2024/5/6, 2024-05, 5/6(月) and 12/25; a bare 5/6 is a fraction.
        replace_matches(
            rf"{_NOT_IN_NUMBER}({_D}{{4}})([/／.．\-－])({_D}{{1,2}})\2({_D}{{1,2}}){_NUMBER_ENDS}",
            lambda found: _format_date(found.group(), found[1], found[3], found[4]),
        ),
        replace_matches(
            rf"{_NOT_IN_NUMBER}((?:19|20){_D}{{2}})[/／\-－]({_D}{{1,2}}){_NUMBER_ENDS}",
            lambda found: _format_date(found.group(), found[1], found[2]),
        ),
        replace_matches(
            rf"{_NOT_IN_NUMBER}({_D}{{1,2}})/({_D}{{1,2}})\s?(?:{_WAVE}|{_HYPHEN})\s?({_D}{{1,2}})/({_D}{{1,2}})"
            rf"{_NUMBER_ENDS}",
            _verbalize_day_range,
        ),
        replace_matches(
            rf"(?<=年)({_D}{{1,2}})/({_D}{{1,2}}){_NUMBER_ENDS}"
            rf"|{_NOT_IN_NUMBER}({_D}{{1,2}})/({_D}{{1,2}})"
            r"(?=\s?(?:[(（][月火水木金土日祝・]{1,3}[)）]|[月火水木金土日]曜))",
            lambda found: _format_date(
                found.group(), None, found[1] or found[3], found[2] or found[4]
            ),
        ),
        replace_matches(
            rf"(?<![0-9０-９/／:：.．A-Za-z=＝+＋×÷*-])(?<!{_D}\s)({_D}{{1,2}})[/／]({_D}{{1,2}})"
            r"(?![0-9０-９/／:：=＝+＋×÷*-]|[.．][0-9０-９]|\s?[=＝+＋×÷])",
            _verbalize_day,
        ),
        replace_matches(r"(?<=日)\s?[(（]([月火水木金土日])[)）]", r"\1曜日"),
        # 毎週（火）, (月)は休み and (月)(水)(金); a single (水) may be water, and き(木) is a tree.
        replace_matches(
            rf"(?:^|(?<=[、。「\s週])){_DAY_IN_BRACKETS}(?:[ 、・]?{_DAY_IN_BRACKETS})+"
            r"(?=[\s、。]|[はがにもで]|から|まで|$)",
            lambda row: re.sub(_DAY_IN_BRACKETS, r"\1曜日", row.group()),
            re.MULTILINE,
        ),
        replace_matches(
            rf"(?<=[毎来今先隔]週){_DAY_IN_BRACKETS}"
            rf"|(?:^|(?<=[、。「\s])){_DAY_IN_BRACKETS}(?=[はがも](?:お?休|定休))",
            lambda found: f"{found[1] or found[2]}曜日",
            re.MULTILINE,
        ),
        # 縮尺は1:50 is said 1対50.
        replace_matches(
            rf"((?:比率?|縮尺|割合)[はがをも、:： ]{{0,2}})({_D}{{1,9}})\s?[:：]\s?({_D}{{1,9}})(?![0-9０-９:：])",
            r"\1\2対\3",
        ),
        replace_matches(
            rf"(?<![0-9０-９:：])({_D}{{1,9}})\s?[:：]\s?({_D}{{1,9}})(?=\s?の(?:比|縮尺|割合))",
            r"\1対\2",
        ),
        # 10:30 is said 10時30分, 3:00 PM 午後3時, and 7時05分 7時5分.
        replace_matches(
            rf"(?:([AaPp])\.?[Mm]\.?\s?)?(?<!{_D})(?<!{_D}[:：])({_D}{{1,2}})[:：]({_D}{{2}})(?:[:：]({_D}{{2}}))?"
            rf"(?![0-9０-９:：])(?:\s?([AaPp])\.?[Mm](?![A-Za-z])\.?)?"
            r"(?:(時間)|時|分)?",
            _verbalize_time,
        ),
        replace_matches(rf"(?<![0-9０-９.．])[0０]({_D})(?=[月日時分秒])", r"\1"),
        # 1/2 is said 2分の1, 1½ 1と2分の1.
        replace_matches(rf"({_D}?)([¼½¾⅐-⅞])", _expand_vulgar_fraction),
        replace_matches(
            rf"(?<![0-9０-９/／:：.．A-Za-z])(?:({_D}{{1,4}})\s)?({_D}{{1,6}})[/／⁄]({_D}{{1,6}})(?![/／:：0-9０-９])",
            _verbalize_fraction,
        ),
        # 5m² is said 5平方メートル; the dictionary has the readings of km, kg and others.
        replace_matches(
            rf"(?<={_D})\s?([kcm]?m[²³]|[kcm]?m[23](?!\d)|°[CF]?|GB|TB|min|sec|[Llh])(?![A-Za-z0-9²³])",
            lambda found: _UNITS[found[1].replace("m2", "m²").replace("m3", "m³")],
        ),
        # -5℃ is said マイナス5℃, 3+4=7 3+4は7, 2^3 2の3乗.
        replace_matches(rf"(?<={_D})\s?[*＊]\s?(?={_D})", "かける"),
        replace_matches(rf"(?<={_D})[\^＾]({_D}{{1,9}})", r"の\1乗"),
        replace_matches(rf"(?<={_D})\s?[-−－]\s?(?={_D}{{1,9}}\s?[=＝])", "引く"),
        replace_matches(
            rf"(?!(?<=[0-9０-９] )[-−－‐] )(?:^|(?<=[\s、。（(「はがも＝=:：~〜～]))[-−－‐]\s?(?={_D})"
            rf"|(?<![0-9０-９A-Za-z\s])[-−－‐](?={_AMOUNT}\s?[度℃°])",
            "マイナス",
            re.MULTILINE,
        ),
        replace_matches(rf"(?<=[^\W_])\s?[=＝]\s?(?=約?(?:マイナス)?{_D})", "は"),
        # Ranges; of addresses 2-3号.
        replace_matches(
            rf"(?<![0-9０-９.．,，\-−－‐–—―])({_D}{{1,9}}){_HYPHEN}({_D}{{1,9}})"
            r"(?=\s?(?:番(?!目)|組|号|丁目))",
            r"\1の\2",
        ),
        _verbalize_ranges,
        # 9時-17時 and 9時〜17時.
        replace_matches(rf"(?<=[時分])\s?{_HYPHEN}\s?(?=(?:午前|午後)?{_D}{{1,2}}時)", "から"),
        replace_matches(
            rf"([0-9０-９①-⑳][\u4e00-\u9fffァ-ヺーA-Za-z]{{0,6}}[%％℃]?)\s?{_WAVE}+\s?", r"\1から"
        ),
        replace_matches(rf"(?<=[^\W_ぁ-ゖー])\s?{_WAVE}+\s?(?={_D}|[①-⑳]|マイナス)", "から"),
        replace_matches(r"(?<![A-Za-z])[eEｅＥ][-‐－][mM]ail(?![a-z])", "Eメール"),
    ),
)

# Days of the week written with one kanji each: 月～金, 月・水・金, 火木.

#: In the order of the week, which distinguishes lists of days from other lists.
WEEKDAYS = "月火水木金土日"
_READING = dict(zip(WEEKDAYS, ("ゲツ", "カ", "スイ", "モク", "キン", "ド", "ニチ"), strict=True))
_WEEKDAY_KANJI = f"[{WEEKDAYS}]"
_BEGINS = r"(?:^|(?<=[、。（(「はがもをにで毎週]))"
_ENDS = r"(?=$|[、。」）)にはもがだで]|から|まで|と(?![一-龥])|の(?!中))"

#: Text behind days: times, and whether a place is closed or open.
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
    """Find days of the week in a text, with their readings in katakana.

    The context must be one of days: 月から金まで, 土・日は休み, 毎週月・水. Lists must have the order
    of the week, and so must ranges without まで. For three or more days the order suffices, unless が,
    で, の or を follows: 火・水・木 are days, those of 火・水・木の力 are not.

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
