"""One word of a MeCab dictionary: its line of twelve columns read, changed and written again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tts_assets.japanese.kana import split_morae

#: Surface, four of part of speech, conjugation type and form, base form, reading, pronunciation,
#: accent/morae, accent rule. Unknown words have no more than the base form.
_ENTRY_COLUMNS = 12
_UNKNOWN_COLUMNS = 8
#: Nouns of this many morae and fewer join as suffixes do.
_SHORT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryEntry:
    """What a dictionary says of a word.

    Args:
        surface: the spelling.
        grammar: four columns of part of speech, then type and form of conjugation.
        base: its base form.
        reading: how it is read, in katakana as spelled; None for an unknown word.
        pronunciation: how that sounds; may hold marks of devoiced vowels.
        accent: the mora after which the pitch falls; 0 for none.
        rule: how its accent joins with that of a word before it (``C1``... ``F6``, ``P1``...).
    """

    surface: str
    grammar: tuple[str, ...]
    base: str
    reading: str | None = None
    pronunciation: str = ""
    accent: int = 0
    rule: str = "*"

    @property
    def columns(self) -> tuple[str, ...]:
        """The entry as the front end takes it."""
        known = (self.surface, *self.grammar, self.base)
        if self.reading is None:
            return known
        size = len(split_morae(self.pronunciation.replace("’", "")))
        accent = f"{self.accent}/{size}"
        return (*known, self.reading, self.pronunciation, accent, self.rule)

    def replace_reading(self, reading: str, pronunciation: str, accent: int) -> DictionaryEntry:
        """The same word, read differently."""
        return replace(
            self, reading=reading, pronunciation=pronunciation, accent=accent,
            rule=choose_chain_rule(len(split_morae(pronunciation)), accent) if self.grammar[0] == "名詞" else self.rule,
        )  # fmt: skip


def choose_chain_rule(size: int, accent: int) -> str:
    """How the accent of a noun of that many morae joins with that of a noun before it.

    Nine in ten of the dictionary's own nouns have the rule that this gives: C3 for short ones,
    C2 for flat ones and those that fall at their end, C1 for the others (Sagisaka and Sato 1983).
    """
    if size <= _SHORT:
        return "C3"
    return "C2" if accent in {0, size} else "C1"


def parse_entry(feature: str) -> DictionaryEntry:
    """The entry in a line of the front end's own."""
    columns = feature.split(",")
    known = DictionaryEntry(
        surface=columns[0], grammar=tuple(columns[1:7]), base=",".join(columns[7:_UNKNOWN_COLUMNS])
    )
    if len(columns) < _ENTRY_COLUMNS:
        return known
    accent, _, _ = columns[10].partition("/")
    return replace(
        known, reading=columns[8], pronunciation=columns[9],
        accent=int(accent) if accent.isdigit() else 0, rule=columns[11],
    )  # fmt: skip


def find_features(analyser: Any, surface: str) -> list[str]:
    """The lines that an analyser's dictionary has for a spelling, the likeliest first."""
    wanted = analyser.normalize_for_mecab(surface)
    found = analyser.analyze_mecab_candidates(wanted, ((0, len(wanted)),))["nodes"]
    return [
        node["feature"]
        for node in sorted(found, key=lambda node: int(node["word_cost"]))
        if node["surface"] == wanted and not node["is_unknown"]
    ]
