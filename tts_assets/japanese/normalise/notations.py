"""Notations of furigana: the many ways in which data write readings into a text, made into one."""

from __future__ import annotations

import re

from tts_assets.japanese.normalise.bracketed import bracketed
from tts_assets.japanese.normalise.column import column
from tts_assets.japanese.normalise.fit import fits, has_kanji
from tts_assets.japanese.normalise.furigana import marked
from tts_assets.japanese.regex import regex

_KANA = "ぁ-ゖァ-ヺー"
_EDITORS_NOTE = regex(r"［＃[^［］]*］")
_BARRED = regex(rf"[｜|]([^｜|《》\s]{{1,24}})《([{_KANA}・ ]{{1,48}})》")
#: Templates of wikis.
_TEMPLATE = regex(
    rf"\{{\{{(?:[a-zA-Z]{{1,16}}\|)?([^{{}}|\n]{{1,24}})\|([{_KANA}| ]{{1,48}})\}}\}}"
)
#: Commands of LaTeX.
_COMMAND = regex(rf"\\(?:[a-z]*ruby|furigana)\{{([^{{}}\n]{{1,24}})\}}\{{([{_KANA}| ]{{1,48}})\}}")
#: Not [に|ほん|ご], which is a reading.
_BRACED = regex(
    rf"[{{\[](?![{_KANA}]+[|｜])([^{{}}\[\]|｜\n]{{1,24}})[|｜]([{_KANA}|｜ ]{{1,48}})[}}\]]"
)
_PAIRED = regex(
    r"(?:[\[［]([^\[\]［］\n]{1,24})[\]］]|\{([^{}\n]{1,24})\})"
    rf"(?:\{{([{_KANA}|｜ ]{{1,48}})\}}|[(（]([{_KANA} ]{{1,48}})[)）])"
)
_BETWEEN_BARS = regex(
    rf"(?<![|｜])([\u3400-\u9fff々][\u3400-\u9fff々{_KANA}]{{0,23}})\|([{_KANA}]{{1,48}})\|(?!\|)"
)


def _aozora(text: str) -> str:
    """Aozora Bunko: ｜base《reading》; the editors' notes in ［＃］ are dropped."""
    return _BARRED.sub(lambda found: marked(found[1], found[2]), _EDITORS_NOTE.sub("", text))


def _braced(text: str) -> str:
    r"""{{漢字|かんじ}}, {漢字|かん|じ}, [漢字|かん|じ] and \ruby{漢字}{かんじ}."""
    for notation in (_TEMPLATE, _COMMAND, _BRACED):
        text = notation.sub(lambda found: marked(found[1], _unbarred(found[2])), text)
    return text


def _paired(text: str) -> str:
    """[漢字]{かんじ}, [漢字](かんじ), {漢字}(かんじ)."""
    return _PAIRED.sub(_pair, text)


def _pair(found: re.Match[str]) -> str:
    base = found[1] or found[2]
    return marked(base, _unbarred(found[3] or found[4])) if has_kanji(base) else found[0]


def _between_bars(text: str) -> str:
    """漢字|かんじ|."""
    return _BETWEEN_BARS.sub(
        lambda found: marked(found[1], found[2]) if fits(found[1], found[2]) else found[0], text
    )


def _unbarred(reading: str) -> str:
    return re.sub(r"[|｜ ]", "", reading)


#: Every way of writing furigana made into one.
with_furigana = column(_aozora, _braced, _paired, _between_bars, bracketed)
