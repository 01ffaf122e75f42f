"""Tables of kana: one letter in each row, or a row of letters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tts_assets.japanese.kana import katakana
from tts_assets.mapping import Say
from tts_assets.propose.fields import MOST, UNKNOWN
from tts_assets.propose.spoken import Spoken

if TYPE_CHECKING:
    from tts_assets.propose.cast import Cast
    from tts_assets.propose.fields import Field

#: Two letters may be a letter and what it is made of; from three on they are a row.
_ROW = 3


def characters(cast: Cast) -> list[Spoken]:
    """What is said of the letters of an object; nothing if these are no letters."""
    letters = [
        field
        for field in cast.kana
        if not field.listed and field.content.letter > MOST and field.content.distinct > MOST
    ]
    # Katakana first, as a bare は or へ would be said as the particle.
    letters.sort(key=_likeliest)
    sounds = _by_sound(letters, cast)
    if len(sounds) >= _ROW and len({_is_named(row[0]) for row in sounds}) == 1:
        sounds.sort(key=lambda row: min(field.position for field in row))
        return [_spoken(row, is_cell=True) for row in sounds]
    if not letters or any(field.content.kanji for field in cast.texts):
        return []
    return [_spoken(sounds[0], is_cell=False)]


def _by_sound(letters: list[Field], cast: Cast) -> list[list[Field]]:
    """The letters, those of one sound together."""
    sounds: list[list[Field]] = []
    for field in letters:
        row = next((row for row in sounds if _is_same(row[0], field, cast)), None)
        if row is None:
            sounds.append([field])
        else:
            row.append(field)
    return sounds


def _is_same(one: Field, other: Field, cast: Cast) -> bool:
    """Whether two letters are one in two scripts; so are those of which each fills the other's gaps."""
    pairs = cast.pairs(one, other)
    same = sum(katakana(left) == katakana(right) for left, right in pairs)
    return same >= MOST * len(pairs)


def _likeliest(field: Field) -> tuple[bool, bool, int]:
    return "katakana" not in "".join(field.name.tokens), not _is_named(field), field.position


def _is_named(field: Field) -> bool:
    return field.rank[0] < UNKNOWN or field.is_reading


def _spoken(row: list[Field], *, is_cell: bool) -> Spoken:
    reading = tuple(field.steps for field in row)
    return Spoken(field=row[0], say=Say.READING, reading=reading, is_cell=is_cell)
