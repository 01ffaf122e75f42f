"""Furigana: readings written into a text, in the many ways in which data do so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tts_assets.japanese.accent import accent_of
from tts_assets.japanese.kana import UnusableTextError, is_katakana, katakana
from tts_assets.japanese.normalise.column import column
from tts_assets.japanese.normalise.counters import reads_numbers
from tts_assets.japanese.normalise.fit import fits, has_kanji

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Private characters that stand around a base and its reading; no text has them by then.
_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKED = re.compile(f"{_OPEN}([^{_OPEN}-{_CLOSE}]*){_MIDDLE}([^{_OPEN}-{_CLOSE}]*){_CLOSE}")
_SIGN = re.compile(f"[{_OPEN}-{_CLOSE}]")
_KANA = "ぁ-ゖァ-ヺー"
_EDITORS_NOTE = re.compile(r"［＃[^［］]*］")
_BARRED = re.compile(rf"[｜|]([^｜|《》\s]{{1,24}})《([{_KANA}・ ]{{1,48}})》")
_BRACED = re.compile(rf"[{{\[]([^{{}}\[\]|｜\n]{{1,24}})[|｜]([{_KANA}|｜ ]{{1,48}})[}}\]]")
_PAIRED = re.compile(
    rf"[\[［]([^\[\]［］\n]{{1,24}})[\]］]"
    rf"(?:\{{([{_KANA}|｜ ]{{1,48}})\}}|[(（]([{_KANA} ]{{1,48}})[)）])"
)
#: A word and a bracket behind it.
_BRACKETED = re.compile(
    r"(?P<run>[^\s、。，．,!?！？「」『』…：:;；/／()（）\[\]［］{}｛｝【】〔〕〈〉《》\ue000-\ue002]{1,24})"
    r"(?P<bracket>[\[［(（{｛【〔〈《])(?P<inside>[^()（）\[\]［］{}｛｝【】〔〕〈〉《》\ue000-\ue002\n]{0,64})"
    r"[\]］)）}｝】〕〉》]"
)
_PITCHED = re.compile(
    r"[\[［][^\[\]［］;\n]{0,64};([^\[\]［］\n]{1,16})[\]］]|(?<=[ぁ-ゖァ-ヺー])[\[［]([\d０-９,、 ]{1,9})[\]］]"
)
_PITCH = re.compile(r"[\d０-９,、\- ]+")
_READING = re.compile(rf"[{_KANA}][{_KANA}・ ]*")
_BASE_START = re.compile(r"[^\W_ぁ-ゖァ-ヺー]")
_BASE = re.compile(r"[\u3400-\u9fff々〆〇0-9０-９]|[A-Za-zＡ-Ｚａ-ｚ][A-Za-zＡ-Ｚａ-ｚァ-ヺー]")
_NUMERALS = re.compile("^[0-9０-９一二三四五六七八九十百千万]+")
_INSIDE_NUMBER = re.compile("(?<=[0-9０-９])[0-9０-９]")
#: In round brackets these are endings that may be left out, not readings.
_ENDINGS = frozenset(["する", "な", "の", "だ", "です", "を", "が", "に", "と"])
_READ_SO = {"に": "二荷弐丹仁", "と": "戸都斗十途", "の": "野乃", "な": "名菜", "が": "蛾我画"}
_NO_SOUND = re.compile(r"[\s、。，．,.・!?！？「」『』…‥〜～~\-‐–—―－:：;；]+")


def marked(base: str, reading: str) -> str:
    """The base with its reading, so that both can be had from the text.

    A number that the reading leaves out stands before them.
    """
    counter = _NUMERALS.sub("", base)
    if counter not in {"", base} and fits(counter, reading) and not reads_numbers(base, reading):
        return base.removesuffix(counter) + marked(counter, reading)
    return f"{_OPEN}{base}{_MIDDLE}{reading}{_CLOSE}"


def surface(text: str) -> str:
    """The text without the readings."""
    return _taken(r"\1", text)


def read(text: str) -> str:
    """The text with the readings in the place of what they are of."""
    return _taken(r"\2", text)


def _taken(part: str, text: str) -> str:
    # Broken markup may mark one reading inside another.
    while _MARKED.search(text):
        text = _MARKED.sub(part, text)
    return _SIGN.sub("", text)


def marks(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces, each with its reading; None for what has none."""
    at = 0
    for found in _MARKED.finditer(text):
        yield _SIGN.sub("", text[at : found.start()]), None
        yield found[1], found[2]
        at = found.end()
    yield _SIGN.sub("", text[at:]), None


def has_readings(text: str) -> bool:
    return _MARKED.search(text) is not None


def kana_of(text: str) -> str | None:
    """The text's sound in katakana, if its kana and furigana say all of it."""
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


def _aozora(text: str) -> str:
    """Aozora Bunko: ｜base《reading》; the editors' notes in ［＃］ are dropped."""
    return _BARRED.sub(lambda found: marked(found[1], found[2]), _EDITORS_NOTE.sub("", text))


def _braced(text: str) -> str:
    """{漢字|かん|じ}, [漢字|かん|じ], [漢字]{かんじ} and [漢字](かんじ)."""
    text = _BRACED.sub(lambda found: marked(found[1], _unbarred(found[2])), text)
    return _PAIRED.sub(
        lambda found: (
            marked(found[1], _unbarred(found[2] or found[3])) if has_kanji(found[1]) else found[0]
        ),
        text,
    )


def _unbarred(reading: str) -> str:
    return re.sub(r"[|｜ ]", "", reading)


def _bracketed(text: str) -> str:
    """食[た]べる, 漢字(かんじ), 言葉[ことば;h], 漢字《かんじ》; a pitch in brackets is dropped."""
    return _BRACKETED.sub(_with_reading, text)


def _with_reading(found: re.Match[str]) -> str:
    run, square = found["run"], found["bracket"] in "[［"
    given, _, _ = found["inside"].partition(";")
    reading = re.split(r"[,、/／]", given)[0].strip()
    if square and (not reading or _PITCH.fullmatch(given)) and found["inside"].strip():
        return run
    if not _READING.fullmatch(reading):
        return found.group()
    base = _base(run, reading, square=square)
    if base is None:
        shown = square and katakana(run).endswith(katakana(reading))
        return run if shown else found.group()
    if _may_be_ending(found, base, reading):
        return run
    return run.removesuffix(base) + marked(base, re.sub("[・ ]", "", reading))


def _may_be_ending(found: re.Match[str], base: str, reading: str) -> bool:
    """手(て)を has a reading there, 受(け)付 an ending: it is not said, and not relied on."""
    lone = len(found.string) == len(found.group())
    return not lone and found["bracket"] in "(（〔" and len(base) == len(reading) == 1


def _base(run: str, reading: str, *, square: bool) -> str | None:
    """The end of a run of text that the reading behind it is of: of 彼は危険[きけん], 危険."""
    starts = (0, *(match.start() for match in _BASE_START.finditer(run, 1)))
    fitting = [
        run[start:]
        for start in starts
        if _BASE.search(run, start)
        and not _INSIDE_NUMBER.match(run, start)
        and fits(run[start:], reading)
    ]
    if not fitting:
        return None
    base = next((each for each in fitting if reads_numbers(each, reading)), fitting[0])
    ending = reading in _ENDINGS and base not in _READ_SO.get(reading, "")
    return None if ending and not square else base


#: Every way of writing furigana made into one.
with_furigana = column(_aozora, _braced, _bracketed)
