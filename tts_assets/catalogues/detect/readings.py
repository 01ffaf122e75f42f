"""Which fields tell how a text is read: its kana, its romaji, its furigana, its accent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tts_assets.catalogues.detect.cast import is_kanji, is_marked, marks
from tts_assets.catalogues.detect.fields import MOST, UNKNOWN, first
from tts_assets.catalogues.detect.names import BACKS, Role, name_of
from tts_assets.catalogues.detect.shape import is_blank
from tts_assets.catalogues.detect.values import share_that_fits
from tts_assets.config.sources.path import KEY, Step
from tts_assets.japanese.accent_notation import parse_accent
from tts_assets.japanese.kana import UnusableTextError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.cast import Cast
    from tts_assets.catalogues.detect.fields import Field

_NEARLY_ALL = 0.8


def partners(texts: Sequence[Field], cast: Cast) -> dict[int, list[Field]]:
    """The readings of each text, by the identity of the text; a further one fills the gaps."""
    kana = [field for field in cast.kana if not field.listed or field.row or _in_readings(field)]
    scores = sorted(
        (-score - _covered(text, reading, cast), number, at)
        for number, text in enumerate(texts)
        for at, reading in enumerate(kana)
        if reading is not text and (score := _score(text, reading, cast)) >= 1
    )
    found: dict[int, list[Field]] = {}
    used: set[int] = set()
    for _, number, at in scores:
        text, reading = texts[number], kana[at]
        # A reading has no reading, and is that of one text.
        if id(text) in used or id(reading) in used or id(reading) in found:
            continue
        row = found.setdefault(id(text), [])
        if not row or fills(reading, row, cast):
            row.append(reading)
            used.add(id(reading))
    return found


def fills(field: Field, others: Sequence[Field], cast: Cast) -> bool:
    """Whether a field has a value in each object in which the others have none, if there are any."""
    blank = [one for one in cast.objects if all(first(one, each.steps) is None for each in others)]
    return bool(blank) and all(first(one, field.steps) is not None for one in blank)


def are_spellings(text: Field, reading: Field, cast: Cast) -> bool:
    """Whether two lists are the spellings and the readings of one word."""
    # Side by side in one list they are words of their own, and so are those with readings there.
    return (
        len(cast.objects) > 1
        and text.steps.count(Step.EVERY) == reading.steps.count(Step.EVERY) == 1
        and not any(kana.steps[:-1] == text.steps[:-1] for kana in cast.kana if kana is not text)
        and text.steps[:-1] != reading.steps[:-1]
        and text.content.kanji >= MOST
        and share_that_fits(cast.pairs(text, reading)) >= MOST
    )


def _in_readings(field: Field) -> bool:
    """Whether it lies in a list of readings, such as readings[*].kana."""
    keys = [step for step in field.steps if isinstance(step, str)]
    return any(Role.READING in name_of((key,)).roles for key in keys[:-1])


def _score(text: Field, reading: Field, cast: Cast) -> float:
    """How well a reading goes with a text; below 1 it does not."""
    named = reading.name.may_be(Role.READING)
    # Each of the readings in a list of objects is a clip of its kanji.
    single = text.content.single > MOST and (is_kanji(text) or not text.name.may_be(Role.WORD))
    of_kanji = single and reading.listed and reading.row is None
    if of_kanji or (not named and (text.is_kana or _is_said_by(text, reading))):
        return 0.0
    share = share_that_fits(cast.pairs(text, reading))
    if share < 1 - MOST or (share < MOST and not named):
        return 0.0
    tokens = frozenset(text.name.tokens)
    about = reading.name.about(Role.READING) - {BACKS[one] for one in tokens & {*BACKS}}
    score = 2 * share + bool(about & tokens) - bool(about - tokens) + 0.5 * named
    # The word of a record rather than its one kanji, or the key of many words.
    over = text.steps == (KEY.text,) and text.content.distinct < 1
    return score - over - 0.5 * bool(text.qualifiers - about) - 0.2 * (text.content.single > MOST)


def _is_said_by(name: Field, text: Field) -> bool:
    """Whether it is what somebody says in kana, and no reading of who says it."""
    known = name.name.may_be(Role.SPEAKER) and name.rank[0] == UNKNOWN > text.rank[0]
    return known or text.content.running >= MOST > name.content.running


def _covered(text: Field, reading: Field, cast: Cast) -> float:
    """How many readings and texts have each other, which tells more than a few that fit."""
    read, written = (
        sum(first(one, field.steps) is not None for one in cast.objects)
        for field in (reading, text)
    )
    return len(cast.pairs(text, reading)) * (2 / read + 1 / written) if read and written else 0.0


def romaji_of(text: Field, cast: Cast) -> list[Field]:
    """What has the text in Latin letters."""
    return [
        field
        for field in cast.fields
        if field.name.may_be(Role.ROMAJI)
        and (field.row or not field.listed)
        and field.content.romaji >= _NEARLY_ALL
        and field.name.about(Role.ROMAJI, Role.READING) <= text.name.about() | {"word"}
        and not text.qualifiers - field.name.about()
    ][:1]


def furigana_of(text: Field, cast: Cast) -> list[Field]:
    """What has the text with its reading written into it."""
    if is_marked(text):
        return [text]
    return [field for field in cast.fields if marks(field, text, cast)][:1]


def accent_fields(text: Field, cast: Cast, *, is_main: bool) -> list[Field]:
    """What has the text's accent, in any notation."""
    found = []
    for field in cast.fields:
        about = field.name.about(Role.ACCENT, Role.READING)
        meant = about <= text.name.about() if about else is_main
        if field.name.may_be(Role.ACCENT) and meant and not field.listed and _are_accents(field):
            found.append(field)
    return found[:1]


def _are_accents(field: Field) -> bool:
    values = [value for value in field.shape.values if not is_blank(value)]
    return bool(values) and sum(map(_is_accent, values)) >= _NEARLY_ALL * len(values)


def _is_accent(value: Any) -> bool:
    try:
        return parse_accent(value, None) is not None
    except UnusableTextError:
        return False
