"""What is said of an object: its texts, each with the fields that tell how it is read."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from tts_assets.catalogues.detect.cast import cast_of, is_kanji, is_marked, is_word, marks
from tts_assets.catalogues.detect.fields import MOST, UNKNOWN, fields_of, first
from tts_assets.catalogues.detect.names import OF_GRAMMAR, Role, name_of
from tts_assets.catalogues.detect.readings import (
    accent_fields,
    are_spellings,
    fills,
    furigana_of,
    partners,
    romaji_of,
)
from tts_assets.catalogues.detect.sounds import paired
from tts_assets.catalogues.detect.spoken import Spoken
from tts_assets.catalogues.detect.tokens import Tokens, find_tokens
from tts_assets.catalogues.detect.values import is_kana
from tts_assets.config.sources.path import KEY, Step
from tts_assets.config.sources.source import Say
from tts_assets.model import kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.cast import Cast
    from tts_assets.catalogues.detect.fields import Field
    from tts_assets.catalogues.detect.shape import Shape
    from tts_assets.config.sources.path import Steps

_RUNNING = {Say.SENTENCE, Say.DIALOGUE}


#: Two letters may be a letter and what it is made of; from three on they are a row.
_ROW = 3


def said_of(steps: Steps, shape: Shape) -> list[Spoken]:
    """What is said of the objects that stand at one place, the main text first.

    Args:
        steps: from the root to the objects.
        shape: what they have in common.
    """
    cast = cast_of(fields_of(shape), [each for each in shape.values if each])
    said = _kana_by_type(cast) if _are_readings(steps) else []
    said = said or _characters(cast) or _add_tokens([*_texts(cast), *_lists(cast)], cast)
    said = said or _kana_alone(steps, cast)
    said = [*said, *(_of_kanji(field) for field in cast.of_kanji)]
    languages = tuple(field.steps for field in cast.fields if _tells_language(field))
    whole = [replace(each, language=languages) if each.each is None else each for each in said]
    return paired(whole, cast.fields, cast.objects)


def _add_tokens(said: list[Spoken], cast: Cast) -> list[Spoken]:
    """Lists of words say a sentence, or how the same sentence is read where it stands beside them."""
    for tokens in find_tokens(cast):
        reading = () if tokens.reading is None else (tokens.reading,)
        same = next((each for each in said if _is_written_so(each, tokens, cast)), None)
        said = [each for each in said if each.field is not tokens.field]
        if same is not None and not (same.reading or same.furigana):
            texts = (tokens.text, *same.text)
            told = replace(same, text=texts, reading=reading, join="")
            said = [told if each is same else each for each in said]
        elif same is None:
            field, text, each = tokens.field, (tokens.text,), tokens.each
            spoken = Spoken(field=field, say=Say.SENTENCE, text=text, reading=reading)
            said.append(replace(spoken, each=each, join=""))
    return said


def _is_written_so(each: Spoken, tokens: Tokens, cast: Cast) -> bool:
    """Whether it has the texts, one in each object."""
    if each.each is not None or tokens.each is not None or not each.text:
        return False
    own = ["".join(str(first(one, each.text[0]) or "").split()) for one in cast.objects]
    same = sum(one == "".join(text.split()) for one, text in zip(own, tokens.texts, strict=True))
    return same >= MOST * len(own)


def _tells_language(field: Field) -> bool:
    named = field.name.may_be(Role.LANGUAGE) and not field.listed
    return named and field.content.language and len({*field.shape.texts}) > 1


def _texts(cast: Cast) -> list[Spoken]:
    plain = [field for field in cast.texts if not field.listed]
    plain = [field for field in plain if not any(marks(field, text, cast) for text in plain)]
    readings = partners(plain, cast)
    if len(cast.texts) > 1:
        # A key with several items is no word where these have words of their own.
        plain = [field for field in plain if id(field) in readings or not _repeats_key(field)]
    words = {id(field) for field in plain if is_word(field, readings.get(id(field), []), cast)}
    plain.sort(key=lambda field: (0, True, field.position) if id(field) in words else field.rank)
    used = {id(reading) for row in readings.values() for reading in row}
    said: list[Spoken] = []
    for field in plain:
        row, known = readings.get(id(field), []), id(field) in words
        if id(field) in used or not (row or known or not _is_nothing(field, cast)):
            continue
        spoken = _spoken(field, row, cast, is_main=not said)
        said.append(_as_word(spoken) if known else spoken)
    return said


def _repeats_key(field: Field) -> bool:
    return field.steps == (KEY.text,) and field.content.distinct < 1


def _as_word(spoken: Spoken) -> Spoken:
    say = Say.WORD if spoken.say is Say.TITLE else spoken.say
    return replace(spoken, say=say, aside=False, is_word=True)


def _is_nothing(field: Field, cast: Cast) -> bool:
    """A Japanese text of unknown name is said only where something else belongs to it."""
    sounds = any(each.is_sound and (each.row or not each.listed) for each in cast.fields)
    known = field.rank[0] < UNKNOWN or field.is_about
    if known or sounds or (cast.of_kanji and field.content.single > MOST):
        return False
    # A row has no names; the only text is known by its readings, or by its translation.
    others = [each for each in cast.texts if not each.is_about and each is not field]
    return bool(others) or not (
        is_marked(field) or type(field.steps[0]) is int or _is_translated(cast)
    )


def _is_translated(cast: Cast) -> bool:
    return any(
        each.name.foreign or each.name.may_be(Role.ABOUT) or each.name.may_be(Role.ROMAJI)
        for each in cast.fields
        if each.content.filled and not each.content.japanese
    )


def _spoken(field: Field, found: Sequence[Field], cast: Cast, *, is_main: bool) -> Spoken:
    say = _say(field, cast)
    readings = _readings(field, found, say, cast, is_main=is_main)
    furigana = [] if found or say is Say.READING else furigana_of(field, cast)
    texts = [] if field in furigana else [field]
    if found and fills(found[0], texts, cast):
        texts.append(found[0])
    return Spoken(
        field=field,
        say=say,
        text=tuple(each.steps for each in texts),
        reading=tuple(each.steps for each in readings),
        furigana=tuple(each.steps for each in furigana),
        accent=tuple(each.steps for each in accent_fields(field, cast, is_main=is_main)),
        speaker=(cast.speaker.steps,) if cast.speaker and say in _RUNNING else (),
        aside=field.is_about,
    )


def _readings(
    field: Field, found: Sequence[Field], say: Say, cast: Cast, *, is_main: bool
) -> list[Field]:
    """All that tells the reading, in the order in which it is asked."""
    # A line of kana does not say which は is a particle; a word does.
    readings = list(found) or ([field] if field.is_kana and say not in _RUNNING else [])
    if say is Say.READING and not readings and is_main:
        readings = list(cast.of_kanji)
    if say in {Say.WORD, Say.READING} and not any(each.shape.always for each in found):
        readings += romaji_of(field, cast)
    elif say is Say.SENTENCE and not readings and field.content.kanji:
        readings = romaji_of(field, cast)
    return readings


def _say(field: Field, cast: Cast) -> Say:
    content, name = field.content, field.name
    if (field.steps == (KEY.text,) or name.may_be(Role.TITLE)) and _is_of_grammar(field):
        return Say.TITLE
    if content.labelled >= 1 - MOST:
        return Say.DIALOGUE
    if content.running >= MOST or (field.is_sentence and content.running > 0):
        return Say.SENTENCE
    if name.may_be(Role.TITLE) and not name.may_be(Role.WORD):
        return Say.TITLE
    of_kanji = is_kanji(field) or (cast.of_kanji and content.single > MOST)
    return Say.READING if of_kanji else Say.WORD


def _is_of_grammar(field: Field) -> bool:
    """Whether it is a point of grammar, or what it is formed of."""
    return bool(OF_GRAMMAR & {*(field.name.tokens if field.steps != (KEY.text,) else field.mates)})


def _lists(cast: Cast) -> list[Spoken]:
    """What lists of texts say: spellings of one word, or texts of which each is said."""
    plain = any(not field.listed and not field.is_about for field in cast.texts)
    listed = [field for field in cast.texts if field.listed]
    if not plain:
        for text in listed:
            for reading in cast.kana:
                if reading.listed and reading is not text and are_spellings(text, reading, cast):
                    spelled = (text.steps, reading.steps)
                    return [Spoken(field=text, say=Say.WORD, text=spelled, reading=spelled[1:])]
    return [
        Spoken(
            field=field,
            say=_say_of_item(field),
            each=field.steps,
            text=((),),
            reading=((),) if field.is_kana and _say_of_item(field) not in _RUNNING else (),
            aside=field.is_about or (plain and field.content.running < MOST),
        )
        for field in listed
        if field.row is not None and field.rank[0] < UNKNOWN
    ]


def _say_of_item(field: Field) -> Say:
    if field.content.labelled >= 1 - MOST:
        return Say.DIALOGUE
    return Say.SENTENCE if field.content.running >= MOST else Say.WORD


def _kana_alone(steps: Steps, cast: Cast) -> list[Spoken]:
    """Kana without a spelling: a reading of what the record is about, or a word in kana."""
    kana = next((field for field in cast.kana if field.is_kana and not field.listed), None)
    if kana is None:
        return []
    if _are_readings(steps):
        return [Spoken(field=kana, say=Say.READING, reading=(kana.steps,), of_record=True)]
    if not kana.name.may_be(Role.READING) and _is_nothing(kana, cast):
        return []
    return [Spoken(field=kana, say=Say.WORD, text=(kana.steps,), reading=(kana.steps,))]


def _are_readings(steps: Steps) -> bool:
    """Whether the objects stand in a list of readings."""
    keys = [step for step in steps if isinstance(step, str)]
    roles = name_of(tuple(keys[-1:])).roles if steps[-1:] == (Step.EVERY,) else ()
    return not {Role.ON, Role.KUN, Role.READING}.isdisjoint(roles)


def _kana_by_type(cast: Cast) -> list[Spoken]:
    """Readings in several scripts, but those of a type that is not in kana."""
    types = [each for each in cast.fields if each.content.distinct < 1 - MOST and not each.is_sound]
    mixed = [each for each in cast.fields if 0 < each.content.kana < 1]
    for field, kind in product(mixed, types):
        pairs = {(one, is_kana(text)) for one, text in cast.pairs(kind, field)}
        others = tuple(sorted(one for one, in_kana in pairs if not in_kana))
        if kind is not field and others and not any((one, True) in pairs for one in others):
            but = (kind.steps, others)
            reading = (field.steps,)
            return [Spoken(field=field, say=Say.READING, reading=reading, of_record=True, but=but)]
    return []


def _of_kanji(field: Field) -> Spoken:
    return Spoken(
        field=field,
        say=Say.READING,
        reading=((),) if field.row is not None else (field.steps,),
        each=field.steps if field.row is not None else None,
        every=field.row is None,
        of_record=True,
    )


def _characters(cast: Cast) -> list[Spoken]:
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
        return [_spoken_row(row, is_cell=True) for row in sounds]
    if not letters or any(field.content.kanji for field in cast.texts):
        return []
    return [_spoken_row(sounds[0], is_cell=False)]


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
    same = sum(kana_to_katakana(left) == kana_to_katakana(right) for left, right in pairs)
    return same >= MOST * len(pairs)


def _likeliest(field: Field) -> tuple[bool, bool, int]:
    return "katakana" not in "".join(field.name.tokens), not _is_named(field), field.position


def _is_named(field: Field) -> bool:
    return field.rank[0] < UNKNOWN or field.is_reading


def _spoken_row(row: list[Field], *, is_cell: bool) -> Spoken:
    reading = tuple(field.steps for field in row)
    return Spoken(field=row[0], say=Say.READING, reading=reading, is_cell=is_cell)
