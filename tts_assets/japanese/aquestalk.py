"""Accent phrases in the kana notation of VOICEVOX: sounds, accents, pauses, whispers and questions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tts_assets.errors import ClipError
from tts_assets.japanese.devoicing import find_devoiced_morae
from tts_assets.japanese.kana import is_katakana, pronunciation_key, split_morae
from tts_assets.japanese.regex import compile_lazy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.domain import Phrase

_AQUES_ACCENT = "'"
_AQUES_NEXT_PHRASE = "/"
_AQUES_PAUSE = "、"
_AQUES_DEVOICED = "_"
_AQUES_RISE = "？"

_AQUES_LONG = "ー"
#: Morae that the notation lacks, or would join with the one before, by what sounds the same.
_SPELLED = {
    **dict(zip("ァィゥェォャュョヮヵヶ", "アイウエオヤユヨワカケ", strict=True)),
    **dict(zip("ヂヅヲヰヱ", "ジズオイエ", strict=True)),
    **dict(zip(("ヂェ", "ヂャ", "ヂュ", "ヂョ"), ("ジェ", "ジャ", "ジュ", "ジョ"), strict=True)),
    **dict(zip("ヷヸヹヺ", ("ヴァ", "ヴィ", "ヴェ", "ヴォ"), strict=True)),
    "シィ": "シ",
    # The Cabinet's rules for loan words (1991, II 2) write フュ as ヒュ in general.
    "フュ": "ヒュ",
}
#: A stretch of text without marks, and the marks behind it.
_STRETCH = compile_lazy(r"\w+(\W*)")
_QUESTION_MARK = compile_lazy("[？?]")


def to_aquestalk(phrases: Sequence[Phrase], text: str) -> str:
    """Accent phrases as VOICEVOX's engine reads them, such as キョ'オワ/ヒマデ'_スカ？ for 今日は暇ですか？.

    The engine's README describes it as "AquesTalk-like notation": katakana without ー, one ' in each
    phrase, / or 、 between phrases, _ before a mora that is whispered, ？ at the end of a phrase that
    asks. A phrase without a fall has its ' at the end, as has one whose pitch falls behind it; with
    nothing behind them they sound alike.

    Args:
        phrases: what is said.
        text: how it is written, which tells what is a question.

    Raises:
        ClipError: a phrase holds what the notation cannot say.
    """
    asking = _find_questions(phrases, text)
    sounds: list[list[str]] = []
    for phrase in phrases:
        sounds.append(_spell_morae(phrase.kana, sounds[-1][-1] if sounds else ""))
    written = []
    for place, phrase in enumerate(phrases):
        last = place + 1 == len(phrases)
        following = "" if last or phrase.pause else sounds[place + 1][0]
        written.append(
            _format_phrase(sounds[place], phrase.accent, following, asks=place in asking)
        )
        if not last:
            written.append(_AQUES_PAUSE if phrase.pause else _AQUES_NEXT_PHRASE)
    return "".join(written)


def _format_phrase(sounds: Sequence[str], accent: int, following: str, *, asks: bool) -> str:
    whispered = find_devoiced_morae(sounds, accent, following, asks=asks)
    written = [
        f"{_AQUES_DEVOICED}{each}" if at in whispered else each for at, each in enumerate(sounds)
    ]
    written.insert(accent or len(sounds), _AQUES_ACCENT)
    return "".join(written) + (_AQUES_RISE if asks else "")


def _spell_morae(kana: str, before: str) -> list[str]:
    """The morae of a phrase in the notation's kana; ``before`` is the last mora of the one before.

    Raises:
        ClipError: they are none.
    """
    if not is_katakana(kana):
        raise ClipError(f"{kana!r} cannot be written in VOICEVOX's notation, which takes kana only")
    sounds = []
    for mora in split_morae(kana):
        before = _find_vowel(before) if mora == _AQUES_LONG else _SPELLED.get(mora, mora)
        if not before:
            raise ClipError(f"{kana} begins with a long vowel's mark, which lengthens nothing")
        sounds.append(before)
    return sounds


@functools.cache
def _find_vowel(mora: str) -> str:
    """What ー behind a mora sounds like: its vowel; ン and ッ go on themselves."""
    return pronunciation_key(mora + _AQUES_LONG)[-1:] if mora else ""


def _find_questions(phrases: Sequence[Phrase], text: str) -> frozenset[int]:
    """Which phrases ask: the last of each stretch of the text that has ？ behind it."""
    marks = [found[1] for found in _STRETCH.finditer(text)]
    ends = [at for at, phrase in enumerate(phrases[:-1]) if phrase.pause] + [len(phrases) - 1]
    if len(marks) != len(ends):
        # Pauses and marks do not answer to each other; the end does.
        marks, ends = marks[-1:], ends[-1:]
    return frozenset(
        end for end, mark in zip(ends, marks, strict=False) if _QUESTION_MARK.search(mark)
    )
