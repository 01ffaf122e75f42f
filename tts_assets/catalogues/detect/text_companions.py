"""Finds the fields that belong to a text: readings, accents and sounds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tts_assets.catalogues.detect.field_names import (
    BACKS,
    EXAMPLES,
    OF_GRAMMAR,
    Role,
    find_abbreviated_roles,
    find_roles,
    parse_field_name,
)
from tts_assets.catalogues.detect.field_roles import (
    MOST_SHARE,
    UNKNOWN_RANK,
    find_first_value,
    find_values_at,
    has_furigana,
    is_annotated_copy,
    is_kanji_field,
    pair_values,
)
from tts_assets.catalogues.detect.value_shapes import is_blank, measure_fit
from tts_assets.config.catalogue_sources import TextType
from tts_assets.config.source_paths import KEY_PATH, PathStep
from tts_assets.japanese.accent_notation import parse_accent
from tts_assets.japanese.kana import UnusableTextError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.field_roles import Field, FieldRoles
    from tts_assets.config.source_paths import PathSteps


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """A text and what belongs to it; paths begin at the object, or at the item of ``each``."""

    field: Field  #: the field that names it
    say: TextType  #: the type of the text
    text: tuple[PathSteps, ...] = ()  #: the spelling
    reading: tuple[PathSteps, ...] = ()  #: its kana or romaji
    furigana: tuple[PathSteps, ...] = ()  #: the spelling with inline readings
    accent: tuple[PathSteps, ...] = ()  #: the accent nucleus
    speaker: tuple[PathSteps, ...] = ()  #: the speaker
    language: tuple[PathSteps, ...] = ()  #: the language of the text
    each: PathSteps | None = None  #: the list of texts that are each spoken
    every: bool = False  #: each alternative in a text is spoken
    #: The separator of the texts of a list that are spoken as one; None for one text.
    join: str | None = None
    of_record: bool = False  #: it is a reading of the record's main text
    #: A field of each item, and the values with which the item is skipped.
    but: tuple[PathSteps, tuple[str, ...]] | None = None
    sound: Field | None = None  #: the field for its URL
    beside: bool = False  #: the sound is in a list of the record, parallel to that of the texts
    aside: bool = False  #: it is only spoken if it has a sound
    is_word: bool = False  #: it is the main text of the record, although its name does not say so
    is_cell: bool = False  #: it is one of several letters, all of which are spoken

    @property
    def rank(self) -> tuple[int, bool, bool, int]:
        """How likely it is what a record is about, the likeliest first."""
        return self.field.word_rank if self.is_word else self.field.rank

    @property
    def inner_lists(self) -> set[PathSteps]:
        """The lists of objects whose texts are joined into this one."""
        return {
            steps[: steps.index(PathStep.EVERY) + 1]
            for steps in (*self.text, *self.reading)
            if PathStep.EVERY in steps[:-1]
        }


# The fields with the reading of a text: kana, romaji, furigana and accent.
_NOTATION_SHARE = 0.8


#: Kanji followed by kana, which the reading must contain, too; how many are enough to judge.
_INFLECTED = re.compile(r"[一-鿿々][ぁ-ん]+$")
_FEW_INFLECTED = 3


def match_readings(texts: Sequence[Field], roles: FieldRoles) -> dict[int, list[Field]]:
    """The readings of each text, by the text's ``id()``; further ones fill its gaps."""
    kana = [
        field for field in roles.kana if not field.is_listed or field.row or _is_in_readings(field)
    ]
    scores = sorted(
        (-score - _measure_coverage(text, reading, roles), number, at)
        for number, text in enumerate(texts)
        for at, reading in enumerate(kana)
        if reading is not text and (score := _score_reading(text, reading, roles)) >= 1
    )
    found: dict[int, list[Field]] = {}
    used: set[int] = set()
    for _, number, at in scores:
        text, reading = texts[number], kana[at]
        # A reading has no reading, and is that of one text.
        if id(text) in used or id(reading) in used or id(reading) in found:
            continue
        row = found.setdefault(id(text), [])
        if not row or fills_gaps(reading, row, roles):
            row.append(reading)
            used.add(id(reading))
    return found


def find_gap_readings(text: Field, found: Sequence[Field], roles: FieldRoles) -> list[Field]:
    """The field named as a reading that has the kana of most texts that lack the found readings."""
    blank = _find_gaps(found, roles)
    if not found or not blank:
        return []
    return [
        each
        for each in roles.fields
        if each is not text and each.name.has_role(Role.READING) and not each.is_listed
        if each.name.find_topics(Role.READING) <= {*text.name.tokens}
        if measure_fit(gaps := pair_values(text, each, blank)) >= MOST_SHARE
        if len(gaps) >= MOST_SHARE * len(blank) and all(each is not one for one in found)
    ][:1]


def fills_gaps(field: Field, others: Sequence[Field], roles: FieldRoles) -> bool:
    """Whether a field has a value in each object in which the others have none, if there are any."""
    blank = _find_gaps(others, roles)
    return bool(blank) and all(map(field.is_filled, blank))


def _find_gaps(fields: Sequence[Field], roles: FieldRoles) -> list[Any]:
    """The objects in which no field has a value."""
    return [one for one in roles.objects if not any(each.is_filled(one) for each in fields)]


def are_spellings(text: Field, reading: Field, roles: FieldRoles) -> bool:
    """Whether two lists are the spellings and the readings of one word."""
    # Fields in one list are separate words, and so are texts with readings in their own list.
    return (
        len(roles.objects) > 1
        and text.steps.count(PathStep.EVERY) == reading.steps.count(PathStep.EVERY) == 1
        and not any(kana.steps[:-1] == text.steps[:-1] for kana in roles.kana if kana is not text)
        and text.steps[:-1] != reading.steps[:-1]
        and text.content.kanji >= MOST_SHARE
        and measure_fit(roles.pair_texts(text, reading)) >= MOST_SHARE
    )


def _is_in_readings(field: Field) -> bool:
    """Whether it lies in a list of readings, such as readings[*].kana."""
    keys = [step for step in field.steps if isinstance(step, str)]
    return any(Role.READING in parse_field_name((key,)).roles for key in keys[:-1])


def _score_reading(text: Field, reading: Field, roles: FieldRoles) -> float:
    """Score how well a reading matches a text; below 1 it does not."""
    named = reading.name.has_role(Role.READING)
    # Each of the readings in a list of objects is a clip of its kanji.
    single = text.content.single > MOST_SHARE and (
        is_kanji_field(text) or not text.name.has_role(Role.WORD)
    )
    of_kanji = single and reading.is_listed and reading.row is None
    if of_kanji or (not named and (text.is_kana or _is_speech_of(text, reading))):
        return 0.0
    share = measure_fit(roles.pair_texts(text, reading))
    if share < 1 - MOST_SHARE or (share < MOST_SHARE and not named):
        return 0.0
    # た of 食べる: a reading of the kanji alone, which would be spoken for the whole word.
    inflected = [pair for pair in roles.pair_texts(text, reading) if _INFLECTED.search(pair[0])]
    if len(inflected) >= _FEW_INFLECTED and measure_fit(inflected) < 1 - MOST_SHARE:
        return 0.0
    tokens = frozenset(text.name.tokens)
    about = reading.name.find_topics(Role.READING) - {BACKS[one] for one in tokens & {*BACKS}}
    score = 2 * share + bool(about & tokens) - bool(about - tokens) + 0.5 * named
    # The word of a record rather than its one kanji, or the key of many words.
    over = text.steps == (KEY_PATH.text,) and text.content.distinct < 1
    return (
        score
        - over
        - 0.5 * bool(text.qualifiers - about)
        - 0.2 * (text.content.single > MOST_SHARE)
        # A field of readings, some of which have the spelling too, as in 体[からだ].
        - (text.name.has_role(Role.READING) and text.rank[0] == UNKNOWN_RANK)
    )


def _is_speech_of(name: Field, text: Field) -> bool:
    """Whether a text in kana is the speech of a speaker, not the reading of the name."""
    is_speaker = name.name.has_role(Role.SPEAKER) and name.rank[0] == UNKNOWN_RANK > text.rank[0]
    return is_speaker or text.content.running >= MOST_SHARE > name.content.running


def _measure_coverage(text: Field, reading: Field, roles: FieldRoles) -> float:
    """Measure how many readings and texts occur together, which outweighs a few that fit."""
    read, written = (sum(map(field.is_filled, roles.objects)) for field in (reading, text))
    return (
        len(roles.pair_texts(text, reading)) * (2 / read + 1 / written) if read and written else 0.0
    )


def find_romaji(text: Field, roles: FieldRoles) -> list[Field]:
    """The field with the text in Latin letters."""
    return [
        field
        for field in roles.fields
        if field.name.has_role(Role.ROMAJI)
        and (field.row or not field.is_listed)
        and field.content.romaji >= _NOTATION_SHARE
        and field.name.find_topics(Role.ROMAJI, Role.READING) <= text.name.find_topics() | {"word"}
        and not text.qualifiers - field.name.find_topics()
    ][:1]


def find_furigana(text: Field, roles: FieldRoles) -> list[Field]:
    """The field with the text and inline readings."""
    if has_furigana(text):
        return [text]
    return [field for field in roles.fields if is_annotated_copy(field, text, roles)][:1]


def find_accents(text: Field, roles: FieldRoles, *, is_main: bool) -> list[Field]:
    """The field with the text's accent, in any notation."""
    for field in roles.fields:
        # The nhk of nhk_accent says nothing about the text.
        about = {
            one for one in field.name.find_topics(Role.ACCENT, Role.READING) if find_roles(one)
        }
        is_meant = about <= text.name.find_topics() if about else is_main
        is_accent = field.name.has_role(Role.ACCENT) and not field.is_listed
        if is_meant and is_accent and _has_accents(field):
            return [field]
    return []


def _has_accents(field: Field) -> bool:
    values = [value for value in field.shape.values if not is_blank(value)]
    return bool(values) and sum(map(_is_accent, values)) >= _NOTATION_SHARE * len(values)


def _is_accent(value: Any) -> bool:
    try:
        return parse_accent(value, None) is not None
    except UnusableTextError:
        return False


# Pair the URL fields of clips with texts, by names, places and values.


def pair_sounds(
    spoken_texts: Sequence[SpokenText], fields: Sequence[Field], objects: Sequence[Any]
) -> list[SpokenText]:
    """Pair each spoken text with its sound, if it has one.

    Args:
        spoken_texts: the texts that could be spoken, the likeliest first.
        fields: all fields of the object.
        objects: some such objects.
    """
    sounds = [field for field in fields if field.is_sound]
    rows = [_join_items(each) for each in spoken_texts if each.each and each.say.is_running]
    # A single sound belongs to the first of several readings.
    rows += [
        replace(each, reading=(each.field.steps,), each=None)
        for each in spoken_texts
        if each.each and each.of_record
    ]
    untitled = any(each.say is not TextType.TITLE for each in spoken_texts)
    choices = [*spoken_texts, *rows, *_list_passages(fields, with_examples=not untitled)]
    scores = sorted(
        (-score, number, at)
        for number, sound in enumerate(sounds)
        for at, each in enumerate(choices)
        if (score := _score_sound(sound, each, spoken_texts, objects)) is not None
    )
    assigned: dict[int, int] = {}
    for _, number, at in scores:
        if number not in assigned.values() and at not in assigned:
            assigned[at] = number
    if not assigned and (lone := _find_lone_sound(sounds, fields, spoken_texts)) is not None:
        assigned[0] = lone
    with_sound = []
    for at, number in assigned.items():
        each, sound = choices[at], sounds[number]
        # Of alternatives that share one URL, the first is spoken.
        with_sound.append(replace(each, sound=sound, every=each.every and sound.row is not None))
    done = {each.field.steps for each in with_sound}
    rest = [each for each in spoken_texts if each.field.steps not in done and not each.aside]
    return sorted([*with_sound, *rest], key=lambda each: (each.of_record, each.rank))


def _join_items(each: SpokenText) -> SpokenText:
    if each.join is None:
        return replace(each, text=(each.field.steps,), each=None, join="\n")
    text, reading = (
        tuple((*(each.each or ()), *steps) for steps in paths)
        for paths in (each.text, each.reading)
    )
    return replace(each, text=text, reading=reading, each=None)


def _list_passages(fields: Sequence[Field], *, with_examples: bool) -> list[SpokenText]:
    """List texts in lists of objects that can be spoken as one; examples are no passage."""
    return [
        SpokenText(
            field=field,
            say=field.item_type,
            text=(field.steps,),
            reading=_find_beside(field, Role.READING, fields),
            speaker=_find_beside(field, Role.SPEAKER, fields),
            join="\n",
        )
        for field in fields
        if field.is_listed and field.row is None and field.is_japanese
        if field.content.running > MOST_SHARE and not _is_reading_beside(field, fields)
        if with_examples or not EXAMPLES & {*field.name.tokens}
    ]


def _find_beside(text: Field, role: Role, fields: Sequence[Field]) -> tuple[PathSteps, ...]:
    """The field with a role beside a text, in the same objects."""
    return tuple(
        each.steps
        for each in fields
        if each is not text and each.steps[:-1] == text.steps[:-1] and each.name.has_role(role)
        if (each.is_kana if role is Role.READING else not each.content.running)
    )[:1]


def _is_reading_beside(field: Field, fields: Sequence[Field]) -> bool:
    """Whether it is the reading of another text in the same objects."""
    others = (each for each in fields if each is not field and each.steps[:-1] == field.steps[:-1])
    return field.name.has_role(Role.READING) and any(
        each.content.running > MOST_SHARE for each in others
    )


def _score_sound(
    sound: Field, each: SpokenText, spoken_texts: Sequence[SpokenText], objects: Sequence[Any]
) -> float | None:
    """Score how well a sound matches a text; None if it does not."""
    if not _has_same_shape(sound, each, objects):
        return None
    about = sound.name.find_topics(Role.AUDIO)
    tokens = each.field.name.find_topics()
    shared = about & tokens
    short = {
        one
        for one in about - shared
        if any(each != one and each.startswith(one) for each in tokens)
    }
    foreign = about - shared - short
    kin = frozenset(token for token in foreign if _matches_text_type(token, each))
    if shared or short:
        score = 3.0 + len(shared) - len(foreign) - 0.25 * len(tokens - about)
    elif kin and not each.aside and not each.join:
        score = 2.5 - len(foreign - kin)
    elif about or each.aside:
        return None
    else:
        score = _score_plain_sound(each, spoken_texts)
    near = 0.3 / (1 + abs(sound.position - each.field.position))
    same_object = sound.steps[:-1] == each.field.steps[:-1] != ()
    return score + near + same_object + 2 * _measure_naming(sound, each, objects)


def _matches_text_type(token: str, each: SpokenText) -> bool:
    """Whether a token for sentences or words matches the type of a text."""
    sort = Role.SENTENCE if each.say.is_running else Role.WORD
    return (each.say.is_running or each.say is TextType.WORD) and (
        sort in find_roles(token)
        or (not find_roles(token) and sort in find_abbreviated_roles(token))
    )


def _score_plain_sound(each: SpokenText, spoken_texts: Sequence[SpokenText]) -> float:
    """Score how well a sound without further words in its name matches a text."""
    if each.join:
        return 0.5
    pattern = bool(OF_GRAMMAR & {*each.field.name.tokens}) or each.field.content.pattern > 0
    if each.say is TextType.TITLE and not pattern:
        return 0.2
    return 1.0 + 0.5 * (each.field is spoken_texts[0].field)


def _has_same_shape(sound: Field, each: SpokenText, objects: Sequence[Any]) -> bool:
    """Whether there is one URL for each clip."""
    if sound.row is None:
        return not sound.is_listed and each.each is None
    if each.every:
        return True
    if each.each is None:
        return False
    pairs = [
        (find_values_at(one, each.field.steps), find_values_at(one, sound.steps)) for one in objects
    ]
    filled = [(texts, urls) for texts, urls in pairs if texts and urls]
    same = sum(len(texts) == len(urls) for texts, urls in filled)
    return same >= MOST_SHARE * len(filled)


def _measure_naming(sound: Field, each: SpokenText, objects: Sequence[Any]) -> float:
    """The share of URLs that contain the text, as in /audio/学生.mp3."""
    texts = [
        (find_first_value(one, each.field.steps), find_first_value(one, sound.steps))
        for one in objects
    ]
    both = [(text, url) for text, url in texts if isinstance(text, str) and isinstance(url, str)]
    if not both or each.join:
        return 0.0
    return sum(text in unquote(url) for text, url in both) / len(both)


def _find_lone_sound(
    sounds: Sequence[Field], fields: Sequence[Field], spoken_texts: Sequence[SpokenText]
) -> int | None:
    """The sound with an unrelated name for an unmatched main text: the grammar_audio of jp."""
    if not spoken_texts or spoken_texts[0].aside or spoken_texts[0].each or spoken_texts[0].every:
        return None
    own = spoken_texts[0].field.name.find_topics()
    for number, sound in enumerate(sounds):
        about = sound.name.find_topics(Role.AUDIO)
        # The meaning_audio beside a meaning belongs to the meaning.
        others = {token for each in fields if each is not sound for token in each.name.tokens}
        meant = {token for token in about & others if find_roles(token)} - own
        if not sound.is_listed and not meant:
            return number
    return None
