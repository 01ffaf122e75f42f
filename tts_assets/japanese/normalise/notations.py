"""Notations of furigana: the many ways in which data write readings into a text, made into one."""

from __future__ import annotations

import re

from tts_assets.japanese.normalise.bracketed import mark_bracketed_readings
from tts_assets.japanese.normalise.column import pipeline
from tts_assets.japanese.normalise.fit import can_spell, has_kanji
from tts_assets.japanese.normalise.furigana import mark_reading
from tts_assets.japanese.regex import compile_lazy

_KANA_RANGE = "ぁ-ゖァ-ヺー"
_EDITORS_NOTE = compile_lazy(r"［＃[^［］]*］")
_BARRED = compile_lazy(rf"[｜|]([^｜|《》\s]{{1,24}})《([{_KANA_RANGE}・ ]{{1,48}})》")
#: Templates of wikis.
_TEMPLATE = compile_lazy(
    rf"\{{\{{(?:[a-zA-Z]{{1,16}}\|)?([^{{}}|\n]{{1,24}})\|([{_KANA_RANGE}| ]{{1,48}})\}}\}}"
)
#: Commands of LaTeX.
_COMMAND = compile_lazy(
    rf"\\(?:[a-z]*ruby|furigana)\{{([^{{}}\n]{{1,24}})\}}\{{([{_KANA_RANGE}| ]{{1,48}})\}}"
)
#: Not [に|ほん|ご], which is a reading.
_BRACED = compile_lazy(
    rf"[{{\[](?![{_KANA_RANGE}]+[|｜])([^{{}}\[\]|｜\n]{{1,24}})[|｜]([{_KANA_RANGE}|｜ ]{{1,48}})[}}\]]"
)
_PAIRED = compile_lazy(
    r"(?:[\[［]([^\[\]［］\n]{1,24})[\]］]|\{([^{}\n]{1,24})\})"
    rf"(?:\{{([{_KANA_RANGE}|｜ ]{{1,48}})\}}|[(（]([{_KANA_RANGE} ]{{1,48}})[)）])"
)
_BETWEEN_BARS = compile_lazy(
    rf"(?<![|｜])([\u3400-\u9fff々][\u3400-\u9fff々{_KANA_RANGE}]{{0,23}})\|([{_KANA_RANGE}]{{1,48}})\|(?!\|)"
)


def _mark_aozora(text: str) -> str:
    """Aozora Bunko: ｜base《reading》; the editors' notes in ［＃］ are dropped."""
    return _BARRED.sub(lambda found: mark_reading(found[1], found[2]), _EDITORS_NOTE.sub("", text))


def _mark_braces(text: str) -> str:
    r"""{{漢字|かんじ}}, {漢字|かん|じ}, [漢字|かん|じ] and \ruby{漢字}{かんじ}."""
    for notation in (_TEMPLATE, _COMMAND, _BRACED):
        text = notation.sub(lambda found: mark_reading(found[1], _remove_bars(found[2])), text)
    return text


def _mark_pairs(text: str) -> str:
    """[漢字]{かんじ}, [漢字](かんじ), {漢字}(かんじ)."""
    return _PAIRED.sub(_mark_pair, text)


def _mark_pair(found: re.Match[str]) -> str:
    base = found[1] or found[2]
    return mark_reading(base, _remove_bars(found[3] or found[4])) if has_kanji(base) else found[0]


def _mark_bars(text: str) -> str:
    """漢字|かんじ|."""
    return _BETWEEN_BARS.sub(
        lambda found: (
            mark_reading(found[1], found[2]) if can_spell(found[1], found[2]) else found[0]
        ),
        text,
    )


def _remove_bars(reading: str) -> str:
    return re.sub(r"[|｜ ]", "", reading)


#: Every way of writing furigana made into one.
mark_furigana = pipeline(
    _mark_aozora, _mark_braces, _mark_pairs, _mark_bars, mark_bracketed_readings
)
