"""Readings as the data write them, and what is odd about how they are written."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tts_assets.catalogue.fields import EntryProblemError, Subject, getter, joiner
from tts_assets.japanese.kana import kana_to_katakana
from tts_assets.japanese.romaji import romaji_to_katakana
from tts_assets.mapping import Alternatives, Say

if TYPE_CHECKING:
    from collections.abc import Callable

    from tts_assets.catalogue import Reader
    from tts_assets.domain import Clip, Place
    from tts_assets.mapping import ClipRule

_NOTE = re.compile(r"[（(［\[【<][^（()）［\[\]］【】<>]*[)）\]］】>]")
_ALTERNATIVE = re.compile(r"[/／;；、,，・|｜\n]")
#: Marks of okurigana and affixes: dictionaries may change the script there, as in アイ.する.
_OKURIGANA = re.compile(r"[.．\-‐－~～〜]")
_NO_KANA = re.compile(r"[^ァ-ヺー]")
_HIRAGANA = re.compile(r"[ぁ-ゖ]")
_KATAKANA_RUN = re.compile(r"[ァ-ヺ][ァ-ヺー]*")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024fＡ-Ｚａ-ｚ]")

_LETTER = r"[A-Za-z\u00c0-\u024f]"
_WORD = rf"{_LETTER}++(?:['’-]{_LETTER}++)*+"
_LATIN_WORDS = re.compile(rf"(?<!{_LETTER})(?<!{_LETTER}['’-]){_WORD}(?:[,.;:]?\s+{_WORD})*+")
#: Not an abbreviation or a unit: CD, km, vs.
_LONG_WORD = re.compile(rf"(?={_LETTER}*[a-z\u00df-\u024f]{{2}}){_LETTER}{{3,}}")
_JAPANESE = re.compile(r"[ぁ-ゖァ-ヺ\u3400-\u9fff々〆]")


class EntryReadings:
    """Looks up the readings of one catalogue's clips as they are written there."""

    def __init__(self, reader: Reader) -> None:
        """Compile the fields for the readings of each of the source's rules."""
        self._root = reader.document.root
        self._way = reader.source.records.steps
        self._rules = {rule.part: rule for rule in reader.source.clips}
        self._fields = {rule.part: _compile_reading_field(rule) for rule in reader.source.clips}

    def say_mode(self, clip: Clip) -> Say:
        """How the text of a clip is made into what is said."""
        return self._rules[_rule_part(clip)].say

    def find_reading(self, clip: Clip) -> str | None:
        """The reading that the entry writes for a clip; None where it writes none."""
        rule, depth = self._rules[_rule_part(clip)], len(self._way)
        place: Place = clip.at[:depth]
        record = _value_at(self._root, place)
        way = (*self._way, *(rule.each.steps if rule.each else ()))
        subject = Subject(record, place, _value_at(record, clip.at[depth:]), clip.at, way)
        try:
            value = self._fields[_rule_part(clip)](subject)
        except EntryProblemError:
            return None
        return value if isinstance(value, str) else None

    def find_unspoken_readings(self, clip: Clip) -> tuple[str, ...]:
        """The other readings that the entry offers for a word and no clip says, in katakana."""
        rule, said = self._rules[_rule_part(clip)], clip.form.reading
        if rule.say is not Say.WORD or rule.alternatives is Alternatives.ALL or said is None:
            return ()
        written = _NOTE.sub("", self.find_reading(clip) or "")
        offered = [_normalise_reading(each) for each in _ALTERNATIVE.split(written)]
        # せん・せい is one reading, kanji by kanji.
        if said not in offered:
            return ()
        return tuple(each for each in dict.fromkeys(offered) if each and each != said)


def _compile_reading_field(rule: ClipRule) -> Callable[[Subject], Any]:
    return getter(rule.reading) if rule.join is None else joiner(rule.reading, rule.join)


def _rule_part(clip: Clip) -> str:
    """The part as its rule names it, without the numbers of items and alternatives."""
    return clip.part.partition("-")[0]


def _value_at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def is_latin(given: str) -> bool:
    """Whether a reading is written in Latin letters; notes in brackets do not count."""
    return _LATIN.search(_NOTE.sub("", given)) is not None


def find_foreign_words(text: str) -> str | None:
    """The words in a row that are not Japanese; None where there are none but abbreviations.

    A single word among Japanese may be a name that Japanese has taken over, and is none of them.
    """
    text = unicodedata.normalize("NFKC", text)
    alone = not _JAPANESE.search(text)
    runs = [found.group() for found in _LATIN_WORDS.finditer(text)]
    return max(
        (run for run in runs if _LONG_WORD.search(run) and (alone or " " in run)),
        key=lambda run: run.count(" "),
        default=None,
    )


def find_mixed_script(given: str, reading: str, text: str) -> str | None:
    """The katakana that stands among the hiragana of a reading, and not in the spelling.

    Args:
        given: the reading as the data write it; it may hold alternatives.
        reading: the one of them that counts, in katakana.
        text: the spelling.
    """
    offered = [_NOTE.sub("", each) for each in _ALTERNATIVE.split(given)]
    meant = [each for each in offered if _normalise_reading(each) == reading] or offered
    for piece in (piece for each in meant for piece in _OKURIGANA.split(each)):
        if not _HIRAGANA.search(piece):
            continue
        for run in _KATAKANA_RUN.findall(piece):
            if run.rstrip("ー") not in text:
                return str(run)
    return None


def _normalise_reading(text: str) -> str:
    return _NO_KANA.sub("", kana_to_katakana(romaji_to_katakana(text) or text))
