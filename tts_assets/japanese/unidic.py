"""UniDic as a second dictionary: the readings and accents that it lists for words."""

from __future__ import annotations

import csv
import os
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.japanese.entries import find_features

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Columns of UniDic 2.1.2 behind the surface: ``lemma``, ``pron``, ``kana`` and ``aType``.
_LEMMA, _PRONUNCIATION, _READING, _ACCENTS = 8, 10, 18, 24
#: Words that the dictionary does not list have the first seven columns alone.
_UNIDIC_COLUMNS = 27


class UniDicWord(NamedTuple):
    """A word of an analysis, or an entry of the dictionary.

    Args:
        surface: the spelling, in full-width characters.
        grammar: four columns of part of speech, then type and form of conjugation.
        lemma: the word that it is a form of.
        reading: in katakana as spelled; "" for marks and words that are not listed.
        pronunciation: how it sounds, in katakana with ー for long vowels.
        accents: the morae after which the pitch may fall, the usual one first; 0 for none.
    """

    surface: str
    grammar: tuple[str, ...]
    lemma: str = ""
    reading: str = ""
    pronunciation: str = ""
    accents: tuple[int, ...] = ()


class UniDic:
    """The dictionary of the package unidic-lite, read by the analyser of pyopenjtalk-plus.

    May be used from several threads: each has an analyser of its own. Texts and surfaces may have
    narrow characters; the analyser makes them wide.
    """

    def __init__(self) -> None:
        """Load nothing yet."""
        self._own = threading.local()

    def analyze_words(self, text: str) -> list[UniDicWord]:
        """The words of the likeliest analysis."""
        return _parse_features(self._thread_analyzer.run_mecab(text))

    def find_entries(self, surface: str) -> list[UniDicWord]:
        """The entries of a spelling, the likeliest first."""
        return _parse_features(find_features(self._thread_analyzer, surface))

    @property
    def _thread_analyzer(self) -> Any:
        """This thread's analyser."""
        if not hasattr(self._own, "analyser"):
            import unidic_lite  # noqa: PLC0415 - large, used only inside the engine's process
            from pyopenjtalk.openjtalk import OpenJTalk  # noqa: PLC0415 - native, see above

            self._own.analyser = OpenJTalk(dn_mecab=os.fsencode(unidic_lite.DICDIR))
        return self._own.analyser


def _parse_features(features: Iterable[str]) -> list[UniDicWord]:
    """Words of UniDic's CSV lines, which quote values that hold commas."""
    return [_to_unidic_word(columns) for columns in csv.reader(features)]


def _to_unidic_word(columns: list[str]) -> UniDicWord:
    surface, grammar = columns[0], tuple(columns[1:7])
    if len(columns) < _UNIDIC_COLUMNS:
        return UniDicWord(surface, grammar)
    return UniDicWord(
        surface,
        grammar,
        lemma=columns[_LEMMA],
        reading=columns[_READING],
        pronunciation=columns[_PRONUNCIATION],
        accents=tuple(int(each) for each in columns[_ACCENTS].split(",") if each.isdigit()),
    )
