"""Finds the spoken texts of a record: texts, lists of words, kana and characters."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

from tts_assets.catalogues.detect.field_names import OF_GRAMMAR, Role, parse_field_name
from tts_assets.catalogues.detect.field_roles import (
    MOST_SHARE,
    UNKNOWN_RANK,
    Field,
    classify_fields,
    find_first_value,
    find_values_at,
    has_furigana,
    is_annotated_copy,
    is_kanji_field,
    is_record_word,
    list_fields,
)
from tts_assets.catalogues.detect.text_companions import (
    SpokenText,
    are_spellings,
    fills_gaps,
    find_accents,
    find_furigana,
    find_gap_readings,
    find_romaji,
    match_readings,
    pair_sounds,
)
from tts_assets.catalogues.detect.value_shapes import is_kana_letter, is_kana_text, measure_fit
from tts_assets.config.catalogue_sources import TextType
from tts_assets.config.source_paths import KEY_PATH, PathStep
from tts_assets.model import kana_to_katakana

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tts_assets.catalogues.detect.field_roles import FieldRoles
    from tts_assets.catalogues.detect.value_shapes import ValueShape
    from tts_assets.config.source_paths import PathSteps


# Words that a sentence has, and a list of vocabulary does not.
_PARTICLES = {*"はがをにでもとのへか", "です", "ます", "だ", "から", "まで", *"。、？！?!"}

#: The minimum share of particles after other words in a sentence; vocabulary has fewer.
_MIN_PARTICLE_SHARE = 0.15
_MAX_SENTENCE_WORDS = 80
_WORD = re.compile(r"[一-鿿㐀-䶿ァ-ヺ]|[ぁ-ゖ]{2}")


class TokenList(NamedTuple):
    """Lists of words that form a text."""

    field: Field  #: the field that names them
    text: PathSteps  #: the steps to the words
    reading: PathSteps | None  #: the steps to their kana; None if they have none
    texts: list[str]  #: the texts
    #: The steps to lists that are each a text; None for one text per object.
    each: PathSteps | None = None


def find_token_lists(roles: FieldRoles) -> list[TokenList]:
    """The lists of an object whose items are the words of one sentence."""
    found: dict[PathSteps, TokenList] = {}
    for field in roles.fields:
        if PathStep.EVERY not in field.steps or field.is_about or field.is_sound:
            continue
        at = field.steps.index(PathStep.EVERY) + 1
        where, inner = field.steps[:at], field.steps[at:]
        rows = [find_values_at(one, where) for one in roles.objects]
        tokens = _read_token_list(field, where, inner, rows)
        if tokens is None and inner[:1] == (PathStep.EVERY,):
            lists = [find_values_at(item, inner[:1]) for row in rows for item in row]
            tokens = _read_token_list(field, inner[:1], inner[1:], lists)
            tokens = tokens and tokens._replace(each=where)
        if tokens is None:
            continue
        previous = found.get(where)
        if previous is None or (previous.reading is None and tokens.reading is not None):
            found[where] = tokens
    return list(found.values())


def detect_word_rows(rows: Sequence[Sequence[Any]]) -> tuple[PathSteps, PathSteps | None] | None:
    """The steps from an item to its word and to its reading, if most rows are sentences or words.

    None if they are not. Words count only if at least one has a reading beside it.
    """
    pairs = [_split_item(item) for row in rows for item in row]
    if not pairs or any(pair is None for pair in pairs):
        return None
    fit = measure_fit([pair for pair in pairs if pair is not None and pair[1]])
    kinds = {type(item) for row in rows for item in row}
    if kinds == {list}:
        return ((0,), (1,)) if fit >= MOST_SHARE else None
    return ((), None) if kinds == {str} and _has_sentences(rows) else None


def _split_item(item: Any) -> tuple[str, str] | None:
    """A word and its reading, given as a text or as a list of one or two of them."""
    row = [item] if isinstance(item, str) else item
    if not isinstance(row, list) or not 0 < len(row) < 3:
        return None
    texts = ["" if each is None else each for each in row]
    if not all(isinstance(each, str) for each in texts) or not texts[0]:
        return None
    return texts[0], texts[1] if len(texts) > 1 else ""


def _read_token_list(
    field: Field, where: PathSteps, inner: PathSteps, rows: list[list[Any]]
) -> TokenList | None:
    filled = [row for row in rows if row]
    if inner in {(), (PathStep.EVERY,)}:
        steps = detect_word_rows(filled)
        if steps is None:
            return None
        inner, kana = steps
    else:
        kana = _find_kana_key(inner, filled)
    texts = [[_find_text(item, inner) for item in row] for row in rows]
    if not _has_sentences([row for row in texts if row]):
        return None
    reading = None if kana is None else (*where, *kana)
    return TokenList(field, (*where, *inner), reading, ["".join(row) for row in texts])


def _find_text(item: Any, steps: PathSteps) -> str:
    return next((each for each in find_values_at(item, steps) if isinstance(each, str)), "")


def _find_kana_key(inner: PathSteps, rows: Sequence[Sequence[Any]]) -> PathSteps | None:
    """The key of an item with the kana of its word."""
    items = [item for row in rows for item in row if isinstance(item, dict)]
    for key in dict.fromkeys(key for item in items for key in item):
        pairs = [(_find_text(item, inner), _find_text(item, (key,))) for item in items]
        read = [(word, kana) for word, kana in pairs if word != kana and kana]
        if (key,) != inner and measure_fit(read) >= MOST_SHARE:
            return (key,)
    return None


def _has_sentences(rows: Sequence[Sequence[str]]) -> bool:
    """Whether most lists of words have particles after words, as sentences do."""
    return sum(map(_is_sentence_row, rows)) > MOST_SHARE * len(rows)


def _is_sentence_row(words: Sequence[str]) -> bool:
    particles = [word.strip() in _PARTICLES for word in words]
    behind = sum(one and not before for before, one in pairwise(particles))
    some = len(words) <= _MAX_SENTENCE_WORDS and behind >= _MIN_PARTICLE_SHARE * len(words)
    # A chart of kana has letters instead of words.
    others = [word for word, particle in zip(words, particles, strict=True) if not particle]
    letters = sum(map(is_kana_letter, others))
    return (
        some and not particles[0] and 2 * letters <= len(others) and any(map(_WORD.search, words))
    )


# The spoken texts of an object, each with the fields of its reading.

_MIN_ROW = 3  #: the minimum number of letters in a row; two may be a letter and its origin


def find_spoken_texts(steps: PathSteps, shape: ValueShape) -> list[SpokenText]:
    """Find the spoken texts of the objects at one place, the main text first.

    Args:
        steps: the path from the root to the objects.
        shape: their common shape.
    """
    roles = classify_fields(list_fields(shape), [each for each in shape.values if each])
    spoken_texts = _list_kana_by_type(roles) if _is_readings_list(steps) else []
    spoken_texts = (
        spoken_texts
        or _list_characters(roles)
        or _add_tokens([*_list_texts(roles), *_list_item_texts(roles)], roles)
    )
    spoken_texts = spoken_texts or _list_kana(steps, roles)
    spoken_texts = [*spoken_texts, *(_make_kanji_reading(field) for field in roles.of_kanji)]
    languages = tuple(field.steps for field in roles.fields if _is_language_field(field))
    whole = [
        replace(each, language=languages) if each.each is None else each for each in spoken_texts
    ]
    return pair_sounds(whole, roles.fields, roles.objects)


def _add_tokens(spoken_texts: list[SpokenText], roles: FieldRoles) -> list[SpokenText]:
    """Add lists of words as sentences, or as the readings of an equal sentence beside them."""
    for tokens in find_token_lists(roles):
        reading = () if tokens.reading is None else (tokens.reading,)
        same = next((each for each in spoken_texts if _has_same_text(each, tokens, roles)), None)
        spoken_texts = [each for each in spoken_texts if each.field is not tokens.field]
        if same is not None and not (same.reading or same.furigana):
            texts = (tokens.text, *same.text)
            merged = replace(same, text=texts, reading=reading, join="")
            spoken_texts = [merged if each is same else each for each in spoken_texts]
        elif same is None:
            field, text, each = tokens.field, (tokens.text,), tokens.each
            spoken = SpokenText(field=field, say=TextType.SENTENCE, text=text, reading=reading)
            spoken_texts.append(replace(spoken, each=each, join=""))
    return spoken_texts


def _has_same_text(each: SpokenText, tokens: TokenList, roles: FieldRoles) -> bool:
    """Whether a text equals the joined words, one in each object."""
    if each.each is not None or tokens.each is not None or not each.text:
        return False
    own = ["".join(str(find_first_value(one, each.text[0]) or "").split()) for one in roles.objects]
    same = sum(one == "".join(text.split()) for one, text in zip(own, tokens.texts, strict=True))
    return same >= MOST_SHARE * len(own)


def _is_language_field(field: Field) -> bool:
    named = field.name.has_role(Role.LANGUAGE) and not field.is_listed
    return named and field.content.language and len({*field.shape.texts}) > 1


def _list_texts(roles: FieldRoles) -> list[SpokenText]:
    plain = [field for field in roles.texts if not field.is_listed]
    plain = [
        field for field in plain if not any(is_annotated_copy(field, text, roles) for text in plain)
    ]
    readings = match_readings(plain, roles)
    if len(roles.texts) > 1:
        # A key with several items is no word if the items have words themselves.
        plain = [
            field
            for field in plain
            if id(field) in readings
            or field.steps != (KEY_PATH.text,)
            or field.content.distinct >= 1
        ]
    words = {
        id(field) for field in plain if is_record_word(field, readings.get(id(field), []), roles)
    }
    plain.sort(key=lambda field: field.word_rank if id(field) in words else field.rank)
    used = {id(reading) for row in readings.values() for reading in row}
    spoken_texts: list[SpokenText] = []
    for field in plain:
        row, is_word = readings.get(id(field), []), id(field) in words
        if id(field) in used or not (row or is_word or not _is_unsupported(field, roles)):
            continue
        spoken = _make_spoken_text(field, row, roles, is_main=not spoken_texts)
        spoken_texts.append(_to_word(spoken) if is_word else spoken)
    return spoken_texts


def _to_word(spoken: SpokenText) -> SpokenText:
    say = TextType.WORD if spoken.say is TextType.TITLE else spoken.say
    return replace(spoken, say=say, aside=False, is_word=True)


def _is_unsupported(field: Field, roles: FieldRoles) -> bool:
    """Whether a Japanese text with an unknown name has no other field that belongs to it."""
    sounds = any(each.is_sound and (each.row or not each.is_listed) for each in roles.fields)
    is_named = field.rank[0] < UNKNOWN_RANK or field.is_about
    if is_named or sounds or (roles.of_kanji and field.content.single > MOST_SHARE):
        return False
    # A row has no names; a lone text, or a lone sentence, needs readings or a translation.
    others = [
        each
        for each in roles.texts
        if not each.is_about and each is not field
        if each.item_type.is_running or not field.item_type.is_running
    ]
    return bool(others) or not (
        has_furigana(field) or type(field.steps[0]) is int or _has_translation(roles)
    )


def _has_translation(roles: FieldRoles) -> bool:
    return any(
        each.name.foreign or each.name.has_role(Role.ABOUT) or each.name.has_role(Role.ROMAJI)
        for each in roles.fields
        if each.content.filled and not each.content.japanese
    )


def _make_spoken_text(
    field: Field, found: Sequence[Field], roles: FieldRoles, *, is_main: bool
) -> SpokenText:
    say = _guess_text_type(field, roles)
    readings = _list_readings(field, found, say, roles, is_main=is_main)
    furigana = [] if found or say is TextType.READING else find_furigana(field, roles)
    texts = [] if field in furigana else [field]
    if found and fills_gaps(found[0], texts, roles):
        texts.append(found[0])
    return SpokenText(
        field=field,
        say=say,
        text=tuple(each.steps for each in texts),
        reading=tuple(each.steps for each in readings),
        furigana=tuple(each.steps for each in furigana),
        accent=tuple(each.steps for each in find_accents(field, roles, is_main=is_main)),
        speaker=(roles.speaker.steps,) if roles.speaker and say.is_running else (),
        aside=field.is_about,
    )


def _list_readings(
    field: Field, found: Sequence[Field], say: TextType, roles: FieldRoles, *, is_main: bool
) -> list[Field]:
    """All fields with the reading, in the order of lookup."""
    # Kana are the reading of a word, but not of a line, in which は may be a particle.
    readings = [*found, *find_gap_readings(field, found, roles)]
    readings = readings or ([field] if field.is_kana and not say.is_running else [])
    if say is TextType.READING and not readings and is_main:
        readings = list(roles.of_kanji)
    if say in {TextType.WORD, TextType.READING} and not any(
        each.shape.is_always_filled for each in found
    ):
        readings += find_romaji(field, roles)
    elif say is TextType.SENTENCE and not readings and field.content.kanji:
        readings = find_romaji(field, roles)
    return readings


def _guess_text_type(field: Field, roles: FieldRoles) -> TextType:
    content, name = field.content, field.name
    if (field.steps == (KEY_PATH.text,) or name.has_role(Role.TITLE)) and _is_grammar_point(field):
        return TextType.TITLE
    if field.item_type.is_running:
        return field.item_type
    if field.is_sentence and content.running > 0:
        return TextType.SENTENCE
    if name.has_role(Role.TITLE) and not name.has_role(Role.WORD):
        return TextType.TITLE
    of_kanji = is_kanji_field(field) or (roles.of_kanji and content.single > MOST_SHARE)
    return TextType.READING if of_kanji else TextType.WORD


def _is_grammar_point(field: Field) -> bool:
    """Whether it is a grammar point, or its formation."""
    return bool(
        OF_GRAMMAR & {*(field.name.tokens if field.steps != (KEY_PATH.text,) else field.mates)}
    )


def _list_item_texts(roles: FieldRoles) -> list[SpokenText]:
    """List the texts in lists: spellings of one word, or texts that are each spoken."""
    plain = any(not field.is_listed and not field.is_about for field in roles.texts)
    listed = [field for field in roles.texts if field.is_listed]
    kana = [reading for reading in roles.kana if reading.is_listed and not plain]
    for text, reading in product(listed, kana):
        if reading is not text and are_spellings(text, reading, roles):
            spelled = (text.steps, reading.steps)
            return [SpokenText(field=text, say=TextType.WORD, text=spelled, reading=spelled[1:])]
    return [
        SpokenText(
            field=field,
            say=field.item_type,
            each=field.steps,
            text=((),),
            reading=((),) if field.is_kana and not field.item_type.is_running else (),
            aside=field.is_about or (plain and field.content.running < MOST_SHARE),
        )
        for field in listed
        if field.row is not None and field.rank[0] < UNKNOWN_RANK
    ]


def _list_kana(steps: PathSteps, roles: FieldRoles) -> list[SpokenText]:
    """List kana without a spelling: a reading of the record's main text, or a word in kana."""
    kana = next((field for field in roles.kana if field.is_kana and not field.is_listed), None)
    if kana is None:
        return []
    if _is_readings_list(steps):
        return [SpokenText(field=kana, say=TextType.READING, reading=(kana.steps,), of_record=True)]
    if not kana.name.has_role(Role.READING) and _is_unsupported(kana, roles):
        return []
    return [SpokenText(field=kana, say=TextType.WORD, text=(kana.steps,), reading=(kana.steps,))]


def _is_readings_list(steps: PathSteps) -> bool:
    """Whether the objects are in a list of readings."""
    keys = [step for step in steps if isinstance(step, str)]
    roles = parse_field_name(tuple(keys[-1:])).roles if steps[-1:] == (PathStep.EVERY,) else ()
    return not {Role.ON, Role.KUN, Role.READING}.isdisjoint(roles)


def _list_kana_by_type(roles: FieldRoles) -> list[SpokenText]:
    """List readings in several scripts, except those of a type that is not in kana."""
    types = [
        each
        for each in roles.fields
        if each.content.distinct < 1 - MOST_SHARE and not each.is_sound
    ]
    mixed = [each for each in roles.fields if 0 < each.content.kana < 1]
    for field, kind in product(mixed, types):
        pairs = {(one, is_kana_text(text)) for one, text in roles.pair_texts(kind, field)}
        others = tuple(sorted(one for one, in_kana in pairs if not in_kana))
        if kind is not field and others and not any((one, True) in pairs for one in others):
            but = (kind.steps, others)
            reading = (field.steps,)
            return [
                SpokenText(
                    field=field, say=TextType.READING, reading=reading, of_record=True, but=but
                )
            ]
    return []


def _make_kanji_reading(field: Field) -> SpokenText:
    return SpokenText(
        field=field,
        say=TextType.READING,
        reading=((),) if field.row is not None else (field.steps,),
        each=field.steps if field.row is not None else None,
        every=field.row is None,
        of_record=True,
    )


def _list_characters(roles: FieldRoles) -> list[SpokenText]:
    """List the letters of an object; none if it has no letters."""
    letters = [
        field
        for field in roles.kana
        if not field.is_listed
        and field.content.letter > MOST_SHARE
        and field.content.distinct > MOST_SHARE
    ]
    # Katakana first, because a bare は or へ would be spoken as the particle.
    letters.sort(
        key=lambda field: (
            "katakana" not in "".join(field.name.tokens),
            not _has_text_role(field),
            field.position,
        )
    )
    sounds = _group_by_sound(letters, roles)
    if len(sounds) >= _MIN_ROW and len({_has_text_role(row[0]) for row in sounds}) == 1:
        sounds.sort(key=lambda row: min(field.position for field in row))
        return [_make_character_text(row, is_cell=True) for row in sounds]
    if not letters or any(field.content.kanji for field in roles.texts):
        return []
    return [_make_character_text(sounds[0], is_cell=False)]


def _group_by_sound(letters: list[Field], roles: FieldRoles) -> list[list[Field]]:
    """Group letters by sound."""
    sounds: list[list[Field]] = []
    for field in letters:
        row = next((row for row in sounds if _is_same_letter(row[0], field, roles)), None)
        if row is None:
            sounds.append([field])
        else:
            row.append(field)
    return sounds


def _is_same_letter(one: Field, other: Field, roles: FieldRoles) -> bool:
    """Whether two fields have one letter in two scripts, or never both have a value."""
    pairs = roles.pair_texts(one, other)
    same = sum(kana_to_katakana(left) == kana_to_katakana(right) for left, right in pairs)
    return same >= MOST_SHARE * len(pairs)


def _has_text_role(field: Field) -> bool:
    return field.rank[0] < UNKNOWN_RANK or field.is_reading


def _make_character_text(row: list[Field], *, is_cell: bool) -> SpokenText:
    reading = tuple(field.steps for field in row)
    return SpokenText(field=row[0], say=TextType.READING, reading=reading, is_cell=is_cell)
